"""Scripts of a customer: drafts, and versions that never change (R17, R18)."""

from nps.services.scripts.drafts import Edit, as_file, discard, replace_draft, save, undo
from nps.services.scripts.publishing import adopt, publish
from nps.services.scripts.versions import latest_version
from nps.services.scripts.words import use_words

__all__ = [
    "Edit", "adopt", "as_file", "discard", "latest_version", "publish", "replace_draft", "save", "undo", "use_words",
]  # fmt: skip

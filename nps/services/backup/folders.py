"""Where the parts of an installation lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """The data folder and what of it belongs into a copy. `settings`: names and values as they were given."""

    data: Path
    recordings: Path
    letters: Path
    settings: Mapping[str, str]

    @property
    def backups(self) -> Path:
        """Where copies go unless somebody says otherwise. Destroying personal data empties it."""
        return self.data / "backups"

    @property
    def secret_key(self) -> Path:
        """The key that signs sessions, when no setting gives one."""
        return self.data / "secret_key"

    @property
    def settings_text(self) -> str:
        """The settings as lines of `.env`."""
        return "".join(f"{name}={value}\n" for name, value in sorted(self.settings.items()))

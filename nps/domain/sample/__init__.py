"""Understanding a customer's base (R2): what its columns mean, which branch is which, what becomes of each row."""

from nps.domain.sample.branches import (
    BranchGroup,
    Decision,
    branch_key,
    group_branches,
    read_decision,
    suggested_area_code,
    suggested_region,
)
from nps.domain.sample.cells import sentences
from nps.domain.sample.columns import (
    FIELDS,
    HEADER_WITHIN,
    MARK_TITLE,
    REQUIRED,
    SEVERAL,
    Columns,
    Header,
    Profile,
    Row,
    branch_spelling,
    columns_from_json,
    find_header,
    guessed_header,
    header_at,
    mapped_by_title,
    mapping_problem,
    profile,
    seen_in,
    signature,
)
from nps.domain.sample.matching import Judged, KnownClient, Meaning, judge
from nps.domain.sample.rows import FATE_WORDS, Fate, RowChecker, StopEntries, Verdict, search_text
from nps.domain.sample.understood import Sheet, Understood

__all__ = [
    "FATE_WORDS", "FIELDS", "HEADER_WITHIN", "MARK_TITLE", "REQUIRED", "SEVERAL", "BranchGroup", "Columns", "Decision",
    "Fate", "Header", "Judged", "KnownClient", "Meaning", "Profile", "Row", "RowChecker", "Sheet", "StopEntries",
    "Understood", "Verdict", "branch_key", "branch_spelling", "columns_from_json", "find_header", "group_branches",
    "guessed_header", "header_at", "judge", "mapped_by_title", "mapping_problem", "profile", "read_decision",
    "search_text", "seen_in", "sentences", "signature", "suggested_area_code", "suggested_region",
]  # fmt: skip

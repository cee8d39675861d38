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
    Row,
    branch_spelling,
    columns_from_json,
    find_header,
    guessed_header,
    header_at,
    mapped_by_title,
    mapping_problem,
    seen_in,
    signature,
)
from nps.domain.sample.matching import Judged, KnownClient, Meaning, judge
from nps.domain.sample.pictures import Picture, PictureRow, picture
from nps.domain.sample.profiles import Profile, profile
from nps.domain.sample.rows import FATE_WORDS, Fate, RowChecker, StopEntries, Verdict, search_text
from nps.domain.sample.sheets import (
    MOST_SHEETS,
    are_branches,
    follow,
    goes_with,
    is_set_aside,
    numbered_row,
    row_of_sheet,
    row_words,
)
from nps.domain.sample.stop_tables import TAKEN_BY, StopEntry, StopFate, StopRow, name_key, stop_rows, stop_table
from nps.domain.sample.understood import Part, Sheet, Understood

__all__ = [
    "FATE_WORDS", "FIELDS", "HEADER_WITHIN", "MARK_TITLE", "MOST_SHEETS", "REQUIRED", "SEVERAL", "TAKEN_BY",
    "BranchGroup", "Columns", "Decision", "Fate", "Header", "Judged", "KnownClient", "Meaning", "Part", "Picture",
    "PictureRow", "Profile", "Row", "RowChecker", "Sheet", "StopEntries", "StopEntry", "StopFate", "StopRow",
    "Understood", "Verdict", "are_branches", "branch_key", "branch_spelling", "columns_from_json", "find_header",
    "follow", "goes_with", "group_branches", "guessed_header", "header_at", "is_set_aside", "judge",
    "mapped_by_title", "mapping_problem", "name_key", "numbered_row", "picture", "profile", "read_decision",
    "row_of_sheet", "row_words", "search_text", "seen_in", "sentences", "signature", "stop_rows", "stop_table",
    "suggested_area_code", "suggested_region",
]  # fmt: skip

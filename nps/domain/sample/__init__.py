"""Understanding a customer's base (R2): what its columns mean, which branch is which, what becomes of each row."""

from nps.domain.sample.branches import (
    BranchGroup,
    Decision,
    branch_key,
    group_branches,
    read_decision,
    suggested_region,
)
from nps.domain.sample.columns import (
    FIELDS,
    REQUIRED,
    Header,
    Profile,
    Row,
    find_header,
    header_at,
    mapping_problem,
    profile,
    signature,
)
from nps.domain.sample.rows import Fate, RowChecker, StopEntries, Verdict, search_text

__all__ = [
    "FIELDS", "REQUIRED", "BranchGroup", "Decision", "Fate", "Header", "Profile", "Row", "RowChecker", "StopEntries",
    "Verdict", "branch_key", "find_header", "group_branches", "header_at", "mapping_problem", "profile",
    "read_decision", "search_text", "signature", "suggested_region",
]  # fmt: skip

"""Writing what `nps.domain.case` decides: the fold of a client's history, and the acts on it."""

from nps.services.cases.acts import (
    add_number,
    change_contact,
    decide_case,
    free,
    give_number,
    organisation_refused,
    require_open,
    why_not_back,
)
from nps.services.cases.closing import close_campaign
from nps.services.cases.folding import (
    add_event,
    append_outcome,
    moved_by_other_rule,
    refold,
    refold_changed,
    refold_many,
    refold_waiting,
    spread_of,
)
from nps.services.cases.many import tell_many
from nps.services.cases.turns import GO_ON_JOB, decide_rest, go_on, unfinished
from nps.services.cases.withdrawing import withdraw_missing

__all__ = [
    "GO_ON_JOB", "add_event", "add_number", "append_outcome", "change_contact", "close_campaign", "decide_case",
    "decide_rest", "free", "give_number", "go_on", "moved_by_other_rule", "organisation_refused", "refold",
    "refold_changed", "refold_many", "refold_waiting", "require_open", "spread_of", "tell_many",
    "unfinished", "why_not_back", "withdraw_missing",
]  # fmt: skip

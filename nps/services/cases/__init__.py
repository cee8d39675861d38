"""Writing what `nps.domain.case` decides: the fold of a client's history, and the acts on it."""

from nps.services.cases.acts import (
    act,
    add_number,
    change_contact,
    close_campaign,
    free,
    give_number,
    organisation_refused,
    require_open,
    stop_phone,
    why_not_back,
)
from nps.services.cases.folding import add_event, append_outcome, refold, refold_many, refold_waiting, spread_of
from nps.services.cases.withdrawing import withdraw_missing

__all__ = [
    "act",
    "add_event",
    "add_number",
    "append_outcome",
    "change_contact",
    "close_campaign",
    "free",
    "give_number",
    "organisation_refused",
    "refold",
    "refold_many",
    "refold_waiting",
    "require_open",
    "spread_of",
    "stop_phone",
    "why_not_back",
    "withdraw_missing",
]

"""The customer takes clients out of his base: an act of its own, with the number of his letter and a reason (§4)."""

from __future__ import annotations

from datetime import datetime

from nps.domain.case import EventKind
from nps.domain.errors import StaleError
from nps.domain.given_reason import given_reason
from nps.queries import campaigns, missing_clients
from nps.services.acting import act
from nps.services.cases.acts import letter_number, require_open
from nps.services.cases.many import end_many
from nps.services.transaction import AnySession


def withdraw_missing(
    session: AnySession,
    actor_id: int,
    campaign_id: int,
    import_id: int,
    *,
    letter: str,
    reason: str,
    expected: int,
    now: datetime,
) -> int:
    """Withdraw all clients still to call that the newest base leaves out; returns how many.

    `expected`: how many the person saw. Raises StaleError when by now there are others or a later base speaks,
    DomainError without a letter or a reason.
    """
    detail = {"letter": letter_number(letter)}
    reason = given_reason(reason)
    with act(session, actor_id, now, claims=True) as a:
        require_open(campaigns.campaign_row(a.s, campaign_id))
        if missing_clients.newest(a.s, campaign_id) != import_id:
            raise StaleError("later_base", "После этого файла загрузили другой: решайте по нему.")
        ids = missing_clients.removable(a.s, campaign_id, import_id)
        if len(ids) != expected:
            raise StaleError("others", "Пока вы смотрели, список изменился. Проверьте его и решите ещё раз.")
        end_many(a.s, ids, campaign_id, EventKind.WITHDRAWN, at=now, by=actor_id, reason=reason, detail=detail)
        count = {"clients": len(ids)}
        a.record("clients_withdrawn", "sample_import", import_id, campaign_id=campaign_id, after=count)
    return len(ids)

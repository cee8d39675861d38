"""The customer takes clients out of his base: an act of its own, with the number of his letter and a reason (§4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nps.domain.case import EventKind
from nps.domain.errors import StaleError
from nps.queries import campaigns, missing_clients
from nps.services.cases.acts import given_reason, letter_number, require_open
from nps.services.cases.many import end_many
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.transaction import AnySession, lock_claims, write


def withdraw_missing(
    session: AnySession,
    actor_id: int,
    campaign_id: int,
    import_id: int,
    *,
    letter: str,
    reason: str,
    expected: int,
    form: Form,
    now: datetime,
) -> int:
    """Withdraw all clients still to call that the newest base leaves out; returns how many.

    `expected`: how many the person saw. Raises StaleError when by now there are others or a later base speaks,
    DomainError without a letter or a reason.
    """
    letter = letter_number(letter)
    reason = given_reason(reason)
    with write(session) as s:
        lock_claims(s)

        def act() -> dict[str, Any]:
            campaign = campaigns.campaign_row(s, campaign_id)
            require_open(campaign)
            if missing_clients.newest(s, campaign_id) != import_id:
                raise StaleError("later_base", "После этого файла загрузили другой: решайте по нему.")
            ids = missing_clients.removable(s, campaign_id, import_id)
            if len(ids) != expected:
                raise StaleError("others", "Пока вы смотрели, список изменился. Проверьте его и решите ещё раз.")
            detail = {"letter": letter}
            end_many(s, ids, campaign_id, EventKind.WITHDRAWN, at=now, by=actor_id, reason=reason, detail=detail)
            record(
                s,
                at=now,
                action="clients_withdrawn",
                object_kind="sample_import",
                object_id=import_id,
                actor_id=actor_id,
                campaign_id=campaign_id,
                after={"clients": len(ids)},
            )
            return {"clients": len(ids)}

        return int(form.once(s, now, act)["clients"])

"""The customer takes clients out of his base: an act of its own, with the number of his letter and a reason (§4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from nps.domain.errors import StaleError
from nps.models import CaseEvent, Respondent
from nps.queries import campaigns, missing_clients
from nps.services.call_queue import lock_claims, release
from nps.services.cases.acts import given_reason, letter_number, require_open
from nps.services.cases.folding import refold_many
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.transaction import AnySession, write

#: Ids in one statement: few enough for either engine.
_CHUNK = 500


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
            _withdraw(s, actor_id, ids, letter, reason, now)
            refold_many(s, ids, campaign, campaigns.calendars(s, campaign))
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


def _withdraw(s: Session, actor_id: int, ids: Sequence[int], letter: str, reason: str, now: datetime) -> None:
    for first in range(0, len(ids), _CHUNK):
        some = ids[first : first + _CHUNK]
        held = select(Respondent.id).where(Respondent.id.in_(some), Respondent.held_by.is_not(None))
        for respondent_id in s.scalars(held).all():
            release(s, respondent_id)
        s.execute(update(Respondent).where(Respondent.id.in_(some)).values(withdrawn_at=now))
        event = {"kind": "withdrawn", "at": now, "by": actor_id, "reason": reason, "detail": {"letter": letter}}
        s.execute(insert(CaseEvent), [{"respondent_id": respondent_id, **event} for respondent_id in some])

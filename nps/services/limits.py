"""How often one person may take data out in bulk (ASVS 2.4.1). Counted in the access journal: no process forgets."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.errors import TooOftenError
from nps.models import AccessLog, User
from nps.services.journal import log_access
from nps.services.transaction import AnySession, write

#: Far above what a day's work needs, far below what copying all campaigns with a stolen session would.
EXPORTS, WITHIN = 20, timedelta(minutes=10)
_EXPORTS = ("report_downloaded", "journal_exported")


def take_export(
    session: AnySession, user_id: int, action: str, about: tuple[str, object], now: datetime, address: str
) -> None:
    """Write down that the person takes a workbook `about` an object (kind, id); raises as `admit_export` does."""
    with write(session) as s:
        admit_export(s, user_id, now)
        log_access(s, at=now, user_id=user_id, action=action, object_kind=about[0], object_id=about[1], address=address)


def admit_export(session: Session, user_id: int, now: datetime) -> None:
    """Pass, or raise TooOftenError: the person has taken EXPORTS workbooks WITHIN the last minutes before `now`.

    Inside the transaction that writes down the next one: those of a person follow each other, fifty at once too.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    taken = session.execute(
        select(func.count(), func.min(AccessLog.at)).where(
            AccessLog.user_id == user_id, AccessLog.action.in_(_EXPORTS), AccessLog.at > now - WITHIN
        )
    ).one()
    if taken[0] >= EXPORTS:
        raise TooOftenError(
            "exports",
            "Слишком много выгрузок подряд. Подождите несколько минут и повторите.",
            wait_s=max(int((taken[1] + WITHIN - now).total_seconds()), 1),
        )

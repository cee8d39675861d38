"""An act as a workbook: who took it is written down (R20)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import book_bytes
from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.domain.local_time import Zone
from nps.queries import personal_data as queries
from nps.services.journal import log_access
from nps.services.personal_data import document
from nps.services.transaction import write


def download_act(session: Session, actor: Actor, erasure_id: int, zone: Zone, now: datetime, address: str) -> bytes:
    """The workbook's file. Raises NotFoundError."""
    act = queries.erasure(session, erasure_id)
    if act is None:
        raise NotFoundError("Такого акта нет.")
    with write(session) as s:
        log_access(
            s, at=now, user_id=actor.id, action="act_downloaded", object_kind="erasure", object_id=erasure_id,
            address=address,
        )  # fmt: skip
    return book_bytes(document.book(act, zone, now))

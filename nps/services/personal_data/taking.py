"""An act as a workbook: who took it is written down (R20)."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.domain.local_time import Zone
from nps.queries import personal_data as queries
from nps.services.journal import log_access
from nps.services.personal_data import document
from nps.services.transaction import write


def download_act(
    session: Session, actor: Actor, erasure_id: int, folder: Path, zone: Zone, now: datetime, address: str
) -> Path:
    """Write the workbook into `folder`; the caller deletes its file. Raises NotFoundError and OSError."""
    act = queries.erasure(session, erasure_id)
    if act is None:
        raise NotFoundError("Такого акта нет.")
    with write(session) as s:
        log_access(
            s, at=now, user_id=actor.id, action="act_downloaded", object_kind="erasure", object_id=erasure_id,
            address=address,
        )  # fmt: skip
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{secrets.token_hex(16)}.xlsx"
    try:
        document.write(file, act, zone, now)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file

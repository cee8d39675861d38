"""The second half of an act, as often as it takes: files, then what the database keeps of overwritten pages (R20)."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters.compaction import give_back
from nps.adapters.recordings import RemoteError
from nps.models import Erasure
from nps.services.journal import record
from nps.services.personal_data.files import abandoned, folders
from nps.services.recordings.keeping import remove_files
from nps.services.transaction import AnySession, write

#: The job on the queue `bulk` that calls `finish`.
JOB = "nps.jobs.personal_data.finish"
log = logging.getLogger(__name__)


def unfinished(session: Session) -> list[int]:
    """Acts whose second half is not done. For the sweeper."""
    return list(session.scalars(select(Erasure.id).where(Erasure.finished_at.is_(None)).order_by(Erasure.id)))


def finish(session: AnySession, erasure_id: int, now: datetime) -> bool:
    """Delete the files of an act and compact the database; True when the act is finished, now or before.

    False while somebody reads the database or the storage of recordings is away: the sweeper comes back. `now` is
    aware UTC.
    """
    files = session.scalar(select(Erasure.files).where(Erasure.id == erasure_id, Erasure.finished_at.is_(None)))
    bind = session.get_bind()
    # Neither engine gives pages back while a reader stands on them, and this session has just read.
    session.rollback()
    if files is None:
        return True
    sounds = [path for name in files if (path := folders().data / name).is_relative_to(folders().recordings)]
    try:
        remove_files(str(path.relative_to(folders().recordings)) for path in sounds)
    except RemoteError:
        log.warning("the storage of recordings does not answer: act %s waits", erasure_id)
        return False
    for path in [*(folders().data / name for name in files), *abandoned(folders(), now)]:
        path.unlink(missing_ok=True)
    if not give_back(bind.engine):
        return False
    with write(session) as s:
        erasure = s.get_one(Erasure, erasure_id, populate_existing=True, with_for_update=True)
        if erasure.finished_at is None:
            erasure.files, erasure.finished_at = [], now
            record(
                s, at=now, action="erasure_finished", object_kind="erasure", object_id=erasure_id,
                campaign_id=erasure.campaign_id, after={"files": len(files)},
            )  # fmt: skip
    return True

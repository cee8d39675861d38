"""The second half of an act, as often as it takes: files, then what the database keeps of overwritten pages (R20)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.adapters import compaction
from nps.adapters.recordings import RemoteError
from nps.domain.errors import DomainError
from nps.domain.local_time import to_local
from nps.models import Audio, Erasure, SampleImport, Shift
from nps.queries import personal_data as queries
from nps.services.acting import act
from nps.services.personal_data.files import abandoned, destroy, folders, whole_copies
from nps.services.recordings.dropping import remove_waiting
from nps.services.recordings.keeping import remove_files
from nps.services.recordings.places import places
from nps.services.transaction import AnySession, write

#: The job on the queue `bulk` that calls `finish`.
JOB = "nps.jobs.personal_data.finish"
#: Among the files of an act: one of the watched folder, and that the copies are still to be listed.
_WAITING, _COPIES = "inbox:", "copies:"
#: Hours of the office's clock in which somebody on shift is at work; a shift that was left open counts for no night.
_WORKING_HOURS = range(6, 22)
log = logging.getLogger(__name__)


def unfinished(session: Session, now: datetime) -> list[int]:
    """Acts that can be gone on with now, for the sweeper: those that wait for the night are left alone by day."""
    is_quiet = _is_quiet(session, now)
    acts = session.execute(select(Erasure.id, Erasure.files).where(Erasure.finished_at.is_(None)).order_by(Erasure.id))
    return [act_id for act_id, files in acts if is_quiet or not queries.is_to_compact(files)]


def _is_quiet(session: AnySession, now: datetime) -> bool:
    """Whether tables may be rewritten, which keeps everybody from them: nobody is on shift, or it is night."""
    if to_local(now, places().zone).hour not in _WORKING_HOURS:
        return True
    return session.scalar(select(Shift.id).where(Shift.ended_at.is_(None)).limit(1)) is None


def untidied(waiting: Iterable[Path]) -> list[str]:
    """What `tidy` is to do, as it stands among the files of an act: files of the watched folder, then copies."""
    return [*(f"{_WAITING}{path.relative_to(places().inbox)}" for path in waiting), _COPIES]


def tidy(session: AnySession, erasure_id: int) -> None:
    """What can't wait for the worker, on the line after the act: files whose names tell of the clients.

    Copies that were finished while the act was written are added to its files. Done again by `finish` where it was cut
    short or the folder's rights were taken away meanwhile.
    """
    files = session.scalar(select(Erasure.files).where(Erasure.id == erasure_id)) or []
    session.rollback()
    waiting = [places().inbox / name.removeprefix(_WAITING) for name in files if name.startswith(_WAITING)]
    if _COPIES not in files:
        return
    try:
        remove_waiting(waiting)
    except DomainError:
        log.exception("act %s: files of the watched folder stay for now", erasure_id)
        return
    left = {name for name in files if not name.startswith(_WAITING) and name != _COPIES}
    left.update(folders().inside([*whole_copies(folders().data)]))
    with write(session) as s:
        s.execute(update(Erasure).where(Erasure.id == erasure_id).values(files=sorted(left)))


def _unused(session: AnySession, erasure_id: int, files: list[str]) -> list[str]:
    """Those of the files that nobody has sent anew since: uploads and sounds lie under what they hold."""
    folder = folders().recordings.relative_to(folders().data)
    sounds = {str(path.relative_to(folder)): name for name in files if (path := Path(name)).is_relative_to(folder)}
    heard = session.scalars(select(Audio.path).where(Audio.path.in_(sounds)))
    since = SampleImport.created_at > select(Erasure.at).where(Erasure.id == erasure_id).scalar_subquery()
    books = session.scalars(select(SampleImport.file_path).where(SampleImport.file_path.in_(files), since))
    used = {*(sounds[path] for path in heard), *books}
    session.rollback()
    return [name for name in files if name not in used]


def finish(session: AnySession, erasure_id: int, now: datetime, *, at_once: bool = False) -> bool:
    """Delete the files of an act and compact the database; True when the act is finished, now or before.

    False while somebody reads the database or the storage of recordings is away, and by day while people are on shift,
    unless it is to be done `at_once`: the sweeper comes back. `now` is aware UTC.
    """
    tidy(session, erasure_id)
    files = session.scalar(select(Erasure.files).where(Erasure.id == erasure_id, Erasure.finished_at.is_(None)))
    # Neither engine gives pages back while a reader stands on them, and this session has just read.
    session.rollback()
    if files is None:
        return True
    if _COPIES in files or (not queries.is_to_compact(files) and not _delete(session, erasure_id, files, now)):
        return False
    may_compact = at_once or _is_quiet(session, now)
    session.rollback()
    return may_compact and _compact(session, erasure_id, now)


def _delete(session: AnySession, erasure_id: int, files: list[str], now: datetime) -> bool:
    """Delete the files; afterwards the parts of the database stand in their place. False while the storage is away."""
    files = _unused(session, erasure_id, files)
    sounds = [path for name in files if (path := folders().data / name).is_relative_to(folders().recordings)]
    try:
        remove_files(str(path.relative_to(folders().recordings)) for path in sounds)
    except RemoteError:
        log.warning("the storage of recordings does not answer: act %s waits", erasure_id)
        return False
    for path in [*(folders().data / name for name in files), *abandoned(folders(), now)]:
        destroy(path)
    left = [f"{queries.PART}{part}" for part in compaction.parts(session.get_bind().engine)]
    with act(session, None, now) as a:
        erasure = a.s.get_one(Erasure, erasure_id, populate_existing=True, with_for_update=True)
        if erasure.finished_at is None:
            erasure.files, after = left, {"files": len(files)}
            a.record("erasure_files_deleted", "erasure", erasure_id, campaign_id=erasure.campaign_id, after=after)
    return True


def _compact(session: AnySession, erasure_id: int, now: datetime) -> bool:
    """Rewrite what is left of the database, part by part; one that is in use waits for the next time."""
    engine = session.get_bind().engine
    files = session.scalar(select(Erasure.files).where(Erasure.id == erasure_id)) or []
    session.rollback()
    for name in files:
        if compaction.give_back(engine, name.removeprefix(queries.PART)):
            _take_off(session, erasure_id, name, now)
    finished = session.scalar(select(Erasure.finished_at).where(Erasure.id == erasure_id))
    session.rollback()
    return finished is not None


def _take_off(session: AnySession, erasure_id: int, name: str, now: datetime) -> None:
    """A part is done, and with the last one the act: whoever goes on after a kill begins with the next."""
    with act(session, None, now) as a:
        erasure = a.s.get_one(Erasure, erasure_id, populate_existing=True, with_for_update=True)
        erasure.files = [left for left in erasure.files if left != name]
        if not erasure.files and erasure.finished_at is None:
            erasure.finished_at = now
            a.record("erasure_finished", "erasure", erasure_id, campaign_id=erasure.campaign_id)

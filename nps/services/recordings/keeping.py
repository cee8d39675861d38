"""How long and where sound files are kept: destroyed when their time is over, moved on where there is a storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, false, func, or_, select, update
from sqlalchemy.orm import Session

from nps.domain.local_time import to_local
from nps.domain.recording import ORPHAN_DAYS
from nps.models import Audio, CallAttempt, Campaign, Recording
from nps.services.acting import act
from nps.services.recordings.dropping import drop_sounds, refuse_without_storage
from nps.services.recordings.places import places
from nps.services.transaction import AnySession, write

#: The jobs on the queue `bulk` that call `purge` and `move`.
PURGE_JOB, MOVE_JOB = "nps.jobs.recordings.purge", "nps.jobs.recordings.move"
#: The row of `purge` that means recordings of no call.
ORPHANS = 0
_BATCH = 200


def campaigns_to_purge(session: Session, now: datetime) -> list[int]:
    """Campaigns with recordings whose last day is over, and ORPHANS when there are old ones of no call."""
    today = to_local(now, places().zone).date()
    heard = (
        select(Campaign.id)
        .join(CallAttempt, CallAttempt.campaign_id == Campaign.id)
        .join(Recording, or_(Recording.attempt_id == CallAttempt.id, Recording.named_attempt_id == CallAttempt.id))
        .join(Audio, Audio.sha256 == Recording.audio_sha256)
        .where(Campaign.recordings_until < today, Audio.path != "")
        .distinct()
    )
    due = list(session.scalars(heard.order_by(Campaign.id)))
    if session.scalar(_orphans(now).limit(1)) is not None:
        due.append(ORPHANS)
    return due


def purge(session: AnySession, campaign_id: int, now: datetime) -> int:
    """Destroy the recordings of a campaign whose last day is over (ORPHANS: old ones of no call); how many.

    At most `_BATCH` at a time: the sweeper comes back for the rest. The rows stay with their lengths: reports count
    them. Files go first and outside of any transaction, for the storage may take its time: a worker that dies between
    leaves rows that the next run takes up again, never a file that nobody knows of. Raises RemoteError while the
    storage is away, DomainError when its settings are gone.
    """
    ids = list(session.scalars(_outlived(session, campaign_id, now).limit(_BATCH)))
    unused = list(session.scalars(_only_theirs(ids)))
    refuse_without_storage(session, ids)
    session.rollback()
    remove_files(unused)
    with act(session, None, now) as a:
        # Looked at again: the day may have been moved meanwhile.
        ids = list(a.s.scalars(_outlived(a.s, campaign_id, now).where(Recording.id.in_(ids))))
        if not ids:
            return 0
        left = drop_sounds(a.s, select(Recording.id).where(Recording.id.in_(ids)))
        after = {"recordings": len(ids)}
        a.record("recordings_purged", "campaign", campaign_id, campaign_id=campaign_id or None, after=after)
        # Once more: one may have come back meanwhile, or moved on to the storage.
        a.afterwards(remove_files, left)
        return len(ids)


def _outlived(session: AnySession, campaign_id: int, now: datetime) -> Select[int]:
    if campaign_id == ORPHANS:
        return _orphans(now)
    until = session.scalar(select(Campaign.recordings_until).where(Campaign.id == campaign_id))
    if until is None or until >= to_local(now, places().zone).date():
        return select(Recording.id).where(false())
    calls = select(CallAttempt.id).where(CallAttempt.campaign_id == campaign_id)
    return _with_sound(or_(Recording.attempt_id.in_(calls), Recording.named_attempt_id.in_(calls)))


def _only_theirs(ids: Sequence[int]) -> Select[str]:
    """Paths of sounds that no other recording has."""
    theirs = select(Recording.audio_sha256).where(Recording.id.in_(ids))
    others = select(Recording.audio_sha256).where(Recording.audio_sha256.in_(theirs), Recording.id.not_in(ids))
    return select(Audio.path).where(Audio.sha256.in_(theirs), Audio.sha256.not_in(others), Audio.path != "")


def remove_files(paths: Iterable[str]) -> None:
    """Delete files wherever they lie; paths from the store's folder. Raises RemoteError while the storage is away."""
    remote = places().remote
    for path in paths:
        (places().folder / path).unlink(missing_ok=True)
        if remote is not None:
            remote.remove(path)


def is_anything_to_move(session: Session) -> bool:
    """Whether a storage is set and a file still lies on this machine. For the sweeper."""
    return places().remote is not None and session.scalar(_on_disk().limit(1)) is not None


def move(session: AnySession) -> int:
    """Move files from this machine's disk to the storage; how many.

    The storage has the file before the row says so, and the row says so before the disk's copy goes: whenever this
    dies, the file can be heard. Raises RemoteError when the storage fails; the sweeper comes back.
    """
    remote, moved = places().remote, 0
    if remote is None:
        return 0
    waiting = session.execute(_on_disk().limit(_BATCH)).all()
    session.rollback()
    for sha256, path, mime in waiting:
        file = places().folder / path
        if file.is_file():
            remote.put(path, file, mime)
        with write(session) as s:
            there = update(Audio).where(Audio.sha256 == sha256, Audio.path != "").values(place="s3")
            known = s.scalar(there.returning(Audio.sha256))
        if known is None:
            # Destroyed while it went up: whoever did that found nothing in the storage yet.
            remote.remove(path)
        file.unlink(missing_ok=True)
        moved += 1
    return moved


def _on_disk() -> Select[str, str, str]:
    there = Audio.place == "disk", Audio.path != ""
    return select(Audio.sha256, Audio.path, Audio.mime).where(*there).order_by(Audio.stored_at)


def _with_sound(condition: ColumnElement[bool]) -> Select[int]:
    return (
        select(Recording.id)
        .join(Audio, Audio.sha256 == Recording.audio_sha256)
        .where(Audio.path != "", condition)
        .order_by(Recording.id)
    )


def _orphans(now: datetime) -> Select[int]:
    old = func.coalesce(Recording.settled_at, Recording.added_at) < now - timedelta(days=ORPHAN_DAYS)
    return _with_sound(Recording.state.in_(("unmatched", "orphan", "rejected", "empty")) & old)

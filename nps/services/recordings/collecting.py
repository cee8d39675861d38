"""Recordings from the watched folder find their calls (R12): by our id, else by the rule, else a person decides."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.adapters.recordings import AudioError, Incoming, discard, inbox, keep, receive
from nps.adapters.recordings.sound import is_silent
from nps.domain.recording import (
    AFTER_DIAL,
    BEFORE_DIAL,
    Candidate,
    Hints,
    Match,
    is_suspicious_copy,
    match,
    read_name,
)
from nps.models import CallAttempt, Campaign, Recording
from nps.queries.recordings.waiting import candidate_of
from nps.services.acting import act
from nps.services.erased import is_call_erased, last_act
from nps.services.recordings import rows
from nps.services.recordings.places import places
from nps.services.transaction import AnySession

#: The job on the queue `bulk` that calls `collect`.
COLLECT_JOB = "nps.jobs.recordings.collect"
#: So many files are taken by one job; the sweeper comes back for the rest.
BATCH = 500
#: A recording waits so long for the operator to settle its call: before that the call's length is not known.
WAIT_FOR_RESULT = timedelta(hours=1)
log = logging.getLogger(__name__)


def is_anything_waiting(now: datetime) -> bool:
    """Whether the watched folder holds a finished file. For the sweeper."""
    return next(inbox.ready(places().inbox, now), None) is not None


def collect(session: AnySession, now: datetime) -> Counter[str]:
    """Take finished files out of the watched folder; how many became what (states, `repeat`, `later`, `refused` …).

    A file is deleted from the folder after its row is committed: a worker that dies between loses nothing, and the
    file's second coming is seen as one.
    """
    found: Counter[str] = Counter()
    for path in islice(inbox.ready(places().inbox, now), BATCH):
        try:
            found[_take(session, path, now)] += 1
        except OSError as error:
            # Its name may tell of a client and is not logged.
            log.warning("a file of the recordings' inbox can't be read: %s", error.strerror)
            found["unreadable"] += 1
    return found


def _take(session: AnySession, path: Path, now: datetime) -> str:
    acts = last_act(session)
    session.rollback()
    with inbox.open_file(path) as stream:
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        try:
            incoming = receive(places().folder, stream, ffprobe=places().ffprobe)
        except AudioError:
            inbox.refuse(places().inbox, path)
            return "refused"
    try:
        hints = read_name(path.name, places().zone)
        if hints.started_at is None:
            length = timedelta(milliseconds=incoming.sound.length_ms or 0)
            hints = replace(hints, started_at=written_at - length)
        try:
            state = _keep(session, incoming, hints, now, acts)
        except IntegrityError:
            # An upload for the same call came in the same moment: now it can be seen.
            state = _keep(session, incoming, hints, now, acts)
        if state != "later":
            path.unlink()
        return state
    finally:
        discard(incoming)


def _keep(session: AnySession, incoming: Incoming, hints: Hints, now: datetime, acts: int) -> str:
    with act(session, None, now) as a:
        if last_act(a.s) != acts:
            # It may have looked for this very file, by a number that no call has any more.
            return "later"
        found = _decide(a.s, incoming, hints, now)
        if "state" not in found:
            return str(found["fate"])
        values = {"e164": hints.phones[0] if hints.phones else "", "started_at": hints.started_at, **found}
        attempt_id, campaign_id = values.get("attempt_id"), None
        if attempt_id is not None:
            values["is_late"] = rows.is_late(a.s, attempt_id, now)
            campaign_id = a.s.scalar(select(CallAttempt.campaign_id).where(CallAttempt.id == attempt_id))
        recording_id = rows.write_row(a.s, incoming, now, **values)
        after = {name: values[name] for name in ("state", "problem") if values.get(name)}
        a.record("recording_received", "recording", recording_id, campaign_id=campaign_id, after=after)
        # Last in the transaction: a file without its row would be personal data that nobody knows of.
        keep(places().folder, incoming)
        return str(values["state"])


def _decide(s: Session, incoming: Incoming, hints: Hints, now: datetime) -> dict[str, Any]:
    """What to write of the recording; only a `fate` when nothing is written."""
    named = _named(s, hints.attempt_id)
    if named is not None:
        meant, rule = Match(named), "id"
    else:
        calls = _near(s, hints, now)
        if calls is None:
            return {"fate": "later"}
        meant, rule = match(hints, incoming.sound.length_ms, calls), "number_time_length"
    if meant.attempt_id is not None and is_call_erased(s, meant.attempt_id):
        return {"fate": "erased"}
    if _came_before(s, incoming, hints, meant):
        return {"fate": "repeat"}
    if incoming.is_empty:
        # It says of its call that there is no sound: of several calls of none.
        return {"state": "empty", "named_attempt_id": None if meant.problem == "several" else meant.attempt_id}
    same = s.scalars(select(Recording).where(Recording.audio_sha256 == incoming.sha256)).first()
    if same is not None and not (named is not None and _may_share(s, incoming, named)):
        # Under our id it may be a fraud, a person looks at it; without one it is the same file once more.
        state = "unmatched" if rule == "id" else "rejected"
        return {"state": state, "problem": "duplicate", "named_attempt_id": meant.attempt_id or same.attempt_id}
    if rule == "id" and rows.has_recording(s, meant.attempt_id):
        meant = Match(meant.attempt_id, "second")
    if meant.problem or meant.attempt_id is None:
        return {"state": "unmatched", "problem": meant.problem, "named_attempt_id": meant.attempt_id}
    return {"state": "matched", "match_rule": rule, "attempt_id": meant.attempt_id}


def _may_share(s: Session, incoming: Incoming, attempt_id: UUID) -> bool:
    """Whether another call's sound may be this one's as well: one stored file then serves both."""
    call = s.get_one(CallAttempt, attempt_id)
    was_answered = call.answered_at is not None or call.talk_ms > 0
    length_ms = incoming.sound.length_ms
    return not is_suspicious_copy(length_ms, is_silent=is_silent(incoming.draft), was_answered=was_answered)


def _named(s: Session, attempt_id: UUID | None) -> UUID | None:
    """The id, when it is one of our calls."""
    return s.scalar(select(CallAttempt.id).where(CallAttempt.id == attempt_id)) if attempt_id is not None else None


def _near(s: Session, hints: Hints, now: datetime) -> list[Candidate] | None:
    """Calls of the number about that time; None while one of them waits for its result."""
    assert hints.started_at is not None
    if not hints.phones:
        return []
    found = s.execute(
        select(CallAttempt, Campaign.setup_allowance_s, Recording.id.label("recording_id"))
        .join(Campaign, Campaign.id == CallAttempt.campaign_id)
        .outerjoin(Recording, (Recording.attempt_id == CallAttempt.id) & (Recording.state == "matched"))
        .where(
            CallAttempt.e164.in_(hints.phones),
            CallAttempt.purpose != "training",
            CallAttempt.dialled_at.between(hints.started_at - AFTER_DIAL, hints.started_at + BEFORE_DIAL),
        )
    ).all()
    if any(row.CallAttempt.closed_at is None for row in found) and now - hints.started_at < WAIT_FOR_RESULT:
        return None
    return [candidate_of(*row) for row in found]


def _came_before(s: Session, incoming: Incoming, hints: Hints, meant: Match) -> bool:
    """Whether this very file has its row: the worker died before it took the file away, or somebody copied it again."""
    for row in s.scalars(select(Recording).where(Recording.audio_sha256 == incoming.sha256)):
        if hints.attempt_id is not None and meant.attempt_id in (row.attempt_id, row.named_attempt_id):
            return True
        if hints.attempt_id is None and row.started_at == hints.started_at and row.e164 in (hints.phones or ("",)):
            return True
    return False

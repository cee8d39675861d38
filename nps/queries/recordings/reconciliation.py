"""The daily reconciliation of calls and recordings (R12-R14): counts by day, each of which opens its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.local_time import Zone, to_local
from nps.models import Audio, Campaign, Recording, RecordingAbsence
from nps.queries.recordings.checks import CHECKS, with_recordings
from nps.queries.recordings.waiting import SHOWN, WAITS, belongs_to
from nps.queries.reports.views import attempts

#: What is counted of every day, in the order of the table.
COUNTED = (
    "dials", "dials_recorded", "dials_without", "conversations", "conversations_recorded", "conversations_without",
    "length", "short_ring", "long_survey", "clock", "on_its_way", "missing", "empty", "absent", "cut", "late",
    "by_exchange", "against",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """A day of calls by the clients' clocks. `extra`: recordings without a call, by the office's; `waiting` of them."""

    day: date
    counts: Mapping[str, int]
    extra: int
    waiting: int

    @property
    def is_settled(self) -> bool:
        """Whether every dial has its recording or a known reason, and every recording its call."""
        return not (self.waiting or self.counts["missing"] or self.counts["on_its_way"])


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All days of a campaign, the newest first, and their sums. `absences`: dials by the cause a manager named."""

    days: tuple[Day, ...]
    sums: Mapping[str, int]
    extra: int
    waiting: int
    absences: Mapping[str, int]
    recordings_until: date | None


def reconcile(session: Session, campaign_id: int, zone: Zone, now: datetime) -> Reconciliation:
    """Count. `zone` is the office's, for recordings that belong to no client; `now` is aware UTC."""
    counted = {name: func.count().filter(CHECKS[name](now)).label(name) for name in COUNTED}
    rows = session.execute(
        with_recordings(select(attempts.c.local_day, *counted.values()))
        .where(attempts.c.campaign_id == campaign_id)
        .group_by(attempts.c.local_day)
    ).all()
    extra, waiting = _without_call(session, campaign_id, zone)
    counts = {row.local_day: {name: int(row._mapping[name]) for name in COUNTED} for row in rows}
    days = tuple(
        Day(day, counts.get(day, dict.fromkeys(COUNTED, 0)), extra[day], waiting[day])
        for day in sorted({*counts, *extra}, reverse=True)
    )
    causes = session.execute(
        with_recordings(select(RecordingAbsence.cause, func.count()))
        .where(attempts.c.campaign_id == campaign_id, CHECKS["absent"](now))
        .group_by(RecordingAbsence.cause)
    )
    return Reconciliation(
        days=days,
        sums={name: sum(day.counts[name] for day in days) for name in COUNTED},
        extra=sum(extra.values()),
        waiting=sum(waiting.values()),
        absences={cause: number for cause, number in causes},
        recordings_until=session.scalar(select(Campaign.recordings_until).where(Campaign.id == campaign_id)),
    )


def _without_call(session: Session, campaign_id: int, zone: Zone) -> tuple[Counter[date], Counter[date]]:
    """Recordings of the campaign that have no call, and those of them that wait, by the office's days."""
    extra: Counter[date] = Counter()
    waiting: Counter[date] = Counter()
    found = session.execute(
        select(Recording.started_at, Recording.added_at, WAITS.label("waits"))
        .join(Audio, Audio.sha256 == Recording.audio_sha256)
        .where(SHOWN["extra"], belongs_to(campaign_id))
    )
    for started_at, added_at, waits in found:
        day = to_local(started_at or added_at, zone).date()
        extra[day] += 1
        waiting[day] += bool(waits)
    return extra, waiting

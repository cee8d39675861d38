"""What a report asks the database over many calls, figure by figure.

On both engines: milliseconds of each figure, and its plan where asked. A figure may take its bound of what one scan of
the calls takes: figures are counted by scans and indexes, never by a look per row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import event, insert, select, text, update
from sqlalchemy.orm import Session

from bench.data import REGIONS, Base
from nps.extensions import db
from nps.models import CallAttempt, Campaign, Interview, InterviewReason, Respondent, RespondentPhone
from nps.queries.campaigns import CampaignRow, calendars, campaign_row
from nps.queries.reports import EVERYTHING, Slice, base_of, begin_snapshot, calls, change_mark, operators_of
from nps.queries.reports.answers import AnswerFilter, answers, ratings_by_place, score_of_groups
from nps.queries.reports.calls import CallFilter, call_counts, times_of, traffic_of
from nps.queries.reports.outlook import situation_of
from nps.queries.reports.proofs import escalation_counts, recording_counts
from nps.queries.reports.reasons import reasons_of
from nps.queries.reports.trend import trend_of

PER_CLIENT, ROUNDS = 4, 3
#: In scans of all calls.
BOUND = 30.0
_RESULTS = ("no_answer", "no_answer", "busy")
_CHUNK = 10_000


def fill(session: Session, base: Base) -> None:
    """Four calls for each client; two in five end in a questionnaire."""
    version = session.get_one(Campaign, base.campaign_id).script_version_id
    phones = session.execute(select(RespondentPhone.respondent_id, RespondentPhone.id))
    phone_of = {row.respondent_id: row.id for row in phones}
    branch_of = {row.id: row.branch_id or 0 for row in session.execute(select(Respondent.id, Respondent.branch_id))}
    began = datetime.now(UTC) - timedelta(days=20)
    attempts: list[dict[str, Any]] = []
    interviews: list[dict[str, Any]] = []
    for client in range(1, base.clients + 1):
        for n in range(PER_CLIENT):
            surveyed = n == PER_CLIENT - 1 and client % 5 < 2
            result = "surveyed" if surveyed else _RESULTS[(client + n) % len(_RESULTS)]
            at = began + timedelta(days=4 * n, seconds=client % 20_000)
            places = phone_of[client], branch_of[client]
            attempts.append(_attempt(base, version, client, n, places, result, at))
            if surveyed:
                interviews.append(
                    {
                        "id": client, "respondent_id": client, "attempt_id": attempts[-1]["id"],
                        "script_version_id": version, "rating": client % 10 + 1,
                        "completed_at": at,
                    }
                )  # fmt: skip
        if len(attempts) >= _CHUNK:
            _flush(session, attempts, interviews)
    _flush(session, attempts, interviews)
    session.execute(
        update(Respondent).where(Respondent.id % 5 < 2).values(state="surveyed", queue_class=None, next_call_at=None)
    )
    session.execute(text("ANALYZE"))
    session.commit()


def _attempt(
    base: Base, version: int, client: int, n: int, places: tuple[int, int], result: str, at: datetime
) -> dict[str, Any]:
    return {
        "id": UUID(int=client * PER_CLIENT + n), "respondent_id": client, "campaign_id": base.campaign_id,
        "purpose": "demo", "operator_id": base.operator_id, "phone_id": places[0], "e164": f"+79{client:09d}",
        "script_version_id": version, "source": "operator", "dialled_at": at, "last_activity_at": at, "ended_at": at,
        "closed_at": at, "ring_ms": 21_000, "talk_ms": 50_000 if result == "surveyed" else 0,
        "survey_ms": 40_000 if result == "surveyed" else 0, "disposition": result, "local_day": at.date(),
        "local_minute": at.hour * 60 + at.minute, "operator_day": at.date(), "region_code": REGIONS[client % 5],
        "branch_id": places[1],
    }  # fmt: skip


def _flush(session: Session, attempts: list[dict[str, Any]], interviews: list[dict[str, Any]]) -> None:
    if attempts:
        session.execute(insert(CallAttempt), attempts)
    if interviews:
        session.execute(insert(Interview), interviews)
        reasons = [
            {
                "interview_id": row["id"],
                "prompt": f"p{row['id'] % 8}",
                "label": f"причина {row['id'] % 8}",
                "position": 0,
            }
            for row in interviews
            if row["rating"] < 9
        ]
        session.execute(insert(InterviewReason), reasons)
    session.commit()
    attempts.clear()
    interviews.clear()


def figures(session: Session, campaign: CampaignRow) -> dict[str, Callable[[], object]]:
    """Each figure of the report by its name."""
    now, number = datetime.now(UTC), campaign.id
    score = score_of_groups(ratings_by_place(session, number))
    base, traffic = base_of(session, number), traffic_of(session, campaign)
    day = (now - timedelta(days=4)).date()
    return {
        "base by state, region, branch": lambda: base_of(session, number),
        "ratings by place": lambda: ratings_by_place(session, number),
        "calls of column 1": lambda: call_counts(session, number),
        "calls of a day": lambda: call_counts(session, number, Slice(first=day, last=day)),
        "calls of the second attempt": lambda: call_counts(session, number, Slice(attempt=2)),
        "traffic": lambda: traffic_of(session, campaign),
        "times and medians": lambda: times_of(session, number),
        "reasons": lambda: reasons_of(session, number, score),
        "operators": lambda: operators_of(session, campaign),
        "recordings": lambda: recording_counts(session, number),
        "escalations": lambda: escalation_counts(session, number),
        "trend": lambda: trend_of(session, number, EVERYTHING),
        "list of calls": lambda: calls(session, number, CallFilter(), 1),
        "list of answers": lambda: answers(session, number, AnswerFilter(), 1),
        "what the forecast sees": lambda: situation_of(
            session, campaign, base, traffic, calendars(session, campaign), now
        ),
        "mark of a poll": lambda: change_mark(session, campaign, now),
    }


def milliseconds(act: Callable[[], object]) -> float:
    """The median of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return 1000 * median(times)


def plans_of(session: Session, act: Callable[[], object]) -> list[str]:
    """How the engine goes about each statement of a figure."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    act()
    event.remove(db.engine, "before_cursor_execute", note)
    sqlite = session.get_bind().dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    lines = []
    for statement, parameters in seen:
        rows = session.connection().exec_driver_sql(explain + statement, parameters)
        lines += [str(row[-1]) for row in rows]
    return lines


def measure(base: Base, plans: bool) -> list[str]:
    """Measure the figures on one engine; names of those over the bound."""
    session = db.session()
    fill(session, base)
    begin_snapshot(session)
    campaign = campaign_row(session, base.campaign_id)
    scan = milliseconds(
        lambda: session.execute(text("SELECT count(*), sum(talk_ms + ring_ms) FROM call_attempt")).all()
    )
    calls_made = base.clients * PER_CLIENT
    print(f"{base.engine:9} {calls_made:>9,} calls, one scan of them {scan:.0f} ms (bound {BOUND:g} scans)", flush=True)
    slow = []
    for name, act in figures(session, campaign).items():
        took = milliseconds(act)
        print(f"  {name:32} {took:8.1f} ms = {took / scan:6.2f} scans", flush=True)
        for line in plans_of(session, act) if plans else ():
            print(f"      {line}")
        if took > BOUND * scan:
            slow.append(f"{base.engine} {name}: {took / scan:.0f} scans")
    session.rollback()
    return slow

"""The list of calls with their recordings: all of a campaign, or those that one check finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from nps.domain.phone import digits
from nps.domain.search import fold
from nps.models import Audio, Branch, Escalation, Interview, Recording, RecordingAbsence, User
from nps.queries.recordings.checks import CHECKS, with_recordings
from nps.queries.reports.page import Page, page_of
from nps.queries.reports.views import attempts, respondents

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to leave in the list; None and '' leave everything. `check` is a code of CHECKS, `day` the client's day."""

    check: str = "recorded"
    day: date | None = None
    operator_id: int | None = None
    disposition: str | None = None
    rating: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A call with what is heard of it. Day and minute are the client's local time; milliseconds."""

    id: UUID
    respondent_id: int
    organisation: str
    contact: str
    branch: str
    operator: str
    dialled_at: datetime
    day: date
    minute: int
    ring_ms: int
    talk_ms: int
    survey_ms: int
    disposition: str | None
    rating: int | None
    escalated: bool
    recording_id: int | None
    length_ms: int | None
    is_cut: bool | None
    is_late: bool | None
    path: str | None
    absence: str | None


def recorded_calls(session: Session, campaign_id: int, wanted: Wanted, now: datetime, number: int) -> Page[Row]:
    """One page, the newest first. `now` is aware UTC. Raises KeyError for an unknown check."""
    conditions = _conditions(campaign_id, wanted, now)
    counted = with_recordings(select(func.count())).join(respondents, respondents.c.id == attempts.c.respondent_id)
    counted = counted.outerjoin(Interview, and_(Interview.attempt_id == attempts.c.id, Interview.replaced_at.is_(None)))
    page: Page[Row] = page_of(session.execute(counted.where(*conditions)).scalar_one(), number, _PAGE)
    found = session.execute(
        _rows().where(*conditions).order_by(attempts.c.dialled_at.desc(), attempts.c.id).limit(_PAGE).offset(page.skip)
    )
    return page.with_rows(Row(*row) for row in found)


def every_call(session: Session, campaign_id: int, wanted: Wanted, now: datetime) -> Iterator[Row]:
    """All of them, the oldest first. Raises KeyError for an unknown check."""
    statement = _rows().where(*_conditions(campaign_id, wanted, now)).order_by(attempts.c.dialled_at, attempts.c.id)
    yield from (Row(*row) for row in session.execute(statement, execution_options={"yield_per": 1000}))


def _rows() -> Any:
    escalated = exists().where(Escalation.attempt_id == attempts.c.id).correlate(attempts)
    chosen = select(
        attempts.c.id, attempts.c.respondent_id, respondents.c.organisation, respondents.c.contact,
        func.coalesce(Branch.name, ""), User.full_name, attempts.c.dialled_at, attempts.c.local_day,
        attempts.c.local_minute, attempts.c.ring_ms, attempts.c.talk_ms, attempts.c.survey_ms, attempts.c.disposition,
        Interview.rating, escalated, Recording.id, Audio.duration_ms, Audio.is_cut, Recording.is_late, Audio.path,
        RecordingAbsence.cause,
    )  # fmt: skip
    return (
        with_recordings(chosen)
        .join(respondents, respondents.c.id == attempts.c.respondent_id)
        .join(User, User.id == attempts.c.operator_id)
        .outerjoin(Branch, Branch.id == attempts.c.branch_id)
        .outerjoin(Interview, and_(Interview.attempt_id == attempts.c.id, Interview.replaced_at.is_(None)))
    )


def _conditions(campaign_id: int, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [attempts.c.campaign_id == campaign_id, CHECKS[wanted.check](now)]
    if wanted.day is not None:
        conditions.append(attempts.c.local_day == wanted.day)
    if wanted.operator_id is not None:
        conditions.append(attempts.c.operator_id == wanted.operator_id)
    if wanted.disposition is not None:
        conditions.append(attempts.c.disposition == wanted.disposition)
    if wanted.rating is not None:
        conditions.append(Interview.rating == wanted.rating)
    if wanted.text:
        named = respondents.c.search_fold.contains(fold(wanted.text), autoescape=True)
        number = digits(wanted.text)
        conditions.append(or_(named, attempts.c.e164.contains(number)) if len(number) >= 3 else named)
    return conditions

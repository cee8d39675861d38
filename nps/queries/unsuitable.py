"""What clients said that no answer of the script fits: read by the script's author (R18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.desk import TALK_PANELS
from nps.domain.script import Script
from nps.models import CallAttempt, Respondent, ScriptVersion, UnsuitableAnswer, UnsuitableUse, User
from nps.queries.reports.page import Page, page_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class UnsuitableLine:
    """One note of an operator. `place` is the step or panel in words, `version` the number of the script's version.

    used_as: what the author has made of it, '' while nobody has looked at it.
    """

    at: datetime
    place: str
    version: int
    words: str
    operator: str
    respondent_id: int
    client: str
    inbound: bool
    id: int
    step: str
    used_as: str


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """A step or panel at which something was noted, and how often."""

    step: str
    title: str
    notes: int


def places(session: Session, campaign_id: int) -> list[PlaceCount]:
    """Where no answer fitted, the most frequent first."""
    found = session.execute(
        select(UnsuitableAnswer.step, func.count(), func.max(UnsuitableAnswer.script_version_id))
        .join(CallAttempt, CallAttempt.id == UnsuitableAnswer.attempt_id)
        .where(CallAttempt.campaign_id == campaign_id)
        .group_by(UnsuitableAnswer.step)
        .order_by(func.count().desc(), UnsuitableAnswer.step)
    ).all()
    titles = _titles(session, {version_id for _, _, version_id in found})
    return [PlaceCount(step, _title(titles[version_id], step), notes) for step, notes, version_id in found]


def waiting(session: Session, campaign_id: int) -> dict[str, int]:
    """How many notes nobody has looked at yet, by the step or panel they were made at."""
    found = session.execute(
        select(UnsuitableAnswer.step, func.count())
        .join(CallAttempt, CallAttempt.id == UnsuitableAnswer.attempt_id)
        .outerjoin(UnsuitableUse, UnsuitableUse.unsuitable_id == UnsuitableAnswer.id)
        .where(CallAttempt.campaign_id == campaign_id, UnsuitableUse.unsuitable_id.is_(None))
        .group_by(UnsuitableAnswer.step)
    )
    return {step: notes for step, notes in found}


def lines(session: Session, campaign_id: int, step: str, number: int, total: int) -> Page[UnsuitableLine]:
    """One page of the `total` notes of a campaign, of one step if `step` is given; what nobody has looked at first."""
    page: Page[UnsuitableLine] = page_of(total, number, PAGE)
    wanted = [CallAttempt.campaign_id == campaign_id]
    if step:
        wanted.append(UnsuitableAnswer.step == step)
    found = session.execute(
        select(
            UnsuitableAnswer, CallAttempt.source, Respondent, User.full_name, ScriptVersion.no, UnsuitableUse.used_as
        )
        .join(CallAttempt, CallAttempt.id == UnsuitableAnswer.attempt_id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(User, User.id == UnsuitableAnswer.by)
        .join(ScriptVersion, ScriptVersion.id == UnsuitableAnswer.script_version_id)
        .outerjoin(UnsuitableUse, UnsuitableUse.unsuitable_id == UnsuitableAnswer.id)
        .where(*wanted)
        .order_by(UnsuitableUse.unsuitable_id.is_(None).desc(), UnsuitableAnswer.at.desc(), UnsuitableAnswer.id.desc())
        .limit(PAGE)
        .offset(page.skip)
    ).all()
    titles = _titles(session, {row.script_version_id for row, *_ in found})
    return page.with_rows(
        UnsuitableLine(
            at=row.at,
            place=_title(titles[row.script_version_id], row.step),
            version=version,
            words=row.words,
            operator=operator,
            respondent_id=client.id,
            client=client.organisation,
            inbound=source == "inbound",
            id=row.id,
            step=row.step,
            used_as=used_as or "",
        )
        for row, source, client, operator, version, used_as in found
    )


def _titles(session: Session, versions: set[int]) -> dict[int, dict[str, str]]:
    """Titles of the steps of these versions, by step."""
    found = session.execute(select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(versions)))
    return {row.id: {step.id: step.title for step in Script.from_dict(row.body).steps} for row in found}


def _title(titles: dict[str, str], step: str) -> str:
    return titles.get(step) or TALK_PANELS.get(step, step)

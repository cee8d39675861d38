"""What clients said that no answer of the script fits: read by the script's author (R18)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.desk import TALK_PANELS
from nps.domain.script import Script
from nps.models import CallAttempt, Respondent, ScriptVersion, UnsuitableAnswer, UnsuitableUse, User
from nps.queries.reports.page import Page, page_of

PAGE = 50


def places(session: Session, campaign_id: int) -> list[tuple[str, str, int]]:
    """Where no answer fitted, the most frequent first: the step or panel, its title, and how often."""
    found = session.execute(
        select(UnsuitableAnswer.step, func.count(), func.max(UnsuitableAnswer.script_version_id))
        .join(CallAttempt, CallAttempt.id == UnsuitableAnswer.attempt_id)
        .where(CallAttempt.campaign_id == campaign_id)
        .group_by(UnsuitableAnswer.step)
        .order_by(func.count().desc(), UnsuitableAnswer.step)
    ).all()
    titles = _titles(session, {version_id for _, _, version_id in found})
    return [(step, _title(titles[version_id], step), notes) for step, notes, version_id in found]


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


def lines(session: Session, campaign_id: int, step: str, number: int, total: int) -> Page[Any]:
    """One page of the `total` notes of a campaign, of one step if `step` is given; what nobody has looked at first.

    Each with its step or panel in words, and the number of the script's `version`. `used_as`: what the author has made
    of it, None while nobody has looked at it.
    """
    page: Page[Any] = page_of(total, number, PAGE)
    note = UnsuitableAnswer
    wanted = [CallAttempt.campaign_id == campaign_id, *([note.step == step] if step else [])]
    found = session.execute(
        select(
            note.id, note.step, note.words, note.at, note.script_version_id, ScriptVersion.no.label("version"),
            User.full_name.label("operator"), CallAttempt.respondent_id, Respondent.organisation.label("client"),
            (CallAttempt.source == "inbound").label("inbound"), UnsuitableUse.used_as,
        )
        .join(CallAttempt, CallAttempt.id == note.attempt_id)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .join(User, User.id == note.by)
        .join(ScriptVersion, ScriptVersion.id == note.script_version_id)
        .outerjoin(UnsuitableUse, UnsuitableUse.unsuitable_id == note.id)
        .where(*wanted)
        .order_by(UnsuitableUse.unsuitable_id.is_(None).desc(), note.at.desc(), note.id.desc())
        .limit(PAGE)
        .offset(page.skip)
    ).all()  # fmt: skip
    titles = _titles(session, {row.script_version_id for row in found})
    return page.with_rows((row, _title(titles[row.script_version_id], row.step)) for row in found)


def _titles(session: Session, versions: set[int]) -> dict[int, dict[str, str]]:
    """Titles of the steps of these versions, by step."""
    found = session.execute(select(ScriptVersion.id, ScriptVersion.body).where(ScriptVersion.id.in_(versions)))
    return {row.id: {step.id: step.title for step in Script.from_dict(row.body).steps} for row in found}


def _title(titles: dict[str, str], step: str) -> str:
    return titles.get(step) or TALK_PANELS.get(step, step)

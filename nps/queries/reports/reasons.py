"""Why clients gave 1 to 8: mentions and lost points (nps_reporting 2.8)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import RATINGS, Group, NpsScore, classify
from nps.models import Interview, InterviewReason
from nps.queries.reports.views import respondents

#: Points that one client takes from an NPS of 100: a critic is missing as a promoter and counts against.
_WEIGHT = {Group.PASSIVE: 1, Group.DETRACTOR: 2}
_ASKED = tuple(rating for rating in RATINGS if classify(rating) in _WEIGHT)
OWN_WORDS, NOT_NAMED = "своими словами", "причина не названа"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason: how many named it, and its part of 100 - NPS in points; `named` is false for no reason at all."""

    label: str
    mentions: int
    points: Fraction
    named: bool = True


@dataclass(frozen=True, slots=True)
class Reasons:
    """Reasons by lost points. `asked`: clients with a rating of 1 to 8. A client may name several reasons."""

    asked: int
    rows: tuple[ReasonRow, ...]

    @property
    def lost(self) -> Fraction:
        """All lost points together; always 100 - NPS, because every rating below 9 is divided among its reasons."""
        return sum((row.points for row in self.rows), Fraction(0))


def reasons_of(session: Session, campaign_id: int, score: NpsScore) -> Reasons:
    """Mentions and lost points of a campaign.

    A critic loses 2 and a passive 1, in equal parts among the prompts the client agreed with. A client without a prompt
    is counted under his own words when there are any, else under «причина не названа».
    """
    asked = _asked(campaign_id)
    mentions: Counter[str] = Counter()
    lost: dict[str, Fraction] = {}
    labels = {OWN_WORDS: OWN_WORDS, NOT_NAMED: NOT_NAMED}

    def add(key: str, rating: int, clients: int, parts: int) -> None:
        mentions[key] += clients
        lost[key] = lost.get(key, Fraction(0)) + Fraction(_WEIGHT[classify(rating)] * clients, parts)

    for prompt, label, rating, parts, clients in session.execute(_prompts(asked)):
        labels[f"prompt:{prompt}"] = label
        add(f"prompt:{prompt}", rating, clients, parts)
    for has_words, rating, clients in session.execute(_without_prompt(asked)):
        add(OWN_WORDS if has_words else NOT_NAMED, rating, clients, 1)

    rows = [
        ReasonRow(labels[key], mentions[key], 100 * lost[key] / score.n, named=key != NOT_NAMED) for key in mentions
    ]
    rows.sort(key=lambda row: (not row.named, -row.points, -row.mentions, row.label))
    return Reasons(score.passives + score.detractors, tuple(rows))


def _asked(campaign_id: int) -> Subquery:
    """Questionnaires in force with a rating of 1 to 8, and how many prompts each has."""
    return (
        select(
            Interview.id,
            Interview.rating,
            (Interview.words != "").label("has_words"),
            func.count(InterviewReason.id).label("parts"),
        )
        .select_from(Interview)
        .join(respondents, respondents.c.id == Interview.respondent_id)
        .outerjoin(InterviewReason, InterviewReason.interview_id == Interview.id)
        .where(
            respondents.c.campaign_id == campaign_id,
            Interview.replaced_at.is_(None),
            Interview.rating.in_(_ASKED),
        )
        .group_by(Interview.id, Interview.rating, Interview.words)
        .subquery("asked")
    )


def _prompts(asked: Subquery) -> Select[str, str, int, int, int]:
    label: ColumnElement[str] = func.max(InterviewReason.label)
    return (
        select(InterviewReason.prompt, label, asked.c.rating, asked.c.parts, func.count())
        .join(asked, asked.c.id == InterviewReason.interview_id)
        .group_by(InterviewReason.prompt, asked.c.rating, asked.c.parts)
    )


def _without_prompt(asked: Subquery) -> Select[bool, int, int]:
    return (
        select(asked.c.has_words, asked.c.rating, func.count())
        .where(asked.c.parts == 0)
        .group_by(asked.c.has_words, asked.c.rating)
    )

"""Why clients gave 1 to 8: mentions and lost points (nps_reporting 2.8)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import NpsScore
from nps.domain.survey_statistics.lost_points import ASKED, Mention, lost_points
from nps.models import Interview, InterviewReason
from nps.queries.reports.answers import questionnaires
from nps.queries.reports.slices import EVERYTHING, Slice

_OWN_WORDS = ""
OWN_WORDS, NOT_NAMED = "своими словами", "причина не названа"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason: how many named it, and its part of 100 - NPS in points.

    `prompt` is its code in the script, empty for a client's own words, None for no reason at all.
    """

    label: str
    mentions: int
    points: Fraction
    prompt: str | None

    @property
    def named(self) -> bool:
        return self.prompt is not None

    @property
    def is_prompt(self) -> bool:
        """Whether its questionnaires can be listed by the prompt."""
        return self.prompt not in (None, _OWN_WORDS)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Reasons by lost points. `asked`: clients with a rating of 1 to 8. A client may name several reasons."""

    asked: int
    rows: tuple[ReasonRow, ...]

    @property
    def lost(self) -> Fraction:
        """All lost points together; always 100 - NPS, because every rating below 9 is divided among its reasons."""
        return sum((row.points for row in self.rows), Fraction(0))


def reasons_of(session: Session, campaign_id: int, score: NpsScore, where: Slice = EVERYTHING) -> Reasons:
    """Mentions and lost points of a campaign, or of a slice of it; `score` is that of the same questionnaires.

    Loss is divided among the prompts the client agreed with. A client without a prompt is counted under his own words
    when there are any, else under «причина не названа».
    """
    asked = _asked(campaign_id, where)
    labels: dict[str, str] = {}
    mentions: list[Mention[str | None]] = []
    for prompt, label, rating, parts, clients in session.execute(_prompts(asked)):
        labels[prompt] = label
        mentions.append(Mention(prompt, rating, parts, clients))
    for has_words, rating, clients in session.execute(_without_prompt(asked)):
        mentions.append(Mention(_OWN_WORDS if has_words else None, rating, 1, clients))
    rows = [
        ReasonRow(NOT_NAMED if key is None else labels.get(key, OWN_WORDS), number, points, key)
        for key, (number, points) in lost_points(mentions, score.n).items()
    ]
    rows.sort(key=lambda row: (not row.named, -row.points, -row.mentions, row.label))
    return Reasons(score.passives + score.detractors, tuple(rows))


def _asked(campaign_id: int, where: Slice) -> Subquery:
    """Questionnaires in force with a rating of 1 to 8, and how many prompts each has."""
    columns = select(
        Interview.id,
        Interview.rating,
        (Interview.words != "").label("has_words"),
        func.count(InterviewReason.id).label("parts"),
    )
    return (
        questionnaires(columns, campaign_id, where)
        .outerjoin(InterviewReason, InterviewReason.interview_id == Interview.id)
        .where(Interview.rating.in_(ASKED))
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


def reason_labels(session: Session, campaign_id: int) -> dict[str, str]:
    """Prompts that clients of a campaign agreed with, by code, and their words."""
    found = session.execute(
        questionnaires(select(InterviewReason.prompt, func.max(InterviewReason.label)), campaign_id, EVERYTHING)
        .join(InterviewReason, InterviewReason.interview_id == Interview.id)
        .group_by(InterviewReason.prompt)
    )
    return dict(sorted(((prompt, label) for prompt, label in found), key=lambda pair: pair[1]))

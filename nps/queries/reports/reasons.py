"""Why clients gave 1 to 8: mentions and lost points (nps_reporting 2.8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import NpsScore
from nps.domain.script.meaning import wordings
from nps.domain.survey_statistics.lost_points import ASKED, Mention, lost_points
from nps.models import Campaign, Interview, InterviewReason, ScriptVersion
from nps.queries.interviews import script_of
from nps.queries.reports.answers import questionnaires
from nps.queries.reports.slices import EVERYTHING, Slice

_OWN_WORDS = ""
OWN_WORDS, NOT_NAMED = "своими словами", "причина не названа"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason: how many named it, and its part of 100 - NPS in points.

    `prompt`: its words, by which its questionnaires are found; empty for a client's own words, None for no reason.
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
    now = _wordings(session, campaign_id)
    mentions: list[Mention[str | None]] = []
    for label, has_words, rating, parts, clients in session.execute(_said(asked)):
        own = _OWN_WORDS if has_words else None
        mentions.append(Mention(own if label is None else now.get(label, label), rating, parts or 1, clients))
    rows = [
        ReasonRow(NOT_NAMED if key is None else key or OWN_WORDS, number, points, key)
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


def _said(asked: Subquery) -> Select[str | None, bool, int, int, int]:
    """By the words that the client agreed with, None for none: a key of the script may have stood for others."""
    said = InterviewReason.label, asked.c.has_words, asked.c.rating, asked.c.parts
    reasons = asked.outerjoin(InterviewReason, InterviewReason.interview_id == asked.c.id)
    return select(*said, func.count()).select_from(reasons).group_by(*said)


def _wordings(session: Session, campaign_id: int) -> dict[str, str]:
    """Earlier words of reasons -> those they have now, as the script's author has said."""
    own = select(ScriptVersion.script_id).join(Campaign, Campaign.script_version_id == ScriptVersion.id)
    versions = session.execute(
        select(ScriptVersion.id, ScriptVersion.sha256)
        .where(ScriptVersion.script_id == own.where(Campaign.id == campaign_id).scalar_subquery())
        .order_by(ScriptVersion.no.desc())
    )
    return wordings(script_of(session, version_id, sha256) for version_id, sha256 in versions.all())


def reason_labels(session: Session, campaign_id: int) -> dict[str, frozenset[str]]:
    """Reasons that clients of a campaign agreed with: their words -> all wordings that they were said in."""
    now, found = _wordings(session, campaign_id), defaultdict[str, set[str]](set)
    said = questionnaires(select(InterviewReason.label).distinct(), campaign_id, EVERYTHING)
    for label in session.scalars(said.join(InterviewReason, InterviewReason.interview_id == Interview.id)):
        found[now.get(label, label)].add(label)
    return {label: frozenset(found[label]) for label in sorted(found)}

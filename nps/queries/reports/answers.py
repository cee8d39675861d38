"""Questionnaires in force: scores, reasons and the rows of the contract's form (R5, R6, requirements §6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import RATINGS, Group, NpsScore, classify, score_of
from nps.models import Branch, Interview, InterviewReason, RespondentPhone
from nps.queries.reports.page import Page, page_of
from nps.queries.reports.slices import EVERYTHING, Slice
from nps.queries.reports.views import attempts, respondents
from nps.queries.searching import holds

#: Region code, branch id, rating, how many.
RatingGroup = tuple[str | None, int | None, int, int]

_CHUNK = 1000
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One questionnaire. `phone` is the number on which the client answered, `day` and `minute` are his local time."""

    interview_id: int
    respondent_id: int
    attempt_id: UUID
    branch: str
    inn: str
    organisation: str
    contact: str
    phone: str
    extension: str
    rating: int
    reasons: tuple[str, ...]
    words: str
    comment: str
    cut_off: bool
    checked: bool
    day: date
    minute: int

    @property
    def group(self) -> Group:
        return classify(self.rating)

    @property
    def influence(self) -> str:
        """Column 7 of the form: the prompts and the client's own words. Empty at 9 and 10 (requirements §4)."""
        if self.group is Group.PROMOTER:
            return ""
        return "; ".join(part for part in (*self.reasons, self.words) if part)


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """What to leave in a list of questionnaires; None leaves all. `said`: with the client's words or a comment.

    `reasons`: wordings of a prompt the client agreed with. `text`: part of name, INN or number of the client.
    """

    group: Group | None = None
    rating: int | None = None
    reasons: frozenset[str] = frozenset()
    said: bool = False
    text: str = ""
    where: Slice = EVERYTHING


_ALL = AnswerFilter()


def ratings_by_place(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> list[RatingGroup]:
    """How often each rating was given in each region and branch."""
    place = (respondents.c.region_code, respondents.c.branch_id)
    found = session.execute(
        questionnaires(select(*place, Interview.rating, func.count()), campaign_id, where).group_by(
            *place, Interview.rating
        )
    )
    return [tuple(row) for row in found]


def questionnaires(
    columns: Select[*Columns], campaign_id: int, where: Slice, *, with_calls: bool = False
) -> Select[*Columns]:
    """The columns over the questionnaires in force of a slice; their calls beside them when it or `with_calls` asks."""
    found = columns.select_from(Interview).join(respondents, respondents.c.id == Interview.respondent_id)
    if with_calls or not where.keeps_clients:
        found = found.join(attempts, attempts.c.id == Interview.attempt_id)
    return found.where(respondents.c.campaign_id == campaign_id, Interview.replaced_at.is_(None), *where.of_answers())


def histogram_of(groups: Iterable[RatingGroup]) -> tuple[int, ...]:
    """Ten numbers: how often each rating from 1 to 10 was given."""
    counts = dict.fromkeys(RATINGS, 0)
    for _, _, rating, number in groups:
        counts[rating] += number
    return tuple(counts.values())


def score_of_groups(groups: Iterable[RatingGroup]) -> NpsScore:
    """The score of a set of ratings by place."""
    return score_of((rating, number) for _, _, rating, number in groups)


def answers(session: Session, campaign_id: int, wanted: AnswerFilter, number: int, size: int = 50) -> Page[AnswerRow]:
    """One page of the questionnaires, the newest first."""
    chosen = _wanted(_select(campaign_id), wanted)
    page: Page[AnswerRow] = page_of(number_of_answers(session, campaign_id, wanted), number, size)
    order = chosen.order_by(Interview.completed_at.desc(), Interview.id.desc())
    return page.with_rows(_rows(session, session.execute(order.limit(size).offset(page.skip)).all()))


def all_answers(session: Session, campaign_id: int, wanted: AnswerFilter = _ALL) -> Iterator[AnswerRow]:
    """Every questionnaire of a campaign by branch and organisation, read in chunks: memory stays flat."""
    chosen = _wanted(_select(campaign_id), wanted)
    order = chosen.order_by(func.coalesce(Branch.name, ""), respondents.c.organisation, respondents.c.id)
    for chunk in session.execute(order.execution_options(yield_per=_CHUNK)).partitions():
        yield from _rows(session, chunk)


def number_of_answers(session: Session, campaign_id: int, wanted: AnswerFilter) -> int:
    """How many questionnaires in force a filter leaves."""
    counted = _in_force(select(func.count()), campaign_id)
    return int(session.execute(_wanted(counted, wanted)).scalar_one())


def _select(campaign_id: int) -> Select[Any]:
    columns = select(
        Interview.id.label("interview_id"), Interview.respondent_id, Interview.attempt_id,
        func.coalesce(Branch.name, "").label("branch"), func.coalesce(respondents.c.inn, "").label("inn"),
        respondents.c.organisation, respondents.c.contact, attempts.c.e164.label("phone"), RespondentPhone.extension,
        Interview.rating, Interview.words, Interview.comment, Interview.cut_off,
        Interview.checked_at.is_not(None).label("checked"), attempts.c.local_day.label("day"),
        attempts.c.local_minute.label("minute"),
    )  # fmt: skip
    return _in_force(columns, campaign_id)


def _in_force(columns: Select[Any], campaign_id: int) -> Select[Any]:
    return (
        columns.select_from(Interview)
        .join(respondents, respondents.c.id == Interview.respondent_id)
        .join(attempts, attempts.c.id == Interview.attempt_id)
        .join(RespondentPhone, RespondentPhone.id == attempts.c.phone_id)
        .outerjoin(Branch, Branch.id == respondents.c.branch_id)
        .where(respondents.c.campaign_id == campaign_id, Interview.replaced_at.is_(None))
    )


def _wanted(chosen: Select[Any], wanted: AnswerFilter) -> Select[Any]:
    if wanted.group is not None:
        chosen = chosen.where(Interview.rating.in_([n for n in RATINGS if classify(n) is wanted.group]))
    if wanted.rating is not None:
        chosen = chosen.where(Interview.rating == wanted.rating)
    if wanted.reasons:
        named = select(InterviewReason.interview_id).where(InterviewReason.label.in_(wanted.reasons))
        chosen = chosen.where(Interview.id.in_(named))
    if wanted.said:
        chosen = chosen.where((Interview.words != "") | (Interview.comment != ""))
    if wanted.text:
        chosen = chosen.where(holds(respondents.c.search_fold, wanted.text))
    return chosen.where(*wanted.where.of_answers())


def _rows(session: Session, found: Sequence[Row[Any]]) -> list[AnswerRow]:
    reasons: dict[int, list[str]] = {}
    for interview_id, label in session.execute(
        select(InterviewReason.interview_id, InterviewReason.label)
        .where(InterviewReason.interview_id.in_([row.interview_id for row in found]))
        .order_by(InterviewReason.interview_id, InterviewReason.position)
    ):
        reasons.setdefault(interview_id, []).append(label)
    return [AnswerRow(**row._mapping, reasons=tuple(reasons.get(row.interview_id, ()))) for row in found]

"""Reviewing calls: a scorecard with words for the operator, his answer, another result, how calls are sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.quality import (
    LONGEST_HINT,
    LONGEST_TITLE,
    MARKS,
    MOST_CRITERIA,
    REASONS,
    Plan,
    score,
)
from nps.models import CallAttempt, QualityMark, QualityPlan, QualityReview, Respondent, User
from nps.queries import quality as queries
from nps.services.acting import act
from nps.services.supervision import Correction, append_correction
from nps.services.transaction import AnySession


def save_review(
    session: AnySession,
    actor: Actor,
    campaign_id: int,
    attempt_id: UUID,
    *,
    marks: Sequence[int | None],
    note: str,
    finish: bool,
    now: datetime,
) -> None:
    """Keep the marks of a call, in the order of the campaign's criteria; finished, the operator sees them.

    The reason why the call was chosen is stored with the first save. Raises DomainError (note, marks) when a finished
    review says nothing, StaleError when another reviewer has begun it, NotFoundError for a call of another campaign.
    """
    with act(session, actor.id, now) as a:
        plan = queries.plan(a.s, campaign_id)
        if len(marks) != len(plan.criteria) or any(mark is not None and mark not in MARKS for mark in marks):
            raise StaleError("criteria", "Лист оценки изменился. Проверьте отметки и сохраните ещё раз.")
        if finish and all(mark is None for mark in marks):
            raise DomainError("marks", "Отметьте хотя бы один пункт листа.")
        review = _review(a.s, actor, campaign_id, attempt_id, now)
        review.note, (review.points, review.most) = note, score(marks)
        review.finished_at = now if finish else review.finished_at
        a.s.execute(delete(QualityMark).where(QualityMark.review_id == review.id))
        for position, (criterion, mark) in enumerate(zip(plan.criteria, marks, strict=True)):
            a.s.add(QualityMark(review_id=review.id, position=position, title=criterion.title, mark=mark))
        if finish:
            after = {"points": review.points, "most": review.most}
            a.record("call_reviewed", "call", attempt_id, campaign_id=campaign_id, after=after)


def _review(s: Session, actor: Actor, campaign_id: int, attempt_id: UUID, now: datetime) -> QualityReview:
    """The review of a call, begun now when there is none."""
    call = s.get(CallAttempt, attempt_id, with_for_update={"key_share": True})
    found = queries.call_to_review(s, campaign_id, attempt_id)
    if call is None or found is None:
        raise NotFoundError("Такого звонка в проекте нет.")
    if s.get_one(Respondent, call.respondent_id).erased_at is not None:
        raise StaleError("erased", "Данные клиента удалены: этот звонок проверить уже нельзя.")
    review = s.scalars(select(QualityReview).where(QualityReview.attempt_id == attempt_id)).one_or_none()
    if review is not None:
        if review.reviewer_id != actor.id:
            raise StaleError("taken", f"Этот звонок проверяет {s.get_one(User, review.reviewer_id).full_name}.")
        return review
    assert found.reason in REASONS
    review = QualityReview(
        attempt_id=attempt_id, campaign_id=campaign_id, operator_id=call.operator_id, reviewer_id=actor.id,
        reason=found.reason, begun_at=now,
    )  # fmt: skip
    s.add(review)
    s.flush()
    return review


def correct_result(
    session: AnySession, actor: Actor, campaign_id: int, attempt_id: UUID, correction: Correction, now: datetime
) -> None:
    """Give a call the result that its reviewer heard; the earlier words stay, this one says that it is of a review.

    The call is his to review from then on, as with the first save of a scorecard. Raises as
    `supervision.correct_result`, StaleError when another reviewer has begun it.
    """
    with act(session, actor.id, now, claims=True) as a:
        _review(a.s, actor, campaign_id, attempt_id, now)
        append_correction(a.s, actor.id, attempt_id, correction, "review", now)


def reply(session: AnySession, actor: Actor, review_id: int, text: str, now: datetime) -> None:
    """Keep what the operator says to a review of his call. Raises DomainError (reply), NotFoundError."""
    with act(session, actor.id, now) as a:
        review = a.s.get(QualityReview, review_id)
        if review is None or review.operator_id != actor.id or review.finished_at is None:
            raise NotFoundError("Такого разбора у вас нет.")
        if not text:
            raise DomainError("reply", "Напишите ответ на разбор.")
        review.reply, review.replied_at = text, now


def save_plan(session: AnySession, actor_id: int, campaign_id: int, plan: Plan, now: datetime) -> None:
    """Change how calls are sampled and what is listened for; reviews that exist keep their words.

    Raises DomainError whose code is the field's name.
    """
    titles = [criterion.title for criterion in plan.criteria]
    if not titles:
        raise DomainError("criteria", "Оставьте в листе хотя бы один пункт.")
    if len(titles) > MOST_CRITERIA or len(set(titles)) < len(titles):
        raise DomainError("criteria", f"В листе до {MOST_CRITERIA} пунктов, и все разные.")
    if any(len(c.title) > LONGEST_TITLE or len(c.hint) > LONGEST_HINT for c in plan.criteria):
        raise DomainError("criteria", f"Пункт — до {LONGEST_TITLE} знаков, пояснение — до {LONGEST_HINT}.")
    with act(session, actor_id, now) as a:
        row = a.s.get(QualityPlan, campaign_id) or QualityPlan(campaign_id=campaign_id)
        row.newcomer_calls, row.share_percent = plan.newcomer_calls, plan.share_percent
        row.criteria = [asdict(criterion) for criterion in plan.criteria]
        a.s.add(row)
        after = {
            "newcomer_calls": plan.newcomer_calls, "share_percent": plan.share_percent, "criteria": len(titles)
        }  # fmt: skip
        a.record("quality_plan_changed", "campaign", campaign_id, campaign_id=campaign_id, after=after)

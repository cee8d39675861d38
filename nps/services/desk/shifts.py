"""Shifts and pauses of an operator."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.desk import PAUSE_REASONS
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import CallAttempt, Pause, Respondent, Shift, User
from nps.queries import campaigns
from nps.queries.admission import is_admitted
from nps.queries.desk import correcting
from nps.services import invented, shift_messages
from nps.services.acting import act
from nps.services.call_queue import free_lapsed, release_shown
from nps.services.journal import record
from nps.services.transaction import AnySession


def start_shift(session: AnySession, actor: Actor, campaign_id: int, spoken_name: str, now: datetime) -> int:
    """Begin a shift in one campaign with the name the operator gives in the greeting. Returns the shift's id.

    Raises NotFoundError for a campaign that is not this operator's, DomainError when he is not admitted or gives no
    name, StaleError while a call of an earlier shift waits for its result. An open shift in the same campaign is
    continued, one in another campaign ends.
    """
    spoken_name = " ".join(spoken_name.split())
    if not spoken_name:
        raise DomainError("no_name", "Напишите, как вы представляетесь клиенту.")
    with act(session, actor.id, now, claims=True) as a:
        s = a.s
        campaign = campaigns.campaign_for(s, actor, campaign_id)
        if campaign is None:
            raise NotFoundError("Такого проекта у вас нет.")
        if campaign.closed_at is not None:
            raise StaleError("closed", "Проект закрыт: звонков в нём больше нет. Выберите другой.")
        if campaign.admission == "required" and not is_admitted(s, campaign_id, actor.id):
            raise DomainError(
                "not_admitted",
                "Вы ещё не допущены к этому проекту. Пройдите тренировку и попросите руководителя о допуске.",
            )
        return open_in(s, actor.id, campaign_id, spoken_name, now).id


def open_in(session: Session, user_id: int, campaign_id: int, spoken_name: str, now: datetime) -> Shift:
    """The operator's shift in a campaign: the one he is in, or a new one; one elsewhere ends.

    Inside the caller's transaction, which has checked that he may. Raises StaleError as `end_shift` does.
    """
    standing = campaigns.open_shift(session, user_id)
    if standing is not None and standing.campaign_id == campaign_id:
        standing.spoken_name = spoken_name[:100]
        return standing
    if standing is not None:
        _end(session, standing, user_id, now)
    shift = Shift(user_id=user_id, campaign_id=campaign_id, spoken_name=spoken_name[:100], started_at=now)
    session.add(shift)
    session.execute(update(User).where(User.id == user_id).values(spoken_name=spoken_name[:100]))
    session.flush()
    record(
        session,
        at=now,
        action="shift_started",
        object_kind="shift",
        object_id=shift.id,
        actor_id=user_id,
        campaign_id=campaign_id,
    )
    return shift


def end_shift(session: AnySession, actor: Actor, now: datetime) -> None:
    """End the operator's shift and give back the client he was shown. Raises StaleError while a call has no result."""
    with act(session, actor.id, now, claims=True) as a:
        s = a.s
        standing = campaigns.open_shift(s, actor.id)
        if standing is not None:
            _end(s, standing, actor.id, now)


def end_shift_of(session: AnySession, manager_id: int, campaign_id: int, operator_id: int, now: datetime) -> None:
    """A manager ends the shift of an operator who has left without doing so; his promises are anybody's from here on.

    A second press, or a shift that goes on in another campaign, changes nothing. Raises StaleError while a call of his
    has no result.
    """
    with act(session, manager_id, now, claims=True) as a:
        standing = campaigns.open_shift(a.s, operator_id)
        if standing is None or standing.campaign_id != campaign_id:
            return
        if has_open_call(a.s, operator_id):
            words = (
                "У оператора звонок без итога. Запишите итог на карточке клиента (раздел «Операторы»,"
                " «Звонки без итога»), потом закончите смену."
            )
            raise StaleError("open_call", words)
        _finish(a.s, standing, manager_id, now)


def end_shift_of_leaver(session: Session, user_id: int, actor_id: int | None, now: datetime) -> None:
    """End the shift of somebody whose account is closed or works no more; a call without a result waits for a manager.

    Inside the caller's transaction, under the claims' lock.
    """
    standing = campaigns.open_shift(session, user_id)
    if standing is not None:
        _finish(session, standing, actor_id, now)


def _end(session: Session, shift: Shift, operator_id: int, now: datetime) -> None:
    if has_open_call(session, operator_id):
        raise StaleError("open_call", "У звонка ещё нет итога: выберите его, потом заканчивайте смену.")
    _finish(session, shift, operator_id, now)


def _finish(session: Session, shift: Shift, actor_id: int | None, now: datetime) -> None:
    operator_id = shift.user_id
    release_shown(session, Respondent.held_by == operator_id)
    invented.leave(session, shift, now)
    session.execute(update(Pause).where(Pause.shift_id == shift.id, Pause.ended_at.is_(None)).values(ended_at=now))
    shift.ended_at = now
    shift_messages.close_request(session, operator_id, now)
    session.flush()
    record(
        session,
        at=now,
        action="shift_ended",
        object_kind="shift",
        object_id=shift.id,
        actor_id=actor_id,
        campaign_id=shift.campaign_id,
    )


def has_open_call(session: Session, operator_id: int) -> bool:
    """Whether a call waits for this operator's word; one he has handed over waits for the manager's."""
    waits = (CallAttempt.operator_id == operator_id, CallAttempt.closed_at.is_(None))
    return session.scalar(select(CallAttempt.id).where(*waits, CallAttempt.handed_over_at.is_(None))) is not None


def pause(session: AnySession, actor: Actor, reason: str, now: datetime) -> None:
    """Begin a pause, a break unless another reason is given; the shown client goes back to the queue.

    While one runs, a reason replaces its reason and a press without one changes nothing. Raises DomainError for an
    unknown reason, StaleError without a shift or while a call has no result.
    """
    if reason and reason not in PAUSE_REASONS:
        raise DomainError("no_reason", "Выберите причину паузы.")
    with act(session, actor.id, now, claims=True) as a:
        s = a.s
        shift = campaigns.open_shift(s, actor.id)
        if shift is None:
            raise StaleError("no_shift", "Смена закончена. Начните её снова.")
        if has_open_call(s, actor.id):
            raise StaleError("open_call", "Сначала выберите итог звонка.")
        running = s.scalars(select(Pause).where(Pause.shift_id == shift.id, Pause.ended_at.is_(None))).one_or_none()
        if running is not None:
            running.reason = reason or running.reason
            return
        release_shown(s, Respondent.held_by == actor.id)
        s.add(Pause(shift_id=shift.id, reason=reason or "break", started_at=now))


def resume(session: AnySession, actor: Actor, now: datetime) -> None:
    """End the pause."""
    with act(session, actor.id, now) as a:
        shift = campaigns.open_shift(a.s, actor.id)
        if shift is not None:
            a.s.execute(update(Pause).where(Pause.shift_id == shift.id, Pause.ended_at.is_(None)).values(ended_at=now))


def show_last_result(session: AnySession, actor: Actor, now: datetime) -> None:
    """Back to the result of the operator's last call, to correct it before the next dial (§4).

    The client he is shown goes back to the queue. Raises StaleError with the reason when that is too late.
    """
    with act(session, actor.id, now, claims=True) as a:
        s = a.s
        free_lapsed(s, now)
        last, why_not = correcting.last_call(s, actor.id, now)
        if last is None or why_not:
            raise StaleError("too_late", why_not)
        release_shown(s, Respondent.held_by == actor.id)
        s.execute(
            update(Shift).where(Shift.user_id == actor.id, Shift.ended_at.is_(None)).values(shown_result_id=last.id)
        )

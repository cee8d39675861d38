"""What stands beside the call: the operator's day, pause and promises, and the contract's minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from nps.domain.budget import Budget
from nps.domain.desk import PAUSE_REASONS
from nps.domain.local_time import clock, date_words, to_local, weekday_short
from nps.domain.wording import duration
from nps.models import Appointment, Pause, Region, Respondent
from nps.queries import reminders, shift_messages
from nps.queries.call_queue import in_nobodys_hands
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import BudgetView, OperatorView, PauseView, PromiseView
from nps.queries.shift_messages import Help
from nps.queries.together import Found, Lists, Together

#: A promise is shown from so long before its time to so long after it.
_NEAR = timedelta(hours=12)

#: What stands beside any call, for `Together`: see `binds`.
BESIDE: Lists = {
    "promises": select(Appointment.at, Respondent.organisation, Region.zone)
    .join(Respondent, Respondent.id == Appointment.respondent_id)
    .outerjoin(Region, Region.code == Respondent.region_code)
    .where(
        Appointment.owner_id == bindparam("operator"),
        Appointment.state == "open",
        Appointment.at > bindparam("long_ago"),
        Appointment.at <= bindparam("soon"),
        in_nobodys_hands(),
    ),
    "reminders": reminders.ROWS,
}
POLLED = Together(BESIDE)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is there in every state of a shift."""

    promises: Sequence[PromiseView] = ()
    reminders: Sequence[reminders.Line] = ()
    help: Help = field(default_factory=Help)


def binds(seat: Seat) -> dict[str, Any]:
    """What the lists of BESIDE and of `shift_messages.HELP` are asked with."""
    return {
        "operator": seat.person.actor.id,
        "long_ago": seat.now - _NEAR,
        "soon": seat.now + _NEAR,
        "shown_since": seat.now - reminders.SHOWN_FOR,
    }


def beside(session: Session, seat: Seat, found: Found) -> Beside:
    """What BESIDE has found, and HELP where it was asked."""
    zone = seat.person.office_zone
    return Beside(
        promises=[
            PromiseView(clock(row.at, zone), clock(row.at, row.zone or zone), row.organisation, row.at <= seat.now)
            for row in sorted(found["promises"], key=lambda row: row.at)
        ],
        reminders=reminders.still_hold(session, found["reminders"], seat.now),
        help=shift_messages.help_in(found, zone) if "messages" in found else Help(),
    )


def operator_view(seat: Seat) -> OperatorView:
    """Who sits at the desk, and his own figures of this day of the office (requirements §3)."""
    local, actor, figures = to_local(seat.now, seat.person.office_zone), seat.person.actor, seat.figures
    return OperatorView(
        spoken_name=seat.shift.spoken_name if seat.shift else actor.spoken_name,
        full_name=actor.full_name,
        gender=actor.gender,
        clock_text=f"{local:%H:%M}, {weekday_short(local.date())} {date_words(local.date())}",
        surveyed_today=figures.surveyed,
        refused_today=figures.refused,
        talk_today_text=duration(figures.talk_ms // 1000),
        mean_talk_text=duration(figures.talk_ms // figures.talks // 1000) if figures.talks else "—",
    )


def pause_view(pause: Pause, office_zone: str) -> PauseView:
    return PauseView(
        reason=pause.reason,
        label=PAUSE_REASONS[pause.reason],
        since_ms=int(pause.started_at.timestamp() * 1000),
        since_text=clock(pause.started_at, office_zone),
    )


def budget_view(budget: Budget) -> BudgetView | None:
    """The contract's minutes once 80 % of them are used, or no call may begin; None before (R6)."""
    decision = budget.decide()
    if decision.code == "ok":
        return None
    return BudgetView(
        code=decision.code,
        used_min=-(-budget.used_s // 60),
        left_min=decision.left_s // 60,
        limit_min=budget.limit_s // 60,
    )

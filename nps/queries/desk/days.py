"""The days and times that may be promised to a client (requirements §4), his time first and the operator's under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from nps.domain.appointment import slots, suggested
from nps.domain.calling_window import CallingCalendar
from nps.domain.local_time import clock, date_in, to_local, weekday_name
from nps.models import Appointment, Respondent
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import DayView, SlotView
from nps.queries.together import Together

_NEAR = {0: "Сегодня", 1: "Завтра"}
_CALLBACK_HINT = "Показано только разрешённое время клиента. Перезвон не расходует попытку."
_NO_TIME_LEFT = "Разрешённого времени до конца проекта больше нет: выберите «Не хочет» или итог справа."
_NO_REGION = "Регион клиента неизвестен, время назначить нельзя: запишите его в заметку и выберите итог справа."
#: What this operator has promised already, and what all of the campaign have from now on.
_PROMISES = Together(
    {
        "own": select(Appointment.at).where(Appointment.owner_id == bindparam("operator"), Appointment.state == "open"),
        "everybodys": select(Appointment.at)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .where(Respondent.campaign_id == bindparam("campaign"))
        .where(Appointment.state == "open", Appointment.at >= bindparam("now")),
    }
)


class DayPicker:
    """What is on offer by a client's calendar; nothing is asked of the database before its days are."""

    def __init__(
        self,
        session: Session,
        calendar: CallingCalendar | None,
        office_zone: str,
        operator_id: int,
        campaign_id: int,
        now: datetime,
    ) -> None:
        self._session = session
        self._binds = {"operator": operator_id, "campaign": campaign_id, "now": now}
        self._calendar = calendar
        self._office_zone = office_zone
        self._now = now
        self._days: list[DayView] | None = None

    @classmethod
    def at(cls, session: Session, seat: Seat, calendar: CallingCalendar | None) -> DayPicker:
        """For the client at this desk."""
        assert seat.campaign is not None
        return cls(session, calendar, seat.person.office_zone, seat.person.actor.id, seat.campaign.id, seat.now)

    def days(self) -> Sequence[DayView]:
        """The next five calling days; the nearest allowed afternoon is chosen, tomorrow's before all."""
        if self._days is None:
            self._days = self._read() if self._calendar is not None else []
        return self._days

    def hint(self) -> str:
        """What stands under the times, or in their place."""
        if self._calendar is None:
            return _NO_REGION
        return _CALLBACK_HINT if self.days() else _NO_TIME_LEFT

    def break_text(self) -> str:
        """The pause between the two halves of a calling day, in words; '' when there is none."""
        if self._calendar is None:
            return ""
        for day in self._calendar.calling_days(to_local(self._now, self._calendar.zone).date(), self._calendar.ends_on):
            intervals = self._calendar.intervals(day)
            if len(intervals) == 2:
                ends, starts = intervals[0].closes, intervals[1].opens
                return f"{clock(ends, self._calendar.zone)}–{clock(starts, self._calendar.zone)} — перерыв"
            return ""
        return ""

    def _read(self) -> list[DayView]:
        assert self._calendar is not None
        chosen = suggested(self._now, self._calendar)
        promises = _PROMISES.read(self._session, **self._binds)
        taken = {at for (at,) in promises["own"]}
        promised = Counter(
            at - timedelta(minutes=at.minute % 30, seconds=at.second) for (at,) in promises["everybodys"]
        )
        return [
            DayView(
                date=day.day.isoformat(),
                label=self._label(day.day),
                sub=self._sub(day.day),
                chosen=chosen in day.slots,
                slots=[self._slot(at, at == chosen, at in taken, promised[at]) for at in day.slots],
            )
            for day in slots(self._now, self._calendar)
        ]

    def _label(self, day: date) -> str:
        assert self._calendar is not None
        ahead = (day - to_local(self._now, self._calendar.zone).date()).days
        return _NEAR.get(ahead, weekday_name(day).capitalize())

    def _sub(self, day: date) -> str:
        assert self._calendar is not None
        near = self._label(day) in _NEAR.values()
        return (
            f"{weekday_name(day)}, {day.day}" if near else date_in(day, to_local(self._now, self._calendar.zone).year)
        )

    def _slot(self, at: datetime, chosen: bool, taken: bool, promised: int) -> SlotView:
        assert self._calendar is not None
        return SlotView(
            at_iso=to_local(at, self._calendar.zone).isoformat(),
            client=clock(at, self._calendar.zone),
            own=clock(at, self._office_zone),
            taken=taken,
            chosen=chosen and not taken,
            promised=promised,
        )

"""The step of the script as the desk shows it, the trail above it, and the times a client may be promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.appointment import slots, suggested
from nps.domain.calling_window import CallingCalendar
from nps.domain.local_time import clock, date_in, to_local, weekday_name
from nps.domain.script import DECLINED, Script, Step, StepKind
from nps.domain.script.gender import forms
from nps.models import Appointment, Respondent
from nps.queries.desk.views import AnswerView, DayView, PieceView, PromptView, SlotView, StepView, TrailItem
from nps.queries.interviews import draft_of

#: A line shorter than this is set larger: it stands in a block of five lines.
_SHORT_LINE = 90
_NEAR = {0: "Сегодня", 1: "Завтра"}
_CALLBACK_HINT = "Показано только разрешённое время клиента. Перезвон не расходует попытку."
_NO_TIME_LEFT = "Разрешённого времени до конца проекта больше нет: выберите «Не хочет» или итог справа."
_NO_REGION = "Регион клиента неизвестен, время назначить нельзя: запишите его в заметку и выберите итог справа."


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the script's lines take from the two who talk: their names as said, the operator's grammatical gender."""

    client: str
    operator: str
    gender: str


def _say(script: Script, step: Step, spoken: Spoken) -> list[PieceView]:
    found: list[PieceView] = []
    for piece in script.say(step, spoken.client, spoken.operator):
        if piece.is_placeholder:
            found.append(PieceView(piece.text, placeholder=True))
        else:
            found += [PieceView(form.text, False, form.mark, form.instead) for form in forms(piece.text, spoken.gender)]
    return found


def step_view(
    session: Session,
    script: Script,
    step: Step,
    answers: Mapping[str, Any],
    attempt_id: UUID | None,
    spoken: Spoken,
    pick: DayPicker,
) -> StepView:
    """The step with what is already marked on it."""
    say = _say(script, step, spoken)
    marked = draft_of(session, attempt_id, step.id) if attempt_id is not None else None
    reasons = marked if isinstance(marked, dict) else {}
    is_callback = step.kind is StepKind.CALLBACK
    days = pick.days() if is_callback else []
    return StepView(
        id=step.id,
        kind=str(step.kind),
        heading=_heading(script, step, answers),
        say=say,
        say_short=sum(len(piece.text) for piece in say) < _SHORT_LINE,
        instruction=pick.hint(days) if is_callback else _instruction(step, answers, script),
        answers=_answers(step, marked),
        prompts=[
            PromptView(prompt.id, prompt.label, prompt.id in reasons.get("prompts", [])) for prompt in step.prompts
        ],
        words=str(reasons.get("words", "")),
        comment=str(reasons.get("comment", "")),
        low_label=step.low_label,
        high_label=step.high_label,
        days=days,
        break_text=pick.break_text() if is_callback else "",
        submit_text=_submit(step),
    )


def _heading(script: Script, step: Step, answers: Mapping[str, Any]) -> str:
    rating = script.rating(answers)
    return f"{step.title}, оценка {rating}" if rating is not None and step.kind is not StepKind.RATING else step.title


def _instruction(step: Step, answers: Mapping[str, Any], script: Script) -> str:
    asked = script.reasons(answers) is not None
    rating = script.rating(answers)
    if step.kind is StepKind.END and rating is not None and not asked:
        return f"Оценка {rating}: вопрос о причинах не задаём."
    return step.instruction


def _submit(step: Step) -> str:
    if step.kind is StepKind.END:
        return "Сохранить анкету" if step.disposition == "surveyed" else "Записать и завершить"
    return "Дальше"


def _answers(step: Step, marked: Any) -> list[AnswerView]:
    if step.kind is StepKind.RATING:
        return [AnswerView(str(n), str(n), str(n % 10), f"Digit{n % 10}", marked == n) for n in range(1, 11)]
    return [
        AnswerView(answer.id, answer.label, str(n), f"Digit{n}", marked == answer.id)
        for n, answer in enumerate(step.answers, 1)
    ]


def trail(script: Script, answers: Mapping[str, Any], current: Step | None) -> list[TrailItem]:
    """The steps passed with their answers, the present one, and those that lead on from it by the usual way."""
    passed = script.path(answers)
    items = [TrailItem(step.title, trail_value(step, value), current=False, done=True) for step, value in passed]
    step: Step | None = current
    by_id = {other.id: other for other in script.steps}
    seen = {done.id for done, _ in passed}
    while step is not None and step.id not in seen:
        items.append(TrailItem(step.title, "", current=current is not None and step.id == current.id, done=False))
        seen.add(step.id)
        targets = step.targets()
        step = by_id.get(targets[0]) if targets and step.kind is not StepKind.CALLBACK else None
    return items


def trail_value(step: Step, value: Any) -> str:
    """A given answer in a few words."""
    if step.kind is StepKind.REASONS and isinstance(value, dict):
        labels = {prompt.id: prompt.label for prompt in step.prompts}
        chosen = [labels[prompt] for prompt in value.get("prompts", []) if prompt in labels]
        if not chosen:
            return "словами"
        return chosen[0] if len(chosen) == 1 else f"{chosen[0]}, ещё {len(chosen) - 1}"
    if step.kind is StepKind.CALLBACK:
        return "не хочет" if value == DECLINED else ""
    return step.trail_word(value)


class DayPicker:
    """The days and times that may be promised to a client (requirements §4), his time first.

    The operator's under it.
    """

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
        self._campaign_id = campaign_id
        self._calendar = calendar
        self.office_zone = office_zone
        self._operator_id = operator_id
        self._now = now

    def days(self) -> list[DayView]:
        """The next five calling days; the nearest allowed afternoon is chosen, tomorrow's before all."""
        if self._calendar is None:
            return []
        found = slots(self._now, self._calendar)
        chosen = suggested(self._now, self._calendar)
        taken, promised = self._taken(), self._promised()
        views = []
        for day in found:
            holds = chosen in day.slots
            views.append(
                DayView(
                    date=day.day.isoformat(),
                    label=self._label(day.day),
                    sub=self._sub(day.day),
                    chosen=holds,
                    slots=[self._slot(at, at == chosen, at in taken, promised[at]) for at in day.slots],
                )
            )
        return views

    def hint(self, days: Sequence[DayView]) -> str:
        """What stands under the times, or in their place."""
        if self._calendar is None:
            return _NO_REGION
        return _CALLBACK_HINT if days else _NO_TIME_LEFT

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

    def _label(self, day: Any) -> str:
        assert self._calendar is not None
        ahead = (day - to_local(self._now, self._calendar.zone).date()).days
        return _NEAR.get(ahead, weekday_name(day).capitalize())

    def _sub(self, day: Any) -> str:
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
            own=clock(at, self.office_zone),
            taken=taken,
            chosen=chosen and not taken,
            promised=promised,
        )

    def _taken(self) -> Sequence[datetime]:
        """Times at which this operator has promised a call already."""
        return self._session.scalars(
            select(Appointment.at).where(Appointment.owner_id == self._operator_id, Appointment.state == "open")
        ).all()

    def _promised(self) -> Counter[datetime]:
        """How many calls all operators of the campaign have promised in each half hour, by its beginning."""
        times = self._session.scalars(
            select(Appointment.at)
            .join(Respondent, Respondent.id == Appointment.respondent_id)
            .where(Respondent.campaign_id == self._campaign_id)
            .where(Appointment.state == "open", Appointment.at >= self._now)
        )
        return Counter(at - timedelta(minutes=at.minute % 30, seconds=at.second) for at in times)

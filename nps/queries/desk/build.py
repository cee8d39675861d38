"""Which state the desk is in, and the view of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.desk import (
    CHOICES,
    LONG_TALK,
    PAUSE_REASONS,
    TALK_PANELS,
    Heard,
    Line,
    is_offered,
    is_unfinished,
)
from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S
from nps.domain.local_time import clock, when
from nps.domain.phone import show
from nps.domain.script import Script
from nps.domain.telephony import suggested_result, what_happened
from nps.models import CallAttempt, Escalation, Respondent, RespondentPhone, Shift
from nps.queries import campaigns, reminders, shift_messages, telephony
from nps.queries.admission import is_admitted
from nps.queries.campaigns import CampaignRow
from nps.queries.desk import correcting, panels, standing
from nps.queries.desk.card import client_card
from nps.queries.desk.done import call_facts, last_words, result_words
from nps.queries.desk.idle import idle_view
from nps.queries.desk.practice import practice_view
from nps.queries.desk.steps import DayPicker, Spoken, step_view, trail
from nps.queries.desk.unfinished import end_view, unfinished_view
from nps.queries.desk.views import (
    CallView,
    CampaignView,
    DeskView,
    DoneView,
    NoteView,
    OutcomeView,
    ReminderView,
)
from nps.queries.interviews import answers_of, script_of


@dataclass(frozen=True, slots=True)
class Person:
    """Whose desk it is, and the zone of the office's clock."""

    actor: Actor
    office_zone: str


@dataclass(frozen=True, slots=True)
class _Seat:
    """What is read first: the shift and what lies on the desk."""

    shift: Shift
    campaign: CampaignRow
    client: Respondent | None
    attempt: CallAttempt | None


def desk_view(
    session: Session,
    person: Person,
    now: datetime,
    *,
    panel: str = "",
    params: dict[str, Any] | None = None,
    coming_back: bool = False,
) -> DeskView:
    """The operator's desk at this moment, with a panel over the step if one is asked for and fits.

    `coming_back`: the page is opened, not carried on; a call that was left alone then asks what became of it. Changes
    nothing. A panel that does not fit the state is left out: the true state is shown.
    """
    shift = campaigns.open_shift(session, person.actor.id)
    operator = standing.operator_view(session, person.actor, shift, person.office_zone, now)
    base = DeskView(state="no_shift", now_ms=_ms(now), operator=operator)
    if shift is None:
        mine = campaigns.campaigns_of(session, person.actor)
        working = [row for row in mine if row.closed_at is None]
        return replace(
            base,
            campaigns=[_campaign(row) for row in working],
            only_closed=bool(mine) and not working,
            unadmitted=[
                row.title
                for row in working
                if row.admission != "off" and not is_admitted(session, row.id, person.actor.id)
            ],
            outcomes=_outcomes(Line.NONE, "no_shift"),
        )
    campaign = campaigns.campaign_row(session, shift.campaign_id)
    base = replace(
        base,
        campaign=_campaign(campaign),
        promises=standing.promises(session, person.actor.id, person.office_zone, now),
        reminders=[ReminderView(line.id, line.text) for line in reminders.unseen(session, person.actor.id, now)],
        pause_reasons=PAUSE_REASONS,
        help=shift_messages.help_of(session, shift, person.office_zone),
    )
    attempt = _open_attempt(session, person.actor.id)
    held = session.scalars(select(Respondent).where(Respondent.held_by == person.actor.id)).one_or_none()
    if attempt is not None:
        client = session.get_one(Respondent, attempt.respondent_id)
        seat = _Seat(shift, campaign, client, attempt)
        shown = _in_call(session, person, base, seat, now, panel, params or {})
        return _left_alone(shown, attempt, person, now) if coming_back and shown.panel is None else shown
    pause = standing.pause_view(session, shift, person.office_zone)
    if pause is not None:
        return replace(base, state="paused", pause=pause, outcomes=_outcomes(Line.NONE, "paused"))
    # The card of a stopped campaign waits with its operator: nobody may be dialled, and it is back when calls go on.
    is_going = campaign.paused_at is None and campaign.closed_at is None
    if is_going and held is not None and held.held_until is not None and held.held_until >= now:
        return _ready(session, person, base, _Seat(shift, campaign, held, None), now, panel)
    return _free(session, person, base, _Seat(shift, campaign, None, None), now, panel, params or {})


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _campaign(row: CampaignRow) -> CampaignView:
    return CampaignView(row.id, row.title, row.purpose)


def _open_attempt(session: Session, operator_id: int) -> CallAttempt | None:
    return session.scalars(
        select(CallAttempt).where(
            CallAttempt.operator_id == operator_id,
            CallAttempt.closed_at.is_(None),
            CallAttempt.handed_over_at.is_(None),
        )
    ).one_or_none()


def _in_call(
    session: Session, person: Person, base: DeskView, seat: _Seat, now: datetime, panel: str, params: dict[str, Any]
) -> DeskView:
    attempt, client = seat.attempt, seat.client
    assert attempt is not None and client is not None
    calendar = campaigns.calendars(session, seat.campaign).get(client.region_code or "")
    script = script_of(session, attempt.script_version_id)
    answers = answers_of(session, attempt.id)
    step = script.current(answers)
    picker = DayPicker(session, calendar, person.office_zone, person.actor.id, seat.campaign.id, now)
    state = "ended" if attempt.ended_at else "talk" if attempt.answered_at else "ringing"
    spoken = Spoken(client.greeting_name, base.operator.spoken_name, base.operator.gender)
    line = Line.TALK if attempt.answered_at else Line.RINGING
    shown = replace(
        base,
        state=state,
        client=client_card(session, client, seat.campaign, calendar, now, attempt, person.office_zone),
        call=_with_line(session, _call(attempt, seat.campaign, state, person.office_zone, now), now),
        trail=trail(script, answers, step),
        step=step_view(session, script, step, answers, attempt.id, spoken, picker),
        outcomes=_outcomes(
            line, state, rated=script.rating(answers) is not None, passed_on=_passed_on(session, attempt)
        ),
        note=NoteView(attempt.id, attempt.note),
        practice=practice_view(session, seat.campaign, client, attempt, step),
    )
    made = _panel(session, seat, script, picker, panel, params)
    if made is None:
        return shown
    return replace(shown, panel={"name": panel, "return_to": step.title if attempt.answered_at else "", **made})


def _left_alone(shown: DeskView, attempt: CallAttempt, person: Person, now: datetime) -> DeskView:
    if not is_unfinished(attempt.answered_at, attempt.ended_at, attempt.last_activity_at, now):
        return shown
    return replace(
        shown,
        state="unfinished",
        outcomes=_outcomes(Line.NONE, "unfinished"),
        unfinished=unfinished_view(attempt, shown.trail, person.office_zone, now),
    )


def _call(attempt: CallAttempt, campaign: CampaignRow, state: str, office_zone: str, now: datetime) -> CallView:
    ring_from = attempt.ringing_at or attempt.dialled_at + timedelta(seconds=campaign.setup_allowance_s)
    ring_ends = ring_from + timedelta(seconds=LEAST_RING_S)
    since = attempt.consent_at or attempt.answered_at or attempt.ringing_at or attempt.dialled_at
    long_talk = attempt.answered_at is not None and now - attempt.answered_at > LONG_TALK
    return CallView(
        id=attempt.id,
        state=state,
        since_ms=_ms(since) + (attempt.break_ms if attempt.consent_at else 0),
        answered_ms=_ms(attempt.answered_at) if attempt.answered_at else 0,
        ring_wait_ms=_ms(ring_ends),
        limit_s=MOST_SURVEY_S,
        may_no_answer=(attempt.ended_at or now) >= ring_ends,
        may_mark_ringing=state == "ringing" and attempt.ringing_at is None,
        consented=attempt.consent_at is not None,
        asks_end=long_talk and attempt.ended_at is None,
        ended_ms=_ms(attempt.ended_at) if attempt.ended_at else 0,
        inbound=attempt.source == "inbound",
        ended_text=clock(attempt.ended_at, office_zone) if attempt.ended_at else "",
        stands_s=_stands(attempt),
        in_break=attempt.break_since is not None,
    )


def _with_line(session: Session, call: CallView, now: datetime) -> CallView:
    """What the exchange says about this call: one that it was asked to make, or has reported."""
    found = telephony.call_line(session, call.id)
    if found is None:
        line = telephony.reported_line(session, call.id)
        return replace(call, line_text=what_happened(line), suggested=suggested_result(line) or "")
    known = telephony.exchange(session, now)
    if found.problem:
        return replace(call, line_text=f"{found.problem} Наберите номер сами.")
    if not known.is_alive and not found.line.ended_at:
        lost = "Связь со станцией потеряна: звонок не потерян, отмечайте гудки, ответ и конец сами."
        return replace(call, line_text=lost)
    # The exchange says by itself that it rings: the button would only guess.
    return replace(
        call,
        by_exchange=True,
        line_text=what_happened(found.line),
        suggested=suggested_result(found.line) or "",
        may_mark_ringing=False,
    )


def _exchange_note(session: Session, person: Person, now: datetime) -> str:
    known = telephony.exchange(session, now)
    if not known.is_set or known.is_alive or not telephony.extension_of(session, person.actor.id):
        return ""
    return f"{known.problem or 'Станция не отвечает.'} Звоните по ссылке «Набрать»: она появится после «Позвонить»."


def _stands(attempt: CallAttempt) -> int | None:
    """The second the survey's clock stands at: from the farewell on, and while the client asks or complains (R14)."""
    stopped = [at for at in (attempt.farewell_at, attempt.break_since) if at is not None]
    if attempt.consent_at is None or not stopped:
        return None
    run = (min(stopped) - attempt.consent_at) // timedelta(milliseconds=1) - attempt.break_ms
    return max(0, run) // 1000


def _passed_on(session: Session, attempt: CallAttempt) -> int:
    """How many questions of this call went to the specialist."""
    return session.scalar(select(func.count()).where(Escalation.attempt_id == attempt.id)) or 0


def _outcomes(
    line: Line, state: str, *, rated: bool = False, passed_on: int = 0, heard: Heard | None = None
) -> list[OutcomeView]:
    """The results in their places, those enabled that fit the line; what was `heard` says of a call that is over."""
    found = []
    for choice in CHOICES:
        enabled = line in choice.lines if heard is None else is_offered(choice, heard)
        label, hint = choice.label, choice.hint
        if choice.code == "hung_up" and rated:
            label, hint = "Разговор прерван", "оценка есть, причины нет"
        if choice.code == "escalation":
            enabled = state in ("ringing", "talk", "ended", "done")
            hint = f"передано обращений: {passed_on}" if passed_on else hint
        found.append(OutcomeView(choice.code, label, hint, choice.cap, choice.key, enabled, choice.panel, choice.group))
    return found


def _called(session: Session, attempt: CallAttempt) -> str:
    number = session.get_one(RespondentPhone, attempt.phone_id)
    return show(number.e164, number.extension)


def _panel(
    session: Session, seat: _Seat, script: Script, picker: DayPicker, name: str, params: dict[str, Any]
) -> panels.Panel | None:
    attempt, client = seat.attempt, seat.client
    if attempt is None or client is None:
        return None
    if name == "end":
        return {"end": end_view(attempt, picker.office_zone)} if attempt.ended_at is not None else None
    if name == "contacts":
        return panels.contacts_panel(session, seat.campaign, client.branch_id)
    if name == "escalation":
        question = params.get("question", 0)
        return panels.escalation_panel(client, _called(session, attempt), script, seat.campaign, question)
    if name == "unsuitable":
        said_in = params.get("said_in", "")
        return {"text": "", "errors": {}, "said_in": said_in if said_in in TALK_PANELS else ""}
    return panels.call_panel(name, client, script, picker) if name in panels.IN_CALL else None


def _ready(session: Session, person: Person, base: DeskView, seat: _Seat, now: datetime, panel: str) -> DeskView:
    client = seat.client
    assert client is not None
    calendar = campaigns.calendars(session, seat.campaign).get(client.region_code or "")
    script = script_of(session, seat.campaign.script_version_id)
    picker = DayPicker(session, calendar, person.office_zone, person.actor.id, seat.campaign.id, now)
    first = script.step(script.start)
    spoken = Spoken(client.greeting_name, base.operator.spoken_name, base.operator.gender)
    shown = replace(
        base,
        state="ready",
        budget=standing.budget_view(campaigns.budget(session, seat.campaign)),
        client=client_card(session, client, seat.campaign, calendar, now, None, person.office_zone),
        trail=trail(script, {}, first),
        step=step_view(session, script, first, {}, None, spoken, picker),
        outcomes=_outcomes(Line.NONE, "ready"),
        last_text=last_words(session, person.actor.id, now),
        exchange_note=_exchange_note(session, person, now) if seat.campaign.purpose == "survey" else "",
        practice=practice_view(session, seat.campaign, client, None, None),
    )
    if panel == "return":
        return replace(shown, panel={"name": panel, "return_to": "", **panels.return_panel()})
    return shown


def _free(
    session: Session, person: Person, base: DeskView, seat: _Seat, now: datetime, panel: str, params: dict[str, Any]
) -> DeskView:
    """Nobody on the desk: the last result is still shown, or nobody can be called."""
    shown = seat.shift.shown_result_id
    last = session.get(CallAttempt, shown) if shown is not None else None
    if last is not None and last.closed_at is not None:
        return _done(session, person, base, replace(seat, attempt=last), now, panel, params)
    stopped_at = seat.campaign.closed_at or seat.campaign.paused_at
    if stopped_at is not None:
        state = "campaign_closed" if seat.campaign.closed_at else "campaign_paused"
        text = when(stopped_at, person.office_zone, now)
        return replace(base, state=state, stopped_text=text, outcomes=_outcomes(Line.NONE, "idle"))
    budget = campaigns.budget(session, seat.campaign)
    decision = budget.decide()
    base = replace(base, budget=standing.budget_view(budget), outcomes=_outcomes(Line.NONE, "idle"))
    if not decision.may_dial:
        return replace(base, state="budget_used")
    idle = idle_view(session, seat.campaign, person.office_zone, now, start_new=decision.may_start_new)
    return replace(base, state="idle", idle=idle, last_text=last_words(session, person.actor.id, now))


def _done(
    session: Session, person: Person, base: DeskView, seat: _Seat, now: datetime, panel: str, params: dict[str, Any]
) -> DeskView:
    attempt = seat.attempt
    assert attempt is not None
    client = session.get_one(Respondent, attempt.respondent_id)
    calendar = campaigns.calendars(session, seat.campaign).get(client.region_code or "")
    script = script_of(session, attempt.script_version_id)
    answers = answers_of(session, attempt.id)
    zone = str(calendar.zone) if calendar else person.office_zone
    text, detail = result_words(session, attempt, client, zone, script, answers, now)
    why_not = correcting.why_not(session, person.actor.id, attempt.id, now)
    heard = correcting.heard_before(session, attempt)
    passed_on = _passed_on(session, attempt)
    shown = replace(
        base,
        state="done",
        client=client_card(session, client, seat.campaign, calendar, now, attempt, person.office_zone),
        trail=[replace(item, current=False) for item in trail(script, answers, script.current(answers)) if item.done],
        outcomes=_outcomes(Line.NONE, "done", passed_on=passed_on),
        note=NoteView(attempt.id, attempt.note),
        practice=practice_view(session, seat.campaign, client, attempt, None),
        done=DoneView(attempt.id, text, detail, why_not, heard.is_answered, call_facts(attempt)),
    )
    picker = DayPicker(session, calendar, person.office_zone, person.actor.id, seat.campaign.id, now)
    if panel in ("contacts", "escalation"):
        made = _panel(session, replace(seat, client=client), script, picker, panel, params)
    elif panel in panels.IN_CORRECTION and not why_not:
        rated = script.rating(answers) is not None
        outcomes = _outcomes(Line.NONE, "done", rated=rated, passed_on=passed_on, heard=heard)
        shown = replace(shown, correcting=True, outcomes=outcomes)
        made = panels.call_panel(panel, client, script, picker)
    else:
        made = None
    return replace(shown, panel={"name": panel, "return_to": "", **made}) if made is not None else shown

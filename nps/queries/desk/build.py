"""The view of a desk in each of its states, made of what lies on it and of one more statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from nps.domain.budget import Budget
from nps.domain.calling_window import CallingCalendar
from nps.domain.desk import CHOICES, Heard, Line, is_offered, is_unfinished
from nps.domain.local_time import when
from nps.domain.script import Script
from nps.queries import campaigns, shift_messages
from nps.queries.admission import unadmitted
from nps.queries.desk import correcting, panels, standing
from nps.queries.desk.call import call_view, exchange_note
from nps.queries.desk.card import CARD, client_card, number_of
from nps.queries.desk.days import DayPicker
from nps.queries.desk.done import RESULT, call_facts, last_word, last_words, result_words
from nps.queries.desk.idle import idle_view
from nps.queries.desk.panels import Asked, Panel
from nps.queries.desk.practice import practice_view
from nps.queries.desk.seat import Person, Seat, read_seat
from nps.queries.desk.standing import BESIDE, POLLED, Beside, operator_view
from nps.queries.desk.steps import ANSWERS, Spoken, answers_in, marked_at, step_view, trail
from nps.queries.desk.unfinished import unfinished_view
from nps.queries.desk.view import DeskView
from nps.queries.desk.views import DoneView, OutcomeView
from nps.queries.interviews import script_of
from nps.queries.numbers import NUMBERS
from nps.queries.together import Found, Together

_ASIDE = {**BESIDE, **shift_messages.HELP}
_CALLED = {**ANSWERS, **NUMBERS, **campaigns.CALENDARS}
#: What each state asks beside the seat: the whole desk, and its step alone.
_IN_CALL, _IN_STEP = Together(_ASIDE, _CALLED, CARD), Together(_CALLED)
_SHOWN, _BEFORE = (Together(_ASIDE, CARD, campaigns.CALENDARS, *spent) for spent in ((), (campaigns.BUDGET,)))
_AFTER = Together(_ASIDE, _CALLED, CARD, RESULT)
_NOBODY, _EMPTY = (Together(_ASIDE, campaigns.CALENDARS, *spent) for spent in ((), (campaigns.BUDGET,)))
_STANDING = Together(_ASIDE)


def desk_view(
    session: Session,
    person: Person,
    now: datetime,
    asked: Asked | None = None,
    *,
    coming_back: bool = False,
    step_only: bool = False,
    budget: Budget | None = None,
) -> DeskView:
    """The operator's desk at this moment, with a panel over the step if one is asked for and fits.

    `coming_back`: the page is opened, not carried on; a call that was left alone then asks what became of it.
    `step_only`: without what does not change while a call goes on from step to step. `budget`: by which a claim has
    just been decided, the contract's minutes are not counted again. Changes nothing. A panel that does not fit the
    state is left out: the true state is shown.
    """
    seat, asked = read_seat(session, person, now), asked or Asked()
    if seat.call is not None:
        view = _in_call(session, seat, asked, step_only)
        return _left_alone(view) if coming_back and view.panel is None else view
    if seat.state == "ready":
        return _ready(session, seat, asked, budget)
    if seat.state == "done":
        return _done(session, seat, asked)
    if seat.state == "no_shift":
        return _no_shift(session, seat)
    return _free(session, seat, budget) if seat.state == "free" else _stopped(session, seat)


def polled_view(session: Session, person: Person, now: datetime, *, coming_back: bool = False) -> DeskView:
    """What the poll compares and brings: the state, the figures, and the table of an empty desk."""
    seat = read_seat(session, person, now)
    if seat.state == "free":
        return _free(session, seat, None, polled=True)
    view = DeskView(
        seat,
        seat.state,
        operator_view(seat),
        standing.beside(session, seat, POLLED.read(session, **standing.binds(seat))) if seat.shift else Beside(),
        client=seat.client if seat.state in ("ready", "done") or seat.call else None,
        call=call_view(session, seat) if seat.call is not None else None,
    )
    return _left_alone(view) if coming_back and seat.call is not None else view


def _no_shift(session: Session, seat: Seat) -> DeskView:
    mine = campaigns.campaigns_of(session, seat.person.actor)
    working = [row for row in mine if row.closed_at is None]
    asking = [row.id for row in working if row.admission != "off"]
    closed_to_him = unadmitted(session, asking, seat.person.actor.id) if asking else set()
    return DeskView(
        seat,
        "no_shift",
        operator_view(seat),
        campaigns=working,
        only_closed=bool(mine) and not working,
        unadmitted=[row.title for row in working if row.id in closed_to_him],
        outcomes=_outcomes(Line.NONE, "no_shift"),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a desk with a client is made of."""

    found: Found
    beside: Beside
    calendar: CallingCalendar | None
    script: Script
    picker: DayPicker


def _read(session: Session, seat: Seat, lists: Together) -> _Read:
    campaign, client, call = seat.campaign, seat.client, seat.call or seat.last
    assert campaign is not None and client is not None
    found = lists.read(
        session,
        **standing.binds(seat),
        client=client.id,
        attempt=call.id if call else None,
        campaign=campaign.id,
        contract=campaign.contract_id,
    )
    calendar = campaigns.calendars_of(campaign, found).get(client.region_code or "")
    version = call.script_version_id if call and seat.state != "ready" else campaign.script_version_id
    known, sha256 = seat.script
    return _Read(
        found,
        standing.beside(session, seat, found) if "promises" in found else Beside(),
        calendar,
        script_of(session, version, sha256 if version == known else ""),
        DayPicker.at(session, seat, calendar),
    )


def _in_call(session: Session, seat: Seat, asked: Asked, step_only: bool) -> DeskView:
    call, client = seat.call, seat.client
    assert call is not None and client is not None
    read = _read(session, seat, _IN_STEP if step_only else _IN_CALL)
    answers, number, operator = answers_in(read.found), number_of(seat, read.found), operator_view(seat)
    step = read.script.current(answers)
    spoken = Spoken(client.greeting_name, operator.spoken_name, operator.gender)
    rated = read.script.rating(answers) is not None
    panel = panels.over_call(session, seat, read.script, read.picker, asked)
    if panel is not None and call.answered_at:
        panel = replace(panel, return_to=step.title)
    return DeskView(
        seat,
        seat.state,
        operator,
        read.beside,
        client=client,
        number=number,
        card=None if step_only else client_card(seat, read.calendar, number, read.found),
        call=call_view(session, seat),
        noted=call,
        trail=trail(read.script, answers, step),
        step=step_view(read.script, step, answers, marked_at(read.found, step.id), spoken, read.picker),
        outcomes=_outcomes(
            Line.TALK if call.answered_at else Line.RINGING, seat.state, rated=rated, passed_on=seat.passed_on
        ),
        panel=panel,
        practice=practice_view(session, seat, step),
    )


def _left_alone(view: DeskView) -> DeskView:
    call, now = view.seat.call, view.seat.now
    assert call is not None
    if not is_unfinished(call.answered_at, call.ended_at, call.last_activity_at, now):
        return view
    return replace(
        view,
        state="unfinished",
        outcomes=_outcomes(Line.NONE, "unfinished"),
        unfinished=unfinished_view(call, view.trail, view.seat.person.office_zone, now),
    )


def _ready(session: Session, seat: Seat, asked: Asked, budget: Budget | None) -> DeskView:
    client, campaign = seat.client, seat.campaign
    assert client is not None and campaign is not None
    read = _read(session, seat, _BEFORE if budget is None else _SHOWN)
    number, operator = number_of(seat, read.found), operator_view(seat)
    first = read.script.step(read.script.start)
    spoken = Spoken(client.greeting_name, operator.spoken_name, operator.gender)
    return DeskView(
        seat,
        "ready",
        operator,
        read.beside,
        client=client,
        number=number,
        card=client_card(seat, read.calendar, number, read.found),
        trail=trail(read.script, {}, first),
        step=step_view(read.script, first, {}, None, spoken, read.picker),
        outcomes=_outcomes(Line.NONE, "ready"),
        panel=panels.before_dial(asked),
        last_text=last_words(session, seat),
        budget=standing.budget_view(budget or campaigns.budget_of(campaign, read.found)),
        exchange_note=exchange_note(seat) if campaign.purpose == "survey" else "",
        practice=practice_view(session, seat, None),
    )


def _done(session: Session, seat: Seat, asked: Asked) -> DeskView:
    last, client = seat.last, seat.client
    assert last is not None and client is not None
    read = _read(session, seat, _AFTER)
    answers, number = answers_in(read.found), number_of(seat, read.found)
    zone = str(read.calendar.zone) if read.calendar else seat.person.office_zone
    text, detail = result_words(session, seat, zone, read.script, read.found)
    why_not = correcting.why_not(session, seat.person.actor.id, last.id, seat.now)
    heard = correcting.heard_before(last, last_word(read.found).effects)
    correcting_it = asked.name in panels.IN_CORRECTION and not why_not
    rated = correcting_it and read.script.rating(answers) is not None
    return DeskView(
        seat,
        "done",
        operator_view(seat),
        read.beside,
        client=client,
        number=number,
        card=client_card(seat, read.calendar, number, read.found),
        noted=last,
        trail=[item for item in trail(read.script, answers, None) if item.done],
        outcomes=_outcomes(
            Line.NONE, "done", rated=rated, passed_on=seat.passed_on, heard=heard if correcting_it else None
        ),
        done=DoneView(last.id, text, detail, why_not, heard.is_answered, call_facts(last)),
        correcting=correcting_it,
        panel=_after(session, seat, read, asked, correcting_it),
        practice=practice_view(session, seat, None),
    )


def _after(session: Session, seat: Seat, read: _Read, asked: Asked, correcting_it: bool) -> Panel | None:
    assert seat.client is not None
    if asked.name in ("contacts", "escalation"):
        return panels.over_call(session, seat, read.script, read.picker, asked)
    return panels.of_result(asked.name, seat.client.contact, read.script, read.picker) if correcting_it else None


def _free(session: Session, seat: Seat, budget: Budget | None, *, polled: bool = False) -> DeskView:
    """Nobody on the desk: the minutes are used up, or nobody can be called."""
    campaign = seat.campaign
    assert campaign is not None
    lists = _EMPTY if budget is None else _NOBODY
    found = lists.read(session, **standing.binds(seat), campaign=campaign.id, contract=campaign.contract_id)
    budget = budget or campaigns.budget_of(campaign, found)
    decision = budget.decide()
    empty = DeskView(
        seat,
        "budget_used",
        operator_view(seat),
        standing.beside(session, seat, found),
        outcomes=_outcomes(Line.NONE, "idle"),
        budget=standing.budget_view(budget),
    )
    if not decision.may_dial:
        return empty
    calendars = campaigns.calendars_of(campaign, found)
    idle = idle_view(session, seat, calendars, start_new=decision.may_start_new)
    last_text = "" if polled else last_words(session, seat)
    return replace(empty, state="idle", idle=idle, last_text=last_text)


def _stopped(session: Session, seat: Seat) -> DeskView:
    """The operator is on a pause, or his campaign is."""
    campaign, zone = seat.campaign, seat.person.office_zone
    assert campaign is not None
    since = campaign.closed_at or campaign.paused_at
    return DeskView(
        seat,
        seat.state,
        operator_view(seat),
        standing.beside(session, seat, _STANDING.read(session, **standing.binds(seat))),
        outcomes=_outcomes(Line.NONE, "paused"),
        stopped_text=when(since, zone, seat.now) if since is not None else "",
        pause=standing.pause_view(seat.pause, zone) if seat.pause is not None else None,
    )


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

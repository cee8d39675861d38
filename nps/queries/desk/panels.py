"""What breaks into the step: questions, complaints, contacts, the results that ask for something, the escalation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.desk import OF_PANEL, RETURN_REASONS, TALK_PANELS
from nps.domain.disposition import TABLE
from nps.domain.phone import show
from nps.domain.script import Complaint, Question, Script, StepKind
from nps.models import Branch, BranchContact, RespondentPhone
from nps.queries.desk.days import DayPicker
from nps.queries.desk.seat import Seat
from nps.queries.desk.unfinished import end_view
from nps.queries.desk.views import DayView, EndView

#: Panels that need a call on the desk.
IN_CALL = (
    "question",
    "complaint",
    "inactive",
    "callback",
    "refusal",
    "other_person",
    "new_contact",
    "not_client",
    "more",
    "continue",
)

_REFUSAL_WORDS = {
    "soft_refusal": ("Не сейчас, времени не назвал", ""),
    "refused": ("Отказался от опроса", ""),
    "refused_org": ("Отказ от имени организации", "нужна причина; остальные контакты ждут руководителя"),
    "do_not_call": ("Просит больше не звонить", "номер попадёт в стоп-лист"),
}
_DEAD_WORDS = {
    "dead_number": ("Номер не существует", "автомат оператора связи"),
    "wrong_number": ("Чужой номер", "клиента там не знают"),
}
#: Panels by which the last result is corrected: what it could have been instead, and what each of them needs.
IN_CORRECTION = (*(name for name in IN_CALL if name not in ("question", "complaint", "continue")), "correct")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which panel is asked for, '' for none: an escalation with the reply `question` (from 1), `said_in` of another."""

    name: str = ""
    question: int = 0
    said_in: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A result of several, as a button."""

    code: str
    label: str
    hint: str = ""
    key_label: str = ""
    key_code: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel over the step; what it has of all this, the first line of its template says.

    `typed` stands in its fields, `errors` say what is wrong there, both by the field's name.
    """

    name: str
    return_to: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    #: What the script says here.
    reply: str = ""
    options: Sequence[Option] = ()
    days: Sequence[DayView] = ()
    break_text: str = ""
    hint: str = ""
    questions: Sequence[Question] = ()
    complaint: Complaint | None = None
    contacts: Sequence[Any] = ()
    #: Where the letter goes.
    to: str = ""
    end: EndView | None = None


def over_call(session: Session, seat: Seat, script: Script, picker: DayPicker, asked: Asked) -> Panel | None:
    """The panel over a call without a result, or the one whose result is shown; None when it does not fit."""
    client, name = seat.client, asked.name
    assert client is not None
    if name == "end":
        ended = seat.call is not None and seat.call.ended_at is not None
        return Panel(name, end=end_view(seat.call, seat.person.office_zone)) if seat.call and ended else None
    if name == "contacts":
        return Panel(name, contacts=_contacts(session, seat))
    if name == "escalation":
        return _escalation(session, seat, script, asked.question)
    if name == "unsuitable":
        return Panel(name, typed={"said_in": asked.said_in if asked.said_in in TALK_PANELS else ""})
    return of_result(name, client.contact, script, picker) if name in IN_CALL else None


def before_dial(asked: Asked) -> Panel | None:
    """Why a shown client goes back to the queue."""
    if asked.name != "return":
        return None
    return Panel(asked.name, options=[Option(code, label) for code, label in RETURN_REASONS.items()])


def _contacts(session: Session, seat: Seat) -> Sequence[Any]:
    """Contacts of branches and departments, those of the client's own branch first (R19)."""
    assert seat.campaign is not None and seat.client is not None
    own = seat.client.branch_id
    rows = session.execute(
        select(BranchContact, Branch.name.label("branch"))
        .outerjoin(Branch, Branch.id == BranchContact.branch_id)
        .where(BranchContact.customer_id == seat.campaign.customer_id)
    ).all()
    return sorted(rows, key=lambda row: (row[0].branch_id != own, row.branch or "", row[0].department))


def _escalation(session: Session, seat: Seat, script: Script, question: int) -> Panel:
    """The six columns of the letter, prefilled (R15); `question` (from 1) brings its reply to read aloud."""
    client, call, campaign = seat.client, seat.call or seat.last, seat.campaign
    assert client is not None and call is not None and campaign is not None
    number = session.get_one(RespondentPhone, call.phone_id)
    replies = [item.reply for item in script.questions]
    return Panel(
        "escalation",
        typed={
            "organisation": client.organisation,
            "inn": client.inn or "",
            "contact": client.contact,
            "phone": show(number.e164, number.extension),
            "email": client.email,
        },
        to=campaign.escalation_email,
        reply=replies[question - 1] if 0 < question <= len(replies) else "",
    )


def of_result(name: str, contact: str, script: Script, picker: DayPicker) -> Panel:
    """A panel that a call or its correction opens. Raises KeyError for a name there is none of."""
    makers: dict[str, Callable[[], Panel]] = {
        "question": lambda: Panel(name, questions=script.questions),
        "complaint": lambda: Panel(name, complaint=script.complaint),
        "inactive": lambda: Panel(name, options=_options(OF_PANEL["inactive"], _DEAD_WORDS)),
        "callback": lambda: Panel(
            name,
            days=picker.days(),
            break_text=picker.break_text(),
            reply=_line(script, StepKind.CALLBACK),
            hint=picker.hint(),
        ),
        "refusal": lambda: Panel(
            name,
            options=_options(OF_PANEL["refusal"], _REFUSAL_WORDS),
            reply=_line(script, StepKind.END, "soft_refusal"),
        ),
        "other_person": lambda: Panel(name, days=picker.days(), break_text=picker.break_text()),
        "new_contact": lambda: Panel(name, typed={"contact": contact}),
        "not_client": lambda: Panel(name, options=[Option("not_client", TABLE["not_client"].label)]),
        "more": lambda: Panel(name),
        "continue": lambda: Panel(name),
        "correct": lambda: Panel(name),
    }
    return makers[name]()


def _options(codes: tuple[str, ...], words: Mapping[str, tuple[str, str]]) -> list[Option]:
    return [
        Option(code, *words.get(code, (TABLE[code].label, "")), key_label=str(n), key_code=f"Digit{n}")
        for n, code in enumerate(codes, 1)
    ]


def _line(script: Script, kind: StepKind, disposition: str = "") -> str:
    """What the script reads at the step of this kind (and result), '' when it has none."""
    found = (step.say for step in script.steps if step.kind is kind and disposition in ("", step.disposition))
    return next(found, "")

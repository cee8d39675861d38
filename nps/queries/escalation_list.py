"""A campaign's escalations as the specialist's list shows them: narrowed, the most urgent first (R15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from nps.domain.escalation import UNANSWERED, State
from nps.domain.search import fold
from nps.models import Branch, CallAttempt, Escalation, Outbox, User
from nps.models import Respondent as Client
from nps.queries.escalations import LetterFate, Line, for_a_person

PAGE = 50
#: Views beside the states: over the deadline, letters that need a person, clients the specialist asks to call.
OVERDUE, TROUBLED, TO_CALL = "overdue", "letter", "call"
VIEWS = (*State, OVERDUE, TROUBLED, TO_CALL)
_LONGEST_NUMBER, _SHORTEST_PHONE = 10, 5


Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to: one of VIEWS or '', a branch or None, words or a number or ''."""

    view: str = ""
    branch_id: int | None = None
    text: str = ""


def lines(session: Session, campaign_id: int, wanted: Wanted, now: datetime, page: int = 1) -> list[Line]:
    """A page of the list. What must be answered soonest stands first while it is not answered, else the newest."""
    taker = aliased(User)
    statement = (
        _narrowed(select(Escalation, Branch.name, taker.full_name, Outbox, call_is_open()), campaign_id, wanted, now)
        .outerjoin(Branch, Branch.id == Client.branch_id)
        .outerjoin(taker, taker.id == Escalation.taken_by)
    )
    if wanted.view in (*UNANSWERED, OVERDUE, TO_CALL):
        statement = statement.order_by(func.coalesce(Escalation.due_at, Escalation.created_at), Escalation.id)
    else:
        statement = statement.order_by(Escalation.id.desc())
    found = session.execute(statement.limit(PAGE).offset((max(page, 1) - 1) * PAGE))
    return [
        Line(row, branch, name, LetterFate(letter) if letter else None, to_call)
        for row, branch, name, letter, to_call in found
    ]


def total(session: Session, campaign_id: int, wanted: Wanted, now: datetime) -> int:
    """How many there are."""
    return session.scalar(_narrowed(select(func.count(Escalation.id)), campaign_id, wanted, now)) or 0


def branches(session: Session, campaign_id: int) -> list[tuple[int, str]]:
    """Branches whose clients have asked something, by name."""
    found = session.execute(
        select(Branch.id, Branch.name)
        .join(Client, Client.branch_id == Branch.id)
        .join(Escalation, Escalation.respondent_id == Client.id)
        .where(Escalation.campaign_id == campaign_id)
        .distinct()
        .order_by(Branch.name)
    )
    return [(row.id, row.name) for row in found]


def call_is_open() -> ColumnElement[bool]:
    """The specialist has asked to call the client, and nobody has spoken with him since."""
    spoken = exists().where(
        CallAttempt.respondent_id == Escalation.respondent_id,
        CallAttempt.answered_at.is_not(None),
        CallAttempt.closed_at.is_not(None),
        CallAttempt.dialled_at > Escalation.call_asked_at,
    )
    return Escalation.call_asked_at.is_not(None) & (Escalation.state != State.CLOSED) & ~spoken


def _narrowed(statement: Rows, campaign_id: int, wanted: Wanted, now: datetime) -> Rows:
    statement = (
        statement.select_from(Escalation)
        .join(Client, Client.id == Escalation.respondent_id)
        .outerjoin(Outbox, (Outbox.kind == "escalation") & (Outbox.subject_id == Escalation.id))
        .where(Escalation.campaign_id == campaign_id)
    )
    if wanted.view:
        statement = statement.where(_view(wanted.view, now))
    if wanted.branch_id is not None:
        statement = statement.where(Client.branch_id == wanted.branch_id)
    if wanted.text:
        statement = statement.where(_said(wanted.text))
    return statement


def _view(view: str, now: datetime) -> ColumnElement[bool]:
    if view == OVERDUE:
        return Escalation.state.in_(UNANSWERED) & (Escalation.due_at <= now)
    if view == TROUBLED:
        return for_a_person()
    if view == TO_CALL:
        return call_is_open()
    return Escalation.state == view


def _said(text: str) -> ColumnElement[bool]:
    """By number, organisation, person or phone of the client."""
    asked = text.strip().lstrip("№ ")
    digits = "".join(character for character in asked if character in "0123456789")
    if digits and digits == asked and (asked != text.strip() or len(digits) < _SHORTEST_PHONE):
        return Escalation.id == int(digits[:_LONGEST_NUMBER])
    found = and_(true(), *(Client.search_fold.contains(word, autoescape=True) for word in fold(asked).split()))
    # A phone as people write it, with its spaces and dashes.
    return or_(found, Client.search_fold.contains(digits)) if len(digits) >= _SHORTEST_PHONE else found

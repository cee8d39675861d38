"""Messages of people on shift: what lies on an operator's desk, and what the manager sees of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, case, func, select
from sqlalchemy.orm import Session

from nps.domain.local_time import Zone, clock
from nps.models import Respondent, Shift, ShiftMessage, ShiftMessageReader, User
from nps.queries.together import Found, Lists, Together

#: How many of the newest messages a manager sees below the requests.
_LAST = 8
#: A request for help that nobody has answered.
OPEN = ShiftMessage.kind == "request", ShiftMessage.closed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Received:
    """A message for the operator: who wrote it, when by the office's clock, and whether it answers his request."""

    id: int
    author: str
    at: str
    text: str
    is_answer: bool


@dataclass(frozen=True, slots=True)
class Help:
    """The place of help on a desk.

    `asked_at`: since when a request is open, on the office's clock, '' without one. `unread`: the oldest message that
    was not put away, `more` the number behind it. `last`: the newest of this shift that was.
    """

    asked_at: str = ""
    unread: Received | None = None
    more: int = 0
    last: Received | None = None
    #: What the operator has just typed and why it was not sent.
    typed: str = ""
    problem: str = ""

    @property
    def mark(self) -> str:
        """What the poll compares."""
        shown = self.unread or self.last
        return f"{self.asked_at}.{shown.id if shown else 0}.{int(self.unread is not None)}.{self.more}"


_OPEN_SHIFT = Shift.user_id == bindparam("operator"), Shift.ended_at.is_(None)
#: What the place of help shows, for `Together`: bind `operator`.
HELP: Lists = {
    "asked": select(ShiftMessage.sent_at)
    .join(Shift, Shift.user_id == ShiftMessage.author_id)
    .where(*_OPEN_SHIFT, ShiftMessage.kind == "request", ShiftMessage.closed_at.is_(None)),
    "messages": select(
        ShiftMessage.id,
        ShiftMessage.kind,
        ShiftMessage.sent_at,
        ShiftMessage.text,
        User.full_name.label("author"),
        ShiftMessageReader.read_at,
    )
    .join(ShiftMessageReader, ShiftMessageReader.message_id == ShiftMessage.id)
    .join(User, User.id == ShiftMessage.author_id)
    .join(Shift, (Shift.user_id == ShiftMessageReader.user_id) & (Shift.campaign_id == ShiftMessage.campaign_id))
    .where(*_OPEN_SHIFT, ShiftMessage.sent_at >= Shift.started_at),
}
_HELP = Together(HELP)


def help_of(session: Session, operator_id: int, zone: Zone) -> Help:
    """What the operator sees in his shift, nothing without one: one statement. `zone`: the office's."""
    return help_in(_HELP.read(session, operator=operator_id), zone)


def help_in(found: Found, zone: Zone) -> Help:
    """`help_of` of what HELP has found."""
    rows = sorted(found["messages"])
    unread = [_received(row, zone) for row in rows if row.read_at is None]
    read = [_received(row, zone) for row in rows if row.read_at is not None]
    asked = next((row.sent_at for row in found["asked"]), None)
    return Help(
        asked_at=clock(asked, zone) if asked else "",
        unread=unread[0] if unread else None,
        more=max(0, len(unread) - 1),
        last=read[-1] if read else None,
    )


def _received(row: Any, zone: Zone) -> Received:
    return Received(row.id, row.author, clock(row.sent_at, zone), row.text, row.kind == "answer")


@dataclass(frozen=True, slots=True)
class Messages:
    """The requests of a campaign, who waits longest first; whom one may write to; the newest messages.

    A request has the card that lay on the desk, None without one. A message has its only reader in `to`, '' for
    several; of `readers` so many have `read` it.
    """

    requests: Sequence[Row[*tuple[Any, ...]]]
    on_shift: Sequence[tuple[int, str]]
    last: Sequence[Row[*tuple[Any, ...]]]

    def chosen(self, request_id: int) -> Row[*tuple[Any, ...]] | None:
        """The request that is to be answered: this one while it is open, else the one that waits longest."""
        return next((row for row in self.requests if row.id == request_id), next(iter(self.requests), None))

    @property
    def mark(self) -> str:
        """A short text that changes when any of it does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def messages_of(session: Session, campaign_id: int) -> Messages:
    """What a manager sees of a campaign's messages, in three statements."""
    requests = session.execute(
        select(
            ShiftMessage.id, User.full_name.label("operator"), ShiftMessage.sent_at, ShiftMessage.text,
            ShiftMessage.respondent_id, Respondent.organisation,
        )
        .join(User, User.id == ShiftMessage.author_id)
        .outerjoin(Respondent, Respondent.id == ShiftMessage.respondent_id)
        .where(ShiftMessage.campaign_id == campaign_id, *OPEN)
        .order_by(ShiftMessage.id)
    ).all()  # fmt: skip
    on_shift = session.execute(
        select(User.id, User.full_name)
        .join(Shift, Shift.user_id == User.id)
        .where(Shift.campaign_id == campaign_id, Shift.ended_at.is_(None))
        .order_by(User.full_name, User.id)
    )
    return Messages(requests, [(user_id, name) for user_id, name in on_shift], _last(session, campaign_id))


def _last(session: Session, campaign_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    reader, author = User.__table__.alias("reader"), User.__table__.alias("author")
    readers = func.count(ShiftMessageReader.user_id)
    only_reader = case((readers == 1, func.coalesce(func.min(reader.c.full_name), "")), else_="")
    return session.execute(
        select(
            ShiftMessage.id, ShiftMessage.kind, author.c.full_name.label("author"), only_reader.label("to"),
            ShiftMessage.sent_at, ShiftMessage.text, readers.label("readers"),
            func.count(ShiftMessageReader.read_at).label("read"),
        )
        .join(author, author.c.id == ShiftMessage.author_id)
        .outerjoin(ShiftMessageReader, ShiftMessageReader.message_id == ShiftMessage.id)
        .outerjoin(reader, reader.c.id == ShiftMessageReader.user_id)
        .where(ShiftMessage.campaign_id == campaign_id)
        .group_by(ShiftMessage.id, ShiftMessage.kind, author.c.full_name, ShiftMessage.sent_at, ShiftMessage.text)
        .order_by(ShiftMessage.id.desc())
        .limit(_LAST)
    ).all()  # fmt: skip

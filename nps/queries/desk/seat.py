"""What lies on an operator's desk, read in one statement: the shift, the call, the client and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from nps.domain.actor import Actor
from nps.domain.disposition import INTERVIEWS, REFUSALS
from nps.domain.local_time import to_local
from nps.models import (
    Branch,
    CallAttempt,
    Campaign,
    Contract,
    Customer,
    Escalation,
    ExchangeLink,
    LineCommand,
    Pause,
    Region,
    Respondent,
    ScriptVersion,
    Shift,
    TelephonyEvent,
    User,
)
from nps.queries.campaigns import CampaignRow, row_of
from nps.queries.telephony import DESK, LINK


@dataclass(frozen=True, slots=True)
class Person:
    """Whose desk it is, and the zone of the office's clock."""

    actor: Actor
    office_zone: str


@dataclass(frozen=True, slots=True)
class Seat:
    """The desk of one operator at `now`. Without a shift there is no campaign and nothing lies on it.

    call: the one without a result. last: the one whose result is still shown. client: whom one of them, or the card,
    is about. figures: surveyed, refused, talk_ms and talks of this day of the office.
    """

    person: Person
    now: datetime
    figures: Any
    shift: Shift | None = None
    campaign: CampaignRow | None = None
    pause: Pause | None = None
    call: CallAttempt | None = None
    last: CallAttempt | None = None
    client: Respondent | None = None
    region: Region | None = None
    branch: str = ""
    link: ExchangeLink | None = None
    extension: str = ""
    #: The version of the script that `call`, `last` or the next call is talked by, and its hash.
    script: tuple[int, str] = (0, "")
    #: Questions of the call that went to the specialist.
    passed_on: int = 0
    #: An exchange was asked to make the call, or has reported it.
    has_line: bool = False

    @property
    def state(self) -> str:
        """As `DeskView.state`; of an empty desk only that it is `free`: the minutes and the queue say more."""
        if self.shift is None or self.campaign is None:
            return "no_shift"
        if self.call is not None:
            return "ended" if self.call.ended_at else "talk" if self.call.answered_at else "ringing"
        if self.pause is not None:
            return "paused"
        # The card of a stopped campaign waits with its operator until calls go on: nobody may be dialled.
        if self.campaign.paused_at is None and self.campaign.closed_at is None and self.has_card:
            return "ready"
        if self.last is not None:
            return "done"
        if self.campaign.closed_at is not None:
            return "campaign_closed"
        return "campaign_paused" if self.campaign.paused_at is not None else "free"

    @property
    def has_card(self) -> bool:
        """Whether a client is shown who was not dialled, and his lease runs."""
        return self.held_until is not None and self.held_until >= self.now

    @property
    def held_until(self) -> datetime | None:
        """The end of the lease of the client who is shown; None when nobody is, or he was dialled."""
        is_held = self.client is not None and self.client.held_by == self.person.actor.id
        return self.client.held_until if self.client is not None and is_held else None


_call, _last, _held = aliased(CallAttempt), aliased(CallAttempt), aliased(Respondent)
_ME = bindparam("operator", type_=User.__table__.c.id.type)
_on_desk = func.coalesce(_call.id, _last.id)
_figures = (
    select(
        func.count().filter(CallAttempt.disposition.in_(INTERVIEWS)).label("surveyed"),
        func.count().filter(CallAttempt.disposition.in_(REFUSALS)).label("refused"),
        func.coalesce(func.sum(CallAttempt.talk_ms), 0).label("talk_ms"),
        func.count().filter(CallAttempt.talk_ms > 0).label("talks"),
    )
    .where(
        CallAttempt.operator_id == _ME,
        CallAttempt.operator_day == bindparam("today", type_=CallAttempt.__table__.c.operator_day.type),
        CallAttempt.purpose != "training",
    )
    .subquery()
)


def _has_line() -> ColumnElement[bool]:
    reported = and_(TelephonyEvent.attempt_id == _on_desk, TelephonyEvent.provider != DESK)
    return or_(exists().where(LineCommand.attempt_id == _on_desk), exists().where(reported))


_SEAT = (
    select(
        _figures.c.surveyed,
        _figures.c.refused,
        _figures.c.talk_ms,
        _figures.c.talks,
        Shift,
        Campaign,
        Contract,
        Customer,
        Pause,
        _call,
        _last,
        Respondent,
        Region,
        ExchangeLink,
        Branch.name.label("branch"),
        User.extension,
        ScriptVersion.id.label("version"),
        ScriptVersion.sha256,
        select(func.count()).where(Escalation.attempt_id == _on_desk).scalar_subquery().label("passed_on"),
        _has_line().label("has_line"),
    )
    .select_from(User)
    .join(_figures, true())
    .outerjoin(Shift, and_(Shift.user_id == User.id, Shift.ended_at.is_(None)))
    .outerjoin(Campaign, Campaign.id == Shift.campaign_id)
    .outerjoin(Contract, Contract.id == Campaign.contract_id)
    .outerjoin(Customer, Customer.id == Contract.customer_id)
    .outerjoin(Pause, and_(Pause.shift_id == Shift.id, Pause.ended_at.is_(None)))
    .outerjoin(
        _call, and_(_call.operator_id == Shift.user_id, _call.closed_at.is_(None), _call.handed_over_at.is_(None))
    )
    .outerjoin(_last, and_(_last.id == Shift.shown_result_id, _last.closed_at.is_not(None)))
    .outerjoin(_held, _held.held_by == Shift.user_id)
    .outerjoin(Respondent, Respondent.id == func.coalesce(_call.respondent_id, _held.id, _last.respondent_id))
    .outerjoin(Region, Region.code == Respondent.region_code)
    .outerjoin(Branch, Branch.id == Respondent.branch_id)
    .outerjoin(ExchangeLink, ExchangeLink.id == LINK)
    .outerjoin(
        ScriptVersion,
        ScriptVersion.id == func.coalesce(_call.script_version_id, _last.script_version_id, Campaign.script_version_id),
    )
    .where(User.id == _ME)
)


def read_seat(session: Session, person: Person, now: datetime) -> Seat:
    """The desk as it is now: one statement. Rows that the session knows already are read anew."""
    today = to_local(now, person.office_zone).date()
    row = session.execute(
        _SEAT, {"operator": person.actor.id, "today": today}, execution_options={"populate_existing": True}
    ).one()
    if row.Shift is None:
        return Seat(person, now, row, extension=row.extension)
    seat = Seat(
        person,
        now,
        row,
        shift=row.Shift,
        campaign=row_of(row),
        pause=row.Pause,
        call=row[9],
        last=row[10],
        client=row.Respondent,
        region=row.Region,
        branch=row.branch or "",
        link=row.ExchangeLink,
        extension=row.extension,
        script=(row.version, row.sha256),
        passed_on=row.passed_on,
        has_line=row.has_line,
    )
    return seat

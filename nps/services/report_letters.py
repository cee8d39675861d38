"""The morning's letter with a campaign's figures, for whoever asked for it; never when nothing has changed.

The row of the subscription is the schedule and remembers what was said last. Figures are read as one state outside of
any transaction; letter and row are written in one. From there the outbox carries it (ADR 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.escalation import is_email
from nps.domain.local_time import Zone
from nps.domain.report_letter import OFF, OFTEN, due_day, latest_day
from nps.domain.roles import BOUND_TO_CUSTOMER
from nps.models import Campaign, ReportSubscription, User
from nps.queries.campaigns import campaign_for
from nps.queries.reports import EVERYTHING, Slice, begin_snapshot, campaign_report, seen_by
from nps.queries.reports.frozen import frozen_wave
from nps.services import letters
from nps.services.acting import act
from nps.services.letter_addresses import person_in_charge
from nps.services.reports.letter import ReportWords, words_of
from nps.services.transaction import AnySession

WRITE_JOB = "nps.jobs.report_letters.write"
_LONGEST_EMAIL = 254
RECEIVERS = ("manager", "admin", "customer", "specialist")


def subscribe(
    session: AnySession, actor: Actor, campaign_id: int, *, every: str, email: str, zone: Zone, now: datetime
) -> None:
    """Set for oneself how often the letter comes, and to which address. The first one comes on the next such morning.

    Raises DomainError (codes: every, email), NotFoundError for a campaign that is not this person's to see or whose
    figures are nobody's: training, and for a customer's people a demonstration.
    """
    # Whoever wants no more letters need not put his address right first.
    email = email.strip() if every != OFF else ""
    if every not in OFTEN:
        raise DomainError("every", "Выберите, как часто присылать письмо.")
    if email and (len(email) > _LONGEST_EMAIL or not is_email(email)):
        raise DomainError("email", "Это не адрес почты. Нужен один адрес вида имя@сайт.ру.")
    if every != OFF and not email:
        raise DomainError("email", "Укажите адрес почты: без него письмо отправить некуда.")
    with act(session, actor.id, now) as a:
        campaign = campaign_for(a.s, actor, campaign_id)
        if campaign is None or not may_receive(actor.role, campaign.purpose):
            raise NotFoundError("Писем с итогами этого проекта нет.")
        user = a.s.get_one(User, actor.id, populate_existing=True)
        if email and email != user.email:
            user.email = email
            a.record("user_email", "user", actor.id)
        row = a.s.get(ReportSubscription, (actor.id, campaign_id), populate_existing=True)
        before = row.every if row else OFF
        if before == every:
            return
        if row is not None and every == OFF:
            a.s.delete(row)
        else:
            row = row or ReportSubscription(user_id=actor.id, campaign_id=campaign_id, since=now)
            row.every, row.zone, row.handled_on = every, str(zone), latest_day(every, now, zone)
            a.s.add(row)
        a.record(
            "report_letter_set", "user", actor.id, campaign_id=campaign_id,
            before={"every": before}, after={"every": every},
        )  # fmt: skip


def may_receive(role: str, purpose: str) -> bool:
    """Whether figures of such a campaign are sent to such a person at all (R9: training to nobody)."""
    return role in RECEIVERS and (purpose == "survey" or (purpose == "demo" and role not in BOUND_TO_CUSTOMER))


@dataclass(frozen=True, slots=True)
class _Due:
    """A letter to decide about: whose, the day it belongs to, and what it would say; None when he may see nothing."""

    actor: Actor
    day: date
    words: ReportWords | None


def campaigns_due(session: Session, now: datetime) -> list[int]:
    """Campaigns with somebody whose letter is to be decided about at `now` (aware UTC). For the sweeper."""
    found = session.execute(_subscriptions()).all()
    return sorted({row.campaign_id for row, _ in found if due_day(row.every, now, row.zone, row.handled_on)})


def write_due(session: Session, campaign_id: int, *, now: datetime) -> int:
    """Decide about the letters that are due in a campaign; how many were written. A repeated job adds nothing."""
    due = list(_due(session, campaign_id, now))
    with act(session, None, now) as a:
        campaign = a.s.get_one(Campaign, campaign_id, populate_existing=True)
        decided = [_decide(a.s, campaign, one, now) for one in due]
        written = [letter_id for letter_id in decided if letter_id is not None]
        for letter_id in written:
            a.afterwards(letters.nudge, letter_id)
        return len(written)


def _subscriptions(*conditions: ColumnElement[bool]) -> Select[ReportSubscription, User]:
    """Of people who can have a letter, in campaigns whose data are still there."""
    return (
        select(ReportSubscription, User)
        .join(User, and_(User.id == ReportSubscription.user_id, User.active, User.email != ""))
        .join(Campaign, Campaign.id == ReportSubscription.campaign_id)
        .where(Campaign.erased_at.is_(None), *conditions)
        .order_by(ReportSubscription.user_id)
    )


def _due(session: Session, campaign_id: int, now: datetime) -> Iterator[_Due]:
    """Read as one state; people who see the same get the same figures, counted once."""
    begin_snapshot(session)
    found = session.execute(_subscriptions(ReportSubscription.campaign_id == campaign_id)).all()
    known: dict[tuple[Slice, str], ReportWords | None] = {}
    for row, user in found:
        day = due_day(row.every, now, row.zone, row.handled_on)
        if day is None:
            continue
        actor = Actor(user.id, user.role, user.full_name, user.customer_id)
        campaign = campaign_for(session, actor, campaign_id)
        if campaign is None or not may_receive(actor.role, campaign.purpose):
            yield _Due(actor, day, None)
            continue
        view = seen_by(actor, campaign, EVERYTHING), row.zone
        if view not in known:
            report = campaign_report(session, campaign, now, row.zone, view[0])
            closing = frozen_wave(session, campaign_id, view[0]) if campaign.closed_at else None
            known[view] = words_of(report, closing)
        yield _Due(actor, day, known[view])


def _decide(s: Session, campaign: Campaign, due: _Due, now: datetime) -> int | None:
    """Settle the day, and write the letter when it has something new to say; its outbox id.

    Looked up again: another job may have been here, the person may have switched it off or lost his account.
    """
    whose = ReportSubscription.campaign_id == campaign.id, ReportSubscription.user_id == due.actor.id
    row = s.scalar(
        _subscriptions(*whose).with_for_update(of=ReportSubscription).execution_options(populate_existing=True)
    )
    if row is None or row.handled_on >= due.day:
        return None
    row.handled_on = due.day
    if due.words is None or due.words.said == row.said:
        return None
    payload = due.words.payload(row.said) | {"often": OFTEN[row.every], "reply_to": person_in_charge(s)}
    row.said = due.words.said
    return letters.add(
        s, campaign=campaign, kind="report", subject_id=due.actor.id,
        dedupe=f"report:{campaign.id}:{due.actor.id}:{due.day}", payload=payload, now=now,
    )  # fmt: skip

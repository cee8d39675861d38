"""The operator's own page: today, what is still needed, his callbacks and his last calls (requirements §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.disposition import INTERVIEWS, REFUSALS
from nps.domain.local_time import Zone, to_local
from nps.domain.nps_score import Coverage
from nps.models import Appointment, CallAttempt, Campaign, CampaignMember, Region, Respondent, User
from nps.queries import campaigns
from nps.queries.admission import CAN_WORK
from nps.queries.clients import Word, words_of, words_of_others

_LAST_CALLS = 15


@dataclass(frozen=True, slots=True)
class Today:
    """What the operator did on this day of the office in real campaigns; seconds, `median_survey_s` of interviews."""

    calls: int
    surveyed: int
    refused: int
    talk_s: int
    median_survey_s: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """What a campaign still needs to reach 75 % of its base (R3). `days`: calling days left, today included.

    share: interviews a day for each of its operators, rounded up; None when no day is left.
    """

    campaign: str
    missing: int
    days: int
    operators: int

    @property
    def share(self) -> int | None:
        return -(-self.missing // (self.days * self.operators)) if self.days and self.operators else None


class Call(NamedTuple):
    """A call of his. `words`: what was said of its end, when somebody else has given it another result since."""

    row: CallAttempt
    organisation: str
    words: Sequence[Word]


def today(session: Session, operator_id: int, office_zone: Zone, now: datetime) -> Today:
    """The operator's own figures; training is in none of them (R9)."""
    mine = (
        CallAttempt.operator_id == operator_id,
        CallAttempt.operator_day == to_local(now, office_zone).date(),
        CallAttempt.purpose != "training",
        CallAttempt.closed_at.is_not(None),
    )
    calls, refused, talk_ms = session.execute(
        select(
            func.count(),
            func.count().filter(CallAttempt.disposition.in_(REFUSALS)),
            func.coalesce(func.sum(CallAttempt.talk_ms), 0),
        ).where(*mine)
    ).one()
    surveys = sorted(
        session.scalars(select(CallAttempt.survey_ms).where(*mine, CallAttempt.disposition.in_(INTERVIEWS)))
    )
    median = surveys[len(surveys) // 2] // 1000 if surveys else None
    return Today(calls, len(surveys), refused, talk_ms // 1000, median)


def targets(session: Session, actor: Actor, now: datetime) -> list[Target]:
    """What the operator's open surveys still need."""
    found = []
    for campaign in campaigns.campaigns_of(session, actor):
        if campaign.purpose != "survey" or campaign.closed_at is not None:
            continue
        clients, surveyed = session.execute(
            select(func.count(), func.count().filter(Respondent.state == "surveyed")).where(
                Respondent.campaign_id == campaign.id, Respondent.state != "withdrawn"
            )
        ).one()
        if not clients:
            continue
        operators = session.execute(
            select(func.count())
            .select_from(CampaignMember)
            .join(User, User.id == CampaignMember.user_id)
            .where(CampaignMember.campaign_id == campaign.id, *CAN_WORK)
        ).scalar_one()
        days = {
            day
            for calendar in campaigns.calendars(session, campaign).values()
            for day in calendar.calling_days(to_local(now, calendar.zone).date(), calendar.ends_on)
        }
        found.append(Target(campaign.title, Coverage(surveyed, clients).missing, len(days), operators))
    return found


def promises(session: Session, operator_id: int) -> Sequence[Row[datetime, str | None, str, str]]:
    """All calls the operator has promised and nobody has made yet, the earliest first; `zone` is the client's."""
    return session.execute(
        select(Appointment.at, Region.zone, Respondent.organisation, Respondent.contact)
        .join(Respondent, Respondent.id == Appointment.respondent_id)
        .join(Campaign, Campaign.id == Respondent.campaign_id)
        .outerjoin(Region, Region.code == Respondent.region_code)
        .where(Appointment.owner_id == operator_id, Appointment.state == "open", Campaign.purpose != "training")
        .order_by(Appointment.at)
    ).all()


def last_calls(session: Session, operator_id: int) -> Sequence[Call]:
    """His latest settled calls in real campaigns."""
    rows = session.execute(
        select(CallAttempt, Respondent.organisation)
        .join(Respondent, Respondent.id == CallAttempt.respondent_id)
        .where(
            CallAttempt.operator_id == operator_id,
            CallAttempt.closed_at.is_not(None),
            CallAttempt.purpose != "training",
        )
        .order_by(CallAttempt.dialled_at.desc())
        .limit(_LAST_CALLS)
    ).all()
    words = words_of(session, [call.id for call, _ in rows])
    return [Call(call, organisation, words_of_others(words.get(call.id, ()))) for call, organisation in rows]

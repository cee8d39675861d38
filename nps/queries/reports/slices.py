"""What part of a campaign a report is about: the filters above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.disposition import MOST_MISSES
from nps.models import Branch, CampaignMember, Interview, Region, User
from nps.queries.campaigns import CampaignRow
from nps.queries.reports.views import attempts, respondents

#: Clients whose region is unknown, clients without a branch.
NO_REGION, NO_BRANCH = "unknown", 0
#: The last choice of the filter by attempt takes all that follow, too.
LAST_ATTEMPT = MOST_MISSES


@dataclass(frozen=True, slots=True)
class Slice:
    """None leaves everything. Days are the client's local days, both included.

    A client belongs to one region and one branch, so such a slice keeps the identity of requirements §4. A day, an
    operator or an attempt cuts a client's calls apart: then there are calls and answers only, and the page says so.
    `checked_only` leaves out questionnaires that the manager has not ticked; clients, calls and minutes stay.
    `with_reviews`: whether operators stand with the rates of their reviewed calls (ADR 0046). Both say who reads, not
    what about: `seen_by` sets them.
    """

    region: str | None = None
    branch_id: int | None = None
    first: date | None = None
    last: date | None = None
    operator_id: int | None = None
    attempt: int | None = None
    checked_only: bool = False
    with_reviews: bool = False

    @property
    def keeps_clients(self) -> bool:
        """Whether clients can be counted by state in it."""
        return self.first is None and self.last is None and self.operator_id is None and self.attempt is None

    @property
    def is_everything(self) -> bool:
        return replace(self, checked_only=False, with_reviews=False) == EVERYTHING

    def of_clients(self) -> tuple[ColumnElement[bool], ...]:
        """Conditions on `reported_respondent`: the part that is about clients."""
        found: list[ColumnElement[bool]] = []
        if self.region is not None:
            code = respondents.c.region_code
            found.append(code.is_(None) if self.region == NO_REGION else code == self.region)
        if self.branch_id is not None:
            branch = respondents.c.branch_id
            found.append(branch.is_(None) if self.branch_id == NO_BRANCH else branch == self.branch_id)
        return tuple(found)

    def of_calls(self) -> tuple[ColumnElement[bool], ...]:
        """Conditions on `reported_attempt`; region and branch are those copied when the call was made."""
        found: list[ColumnElement[bool]] = []
        if self.region is not None:
            code = attempts.c.region_code
            found.append(code.is_(None) if self.region == NO_REGION else code == self.region)
        if self.branch_id is not None:
            branch = attempts.c.branch_id
            found.append(branch.is_(None) if self.branch_id == NO_BRANCH else branch == self.branch_id)
        return (*found, *self._of_calls_only())

    def of_answers(self) -> tuple[ColumnElement[bool], ...]:
        """Conditions on a questionnaire: its client's place, and its call."""
        ticked = (Interview.checked_at.is_not(None),) if self.checked_only else ()
        return (*self.of_clients(), *self._of_calls_only(), *ticked)

    def _of_calls_only(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.first is not None:
            found.append(attempts.c.local_day >= self.first)
        if self.last is not None:
            found.append(attempts.c.local_day <= self.last)
        if self.operator_id is not None:
            found.append(attempts.c.operator_id == self.operator_id)
        if self.attempt is not None:
            before = calls_before()
            found.append(before >= LAST_ATTEMPT - 1 if self.attempt >= LAST_ATTEMPT else before == self.attempt - 1)
        return found


EVERYTHING = Slice()
#: For the machine's own administrator, who asks on the command line.
FOR_THE_HOUSE = Slice(with_reviews=True)
#: Those who see a questionnaire after the manager's tick, in a campaign that asks for it.
_AFTER_CHECK = ("customer", "specialist")
#: Those who answer for how calls are made; to the customer an operator's marks are no business (ADR 0046).
_OF_THE_HOUSE = ("manager", "admin")


def seen_by(actor: Actor, campaign: CampaignRow, where: Slice) -> Slice:
    """What of a slice this person may see."""
    return replace(
        where,
        checked_only=campaign.answers_after_check and actor.role in _AFTER_CHECK,
        with_reviews=actor.role in _OF_THE_HOUSE,
    )


def calls_before() -> ColumnElement[int]:
    """How many dials of the same client went before this one."""
    earlier = attempts.alias("earlier")
    return (
        select(func.count())
        .select_from(earlier)
        .where(
            earlier.c.respondent_id == attempts.c.respondent_id,
            earlier.c.source != "inbound",
            earlier.c.dialled_at < attempts.c.dialled_at,
        )
        .correlate(attempts)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: pairs of key and name; '' for clients without a region or a branch."""

    regions: tuple[tuple[str, str], ...]
    branches: tuple[tuple[str, str], ...]
    operators: tuple[tuple[int, str], ...]
    days: tuple[date, ...]


def choices_of(session: Session, campaign: CampaignRow) -> Choices:
    """The filters that a campaign's clients and calls allow."""
    of_campaign = respondents.c.campaign_id == campaign.id
    regions = session.execute(
        select(func.coalesce(respondents.c.region_code, ""), func.coalesce(Region.name, "Регион неизвестен"))
        .select_from(respondents)
        .outerjoin(Region, Region.code == respondents.c.region_code)
        .where(of_campaign)
        .distinct()
    )
    branches = session.execute(
        select(respondents.c.branch_id, func.coalesce(Branch.name, "Без ОП"))
        .select_from(respondents)
        .outerjoin(Branch, Branch.id == respondents.c.branch_id)
        .where(of_campaign)
        .distinct()
    )
    return Choices(
        regions=_named((str(key), name) for key, name in regions),
        branches=_named(("" if key is None else str(key), name) for key, name in branches),
        operators=tuple((key, name) for key, name in session.execute(people_of(campaign.id))),
        days=tuple(days_with_calls(session, campaign.id)),
    )


def people_of(campaign_id: int) -> Select[int, str]:
    """Members of a campaign and everybody who called in it, by name."""
    members = select(CampaignMember.user_id).where(CampaignMember.campaign_id == campaign_id)
    callers = select(attempts.c.operator_id).where(attempts.c.campaign_id == campaign_id)
    return (
        select(User.id, User.full_name)
        .where(or_(User.id.in_(members), User.id.in_(callers)))
        .order_by(User.full_name, User.id)
    )


def days_with_calls(session: Session, campaign_id: int) -> list[date]:
    """Local days on which somebody was called, the newest first."""
    days = select(attempts.c.local_day).where(attempts.c.campaign_id == campaign_id).distinct()
    return list(session.execute(days.order_by(attempts.c.local_day.desc())).scalars())


def _named(found: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(found, key=lambda pair: (not pair[0], pair[1])))

"""Clients by state: the identity of requirements §4 and the coverage of R3, whole and by region and branch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from nps.domain.nps_score import Coverage, NpsScore
from nps.domain.state import State
from nps.models import Branch, Region, RespondentPhone
from nps.queries.reports.answers import ratings_by_place, score_of_groups
from nps.queries.reports.slices import EVERYTHING, Slice
from nps.queries.reports.views import respondents


@dataclass(frozen=True, slots=True)
class ClientCounts:
    """Clients of a base by state. Every client has one state, so the states add up to the base (requirements §4).

    late: of those still to call, how many have no window left before the campaign ends («не успеваем»).
    """

    surveyed: int = 0
    refused: int = 0
    unsuccessful: int = 0
    inactive: int = 0
    unreached: int = 0
    waiting: int = 0
    manager: int = 0
    withdrawn: int = 0
    late: int = 0

    @property
    def to_call(self) -> int:
        """Still to call: in the queue, or waiting for the manager's decision."""
        return self.waiting + self.manager

    @property
    def clients(self) -> int:
        """The base, without those whom the customer withdrew."""
        finished = self.surveyed + self.refused + self.unsuccessful + self.inactive + self.unreached
        return finished + self.to_call

    @property
    def coverage(self) -> Coverage:
        """Of the whole base: what the contract is measured by (R3)."""
        return Coverage(self.surveyed, self.clients)

    @property
    def coverage_reachable(self) -> Coverage:
        """Beside it: of the clients whose numbers are alive."""
        return Coverage(self.surveyed, self.clients - self.inactive)


@dataclass(frozen=True, slots=True)
class Place:
    """A region or a branch: its clients and its score. `key` is the region's code or the branch's id as text."""

    key: str
    name: str
    clients: ClientCounts
    score: NpsScore


@dataclass(frozen=True, slots=True)
class Base:
    """The clients of a campaign, whole and by place. Places stand in the order of their names."""

    total: ClientCounts
    regions: tuple[Place, ...]
    branches: tuple[Place, ...]
    dead_numbers: int


_Group = tuple[str | None, int | None, str, int, int]


def base_of(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> Base:
    """Count the clients of a campaign, or of its regions and branches in the slice."""
    late = func.count().filter(
        and_(
            respondents.c.state == State.WAITING,
            respondents.c.next_call_at.is_(None),
            respondents.c.region_code.is_not(None),
        )
    )
    place = (respondents.c.region_code, respondents.c.branch_id)
    groups: list[_Group] = [
        tuple(row)
        for row in session.execute(
            select(*place, respondents.c.state, func.count(), late)
            .where(respondents.c.campaign_id == campaign_id, *where.of_clients())
            .group_by(*place, respondents.c.state)
        )
    ]
    ratings = ratings_by_place(session, campaign_id, where)
    regions = {code: name for code, name in session.execute(select(Region.code, Region.name))}
    branch_ids = {branch_id for _, branch_id, *_ in groups if branch_id is not None}
    found = session.execute(select(Branch.id, Branch.name).where(Branch.id.in_(branch_ids)))
    branches = {branch_id: name for branch_id, name in found}
    return Base(
        total=_counts(groups),
        regions=_places(
            [(code, regions.get(code or "", "Регион неизвестен"), _counts(g for g in groups if g[0] == code),
              score_of_groups(r for r in ratings if r[0] == code))
             for code in {g[0] for g in groups}]
        ),
        branches=_places(
            [(branch, branches.get(branch or 0, "Без ОП"), _counts(g for g in groups if g[1] == branch),
              score_of_groups(r for r in ratings if r[1] == branch))
             for branch in {g[1] for g in groups}]
        ),
        dead_numbers=_dead_numbers(session, campaign_id, where),
    )  # fmt: skip


def _counts(groups: Iterable[_Group]) -> ClientCounts:
    by_state = dict.fromkeys((state.value for state in State), 0)
    late = 0
    for _, _, state, number, of_them_late in groups:
        by_state[state] += number
        late += of_them_late
    return ClientCounts(**by_state, late=late)


def _places(found: Iterable[tuple[object, str, ClientCounts, NpsScore]]) -> tuple[Place, ...]:
    rows = [Place("" if key is None else str(key), name, counts, score) for key, name, counts, score in found]
    return tuple(sorted(rows, key=lambda row: (not row.key, row.name)))


def _dead_numbers(session: Session, campaign_id: int, where: Slice) -> int:
    """Phone numbers found dead, once each (R4, beside the fourth column)."""
    return session.execute(
        select(func.count(RespondentPhone.e164.distinct()))
        .select_from(respondents)
        .join(RespondentPhone, RespondentPhone.respondent_id == respondents.c.id)
        .where(respondents.c.campaign_id == campaign_id, RespondentPhone.state == "dead", *where.of_clients())
    ).scalar_one()


def size_of(session: Session, campaign_id: int) -> int:
    """Rows of the base, withdrawn ones too."""
    return session.execute(
        select(func.count()).select_from(respondents).where(respondents.c.campaign_id == campaign_id)
    ).scalar_one()

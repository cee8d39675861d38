"""What each operator did (R11)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, case, func, literal, select
from sqlalchemy.orm import Session

from nps.domain.quality import Rate
from nps.domain.state import State
from nps.models import Interview
from nps.queries.campaigns import CampaignRow
from nps.queries.reports.answers import questionnaires
from nps.queries.reports.calls import EXACT_S, IS_CALL, STARTED_MINUTES_S
from nps.queries.reports.reviews import rates_of
from nps.queries.reports.slices import EVERYTHING, Slice, people_of
from nps.queries.reports.views import attempts, respondents

#: Clients settled without any call: a stop list, a decision of the manager.
WITHOUT_CALL = "Без звонка"
#: States that are somebody's doing (R11).
_OWNED = (State.SURVEYED, State.UNSUCCESSFUL, State.REFUSED)


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """Calls an operator made, clients that are his, seconds he talked; `id` is None for clients without a call.

    `rate`: what was heard in his calls; None for a reader it is not for.
    """

    id: int | None
    name: str
    calls: int
    surveyed: int
    unsuccessful: int
    refused: int
    exact_s: int
    billed_s: int
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class Operators:
    """Rows by name, those without a call too, and their sums."""

    rows: tuple[OperatorRow, ...]

    @property
    def total(self) -> OperatorRow:
        added = ("calls", "surveyed", "unsuccessful", "refused", "exact_s", "billed_s")
        sums = {name: sum(getattr(row, name) for row in self.rows) for name in added}
        rates = [row.rate for row in self.rows if row.rate is not None]
        return OperatorRow(id=None, name="Всего", rate=sum(rates, Rate()) if rates else None, **sums)


def operators_of(session: Session, campaign: CampaignRow, where: Slice = EVERYTHING) -> Operators:
    """Operators of a campaign: its members and everybody who called in it.

    An interview belongs to whoever made it; an unsuccessful or refused client to whoever made the last call (R11). In a
    slice that cuts a client's calls apart nobody is unsuccessful or refused: those are words about a client.
    """
    work = {
        operator_id: (calls, int(exact), int(started if campaign.billing == "minute" else exact))
        for operator_id, calls, exact, started in session.execute(
            select(attempts.c.operator_id, func.count().filter(IS_CALL), EXACT_S, STARTED_MINUTES_S)
            .where(attempts.c.campaign_id == campaign.id, *where.of_calls())
            .group_by(attempts.c.operator_id)
        )
    }
    clients: dict[int | None, dict[str, int]] = {}
    owned = _owned(campaign.id, where) if where.keeps_clients else _interviewed(campaign.id, where)
    for owner, state, number in session.execute(owned):
        clients.setdefault(owner, {})[state] = number
    rates = rates_of(session, campaign.id, where) if where.with_reviews else None
    names: list[tuple[int | None, str]] = [*people_of(session, campaign.id)]
    if None in clients:
        names.append((None, WITHOUT_CALL))
    rows = []
    for person, name in names:
        calls, exact, billed = work.get(person, (0, 0, 0))
        own = clients.get(person, {})
        surveyed, unsuccessful, refused = (own.get(state, 0) for state in _OWNED)
        rate = rates.get(person, Rate()) if rates is not None and person is not None else None
        rows.append(OperatorRow(person, name, calls, surveyed, unsuccessful, refused, exact, billed, rate))
    return Operators(tuple(rows))


def _owned(campaign_id: int, where: Slice) -> Select[int | None, str, int]:
    """Clients by owner and state.

    The owner is looked up per client by an index: joined as derived tables, SQLite scanned one whole for each client.
    """
    last_caller = (
        select(attempts.c.operator_id)
        .where(attempts.c.respondent_id == respondents.c.id)
        .order_by(attempts.c.dialled_at.desc(), attempts.c.id.desc())
        .limit(1)
        .correlate(respondents)
        .scalar_subquery()
    )
    interviewer = (
        select(attempts.c.operator_id)
        .select_from(Interview)
        .join(attempts, attempts.c.id == Interview.attempt_id)
        .where(Interview.respondent_id == respondents.c.id, Interview.replaced_at.is_(None))
        .correlate(respondents)
        .scalar_subquery()
    )
    surveyed = respondents.c.state == State.SURVEYED
    owner = case((surveyed, func.coalesce(interviewer, last_caller)), else_=last_caller).label("owner")
    owned = (
        select(owner, respondents.c.state)
        .where(
            respondents.c.campaign_id == campaign_id,
            respondents.c.state.in_(_OWNED),
            *where.of_clients(),
        )
        .subquery("owned")
    )
    return select(owned.c.owner, owned.c.state, func.count()).group_by(owned.c.owner, owned.c.state)


def _interviewed(campaign_id: int, where: Slice) -> Select[int, str, int]:
    """Questionnaires of a slice by who filled them in."""
    columns = select(attempts.c.operator_id, literal(State.SURVEYED.value), func.count())
    return questionnaires(columns, campaign_id, where, with_calls=True).group_by(attempts.c.operator_id)

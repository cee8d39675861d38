"""Giving the next client to an operator, and taking him back. Claims are serialised: one lock, then one statement.

The order of locks on PostgreSQL (ADR 54). A transaction takes those it needs in this order and none twice; whoever
keeps it waits, but never in a circle:

1. the key of a form: taken by the envelope of each request before its act (`form_keys.counting`);
2. the claim lock (`transaction.lock_claims`): whoever writes who holds a client, or the fold of a case;
3. the parent row that orders an act's inserts: customer, campaign (NO KEY UPDATE: calls and the journal refer to it),
   script, load, mail server; several of a kind in the order of their ids;
4. calls, in the order of their ids;
5. clients, their phones, appointments and claim keys;
6. everything else: inserts, the journal.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from nps.domain.budget import Budget
from nps.domain.calling_window import CallingCalendar
from nps.domain.desk import RETURN_REASONS
from nps.domain.errors import DomainError, StaleError
from nps.models import CallAttempt, ClaimKey, Pause, Respondent, RespondentPhone, Shift, User
from nps.queries import call_queue, campaigns
from nps.queries.campaigns import CampaignRow, row_of, with_campaign
from nps.queries.numbers import is_live
from nps.queries.together import Together
from nps.services.acting import Act, act
from nps.services.journal import log_access
from nps.services.transaction import AnySession, require_claims, write

#: How long a shown client stays with his operator without a sign of life; any request renews it (architecture,
#: Database).
LEASE = timedelta(seconds=150)
#: Without JavaScript there is no heartbeat. A whole page tells nobody whether its browser runs scripts, so it gets this
#: much; the first request that a script sends says so and cuts it to LEASE (`renew`).
LEASE_WITHOUT_SCRIPT = timedelta(minutes=15)

_FREE: dict[str, None] = {"held_by": None, "held_until": None, "held_token": None}


@dataclass(frozen=True, slots=True)
class Taken:
    """The operator has this client now. `budget`: by which it was decided; None for one he had already."""

    respondent_id: int
    budget: Budget | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody can be called: `why` is no_due | paused | closed | budget | pause (the operator's own) | no_shift.

    The budget it was decided by stands beside it.
    """

    why: str
    budget: Budget | None = None


_at_work = with_campaign(
    select(
        Shift,
        select(Respondent.id).where(Respondent.held_by == Shift.user_id).scalar_subquery().label("held"),
        exists().where(Pause.shift_id == Shift.id, Pause.ended_at.is_(None)).label("is_paused"),
    ).where(Shift.user_id == bindparam("operator"), Shift.ended_at.is_(None)),
    Shift.campaign_id,
)
#: What a claim is decided by beside the queue.
_RULES = Together(campaigns.CALENDARS, campaigns.BUDGET)


def take_next(
    session: AnySession, operator_id: int, campaign_id: int | None, now: datetime, lease: timedelta = LEASE
) -> Taken | Nobody:
    """Give the operator his next client for `lease`; who holds one keeps him. The last result is shown no longer.

    `campaign_id`: of his shift; None for the campaign he is in. The answer to "who next" (R16): class, then the region
    whose window closes first, then due time. Under the budget's rule (R6) from 95 % nobody new, at the limit nobody at
    all.
    """
    with act(session, operator_id, now, claims=True) as a:
        return _give_next(a, operator_id, campaign_id, lease)


def _give_next(a: Act, operator_id: int, campaign_id: int | None, lease: timedelta) -> Taken | Nobody:
    now = a.now
    free_lapsed(a.s, now)
    row = a.s.execute(_at_work, {"operator": operator_id}, execution_options={"populate_existing": True}).one_or_none()
    if row is None or campaign_id not in (None, row.Shift.campaign_id):
        # Ended or begun elsewhere in another tab since the page was drawn.
        return Nobody("no_shift")
    row.Shift.shown_result_id = None
    # Shown or dialled: a call without a result holds its client too.
    if row.held is not None:
        return Taken(row.held)
    campaign = row_of(row)
    found = _RULES.read(a.s, campaign=campaign.id, contract=campaign.contract_id)
    budget = campaigns.budget_of(campaign, found)
    decision = budget.decide()
    # On a break: another tab of his may still show the button.
    why = why_closed(campaign) or ("" if decision.may_dial else "budget") or ("pause" if row.is_paused else "")
    if why:
        return Nobody(why, budget)
    calendars = campaigns.calendars_of(campaign, found)
    claimed = _claim(a.s, operator_id, campaign, calendars, decision.may_start_new, now, now + lease)
    if claimed is None:
        return Nobody("no_due", budget)
    log_access(a.s, at=now, user_id=operator_id, action="card_shown", object_kind="respondent", object_id=claimed)
    return Taken(claimed, budget)


def why_closed(campaign: CampaignRow) -> str:
    """`closed` or `paused`, '' when the campaign is at work."""
    if campaign.closed_at is not None:
        return "closed"
    return "paused" if campaign.paused_at is not None else ""


def _claim(
    session: Session,
    operator_id: int,
    campaign: CampaignRow,
    calendars: Mapping[str, CallingCalendar],
    start_new: bool,
    now: datetime,
    until: datetime,
) -> int | None:
    regions = call_queue.open_regions(calendars, now)
    if not regions:
        return None
    binds = {
        "operator": operator_id,
        "campaign": campaign.id,
        "customer": campaign.customer_id,
        "now": now,
        "until": until,
        "token": secrets.token_hex(16),
        **call_queue.region_binds(calendars, regions, now),
    }
    for avoid_siblings in (True, False):
        statement = call_queue.claim_statement(len(regions), start_new, avoid_siblings, campaign.purpose == "training")
        claimed = session.execute(statement, binds).scalar()
        if claimed is not None:
            take_phones(session, claimed, operator_id)
            return int(claimed)
    return None


def take_phones(session: Session, respondent_id: int, operator_id: int) -> None:
    """Mark the numbers of a held client as in use: his live ones, and that of his open call.

    Raises IntegrityError when one already is: the claim has looked before.
    """
    require_claims(session)
    phones = select(literal("p:") + RespondentPhone.e164, literal(respondent_id), literal(operator_id)).where(
        _in_play(respondent_id)
    )
    session.execute(insert(ClaimKey).from_select(["key", "respondent_id", "operator_id"], phones.distinct()))


def _in_play(client: int | ColumnElement[int], *phone_ids: int) -> ColumnElement[bool]:
    """Numbers that a call of the client can be on: a result may have found dead the one he is spoken to on."""
    called = select(CallAttempt.phone_id).where(CallAttempt.respondent_id == client, CallAttempt.closed_at.is_(None))
    on_line = or_(is_live(), RespondentPhone.id.in_(called), RespondentPhone.id.in_(phone_ids))
    return and_(RespondentPhone.respondent_id == client, on_line)


def _with_phones(client: int | ColumnElement[int], *phone_ids: int) -> Select[str]:
    return (
        select(User.full_name)
        .join(ClaimKey, ClaimKey.operator_id == User.id)
        .join(RespondentPhone, literal("p:") + RespondentPhone.e164 == ClaimKey.key)
        .where(_in_play(client, *phone_ids), ClaimKey.respondent_id != client)
        .limit(1)
    )


#: `phones_with`, for `Together`: bind `client`.
WITH_PHONES = _with_phones(bindparam("client", type_=Respondent.__table__.c.id.type))


def phones_with(session: Session, respondent_id: int, *phone_ids: int) -> str | None:
    """The full name of the operator who has a number of this client in use on another client's row.

    `phone_ids`: numbers that a call is about to be written to, live or not.
    """
    return session.scalar(_with_phones(respondent_id, *phone_ids))


def hold(session: Session, client: Respondent, operator_id: int, until: datetime | None, token: str) -> None:
    """Give this very client to an operator, as a claim does: shown until a time, or (None) on the line."""
    require_claims(session)
    client.held_by, client.held_until, client.held_token = operator_id, until, token
    session.flush()
    take_phones(session, client.id, operator_id)


def hold_until_result(session: Session, respondent_id: int) -> None:
    """The client is dialled: his operator holds him until there is a result, however long that takes."""
    require_claims(session)
    session.execute(update(Respondent).where(Respondent.id == respondent_id).values(held_until=None))


def hold_for_manager(session: Session, respondent_id: int) -> None:
    """Nobody holds the client, whose call waits for the manager's word; his claim keys stay until then."""
    require_claims(session)
    session.execute(update(Respondent).where(Respondent.id == respondent_id).values(**_FREE))


def release(session: Session, respondent_id: int) -> None:
    """Take a client out of an operator's hands, dialled or not; his place in the queue is as before."""
    require_claims(session)
    session.execute(delete(ClaimKey).where(ClaimKey.respondent_id == respondent_id))
    session.execute(update(Respondent).where(Respondent.id == respondent_id).values(**_FREE))


_FREED = (
    update(Respondent)
    .where(Respondent.held_by.is_not(None), Respondent.held_until.is_not(None))
    .values(**_FREE)
    .returning(Respondent.id)
)
_LAPSED = _FREED.where(Respondent.held_until < bindparam("now"))


def release_shown(session: Session, *which: ColumnElement[bool]) -> list[int]:
    """Give back the clients of a condition that are shown and not dialled: those have a lease. Returns their ids."""
    require_claims(session)
    return _with_keys(session, list(session.scalars(_FREED.where(*which))))


def _with_keys(session: Session, freed: list[int]) -> list[int]:
    if freed:
        session.execute(delete(ClaimKey).where(ClaimKey.respondent_id.in_(freed)))
    return freed


def free_lapsed(session: Session, now: datetime) -> None:
    """Give back clients that were shown and never dialled: their lease is over at the moment of writing."""
    require_claims(session)
    _with_keys(session, list(session.scalars(_LAPSED, {"now": now})))


def is_lease_due(held_until: datetime | None, now: datetime, lease: timedelta) -> bool:
    """Whether a lease that ends then is to be renewed: a fifth of it has passed, or more was left.

    More, when the page was asked for before its script could speak. None: nobody is shown, or he is dialled already.
    """
    return held_until is not None and not lease * 4 / 5 < held_until - now <= lease


def renew(session: AnySession, operator_id: int, now: datetime, lease: timedelta = LEASE) -> bool:
    """Make the lease of the client shown to an operator `lease` long; False when it was over, or there is none.

    Called by any request of the desk, GET too (one of the three things a GET may change). A hidden tab asks once a
    minute, or when the browser lets it: each time has to count.
    """
    with write(session) as s:
        changed = s.execute(
            update(Respondent)
            .where(Respondent.held_by == operator_id, Respondent.held_until >= now)
            .values(held_until=now + lease)
            .returning(Respondent.id)
        ).scalar()
    return changed is not None


def return_client(
    session: AnySession,
    operator_id: int,
    respondent_id: int,
    reason: str,
    now: datetime,
    next_lease: timedelta | None = None,
) -> Taken | Nobody | None:
    """Put a shown client back into the queue before dialling, with a reason. A dialled one needs a result instead.

    `next_lease`: the operator gets his next client at once, for so long, in the same act: between the two no other
    press of his finds him without one. Raises StaleError when the operator does not hold this client, DomainError for
    an unknown reason.
    """
    if reason not in RETURN_REASONS:
        raise DomainError("no_reason", "Выберите, почему возвращаете клиента в очередь.")
    with act(session, operator_id, now, claims=True) as a:
        row = a.s.execute(
            select(Respondent.campaign_id).where(Respondent.id == respondent_id, Respondent.held_by == operator_id)
        ).one_or_none()
        if row is None:
            raise StaleError("not_held", "Этот клиент уже не у вас: время ожидания вышло, или его взял руководитель.")
        if open_attempt_of(a.s, respondent_id) is not None:
            raise StaleError("dialled", "Звонок уже начат: выберите его итог.")
        release_shown(a.s, Respondent.id == respondent_id)
        a.record("client_returned", "respondent", respondent_id, campaign_id=row.campaign_id, after={"reason": reason})
        return _give_next(a, operator_id, row.campaign_id, next_lease) if next_lease else None


def open_attempt_of(session: Session, respondent_id: int) -> CallAttempt | None:
    """The call of this client that has no result yet."""
    return session.scalars(
        select(CallAttempt).where(CallAttempt.respondent_id == respondent_id, CallAttempt.closed_at.is_(None))
    ).one_or_none()

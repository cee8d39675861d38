"""Loading the demonstration in three steps, each of which finds out what is left to do.

Rows first, in one transaction; then the base, through the services that load every base; the passwords last. Cut short
anywhere, the next run goes on; of two at once exactly one makes each thing and gets the passwords to show.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from nps import demo
from nps.domain.errors import DomainError
from nps.domain.local_time import to_local
from nps.domain.roles import BOUND_TO_CUSTOMER, ROLES
from nps.domain.search import fold
from nps.models import (
    Branch,
    BranchContact,
    Campaign,
    CampaignMember,
    Contract,
    Customer,
    Region,
    SampleImport,
    User,
)
from nps.queries import sample as sample_queries
from nps.services import sample, scripts
from nps.services.accounts import hashing
from nps.services.acting import Act, act
from nps.services.demo.marks import LOADED, has_clients, own_accounts, own_campaign
from nps.services.transaction import AnySession, write

#: An account with this for a hash can't log in: its password is issued when all the rest is there.
NO_PASSWORD = ""
#: Roles of the house: one that has such people needs no made-up ones.
_OF_THE_HOUSE = ("admin", "manager")
_LASTS = timedelta(days=365)
#: A worker may have taken the load first; then its work is waited for.
_PATIENCE_S, _LOOK_EVERY_S = 60.0, 0.1
_MOST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Issued:
    """An account with its password, which is kept nowhere else. `role` is the interface's word."""

    role: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` has done: `clients` and `accounts` are those added now."""

    campaign_id: int
    clients: int
    accounts: tuple[Issued, ...]


def load(session: AnySession, now: datetime, *, trial: bool = True) -> Loaded:
    """Make the demonstration, or what is missing of it; nothing when it stands.

    Logins that are taken stay as they are; administrators and managers are made only where there are none. In a `trial`
    an account keeps the password it is shown with: it is random, shown once and on this machine only, and to change it
    before the first look would cost six people a step. Anywhere else it has to be changed first (ASVS 6.4.1): a service
    manager keeps what was printed.
    """
    real = session if isinstance(session, Session) else session()
    campaign_id = _lay_out(real, now)
    return Loaded(campaign_id, _load_base(real, campaign_id, now), _issue_passwords(real, campaign_id, not trial))


def _lay_out(session: Session, now: datetime) -> int:
    """Every row but the clients, in one transaction; returns the campaign's id."""
    with act(session, None, now, claims=True) as a:
        campaign = own_campaign(a.s)
        if campaign is not None and (campaign.closed_at is None or has_clients(a.s, campaign.id)):
            return campaign.id
        customer_id = _customer(a)
        campaign = _campaign(a, campaign, customer_id)
        accounts = _accounts(a, campaign.id, customer_id)
        a.s.add_all(
            CampaignMember(campaign_id=campaign.id, user_id=user.id, priority=1, admitted_at=now)
            for user in accounts
            if user.role == "operator"
        )
        _branches(a.s, customer_id)
        after = {"accounts": [user.id for user in accounts]}
        a.record(LOADED, "campaign", campaign.id, campaign_id=campaign.id, after=after)
        return campaign.id


def _customer(a: Act) -> int:
    found = a.s.scalar(select(Customer.id).where(Customer.name == demo.CUSTOMER).limit(1))
    if found is not None:
        return found
    customer = Customer(name=demo.CUSTOMER)
    a.s.add(customer)
    a.s.flush()
    a.record("customer_added", "customer", customer.id)
    return customer.id


def _contract(a: Act, customer_id: int) -> int:
    of_customer = Contract.customer_id == customer_id, Contract.number == demo.CONTRACT
    found = a.s.scalar(select(Contract.id).where(*of_customer))
    if found is not None:
        return found
    terms = {"budget_s": demo.MINUTES * 60, "billing": "minute", "gate": "billed"}
    contract = Contract(customer_id=customer_id, number=demo.CONTRACT, **terms)
    a.s.add(contract)
    a.s.flush()
    a.record("contract_added", "contract", contract.id, after=terms)
    return contract.id


def _campaign(a: Act, removed: Campaign | None, customer_id: int) -> Campaign:
    """A campaign of a year from today; the row of a removed demonstration serves again."""
    # Today in the westernmost region: in the others it is today or tomorrow, and the campaign has begun in all.
    today = min(to_local(a.now, zone).date() for zone in a.s.scalars(select(Region.zone)))
    values: dict[str, Any] = {
        "contract_id": _contract(a, customer_id),
        "title": demo.TITLE,
        "purpose": "demo",
        "starts_on": today,
        "ends_on": today + _LASTS,
        "closed_at": None,
        "paused_at": None,
        "always_open": True,
        "script_version_id": scripts.latest_version(a.s, customer_id, now=a.now),
        "dial_link": demo.DIAL_LINK,
        "legal_basis": "Все данные выдуманы, персональных данных нет",
    }
    campaign = removed or Campaign(created_at=a.now)
    for name, value in values.items():
        setattr(campaign, name, value)
    a.s.add(campaign)
    a.s.flush()
    return campaign


def _accounts(a: Act, campaign_id: int, customer_id: int) -> list[User]:
    """The accounts of the demonstration: those made before, opened again, and those that are missing."""
    earlier = own_accounts(a.s, campaign_id)
    found: list[User] = []
    for account in demo.ACCOUNTS:
        user = a.s.scalars(select(User).where(User.login_fold == fold(account.login))).one_or_none()
        if user is not None and user.id in earlier:
            if not user.active:
                user.active, user.password_hash = True, NO_PASSWORD
                a.record("user_enabled", "user", user.id)
            found.append(user)
        elif user is None and not (account.role in _OF_THE_HOUSE and _is_there(a.s, account.role)):
            found.append(_add_account(a, account, customer_id))
    return found


def _is_there(s: Session, role: str) -> bool:
    return s.scalar(select(User.id).where(User.role == role, User.active).limit(1)) is not None


def _add_account(a: Act, account: demo.Account, customer_id: int) -> User:
    """An account without a password yet."""
    bound_to = customer_id if account.role in BOUND_TO_CUSTOMER else None
    user = User(
        login=account.login,
        login_fold=fold(account.login),
        password_hash=NO_PASSWORD,
        must_change_password=False,
        role=account.role,
        customer_id=bound_to,
        full_name=account.full_name,
        spoken_name=account.spoken_name,
        gender=account.gender,
        created_at=a.now,
    )
    a.s.add(user)
    a.s.flush()
    a.record("user_created", "user", user.id, after={"role": account.role, "customer_id": bound_to})
    return user


def _branches(s: Session, customer_id: int) -> None:
    ids = {name: branch_id for branch_id, name in s.execute(_of(customer_id))}
    missing = [row for row in demo.BRANCHES if row[0] not in ids]
    s.add_all(
        Branch(customer_id=customer_id, name=name, region_code=region, area_code=area) for name, region, area in missing
    )
    s.flush()
    ids = {name: branch_id for branch_id, name in s.execute(_of(customer_id))}
    if s.scalar(select(BranchContact.id).where(BranchContact.customer_id == customer_id).limit(1)) is None:
        s.add_all(
            BranchContact(
                customer_id=customer_id, branch_id=ids.get(branch), department=department, person=person, phone=phone
            )
            for branch, department, person, phone in demo.CONTACTS
        )


def _of(customer_id: int) -> Select[int, str]:
    return select(Branch.id, Branch.name).where(Branch.customer_id == customer_id)


def _load_base(session: Session, campaign_id: int, now: datetime) -> int:
    """Load the workbook of the demonstration as a person would; how many clients came of it."""
    with write(session) as s:
        campaign = s.get_one(Campaign, campaign_id)
        if campaign.closed_at is not None or has_clients(s, campaign_id):
            return 0
        user_id = _loader(s, campaign)
    with demo.WORKBOOK.open("rb") as source:
        load_id = sample.upload(
            session, campaign_id=campaign_id, user_id=user_id, file_name=demo.WORKBOOK.name, source=source, now=now
        )
    which = {"campaign_id": campaign_id, "import_id": load_id}
    columns = _advance(session, load_id, now, "understood").understood.header.columns
    sample.confirm(session, campaign_id=campaign_id, import_id=load_id, columns=columns, decisions={})
    _advance(session, load_id, now, "checked")
    for _ in range(_MOST_ROUNDS):
        counts = sample_queries.counts(session, load_id)
        new = sample_queries.taken(counts)
        if not new:
            break
        sample.publish(session, **which)
        # Another load of the same clients came between: this one is checked again.
        if _advance(session, load_id, now, "published", "checked").state == "published":
            return new
    sample.cancel(session, user_id=user_id, now=now, **which)
    return 0


def _loader(s: Session, campaign: Campaign) -> int:
    """In whose name: the specialist prepares the base (§3); without one of the demonstration, whoever is first."""
    customer_id = s.scalar(select(Contract.customer_id).where(Contract.id == campaign.contract_id))
    specialist = s.scalar(select(User.id).where(User.role == "specialist", User.customer_id == customer_id).limit(1))
    return specialist or s.execute(select(func.min(User.id))).scalar_one()


def _advance(session: Session, load_id: int, now: datetime, *wanted: str) -> SampleImport:
    """Bring the load to where a person has to decide, by our own hands or by those of a worker that was quicker."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        sample.work(session, load_id, lambda: now)
        session.rollback()
        found = session.scalars(select(SampleImport).where(SampleImport.id == load_id)).one()
        if found.state in wanted:
            return found
        if found.state not in sample_queries.WORKING:
            raise DomainError("demo_base", found.problem or "Загрузку базы демонстрации отменили. Повторите команду.")
        if time.monotonic() > give_up_at:
            raise DomainError("demo_base", "База демонстрации не загрузилась за минуту. Повторите команду позже.")
        time.sleep(_LOOK_EVERY_S)


def _issue_passwords(session: Session, campaign_id: int, must_change: bool) -> tuple[Issued, ...]:
    """Give a password to each account that has none; empty when somebody else was first."""
    waiting = session.execute(
        select(User.id, User.role, User.login)
        .where(User.id.in_(own_accounts(session, campaign_id)), User.password_hash == NO_PASSWORD)
        .order_by(User.id)
    ).all()
    session.rollback()
    passwords = {row.id: hashing.one_time_password() for row in waiting}
    hashes = {user_id: hashing.hash_password(password) for user_id, password in passwords.items()}
    with write(session) as s:
        issued = {
            user_id
            for user_id, hashed in hashes.items()
            if s.scalar(
                update(User)
                .where(User.id == user_id, User.password_hash == NO_PASSWORD)
                .values(password_hash=hashed, must_change_password=must_change)
                .returning(User.id)
            )
        }
    return tuple(Issued(ROLES[row.role], row.login, passwords[row.id]) for row in waiting if row.id in issued)

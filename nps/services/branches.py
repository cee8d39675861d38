"""Branches of a customer with their regions, and the contacts operators transfer to (R7, R19)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.search import fold
from nps.models import Branch, BranchContact, Campaign, Contract, Region, Respondent
from nps.services.acting import act
from nps.services.cases import decide_rest, refold_changed
from nps.services.transaction import AnySession


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or line to connect a client with: of a branch, or of a department without one (R19)."""

    branch_id: int | None
    department: str
    person: str
    phone: str
    note: str = ""

    def check(self) -> None:
        """Raise DomainError whose code is the name of the field that can't be so."""
        if self.branch_id is None and not self.department:
            raise DomainError("department", "Выберите ОП или напишите отдел.")
        if not self.phone:
            raise DomainError("phone", "Укажите телефон, можно с добавочным.")


def add_branch(
    session: AnySession,
    actor_id: int,
    customer_id: int,
    *,
    name: str,
    region_code: str | None,
    area_code: str,
    now: datetime,
) -> int:
    """Add a branch by hand; returns its id. Raises DomainError for a name that is empty or taken."""
    name = " ".join(name.split())
    if not name:
        raise DomainError("name", "Укажите название ОП.")
    _check_area(area_code)
    with act(session, actor_id, now) as a:
        taken = a.s.scalars(select(Branch.name).where(Branch.customer_id == customer_id))
        if any(fold(other) == fold(name) for other in taken):
            raise DomainError("name", f"ОП «{name}» уже есть в списке.")
        _check_region(a.s, region_code)
        row = Branch(customer_id=customer_id, name=name[:200], region_code=region_code, area_code=area_code)
        a.s.add(row)
        a.s.flush()
        a.record("branch_added", "branch", row.id, after={"region": region_code})
        return row.id


def set_region(
    session: AnySession,
    actor_id: int,
    customer_id: int,
    branch_id: int,
    *,
    region_code: str | None,
    area_code: str,
    now: datetime,
) -> int:
    """Say which region a branch lies in; its clients in open campaigns get it and their next call is decided anew (R7).

    Returns how many clients changed. Closed campaigns and calls made keep the region they were made in.
    """
    _check_area(area_code)
    with act(session, actor_id, now, claims=True) as a:
        branch = a.s.get(Branch, branch_id)
        if branch is None or branch.customer_id != customer_id:
            raise NotFoundError("Такого ОП нет.")
        _check_region(a.s, region_code)
        before = {"region": branch.region_code, "area_code": branch.area_code}
        branch.region_code, branch.area_code = region_code, area_code
        by_campaign = _move_clients(a.s, customer_id, branch_id, region_code)
        moved = sum(by_campaign.values())
        after = {"region": region_code, "area_code": area_code, "clients": moved}
        a.record("branch_changed", "branch", branch_id, before=before, after=after)
    for campaign_id in by_campaign:
        decide_rest(session, campaign_id)
    return moved


def _move_clients(s: Session, customer_id: int, branch_id: int, region_code: str | None) -> dict[int, int]:
    """How many changed in each open campaign."""
    moved = {}
    for campaign_id in s.scalars(
        select(Campaign.id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(Contract.customer_id == customer_id, Campaign.closed_at.is_(None))
    ).all():
        changed = s.scalars(
            update(Respondent)
            .where(
                Respondent.campaign_id == campaign_id,
                Respondent.branch_id == branch_id,
                Respondent.region_code.is_distinct_from(region_code),
            )
            .values(region_code=region_code)
            .returning(Respondent.id)
        ).all()
        refold_changed(s, campaign_id, sorted(changed))
        moved[campaign_id] = len(changed)
    return moved


def _check_region(s: Session, region_code: str | None) -> None:
    if region_code is not None and s.get(Region, region_code) is None:
        raise DomainError("region", "Выберите регион из списка.")


def _check_area(area_code: str) -> None:
    if area_code and not (area_code.isascii() and area_code.isdigit() and 3 <= len(area_code) <= 5):
        raise DomainError("area_code", "Код города — от 3 до 5 цифр, например 3412.")


def add_contact(session: AnySession, actor_id: int, customer_id: int, contact: Contact, now: datetime) -> int:
    """Add a contact; returns its id. Raises DomainError whose code is the field's name."""
    contact.check()
    with act(session, actor_id, now) as a:
        _check_branch(a.s, customer_id, contact.branch_id)
        row = BranchContact(customer_id=customer_id, **asdict(contact))
        a.s.add(row)
        a.s.flush()
        a.record("contact_added", "branch_contact", row.id)
        return row.id


def change_contact(
    session: AnySession, actor_id: int, customer_id: int, contact_id: int, contact: Contact, now: datetime
) -> None:
    """Change a contact. Raises DomainError whose code is the field's name, NotFoundError for a foreign one."""
    contact.check()
    with act(session, actor_id, now) as a:
        _check_branch(a.s, customer_id, contact.branch_id)
        row = _contact(a.s, customer_id, contact_id)
        for name, value in asdict(contact).items():
            setattr(row, name, value)
        a.record("contact_edited", "branch_contact", contact_id)


def remove_contact(session: AnySession, actor_id: int, customer_id: int, contact_id: int, now: datetime) -> None:
    """Take a contact off the list."""
    with act(session, actor_id, now) as a:
        a.s.delete(_contact(a.s, customer_id, contact_id))
        a.record("contact_removed", "branch_contact", contact_id)


def _contact(s: Session, customer_id: int, contact_id: int) -> BranchContact:
    row = s.get(BranchContact, contact_id, with_for_update=True)
    if row is None or row.customer_id != customer_id:
        raise NotFoundError("Такого контакта нет.")
    return row


def _check_branch(s: Session, customer_id: int, branch_id: int | None) -> None:
    if branch_id is None:
        return
    branch = s.get(Branch, branch_id)
    if branch is None or branch.customer_id != customer_id:
        raise DomainError("branch", "Выберите ОП из списка.")

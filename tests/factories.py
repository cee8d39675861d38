"""Rows to test with. Each function adds what is missing around its row, commits, and returns the row."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.case import QueueClass
from nps.domain.search import fold
from nps.models import (
    AttemptOutcome,
    Branch,
    CallAttempt,
    CallingWindow,
    Campaign,
    CampaignMember,
    Contract,
    Customer,
    Respondent,
    RespondentPhone,
    ScriptVersion,
    Shift,
    User,
)
from nps.services import scripts

PASSWORD = "Верный-пароль-2026"
#: Tuesday 17 November 2026, 14:15 in Moscow's zone, 15:15 in Samara's, 16:15 in Yekaterinburg's: all windows are open.
NOW = datetime(2026, 11, 17, 11, 15, tzinfo=UTC)
_n = itertools.count(1)


def fresh(session: Session) -> None:
    """End the session's read transaction: requests have written since it began.

    And SQLite will not let an old one write.
    """
    session.rollback()


@cache
def _password_hash() -> str:
    from nps.services.accounts.hashing import hash_password

    return hash_password(PASSWORD)


def customer(session: Session, name: str = "Уралэнерго") -> Customer:
    fresh(session)
    row = Customer(name=name)
    session.add(row)
    session.commit()
    return row


def contract(session: Session, **fields: Any) -> Contract:
    fresh(session)
    if "customer_id" not in fields:
        fields["customer_id"] = customer(session).id
    row = Contract(**{"number": "1/2026", "budget_s": 1260 * 60, "billing": "minute", "gate": "billed"} | fields)
    session.add(row)
    session.commit()
    return row


def user(session: Session, role: str = "operator", **fields: Any) -> User:
    fresh(session)
    n = next(_n)
    if role in ("customer", "specialist") and "customer_id" not in fields:
        fields["customer_id"] = customer(session).id
    login = fields.pop("login", f"{role}{n}")
    defaults = {
        "password_hash": _password_hash(),
        "full_name": f"Ольга Маркова {n}",
        "spoken_name": "Ольга",
        "created_at": NOW,
    }
    row = User(login=login, login_fold=login.casefold(), role=role, **(defaults | fields))
    session.add(row)
    session.commit()
    return row


def script_version(session: Session, customer_id: int) -> ScriptVersion:
    """The customer's script: version 1 of the approved wording unless he has another."""
    fresh(session)
    version_id = scripts.latest_version(session, customer_id, now=NOW)
    session.commit()
    return session.get_one(ScriptVersion, version_id)


def campaign(session: Session, *, windows: bool = True, **fields: Any) -> Campaign:
    """A survey of November 2026 (3-26), calling Tuesday to Thursday 10-12 and 14-18 in all five regions."""
    fresh(session)
    if "contract_id" not in fields:
        fields["contract_id"] = contract(session).id
    if "script_version_id" not in fields:
        owner = session.get_one(Contract, fields["contract_id"]).customer_id
        fields["script_version_id"] = script_version(session, owner).id
    defaults = {
        "title": "Уралэнерго, ноябрь 2026",
        "purpose": "survey",
        "starts_on": date(2026, 11, 3),
        "ends_on": date(2026, 11, 26),
        "escalation_email": "k.service@u-energo.ru",
        "created_at": NOW,
    }
    row = Campaign(**(defaults | fields))
    session.add(row)
    session.flush()
    if windows:
        for region in ("udmurtia", "tatarstan", "bashkiria", "chuvashia", "perm"):
            for weekday in (1, 2, 3):
                for opens, closes in ((time(10), time(12)), (time(14), time(18))):
                    session.add(
                        CallingWindow(
                            campaign_id=row.id, region_code=region, weekday=weekday, opens=opens, closes=closes
                        )
                    )
    session.commit()
    return row


def member(session: Session, campaign: Campaign, operator: User | None = None, **fields: Any) -> User:
    """An operator assigned to the campaign and admitted to it."""
    fresh(session)
    operator = operator or user(session, "operator")
    session.add(
        CampaignMember(campaign_id=campaign.id, user_id=operator.id, **({"priority": 1, "admitted_at": NOW} | fields))
    )
    session.commit()
    return operator


def on_shift(session: Session, campaign: Campaign, operator: User | None = None) -> User:
    """An operator at work in the campaign, a member of it when none is given."""
    operator = operator or member(session, campaign)
    session.add(Shift(user_id=operator.id, campaign_id=campaign.id, spoken_name="Ольга", started_at=NOW))
    session.commit()
    return operator


def branch(session: Session, customer_id: int, name: str = "Ижевск", region_code: str | None = "udmurtia") -> Branch:
    fresh(session)
    row = session.scalars(select(Branch).where(Branch.customer_id == customer_id, Branch.name == name)).one_or_none()
    if row is None:
        row = Branch(customer_id=customer_id, name=name, region_code=region_code)
        session.add(row)
        session.commit()
    return row


def respondent(
    session: Session,
    campaign: Campaign,
    *,
    phones: tuple[str, ...] | None = None,
    region: str | None = "udmurtia",
    **fields: Any,
) -> Respondent:
    """A new client, due since he was loaded."""
    fresh(session)
    n = next(_n)
    phones = phones or (f"+7917{n:07d}",)
    if "branch_id" not in fields:
        owner = session.get_one(Contract, campaign.contract_id).customer_id
        fields["branch_id"] = branch(session, owner, f"ОП {region}", region).id
    defaults = {
        "inn": f"{1800000000 + n}",
        "organisation": f"ООО «Клиент-{n}»",
        "contact": "Кузнецова Светлана Ильинична",
        "greeting_name": "Светлана Ильинична",
        "state": "waiting",
        "queue_class": int(QueueClass.NEW),
        "loaded_at": NOW - timedelta(days=5),
        "next_call_at": NOW - timedelta(days=5),
        "next_reason": {"code": "new"},
    }
    values = defaults | fields
    values.setdefault(
        "search_fold", fold(" ".join([values["organisation"], values["contact"], values["inn"] or "", *phones]))
    )
    values.setdefault("identity", f"{values['inn']}|{phones[0]}|{fold(values['contact'])}|{n}")
    row = Respondent(campaign_id=campaign.id, region_code=region, **values)
    session.add(row)
    session.flush()
    for position, phone in enumerate(phones):
        session.add(RespondentPhone(respondent_id=row.id, position=position, e164=phone, is_next=position == 0))
    session.commit()
    return row


def attempt(
    session: Session, client: Respondent, operator: User, disposition: str | None, *, at: datetime = NOW, **fields: Any
) -> CallAttempt:
    """A call as it stands in the database, settled with `disposition` unless that is None.

    The client's state is not touched.
    """
    fresh(session)
    phone = session.scalars(
        select(RespondentPhone).where(RespondentPhone.respondent_id == client.id).order_by(RespondentPhone.position)
    ).first()
    assert phone is not None
    campaign = session.get_one(Campaign, client.campaign_id)
    ended = at + timedelta(seconds=60)
    defaults: dict[str, Any] = {
        "source": "operator",
        "purpose": campaign.purpose,
        "script_version_id": campaign.script_version_id,
        "phone_id": phone.id,
        "e164": phone.e164,
        "dialled_at": at,
        "last_activity_at": ended,
        "ended_at": ended if disposition else None,
        "closed_at": ended if disposition else None,
        "local_day": at.date(),
        "local_minute": at.hour * 60 + at.minute,
        "operator_day": at.date(),
        "region_code": client.region_code,
        "branch_id": client.branch_id,
    }
    row = CallAttempt(
        id=uuid4(),
        respondent_id=client.id,
        campaign_id=client.campaign_id,
        operator_id=operator.id,
        disposition=disposition,
        **(defaults | fields),
    )
    session.add(row)
    session.flush()
    if disposition:
        session.add(
            AttemptOutcome(attempt_id=row.id, n=1, disposition=disposition, source="operator", by=operator.id, at=ended)
        )
    session.commit()
    return row


def session_customer(session: Session, campaign_id: int) -> int:
    """The customer of a campaign."""
    return session.get_one(Contract, session.get_one(Campaign, campaign_id).contract_id).customer_id

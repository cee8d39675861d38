"""Databases to measure on: a campaign open around the clock with any number of clients, on both engines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import Contract, Respondent, RespondentPhone
from tests import factories
from tests.conftest import make_app

REGIONS = ("udmurtia", "tatarstan", "bashkiria", "chuvashia", "perm")
_CHUNK = 10_000


@dataclass(frozen=True)
class Base:
    """A filled database behind an application."""

    app: Flask
    engine: str
    clients: int
    campaign_id: int
    customer_id: int
    operator_id: int
    login: str


@contextlib.contextmanager
def filled(folder: Path, url: str, engine: str, clients: int) -> Iterator[Base]:
    """A migrated database with one campaign of `clients` clients, due since yesterday; three in five new.

    Two in five repeats.
    """
    folder.mkdir(parents=True, exist_ok=True)
    app = make_app(folder, url)
    with app.app_context():
        upgrade()
        session = db.session()
        today = datetime.now(UTC).date()
        campaign = factories.campaign(
            session,
            purpose="demo",
            always_open=True,
            windows=False,
            starts_on=today - timedelta(days=30),
            ends_on=today + timedelta(days=30),
        )
        customer_id = session.get_one(Contract, campaign.contract_id).customer_id
        operator = factories.on_shift(session, campaign)
        base = Base(app, engine, clients, campaign.id, customer_id, operator.id, operator.login)
        add_clients(session, campaign.id, customer_id, clients)
        session.execute(text("ANALYZE"))
        session.commit()
        yield base
        db.session.remove()
        for bound in db.engines.values():
            bound.dispose()


def add_clients(session: Session, campaign_id: int, customer_id: int, clients: int) -> None:
    """Give a campaign so many clients with a number each, and its customer a branch in each region."""
    branches = {region: factories.branch(session, customer_id, region, region).id for region in REGIONS}
    yesterday = datetime.now(UTC) - timedelta(days=1)
    there = session.scalar(select(func.max(Respondent.id))) or 0
    for chunk in _batches(there + 1, clients):
        respondents, phones = [], []
        for n in chunk:
            region = REGIONS[n % len(REGIONS)]
            due = yesterday + timedelta(seconds=n % 60_000)
            respondents.append(
                {
                    "id": n,
                    "campaign_id": campaign_id,
                    "branch_id": branches[region],
                    "region_code": region,
                    "inn": f"18{n:08d}",
                    "organisation": f"ООО «Клиент-{n}»",
                    "contact": "Кузнецова Светлана Ильинична",
                    "greeting_name": "Светлана Ильинична",
                    "search_fold": f"клиент-{n}",
                    "identity": f"{n}",
                    "loaded_at": yesterday,
                    "state": "waiting",
                    "queue_class": 3 if n % 5 < 3 else 2,
                    "next_call_at": due,
                    "next_reason": {"code": "new"},
                }
            )
            phones.append({"respondent_id": n, "position": 0, "e164": f"+79{n:09d}", "state": "live", "is_next": True})
        session.execute(insert(Respondent), respondents)
        session.execute(insert(RespondentPhone), phones)
    session.commit()


def _batches(start: int, clients: int) -> Iterator[range]:
    for first in range(start, start + clients, _CHUNK):
        yield range(first, min(first + _CHUNK, start + clients))

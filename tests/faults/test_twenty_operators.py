"""Twenty operators at once over real HTTP, down to the last client."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from nps.models import CallAttempt, Campaign, ClaimKey, Respondent, Shift
from tests import factories, live

OPERATORS, CLIENTS = 20, 130


def demonstration(session: Session) -> tuple[Campaign, list[str]]:
    """A campaign that is open around the clock, with clients of whom some share a phone, and twenty operators."""
    today = datetime.now(UTC).date()
    campaign = factories.campaign(
        session,
        purpose="demo",
        always_open=True,
        windows=False,
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=30),
    )
    contract = session.get_one(factories.Contract, campaign.contract_id)
    contract.budget_s = 10**7
    session.commit()
    loaded = datetime.now(UTC) - timedelta(days=1)
    for n in range(CLIENTS):
        factories.respondent(
            session,
            campaign,
            phones=(f"+7900000{n:04d}",),
            region=("udmurtia", "perm", "tatarstan")[n % 3],
            loaded_at=loaded,
            next_call_at=loaded,
        )
    return campaign, [factories.member(session, campaign).login for _ in range(OPERATORS)]


class Work:
    """What all operators saw together."""

    def __init__(self, database_url: str) -> None:
        self.engine = create_engine(database_url)
        self.problems: list[str] = []
        self.surveyed: Counter[str] = Counter()

    def operator(self, address: str, login: str, campaign_id: int) -> None:
        person = live.Person(address)
        person.log_in(login, factories.PASSWORD)
        person.get("/desk")
        person.post("/desk/shift", campaign_id=str(campaign_id), spoken_name="Ольга")
        for _ in range(CLIENTS * 6):
            if person.state == "idle":
                self._check_nobody_is_left(login)
                return
            self._press(person)
            if person.page.status != 200:
                self.problems.append(f"{login}: {person.page.status} {person.page.text[:200]}")
                return

    def _press(self, person: live.Person) -> None:
        call = f"/desk/calls/{person.hidden('expect_attempt')}"
        match person.state:
            case "ready":
                person.post("/desk/dial")
            case "ringing":
                person.post(f"{call}/answered")
            case "talk":
                self.surveyed[person.hidden("expect_client")] += 1
                person.post(f"{call}/outcome", code="refused")
            case "done":
                person.post("/desk/next")
            case other:
                self.problems.append(other)
                person.get("/desk")

    def _check_nobody_is_left(self, login: str) -> None:
        with Session(self.engine) as session:
            free = session.scalar(
                select(func.count()).where(Respondent.state == "waiting", Respondent.held_by.is_(None))
            )
        if free:
            self.problems.append(f"{login} was told there is nobody while {free} were free")


def test_twenty_operators_drain_a_campaign(database_url: str, session: Session, tmp_path: Path) -> None:
    campaign, logins = demonstration(session)
    campaign_id = campaign.id
    session.rollback()
    data = tmp_path / "web"
    work = Work(database_url)
    with live.web_server(data, database_url) as address:
        threads = [threading.Thread(target=work.operator, args=(address, login, campaign_id)) for login in logins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    work.engine.dispose()
    assert work.problems == []
    session.rollback()
    per_client = session.execute(
        select(CallAttempt.respondent_id, func.count()).group_by(CallAttempt.respondent_id)
    ).all()
    assert Counter(n for _, n in per_client) == {1: CLIENTS}
    assert session.scalars(select(Respondent.state).distinct()).all() == ["refused"]
    assert session.scalars(select(ClaimKey)).all() == []
    assert session.scalar(select(func.count()).select_from(Shift)) == OPERATORS
    assert " 500 " not in (data / "web.log").read_text()

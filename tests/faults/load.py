"""Operators who press without a pause, and know what the server has acknowledged.

As a browser does it, a press whose answer was lost is sent again, the same form with the same key, until one comes.
"""

from __future__ import annotations

import http.client
import itertools
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.models import Answer, CallAttempt, Campaign, FormKey, Interview, StopList
from tests import factories, live
from tests.jobs.test_letters import FIELDS

CLIENTS = 200
#: Answers of a server that could not write: the press is sent again.
PASSING = (502, 503, 504)


class Stubborn(live.Person):
    """Sends again what got no answer. `lost` counts how often that was."""

    lost = 0

    def _request(self, path: str, body: bytes | None) -> live.Answer:
        while True:
            try:
                answer = super()._request(path, body)
                if answer.status not in PASSING:
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            self.lost += 1


def open_campaign(session: Session, operators: int, clients: int = CLIENTS) -> tuple[int, list[str]]:
    """A campaign that is open around the clock, for the machine's real time, with its operators; ids and logins."""
    now = datetime.now(UTC)
    campaign: Campaign = factories.campaign(
        session,
        purpose="demo",
        always_open=True,
        windows=False,
        starts_on=(now - timedelta(days=30)).date(),
        ends_on=(now + timedelta(days=30)).date(),
    )
    session.get_one(factories.Contract, campaign.contract_id).budget_s = 10**7
    session.commit()
    before = now - timedelta(days=1)
    for n in range(clients):
        phones = (f"+7900000{n:04d}",)
        factories.respondent(session, campaign, phones=phones, loaded_at=before, next_call_at=before)
    found = campaign.id, [factories.member(session, campaign).login for _ in range(operators)]
    session.rollback()
    return found


class Manager:
    """A manager who changes what every claim and dial looks at. `stopped`: the numbers he was told are on the list."""

    def __init__(self, address: str, campaign_id: int, login: str) -> None:
        self._address, self._campaign_id, self._login = address, campaign_id, login
        self.stopped: list[str] = []
        self.problems: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The block runs while he presses."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _work(self) -> None:
        settings, person = f"/campaigns/{self._campaign_id}/settings", Stubborn(self._address)
        person.log_in(self._login, factories.PASSWORD)
        days = (datetime.now(UTC).date() + timedelta(days=n) for n in itertools.cycle(range(2, 20)))
        for n, day in zip(itertools.count(), days, strict=False):
            if self._over.is_set():
                return
            phone = f"+7901{n:07d}"
            person.get(f"{settings}/stop-list")
            person.post(f"{settings}/stop-list", phone=phone, reason="просьба")
            self._note(person)
            self.stopped.append(phone)
            # All clients to call are decided anew, under the lock that every dial needs.
            person.post(f"{settings}/days", day=f"{day:%d.%m.%Y}", is_open="0", region="", note="")
            self._note(person)

    def _note(self, person: Stubborn) -> None:
        if person.page.status != 200:
            self.problems.append(f"{person.page.status} {person.page.url}: {person.page.text[-2500:]}")
            self._over.set()

    def nothing_is_lost_or_doubled(self, session: Session) -> None:
        """Every number he was told of is on the list, once."""
        assert self.problems == []
        session.rollback()
        listed = sorted(session.scalars(select(StopList.e164)))
        assert self.stopped and listed == sorted(self.stopped)


class Floor:
    """The operators of a call centre at work, each in a thread; `addresses` are dealt out among them.

    With `escalating` some clients have a question, which goes to the specialist by mail.
    """

    def __init__(self, addresses: Sequence[str], campaign_id: int, logins: list[str], escalating: bool = False) -> None:
        self.ratings: dict[str, int] = {}
        self.finished: set[str] = set()
        self.questions: set[str] = set()
        self._escalating = escalating
        self.problems: list[str] = []
        self.lost = 0
        self._acknowledged = 0
        self._news = threading.Condition()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(addresses[seed % len(addresses)], campaign_id, login, seed))
            for seed, login in enumerate(logins)
        ]

    @contextmanager
    def working(self) -> Iterator[None]:
        """The block runs while they press; they end their presses after it."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()

    def drain(self) -> None:
        """Work until nobody is left to call."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()

    def await_presses(self, more: int) -> None:
        """Return when so many more presses have been acknowledged, or somebody has met a problem."""
        with self._news:
            wanted = self._acknowledged + more
            assert self._news.wait_for(lambda: self._acknowledged >= wanted or self.problems, timeout=120)

    def _work(self, address: str, campaign_id: int, login: str, seed: int) -> None:
        person, chance = Stubborn(address), random.Random(seed)
        try:
            person.log_in(login, factories.PASSWORD)
            person.get("/desk")
            person.post("/desk/shift", campaign_id=str(campaign_id), spoken_name="Ольга")
            while person.state != "idle" and not self._over.is_set() and not self.problems:
                self._press(person, chance)
        except Exception as error:
            self.problems.append(f"{login}: {error!r}")
        with self._news:
            self.lost += person.lost
            self._news.notify_all()

    def _press(self, person: Stubborn, chance: random.Random) -> None:
        attempt, step = person.hidden("expect_attempt"), person.hidden("expect_step")
        call, rating = f"/desk/calls/{attempt}", chance.randint(9, 10)
        match person.state, step:
            case "ready", _:
                person.post("/desk/dial")
            case "ringing", _:
                person.post(f"{call}/answered")
            case "talk", "rating" if self._escalating and attempt not in self.questions and chance.random() < 0.4:
                person.post(f"{call}/escalate", **FIELDS)
                self.questions.add(attempt)
            case "talk", "rating":
                person.post(f"{call}/answer", answer=str(rating))
                self.ratings[attempt] = rating
            case "talk", "greeting":
                person.post(f"{call}/answer", answer="yes")
            case "talk", _:
                person.post(f"{call}/answer", answer="end")
                self.finished.add(attempt)
            case "done", _:
                person.post("/desk/next")
            case state, _:
                self.problems.append(f"{state} {step}: {person.page.text[:500]}")
        if person.page.status != 200:
            self.problems.append(f"{person.page.status} {person.page.url}: {person.page.text[:500]}")
        with self._news:
            self._acknowledged += 1
            self._news.notify_all()

    def nothing_is_lost_or_doubled(self, session: Session) -> None:
        """Every acknowledged answer is there as it was given, once; every call is whole."""
        assert self.problems == [], self.problems
        session.rollback()
        given: dict[str, list[object]] = {}
        for attempt, value in session.execute(select(Answer.attempt_id, Answer.value).where(Answer.step == "rating")):
            given.setdefault(str(attempt), []).append(value)
        assert {attempt: [rating] for attempt, rating in self.ratings.items()} == {
            attempt: given.get(attempt) for attempt in self.ratings
        }
        calls = {str(row.id): row for row in session.scalars(select(CallAttempt))}
        assert [attempt for attempt in self.finished if calls[attempt].closed_at is None] == []
        forms = session.scalars(select(Interview.attempt_id)).all()
        surveyed = [attempt for attempt, row in calls.items() if row.disposition == "surveyed"]
        assert sorted(map(str, forms)) == sorted(surveyed), "a form for each survey and none without"
        assert self.finished <= set(surveyed)
        keys = session.execute(select(func.count(), func.count(FormKey.key.distinct())).select_from(FormKey)).one()
        assert keys[0] == keys[1]
        clients = [row.respondent_id for row in calls.values()]
        assert len(set(clients)) == len(clients), "nobody was called twice"

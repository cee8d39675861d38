"""Three operators and a manager press whatever their pages offer, in any order: requirements §4 holds.

`NPS_STATE_MACHINE_EXAMPLES=500` runs so many examples, other ones each time.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select, update

from nps.jobs.sweeper import sweep_once
from nps.models import (
    Answer,
    Appointment,
    AttemptOutcome,
    CallAttempt,
    CaseEvent,
    Contract,
    Escalation,
    Interview,
    RespondentPhone,
    StopList,
    UserSession,
)
from tests import postgres_server
from tests.stateful.buttons import Button, offered
from tests.stateful.house import MANAGER, OPERATORS, House, keep_postgres, keep_sqlite, standing
from tests.stateful.watch import Watch

LONGER = int(os.environ.get("NPS_STATE_MACHINE_EXAMPLES", "0"))
#: Rows that a form sent a second time must not add to.
COUNTED = (
    Answer, Appointment, AttemptOutcome, CallAttempt, CaseEvent, Escalation, Interview, RespondentPhone, StopList,
)  # fmt: skip
#: A replay of these takes the next client or begins another shift or pause: nothing that counts.
ALLOWED = (200, 403, 404, 409, 422)
MANAGERS_PAGES = ("settings", "settings/members", "settings/stop-list", "operators", "", "clients", "answers", "calls")
RESULTS = ("no_answer", "busy", "voicemail", "technical", "dead_number", "answered")
ANSWERS = (*RESULTS[:-1], *("talk",) * 6, 1, 6, 8, 9, 10)
#: The days on which the campaign calls; the fourth of November is a holiday.
CALLING_DAYS = tuple(date(2026, 11, day) for day in (3, 5, 10, 11, 12, 17, 18, 19, 24, 25, 26))
#: Panels of a correction; '' opens the form again.
UNDOING = ("", "correct", "more", "callback", "refusal", "other_person", "new_contact", "not_client", "inactive")
MEANWHILE = st.sampled_from(("", "", "", "/act", "/correct", "/number"))
Sent = tuple[str, list[tuple[str, str]]]

operators, chance, results = st.sampled_from(OPERATORS), st.randoms(use_true_random=False), st.sampled_from(ANSWERS)


class Floor(RuleBasedStateMachine):
    """The call centre. Each request and each rule takes a second."""

    house: ClassVar[House]

    @initialize(budget_min=st.sampled_from((1260, 1260, 8)))
    def open(self, budget_min: int) -> None:
        self.house.put_back()
        self.people, self.clock = self.house.people, self.house.clock
        self.sent: dict[str, list[Sent]] = {login: [] for login in OPERATORS}
        self.tabs: dict[str, list[Button]] = {login: [] for login in OPERATORS}
        with self.house.database() as session:
            session.execute(update(Contract).values(budget_s=budget_min * 60))
            session.commit()
        self.watch = Watch(self.house)
        for login in OPERATORS:
            self.look(login)
            self.press(login, Random(0), "/desk/shift")

    # -- what people do

    def look(self, login: str, path: str = "/desk") -> None:
        self.pass_on(1)
        self.checked(self.people[login].get(path))

    def pass_on(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def checked(self, answer: object) -> None:
        status, text = answer.status, answer.text  # type: ignore[attr-defined]
        assert not self.house.errors, self.house.errors
        assert status in ALLOWED, (status, text[:500])

    def send(self, login: str, sent: Sent) -> bool:
        """Whether the form was accepted."""
        self.pass_on(1)
        answer = self.people[login].send(*sent)
        self.checked(answer)
        return answer.status == 200

    def press(self, login: str, random: Random, *wanted: str) -> None:
        """Press one button of the page, of those whose address or value is `wanted` if there are such."""
        page = offered(self.people[login].page.text)
        fitting = [b for b in page.buttons if not wanted or b.value in wanted or b.form.action.endswith(wanted)]
        if not fitting:
            return
        button = random.choice(fitting)
        self.tabs.setdefault(login, []).extend(page.buttons[-8:])
        sent = button.sent(random)
        if self.send(login, sent):
            self.sent.setdefault(login, []).append(sent)

    # -- rules of operators

    @rule(login=operators, random=chance)
    def presses(self, login: str, random: Random) -> None:
        self.look(login)
        panels = offered(self.people[login].page.text).panels
        if panels and random.random() < 0.4:
            self.look(login, random.choice(panels))
        self.press(login, random)

    @rule(login=operators, random=chance, result=st.sampled_from(RESULTS), rings=st.sampled_from((5, 27, 40)))
    def calls(self, login: str, random: Random, result: str, rings: int) -> None:
        self.call(login, random, result, rings)

    @rule(login=operators, random=chance, rating=st.integers(1, 10), talk=st.sampled_from((10, 70, 700)))
    def asks(self, login: str, random: Random, rating: int, talk: int) -> None:
        self.ask(login, random, rating, talk)

    @rule(login=operators, random=chance)
    def gives_a_result(self, login: str, random: Random) -> None:
        self.end(login, random)

    @rule(logins=st.lists(operators, min_size=1, max_size=3), random=chance, result=st.sampled_from(ANSWERS))
    def works(self, logins: list[str], random: Random, result: int | str) -> None:
        """Calls from the card to their end, one operator after another."""
        for login in logins:
            spoken = result in ("talk", *range(1, 11))
            self.call(login, random, "answered" if spoken else str(result), 40)
            if isinstance(result, int):
                self.ask(login, random, result, 70)
            self.end(login, random)

    def call(self, login: str, random: Random, result: str, rings: int) -> None:
        """The next client is dialled and the call comes to something, unless the desk is at something else."""
        self.look(login)
        self.press(login, random, "/desk/shift", "/desk/next", "/desk/resume", "/carry-on", "/hand-over")
        self.press(login, random, "/desk/dial")
        self.pass_on(rings)
        panel = {"dead_number": "inactive", "voicemail": "more", "technical": "more"}.get(result, "")
        self.look(login, f"/desk?panel={panel}")
        if offered(self.people[login].page.text).state == "ringing":
            self.press(login, random, "/answered" if result == "answered" else result)

    def ask(self, login: str, random: Random, rating: int, talk: int) -> None:
        """The script to its end, if somebody is on the line."""
        self.look(login)
        for wanted in (("yes",), (str(rating),), ("/answer",), ("/answer",)):
            if offered(self.people[login].page.text).state == "talk":
                self.pass_on(talk / 4)
                self.press(login, random, *wanted)

    def end(self, login: str, random: Random) -> None:
        """One of the results that a call without one may have."""
        self.look(login)
        shown = offered(self.people[login].page.text).panels
        panels = [panel for panel in shown if re.search("callback|refus|more|other|new|not_|inactive", panel)]
        if panels:
            self.look(login, random.choice(panels))
        self.press(login, random, "/outcome")

    @rule(login=operators, random=chance, panel=st.sampled_from(UNDOING))
    def takes_it_back(self, login: str, random: Random, panel: str) -> None:
        """The last result, by any way that leads to another; the page and the act say alike whether it may be."""
        self.look(login)
        self.press(login, random, "/desk/last")
        page = self.people[login].page.text
        shown = offered(page)
        if shown.state != "done":
            return
        (attempt,) = re.findall(r'data-attempt="([^"]+)"', page)
        if not any("panel=correct" in address for address in shown.panels):
            guard = [pair for pair in shown.buttons[0].form.fixed if pair[0] == "csrf_token"]
            refused = self.people[login].send(f"/desk/calls/{attempt}/reopen", guard)
            self.checked(refused)
            assert refused.status == 409, "the page says that it is too late"
            return
        self.look(login, f"/desk?panel={panel or 'correct'}")
        if not panel:
            before = len(self.sent[login])
            self.press(login, random, "/reopen")
            assert len(self.sent[login]) == before + 1, "the page says that it may be taken back"
        self.press(login, random, "/outcome")

    @rule(
        login=operators, random=chance, result=st.sampled_from(ANSWERS), panel=st.sampled_from(UNDOING), act=MEANWHILE
    )
    def settles_and_takes_it_back(self, login: str, random: Random, result: int | str, panel: str, act: str) -> None:
        """A call to its end, a manager who does something with its client or not, and the way back."""
        self.works([login], random, result)
        self.look(login)
        client = re.search(r'name="expect_client" value="(\d+)"', self.people[login].page.text)
        if act and client:
            self.look(MANAGER, f"/campaigns/1/clients/{client.group(1)}")
            self.press(MANAGER, random, act)
        self.takes_it_back(login, random, panel)

    @rule(login=operators, random=chance, client=st.sampled_from(("1800000001", "1600000001", "590000000", "7917")))
    def is_rung_up(self, login: str, random: Random, client: str) -> None:
        self.pass_on(1)
        self.checked(self.people[login].post("/desk/search", q=client))
        self.press(login, random, "/desk/inbound")

    @rule(login=operators, random=chance)
    def presses_in_a_second_tab(self, login: str, random: Random) -> None:
        if self.tabs[login]:
            self.send(login, random.choice(self.tabs[login]).sent(random))

    @rule(login=st.sampled_from((*OPERATORS, MANAGER)), random=chance)
    def sends_again(self, login: str, random: Random) -> None:
        """A form that was accepted once comes a second time."""
        forms = [sent for sent in self.sent.get(login, []) if "/settings" not in sent[0]]
        if forms:
            sent = random.choice(forms)
            before = self.rows()
            self.send(login, sent)
            assert self.rows() == before, sent

    def rows(self) -> dict[str, int]:
        with self.house.database() as session:
            return {t.__name__: session.scalar(select(func.count()).select_from(t)) or 0 for t in COUNTED}

    # -- the manager

    @rule(client=st.integers(1, 6), random=chance)
    def decides(self, client: int, random: Random) -> None:
        self.look(MANAGER, f"/campaigns/1/clients/{client}")
        self.press(MANAGER, random, "/settle", "/correct", "/act", "/free", "/number", "/seconds")

    @rule(page=st.sampled_from(MANAGERS_PAGES), random=chance)
    def manages(self, page: str, random: Random) -> None:
        self.look(MANAGER, f"/campaigns/1/{page}".rstrip("/"))
        self.press(MANAGER, random, "/pause", "/resume", "/1", "/2", "/3", "/stop-list", "/lift")

    # -- time

    @rule(seconds=st.sampled_from((3, 30, 240, 660, 1200, 3600, 3700)))
    def waits(self, seconds: int) -> None:
        self.pass_on(seconds)

    @rule(
        ahead=st.sampled_from((0, 1, 1, 2)),
        off=st.sampled_from((0, 0, 0, 1)),
        at=st.sampled_from(((6, 55), (7, 0), (8, 56), (10, 59), (11, 5), (14, 58))),
    )
    def goes_on_later(self, ahead: int, off: int, at: tuple[int, int]) -> None:
        """Another hour (UTC) or calling day, or the day after one; everybody stays logged in, and calls are allowed."""
        left = [day for day in CALLING_DAYS if day >= self.clock.at.date()] or CALLING_DAYS[-1:]
        day = left[min(ahead, len(left) - 1)] + timedelta(days=off)
        self.clock.at = max(self.clock.at, datetime.combine(day, time(*at), UTC))
        with self.house.database() as session:
            session.execute(update(UserSession).values(created_at=self.clock.at, last_seen_at=self.clock.at))
            session.commit()
        self.look(MANAGER, "/campaigns/1/settings")
        self.press(MANAGER, Random(0), "/campaigns/1/resume")

    @rule()
    def is_swept(self) -> None:
        with self.house.app.app_context():
            sweep_once(self.clock.at)

    @invariant()
    def keeps_the_rules(self) -> None:
        self.watch.check()

    def teardown(self) -> None:
        """Closed, the campaign still adds up."""
        if hasattr(self, "watch"):
            self.look(MANAGER, "/campaigns/1/settings")
            self.press(MANAGER, Random(0), "/close")
            self.watch.check()


def run(house: House, examples: int) -> None:
    """Random waves on this house; the same ones each time unless more were asked for."""
    machine = type("Machine", (Floor,), {"house": house})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LONGER or examples,
            stateful_step_count=30,
            derandomize=not LONGER,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.fixture
def house(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if engine_name == "sqlite":
        file = tmp_path / "nps.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        with standing(tmp_path, f"sqlite:///{file}", lambda: keep_sqlite(file)) as house:
            yield house
        return
    server: postgres_server.PostgresServer = request.getfixturevalue("postgres")
    server.create("floor", request.getfixturevalue("postgres_template"))
    with standing(tmp_path, server.url("floor"), lambda: keep_postgres(server, "floor")) as house:
        yield house
    server.drop("floor")
    server.drop("floor_kept")


def test_no_order_of_presses_breaks_the_rules(house: House, engine_name: str) -> None:
    run(house, 20 if engine_name == "sqlite" else 6)

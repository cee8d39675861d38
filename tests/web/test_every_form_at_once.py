"""Every form that changes something, pressed four times at once: twice the same, in another tab, by somebody else.

Nothing of it is an error of the server, nothing is done twice, and whoever sends the same form again hears what he
heard the first time. The forms are read from the map of addresses: a new one has to be given its case.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.config.environment import Environment
from nps.config.outside import exchange_of
from nps.extensions import Base
from nps.models import Campaign, Respondent, User
from tests import factories
from tests.factories import NOW
from tests.web.form_cases import BARE, FORMS
from tests.web.form_states import STATES, Place
from tests.web.test_access_matrix import TABLE, _address, _routes
from tests.web.test_foreign_ids import house

#: Searches change nothing, notifications are no forms, and who logs in or out has no session to count by.
_NO_FORMS = {
    *(name for name in TABLE if name.rpartition(".")[2].startswith(("search", "find"))),
    "hooks.hook", "hooks.own", "auth.sign_in", "auth.logout",
}  # fmt: skip
#: Every request of somebody who is logged in may write there; keys are what is tried here.
_LIVELY = {"user_session", "access_log", "form_key", "login_attempt"}
#: What tells one row from another, and who it was: two rows that differ in nothing else are one thing done twice.
_OWN = {"id", "dedup", "dedupe", "message_id", "token_hash", "actor_id", "by", "operator_id", "user_id", "asked_by"}
_ROLES = ("manager", "admin", "specialist", "operator", "customer")
GROUPS = ("admin", "campaigns", "desk", "escalations", "sample", "scripts", "recordings", "reports", "")


def posts(app: Flask) -> dict[str, Any]:
    return {rule.endpoint: rule for rule, method in _routes(app) if method == "POST"} | {}


def test_every_form_has_its_case(app: Flask) -> None:
    assert set(posts(app)) - _NO_FORMS == set(FORMS) | BARE
    assert not set(FORMS) & BARE


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock of requests stands in the middle of a window."""
    with time_machine.travel(NOW, tick=False):
        yield


class Hall:
    """People at their browsers; two of each role, and any number of tabs."""

    def __init__(self, app: Flask, session: Session, login: Callable[..., FlaskClient]) -> None:
        self.app, self.session, self._login = app, session, login
        self._staff: dict[str, list[tuple[User, FlaskClient]]] = {}

    def place(self, endpoint: str) -> tuple[Place, list[FlaskClient]]:
        """Something to press the form on, and three tabs: two of the first person, one of the second."""
        ours = house(self.session, endpoint)
        campaign = self.session.get_one(Campaign, ours.ids["campaign_id"])
        for _ in range(2):
            factories.respondent(self.session, campaign)
        role = next(role for role in _ROLES if role in TABLE[endpoint])
        if role == "operator":
            # Whom the house has surveyed is called no more.
            client = self.session.get_one(Respondent, ours.ids["respondent_id"])
            client.state, client.queue_class, client.next_call_at = "surveyed", None, None
            self.session.commit()
            people = [factories.member(self.session, campaign) for _ in range(2)]
            seats = [(person, self._login(person)) for person in people]
        elif role == "specialist":
            customer = ours.people["specialist"].customer_id
            people = [factories.user(self.session, role, customer_id=customer) for _ in range(2)]
            seats = [(person, self._login(person)) for person in people]
        else:
            seats = self._of_staff(role)
        place = Place(ours.ids, [person for person, _ in seats])
        place.ids |= {"name": "question", "step_id": "greeting", "session_id": 0, "job_id": 0, "review_id": 0}
        place.ids |= {"user_id": ours.people["operator"].id, "customer_id": campaign_customer(self.session, campaign)}
        place.ids |= {"contract_id": campaign.contract_id, "unsuitable_id": 0}
        place.fields |= {"campaign_id": campaign.id}
        STATES.get(endpoint, lambda *_: None)(self.session, place)
        first, second = (client for _, client in seats)
        return place, [first, self._tab(first), second]

    def _of_staff(self, role: str) -> list[tuple[User, FlaskClient]]:
        if role not in self._staff:
            people = [factories.user(self.session, role) for _ in range(2)]
            self._staff[role] = [(person, self._login(person)) for person in people]
        return self._staff[role]

    def _tab(self, client: FlaskClient) -> FlaskClient:
        """Another client with the same cookie: one can't be used by two threads."""
        cookie = client.get_cookie("nps")
        assert cookie is not None
        other = self.app.test_client()
        other.set_cookie("nps", cookie.value)
        return other


def campaign_customer(session: Session, campaign: Campaign) -> int:
    return factories.session_customer(session, campaign.id)


@pytest.fixture
def hall(noon: None, app: Flask, session: Session, login: Callable[..., FlaskClient]) -> Hall:
    # An exchange that does not answer: to have tried it is something done.
    ami = {"AMI_HOST": "127.0.0.1", "AMI_PORT": "1", "AMI_USERNAME": "nps", "AMI_SECRET": "word"}
    app.config["EXCHANGE"] = exchange_of(Environment(ami))
    return Hall(app, session, login)


def highest(session: Session) -> dict[str, Any]:
    """The last row of each table that counts its rows."""
    session.rollback()
    counted = [table for table in Base.metadata.sorted_tables if table.name not in _LIVELY and "id" in table.c]
    whole = [table for table in counted if table.c.id.type.python_type is int]
    return {table.name: session.scalar(select(func.max(table.c.id))) or 0 for table in whole}


def doubled(session: Session, before: dict[str, Any], meant: int) -> list[str]:
    """New rows of which more say the same than people or tabs were told that they did it (`meant`)."""
    session.rollback()
    found = []
    for name, last in before.items():
        table = Base.metadata.tables[name]
        said = [column for column in table.c if column.name not in _OWN]
        rows = Counter(map(repr, session.execute(select(*said).where(table.c.id > last))))
        found += [f"{name} {row}" for row, times in rows.items() if times > max(meant, 1)]
    return found


def at_once(presses: list[Callable[[], int]]) -> list[int]:
    start, statuses = threading.Barrier(len(presses)), [0] * len(presses)

    def press(n: int) -> None:
        start.wait()
        statuses[n] = presses[n]()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def complaints(hall: Hall, endpoint: str, rule: Any) -> list[str]:
    place, (first, tab, second) = hall.place(endpoint)
    address = _address(hall.app, rule, **place.ids)
    said = place.fields | FORMS.get(endpoint, {})
    hall.session.rollback()
    before = highest(hall.session)
    copy = hall._tab(first)

    def press(client: FlaskClient, key: str) -> Callable[[], int]:
        return lambda: client.post(address, data=said | {"form_key": f"{key}-{endpoint}"}).status_code

    statuses = at_once([press(first, "a"), press(copy, "a"), press(tab, "b"), press(second, "c")])
    once_more = press(first, "a")()
    told = f"{endpoint}: {statuses}, again {once_more}"
    wrong = [] if max(*statuses, once_more) < 500 else [f"{told}: an error of the server"]
    if endpoint in FORMS and min(statuses) >= 400:
        wrong.append(f"{told}: nobody did anything")
    # A form that was refused has done nothing and may go well later; one that was accepted is never refused.
    twins = {status < 400 for status in statuses[:2]}
    if len(twins) > 1 or (True in twins and once_more >= 400):
        wrong.append(f"{told}: the same form heard two answers")
    meant = len({key for key, status in zip("aabca", (*statuses, once_more), strict=True) if status < 400})
    if twice := doubled(hall.session, before, meant):
        wrong.append(f"{told}: done twice: {twice}")
    return wrong


@pytest.mark.parametrize("group", GROUPS)
def test_a_form_pressed_four_times_at_once_counts_once(hall: Hall, group: str) -> None:
    hall.app.config["PROPAGATE_EXCEPTIONS"] = False
    wrong = []
    for endpoint, rule in sorted(posts(hall.app).items()):
        own = endpoint.partition(".")[0]
        if endpoint not in _NO_FORMS and (own == group or (not group and own not in GROUPS)):
            wrong += complaints(hall, endpoint, rule)
    assert not wrong, "\n".join(wrong)

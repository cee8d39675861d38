"""GET changes nothing but last-seen, the lease's end and the access journal (architecture.md, Web)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.extensions import Base, db
from tests import factories
from tests.e2e import filled
from tests.e2e.filled import Filled
from tests.e2e.system import System, running
from tests.web.test_access_matrix import BY_SECRET, TABLE

#: What a GET may write: who was here, that the card is still on a screen, who saw what.
ALLOWED = {"user_session": {"last_seen_at"}, "respondent": {"held_until"}, "access_log": None}
#: Each role by the login of one of its people.
PEOPLE = {
    "operator": "olga",
    "specialist": "specialist",
    "manager": "manager",
    "customer": "customer",
    "admin": "admin",
}
#: Where a role comes by something else than a link of a page that stands there now, and lists of which the crawl might
#: otherwise open an empty campaign's first.
_LISTS = (
    "/campaigns/{survey}/base/{checked_load}/progress", "/campaigns/{survey}/base/{checked_load}/missing",
    "/campaigns/{survey}/clients",
    "/campaigns/{survey}/escalations", "/campaigns/{survey}/script",
)  # fmt: skip
_MANAGED = (
    *_LISTS, "/campaigns/{survey}/recordings", "/campaigns/{survey}/calls", "/campaigns/{survey}/operators/quality",
    "/campaigns/{survey}/operators/quality/{recorded_call}", "/campaigns/{survey}/recordings/days",
    "/campaigns/{survey}",
)  # fmt: skip
ALSO = {
    "operator": ("/desk/search", "/training/calls/{practice_call}", "/calls/{recorded_call}/recording"),
    "specialist": _LISTS,
    "manager": _MANAGED,
    "admin": _MANAGED,
    "customer": ("/campaigns/{survey}/escalations",),
}
#: For nobody in particular, or by a secret that no page shows; a file is there only for who has ordered or sent one.
ELSEWHERE = {"auth.login", "health.alive", "reports.file", "campaigns.stops_of_file", *BY_SECRET}
#: A customer hears recordings only where a campaign says so.
CLOSED = {"customer": {"recordings.index", "recordings.play"}}


def dump(session: Session) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without what a GET may write."""
    session.rollback()
    found = {}
    for table in Base.metadata.sorted_tables:
        left_out = ALLOWED.get(table.name, set())
        if left_out is None:
            continue
        columns = [column for column in table.columns if column.name not in left_out]
        rows = session.execute(select(*columns).order_by(*table.primary_key.columns))
        found[table.name] = [dict(row._mapping) for row in rows]
    session.rollback()
    return found


def crawl(client: FlaskClient, *start: str) -> dict[str, int]:
    """Open every link and every address htmx would get, as a page and as a fragment. Address -> status."""
    seen: dict[str, int] = {}
    shapes: set[str] = set()
    ahead = [*start]
    while ahead:
        address = ahead.pop()
        # One page of a list stands for all of them, one client's card for the others.
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "0", urlsplit(address).path)
        # A person takes so many workbooks in ten minutes, whatever their filters.
        shape = path if path.endswith(".xlsx") else path + "?" + ",".join(sorted(re.findall(r"(\w+)=", address)))
        if shape in shapes or address.startswith("/static"):
            continue
        shapes.add(shape)
        with client.get(address) as answer:
            seen[address] = answer.status_code
            text = answer.text if answer.mimetype == "text/html" else ""
        client.get(address, headers={"HX-Request": "true"}).close()
        found = re.findall(r'(?:href|hx-get|src|data-play)="(/[^"#]*)', text)
        # Where the crawl starts comes first: a page of an empty campaign would stand for the full one's.
        ahead[:0] = [html.unescape(link) for link in reversed(found) if not link.startswith("//")]
    return seen


@pytest.fixture
def system(database_url: str, tmp_path: Path) -> Iterator[System]:
    with running(tmp_path / "data", database_url, filled.NOW) as system:
        yield system


@pytest.fixture
def full(system: System) -> Filled:
    """A survey in its third week, with something on every page."""
    return filled.fill(system)


def person(system: System, login: str) -> FlaskClient:
    client = system.app.test_client()
    assert client.post("/login", data={"login": login, "password": factories.PASSWORD}).status_code == 303
    return client


def begin_shift(client: FlaskClient, full: Filled) -> None:
    shift = {"campaign_id": full.survey, "spoken_name": "Ольга"}
    assert client.post("/desk/shift", data=shift, headers={"HX-Request": "true"}).status_code == 200


def reads(system: System, client: FlaskClient, *start: str) -> set[str]:
    """The endpoints that were read; the database is as it was before."""
    with system.app.app_context():
        before = dump(db.session())
        seen = crawl(client, *start)
        after = dump(db.session())
    assert {address: status for address, status in seen.items() if status >= 400} == {}
    for table, rows in before.items():
        assert after[table] == rows, table
    router = system.app.url_map.bind("")
    return {router.match(address.partition("?")[0], method="GET")[0] for address in seen}


def test_reading_everything_changes_nothing(system: System, full: Filled) -> None:
    """As each role, by every link from the first page on: no page of the role is left out."""
    getters = {rule.endpoint for rule in system.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    unread = {}
    for role, login in PEOPLE.items():
        client = person(system, login)
        if role == "operator":
            begin_shift(client, full)
        read = reads(system, client, "/", *(path.format(**vars(full)) for path in ALSO.get(role, ())))
        own = {endpoint for endpoint in getters & set(TABLE) if role in TABLE[endpoint]}
        unread[role] = own - read - ELSEWHERE - CLOSED.get(role, set())
    assert unread == dict.fromkeys(PEOPLE, set())


def test_reading_the_desk_in_a_call_changes_nothing(system: System, full: Filled) -> None:
    """In every state of a call: each panel, the step, the poll, the search."""
    client = person(system, "olga")

    def press(address: str, **fields: object) -> None:
        page = client.get("/desk").text
        (attempt,) = re.findall(r'data-attempt="([^"]*)"', page)
        guard = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("form_key", "expect_client")}
        steps = re.findall(r'name="expect_step" value="([^"]+)"', page)
        sent = {**guard, "expect_step": steps[0] if steps else "", **fields}
        answer = client.post(address.format(attempt), data=sent, headers={"HX-Request": "true", "HX-Target": "desk"})
        assert answer.status_code == 200, answer.text

    begin_shift(client, full)
    story = (
        ("/desk/dial", {}), ("/desk/calls/{}/answered", {}), ("/desk/calls/{}/answer", {"answer": "no"}),
        ("/desk/calls/{}/back", {}), ("/desk/calls/{}/answer", {"answer": "yes"}),
        ("/desk/calls/{}/break-in/question", {}), ("/desk/calls/{}/resume", {}),
        ("/desk/calls/{}/answer", {"answer": "7"}), ("/desk/calls/{}/hang-up", {}),
        ("/desk/calls/{}/outcome", {"code": "hung_up"}), ("/desk/pause", {"reason": "lunch"}), ("/desk/shift/end", {}),
    )  # fmt: skip
    for address, fields in story:
        press(address, **fields)
        assert "desk.panel" in reads(system, client, "/desk") or address in ("/desk/pause", "/desk/shift/end")

"""Dates and times at the edges of the calendar, in every form and address that takes one: a sentence, never a fault."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.config import PROJECT_ROOT
from nps.models import Appointment, CallAttempt, Campaign, Contract
from tests import factories
from tests.domain.test_typed_time import EDGES
from tests.web.test_access_matrix import _address, _routes
from tests.web.test_campaigns import terms
from tests.web.test_desk import STEP, Seat, start
from tests.web.test_foreign_ids import House, ours  # noqa: F401
from tests.web.test_hostile_requests import Login, People, people  # noqa: F401

WEB = PROJECT_ROOT / "nps" / "web"
DAYS = (
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "-2026-11-18",
    "31.12.9999",
    "2026-02-30",
    "1899-12-31",
    "2201-01-01",
)
NO_DAYS = (*DAYS, *(text for text in EDGES if text not in ("", "2026-11-18")))
CLOCKS = ("24:00", "-1:00", "25:61", "00:00+23:59", "9" * 30)
#: The first and the last day that are taken.
ENDS = (date(1900, 1, 1), date(2200, 12, 31))

CONTRACT = {"number": "7/2026", "minutes": "100", "billing": "talk", "gate": "talk"}
SETTLED = {
    "disposition": "callback",
    "reason": "Прослушали запись",
    "callback_day": "19.11.2026",
    "callback_time": "14:30",
}
ENDED = SETTLED | {"disposition": "refused", "ended_day": "17.11.2026", "ended_time": "15:15"}
SHARED = {"region": "", "is_open": "0", "note": "", "lines": "1", "region-0": "udmurtia", "days-0": "1"}
#: Forms in which all but the day is in order, by their route, and the fields that are tried.
FORMS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "campaigns.create": (terms(), ("starts_on", "ends_on", "delete_on", "recordings_until")),
    "campaigns.save_settings": (terms(), ("starts_on", "ends_on", "delete_on", "recordings_until")),
    "campaigns.add_day": (SHARED, ("day",)),
    "campaigns.save_windows": (SHARED, ("times-0",)),
    "campaigns.correct": (SETTLED, ("callback_day", "callback_time")),
    "campaigns.settle": (ENDED, ("ended_day", "ended_time")),
    "quality.correct": (SETTLED, ("callback_day", "callback_time")),
    "admin.add_contract": (CONTRACT, ("signed_on",)),
    "admin.change_contract": (CONTRACT, ("signed_on",)),
    "admin.raise_limit": (
        {"minutes": "99999", "seen_minutes": "4000", "consent_number": "1", "consent_date": ""}, ("consent_date",)
    ),
    "personal_data.save_terms": ({"legal_basis": "Договор", "delete_on": ""}, ("delete_on",)),
    "answer_terms.change": ({"zone": "Europe/Samara"}, ("opens", "closes", "digest_at")),
    "reports.freeze": ({"first": "17.11.2026", "last": "17.11.2026"}, ("first", "last")),
}  # fmt: skip
#: Fields that hold a time of day and no day.
OF_DAY = {"times-0", "opens", "closes", "digest_at"}
DESK_AND_ADDRESSES = {"at", "since", "until", "ended_at"}
_READERS = r'forms\.(?:arg_)?(?:day|clock|instant)\(f?"|[^.]\b(?:instant|promised_at|_day)\("'


def fields_of(reader: str) -> set[str]:
    """Names of the fields that the views read as days, clocks or instants."""
    source = "".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*.py"))
    return set(re.findall(rf'(?:{reader})(\w+)"', source))


@pytest.fixture
def places(session: Session, ours: House) -> dict[str, Any]:  # noqa: F811
    campaign = session.get_one(Campaign, ours.ids["campaign_id"])
    customer = session.get_one(Contract, campaign.contract_id).customer_id
    return ours.ids | {"contract_id": campaign.contract_id, "customer_id": customer}


def test_the_fields_of_the_sweep_are_those_the_views_read() -> None:
    """A new field of a day has to be tried here."""
    forms = {name for _, names in FORMS.values() for name in names} - {"times-0"}
    assert {re.sub("_(day|time)$", "", name) for name in forms} | DESK_AND_ADDRESSES == fields_of(_READERS)
    parts = r"fromisoformat|strptime|\bdatetime\.combine|\btime\(int|\bdate\(int|fromtimestamp\(int"
    own = [path.name for path in WEB.rglob("*.py") if re.search(parts, path.read_text(encoding="utf-8"))]
    assert own == [], "days and clocks are read by nps.web.forms only"


def test_a_day_past_the_calendar_is_refused_by_a_sentence_in_every_form(
    app: Flask,
    people: People,  # noqa: F811
    places: dict[str, Any],
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    rules = {rule.endpoint: rule for rule, method in _routes(app) if method == "POST"}
    for endpoint, (form, names) in FORMS.items():
        client, address = people.client_for(endpoint), _address(app, rules[endpoint], **places)
        given = form | ({"contract_id": str(places["contract_id"])} if endpoint == "campaigns.create" else {})
        for name in names:
            for value in CLOCKS if name.endswith("_time") or name in OF_DAY else NO_DAYS:
                answer = client.post(address, data=given | {name: value})
                assert answer.status_code in (400, 422), f"{endpoint} {name}={value}: {answer.status_code}"
                assert re.search(r"укажите (дату|день)|нужно время вида 9:00|— не часы", answer.text), (
                    f"{endpoint} {name}={value}"
                )


def test_no_field_of_a_day_breaks_a_route_that_does_not_expect_it(
    app: Flask,
    people: People,  # noqa: F811
    places: dict[str, Any],
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    names = sorted(fields_of(_READERS) | {"callback_day", "callback_time", "ended_day", "ended_time", "answer"})
    for rule, method in _routes(app):
        if rule.endpoint.startswith(("health.", "hooks.", "auth.", "admin.journal_export")):
            continue
        client, address = people.client_for(rule.endpoint), _address(app, rule, **places)
        for value in ("0001-01-01", "9999-12-31T23:59:59-23:59", "31.12.2200"):
            given = FORMS.get(rule.endpoint, ({}, ()))[0] | dict.fromkeys(names, value)
            sent: dict[str, Any] = {"query_string" if method == "GET" else "data": given}
            status = client.open(address, method=method, **sent).status_code
            assert status < 500, f"{method} {rule.rule} with {value}: {status}"
            if status == 429:
                break


def test_a_campaign_of_three_hundred_years_opens_on_every_page(
    app: Flask,
    session: Session,
    people: People,  # noqa: F811
    places: dict[str, Any],
) -> None:
    campaign = session.get_one(Campaign, places["campaign_id"])
    campaign.starts_on, campaign.ends_on = ENDS
    session.commit()
    for rule, method in _routes(app):
        if method == "GET" and "campaign_id" in rule.arguments:
            answer = people.client_for(rule.endpoint).get(_address(app, rule, **places))
            assert answer.status_code < 500, rule.rule


@pytest.fixture
def talk(session: Session, login: Login) -> Any:
    """An operator whose client cannot talk now: the step of the callback is open."""
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    factories.respondent(session, campaign)
    with time_machine.travel(factories.NOW, tick=False):
        seat = Seat(login(operator))
        start(seat, campaign)
        seat.post("/desk/dial")
        seat.post(seat.call + "/answered")
        seat.post(seat.call + "/answer", STEP, answer="no")
        assert seat.field("expect_step") == "callback"
        yield seat


@pytest.mark.parametrize("at", EDGES[:-1])
def test_an_impossible_time_is_refused_on_the_desk(app: Flask, talk: Seat, session: Session, at: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for path, given in (
        ("/answer", {"at": at}), ("/answer", {"answer": at}), ("/outcome", {"code": "callback", "at": at}),
        ("/outcome", {"code": "other_person", "at": at}), ("/end", {"ended_at": at}),
    ):  # fmt: skip
        answer = talk.post(talk.call + path, **given)
        assert answer.status_code == 422, f"{path} {given}"
        assert re.search("день и время|время вида 9:00", answer.text), f"{path} {given}"
    session.rollback()
    call = session.get_one(CallAttempt, UUID(talk.field("expect_attempt")))
    assert (call.closed_at, call.ended_at) == (None, None)
    assert session.scalars(select(Appointment.id)).all() == []

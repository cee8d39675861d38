"""Exchanges that report over HTTP: signatures, replays, order, large bodies, and calls that are none of ours."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import CallAttempt, Journal, TelephonyEvent
from nps.services import personal_data, sweep, telephony
from nps.services.personal_data import Order
from nps.services.telephony import keeping
from tests import factories
from tests.conftest import make_app
from tests.factories import NOW
from tests.web.test_desk import Seat

SECRET, TOKEN = "s3cret" * 8, "t0ken" * 8
PHONE = "+79170003794"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    hooks = {"TELEPHONY_SECRET": SECRET, "TELEPHONY_TOKEN": TOKEN, "MANGO_API_KEY": "key", "MANGO_API_SALT": "salt",
             "ZADARMA_SECRET": "zadarma"}  # fmt: skip
    app = make_app(tmp_path / "data", database_url, **hooks)
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def began() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)


@pytest.fixture
def call(session: Session, began: datetime) -> UUID:
    """A call that the operator has dialled by himself and that waits for its result."""
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign, factories.user(session, "operator", extension="101"))
    client = factories.respondent(session, campaign, phones=(PHONE,))
    return factories.attempt(session, client, operator, None, at=began).id


def send(client: FlaskClient, body: bytes, *, secret: str = SECRET, at: datetime | None = None, **head: str) -> Any:
    timestamp = str(int((at or datetime.now(UTC)).timestamp()))
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-NPS-Timestamp": timestamp, "X-NPS-Signature": f"sha256={signature}", **head}
    return client.post("/telephony/events", data=body, headers=headers, csrf=False)


def events(call: object, began: datetime, **more: Any) -> list[dict[str, Any]]:
    told = (("dialling", 1), ("ringing", 2), ("answered", 23), ("hung_up", 31))
    return [
        {"id": f"{call}-{kind}", "call": str(call), "type": kind, "at": (began + timedelta(seconds=second)).isoformat(),
         **more}
        for kind, second in told
    ]  # fmt: skip


def body(found: list[dict[str, Any]]) -> bytes:
    return json.dumps({"events": found}).encode()


def kept(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(TelephonyEvent)) or 0


def seconds(session: Session, call: UUID) -> tuple[float, float]:
    session.rollback()
    row = session.get_one(CallAttempt, call)
    assert row.ringing_at is not None and row.answered_at is not None and row.ended_at is not None
    return (row.answered_at - row.ringing_at).total_seconds(), (row.ended_at - row.answered_at).total_seconds()


def test_events_in_any_order_give_the_seconds_and_a_replay_changes_nothing(
    client: FlaskClient, session: Session, call: UUID, began: datetime
) -> None:
    found = events(call, began)
    random.Random(1).shuffle(found)

    for event in found:
        assert send(client, body([event])).json == {"new": 1}
    assert seconds(session, call) == (21, 8)
    assert send(client, body(found * 2)).json == {"new": 0}
    assert (kept(session), seconds(session, call)) == (4, (21, 8))
    assert session.get_one(CallAttempt, call).source == "exchange"


@pytest.mark.parametrize(
    ("cause", "told", "offered"),
    [
        (17, "Станция: занято.", "Записать «Занято»"),
        (1, "Станция: номер не существует.", "Неактивный номер: выбрать причину"),
        (16, "Гудки шли 3 с: рано считать", "Выберите итог справа"),
    ],
)
def test_the_desk_offers_the_result_that_a_reported_cause_speaks_for(
    client: FlaskClient, session: Session, login: Callable[..., FlaskClient], cause: int, told: str, offered: str
) -> None:
    """The operator has dialled by himself: no exchange was asked."""
    with time_machine.travel(NOW, tick=False) as clock:
        campaign = factories.campaign(session)
        factories.respondent(session, campaign)
        seat = Seat(login(factories.member(session, campaign)))
        seat.post("/desk/shift", campaign_id=campaign.id, spoken_name="Ольга")
        seat.post("/desk/dial")
        call_id = seat.field("expect_attempt")
        assert "Набрать" in seat.page and told not in seat.page
        found = [
            {"id": kind, "call": call_id, "type": kind, "at": (NOW + timedelta(seconds=second)).isoformat()}
            for kind, second in (("ringing", 2), ("hung_up", 5))
        ]
        found[-1]["cause"] = cause
        assert send(client, body(found)).status_code == 200

        seat.page = seat.client.get("/desk").text
        assert seat.state() == "ended" and told in seat.page and offered in seat.page
        session.rollback()
        assert session.get_one(CallAttempt, UUID(call_id)).disposition is None, "a person records it"

        clock.shift(timedelta(hours=1))
        later = seat.client.get("/desk").text
        poll = re.search(r'hx-get="(/desk/tick[^"]+)"', later)
        assert 'data-state="unfinished"' in later and told in later and poll
        assert 'id="desk"' not in seat.client.get(html.unescape(poll[1])).text, "the page stays what it is"


def test_a_wrong_or_old_signature_is_401_and_nothing_is_kept(
    client: FlaskClient, session: Session, call: UUID, began: datetime
) -> None:
    found, now = body(events(call, began)), datetime.now(UTC)
    refused = [
        send(client, found, secret="other" * 8),
        send(client, found, at=now - timedelta(minutes=6)),
        send(client, found, at=now + timedelta(minutes=6)),
        send(client, found, **{"X-NPS-Signature": "sha256=ё".encode().decode("latin-1")}),
        *(send(client, found, **{"X-NPS-Timestamp": text}) for text in ("now", "253402300800", "9" * 12, "9" * 5000)),
        client.post("/telephony/events", data=found, csrf=False),
    ]
    good = send(client, found)
    changed = client.post(
        "/telephony/events", data=found.replace(b"answered", b"ringing "), csrf=False,
        headers={name: value for name, value in good.request.headers if name.startswith("X-Nps")},
    )  # fmt: skip

    assert [answer.status_code for answer in (*refused, changed)] == [401] * 10
    assert good.status_code == 200 and kept(session) == 4


def test_a_body_of_a_megabyte_is_refused_and_one_that_cannot_be_read_names_its_field(
    client: FlaskClient, session: Session
) -> None:
    large = send(client, b"x" * 1024 * 1024)
    broken = send(client, b'{"events": [{"type": "rings"}]}')

    assert large.status_code == 413
    assert (broken.status_code, broken.json) == (422, {"error": "type"})
    assert kept(session) == 0


def test_a_call_without_our_id_is_found_by_number_telephone_and_time(
    client: FlaskClient, session: Session, call: UUID, began: datetime
) -> None:
    found = events("their-7", began, phone="8 (917) 000-37-94", extension="101")
    bare = [{**event, "phone": None} if event["type"] == "hung_up" else event for event in found]

    assert send(client, body(bare)).status_code == 200
    assert seconds(session, call) == (21, 8)


@pytest.mark.parametrize("more", [{"phone": PHONE, "extension": "102"}, {"phone": "+79990000000"}, {}])
def test_a_call_that_is_none_of_ours_is_kept_and_changes_nothing(
    client: FlaskClient, session: Session, call: UUID, began: datetime, more: dict[str, str]
) -> None:
    assert send(client, body(events("their-8", began, **more))).json == {"new": 4}

    assert kept(session) == 4
    assert session.get_one(CallAttempt, call).ringing_at is None
    strangers = session.scalars(select(TelephonyEvent).where(TelephonyEvent.attempt_id.is_(None))).all()
    assert len(strangers) == 4 and strangers[0].raw["call"] == "their-8"


def test_destroying_a_person_takes_his_number_from_strangers_calls(
    client: FlaskClient, session: Session, call: UUID, began: datetime
) -> None:
    row = session.get_one(CallAttempt, call)
    row.closed_at, row.disposition, campaign_id = began, "refused", row.campaign_id
    session.commit()
    send(client, body(events("their-9", began, phone=PHONE, extension="102")))

    order = Order(None, "Требование человека", False, datetime.now(UTC))
    personal_data.erase_person(db.session, campaign_id, order, shown=None, phone=PHONE)

    session.rollback()
    assert all(PHONE not in str(event.raw) for event in session.scalars(select(TelephonyEvent)))


def test_strangers_calls_are_forgotten_after_thirty_days_and_the_journal_says_how_many(
    client: FlaskClient, session: Session, call: UUID, began: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, body(events("their-10", began, phone="+79990000000")))
    send(client, body(events(call, began)))
    session.rollback()
    last_day = datetime.now(UTC).replace(hour=12) + timedelta(days=30)
    assert telephony.FORGET_JOB not in [nudge.job for nudge in sweep.due(session, last_day)]
    due = last_day + timedelta(days=1)
    assert telephony.FORGET_JOB in [nudge.job for nudge in sweep.due(session, due)]

    session.rollback()
    monkeypatch.setattr(keeping, "BATCH", 3)
    assert [telephony.forget_strangers(db.session, due) for _ in range(3)] == [3, 1, 0]

    assert kept(session) == 4, "those of our call stay"
    assert seconds(session, call) == (21, 8)
    assert telephony.FORGET_JOB not in [nudge.job for nudge in sweep.due(session, due)]
    lines = session.scalars(select(Journal.after).where(Journal.action == "strangers_forgotten")).all()
    assert lines == [{"events": 3}, {"events": 1}]


def test_mango_uis_and_zadarma_come_to_the_same_call(
    client: FlaskClient, session: Session, call: UUID, began: datetime
) -> None:
    at, hook = int(began.timestamp()), f"/telephony/hook/{{}}/{TOKEN}"
    payload = json.dumps({"entry_id": "e", "call_id": "c", "seq": 1, "timestamp": at + 2, "call_state": "Appeared",
                          "from": {"extension": "101"}, "to": {"number": PHONE[1:]}})  # fmt: skip
    form = {"vpbx_api_key": "key", "json": payload, "sign": hashlib.sha256(f"key{payload}salt".encode()).hexdigest()}

    assert client.post(hook.format("mango") + "/events/call", data=form, csrf=False).json == {"new": 2}
    assert client.post(hook.format("mango"), data={**form, "sign": "0"}, csrf=False).status_code == 401
    assert client.post(hook.format("zadarma"), data={"event": "NOTIFY_OUT_START"}, csrf=False).status_code == 401
    told = {"event": "answer", "call_session_id": "5", "contact_phone_number": PHONE, "extension": "101",
            "notification_time": (began + timedelta(seconds=9)).isoformat()}  # fmt: skip
    assert client.post(hook.format("uis"), json=told, csrf=False).json == {"new": 1}
    session.rollback()
    assert session.get_one(CallAttempt, call).ringing_at == began + timedelta(seconds=2)


def test_without_the_secret_of_the_address_there_is_nothing(client: FlaskClient) -> None:
    for provider in ("mango", "uis", "zadarma", "other"):
        assert client.post(f"/telephony/hook/{provider}/{'x' * 40}", data={}, csrf=False).status_code == 404
    assert client.post(f"/telephony/hook/other/{TOKEN}", data={}, csrf=False).status_code == 404
    echo = client.get(f"/telephony/hook/zadarma/{TOKEN}?zd_echo=<b>1")
    assert (echo.text, echo.mimetype, client.get("/telephony/hook/zadarma/x").status_code) == (
        "<b>1",
        "text/plain",
        404,
    )

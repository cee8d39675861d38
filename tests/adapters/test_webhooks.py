"""Payloads of cloud exchanges as they document them, read by pure functions; what is broken names its field."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.adapters.webhooks import BadPayload, mango, own, uis, zadarma
from nps.domain.telephony import Kind, LineEvent, line_of, suggested_result

NOW = datetime(2026, 11, 18, 11, 15, tzinfo=UTC)
PHONE, EPOCH = "79170003794", int(NOW.timestamp())
KNOWN = {"phone": "+79170003794", "extension": "101"}


def mango_call(state: str, seq: int, second: int, **more: Any) -> dict[str, str]:
    payload = {
        "entry_id": "MTIz", "call_id": "MToxMDA", "timestamp": EPOCH + second, "seq": seq, "call_state": state,
        "location": "abonent", "from": {"extension": "101", "number": "sip:op@vpbx"},
        "to": {"number": PHONE, "line_number": "73412900000"}, **more,
    }  # fmt: skip
    return {"vpbx_api_key": "key", "sign": "", "json": json.dumps(payload)}


def test_mango_tells_a_talk_by_three_events_in_any_order() -> None:
    forms = [
        mango_call("Appeared", 1, 0),
        mango_call("Connected", 2, 21),
        mango_call("Disconnected", 3, 29, disconnect_reason=1120),
    ]
    events = [event for form in reversed(forms) for event in mango.translate(form)]

    line = line_of("MTIz", events)
    assert (line.ring, line.talk, line.cause) == (timedelta(seconds=21), timedelta(seconds=8), 16)
    assert {event.call_id for event in events} == {"MTIz"} and events[0].known == KNOWN


@pytest.mark.parametrize(
    ("reason", "seconds", "result"),
    [(1111, 21, "no_answer"), (1111, 8, None), (1121, 2, "busy"), (1122, 2, "rejected"), (1131, 3, "switched_off"),
     (1133, 1, "dead_number"), (2240, 1, "technical"), (9999, 1, "technical")],
)  # fmt: skip
def test_mangos_reasons_speak_for_results(reason: int, seconds: int, result: str | None) -> None:
    forms = [mango_call("Appeared", 1, 0), mango_call("Disconnected", 2, seconds, disconnect_reason=reason)]
    line = line_of("MTIz", [event for form in forms for event in mango.translate(form)])

    assert suggested_result(line) == result


def test_mango_keeps_our_id_and_leaves_out_what_is_not_the_clients() -> None:
    assert {event.call_id for event in mango.translate(mango_call("Connected", 2, 1, command_id="our-id"))} == {
        "our-id"
    }
    assert mango.translate(mango_call("Connected", 2, 1, to={"extension": "101", "number": "sip:op"})) == []
    assert mango.translate(mango_call("OnHold", 4, 3)) == []


def test_mangos_summary_alone_has_the_seconds() -> None:
    payload = {"entry_id": "MTIz", "call_direction": 2, "from": {"extension": "101"}, "to": {"number": PHONE},
               "create_time": EPOCH, "forward_time": EPOCH + 1, "talk_time": EPOCH + 21, "end_time": EPOCH + 29,
               "entry_result": 1, "disconnect_reason": 1110}  # fmt: skip
    line = line_of("MTIz", mango.translate({"json": json.dumps(payload)}))

    assert line.talk == timedelta(seconds=8)
    assert mango.translate({"json": json.dumps({**payload, "call_direction": 1})}) == []


def test_mangos_signature() -> None:
    form = mango_call("Appeared", 1, 0)
    form["sign"] = hashlib.sha256(f"key{form['json']}salt".encode()).hexdigest()

    assert mango.is_signed("key", "salt", form)
    assert not mango.is_signed("key", "other", form) and not mango.is_signed("other", "salt", form)
    assert not mango.is_signed("key", "salt", {**form, "json": form["json"] + " "})
    assert not mango.is_signed("key", "salt", {"sign": "ё"})


def uis_body(event: str, time: str = "2026-11-18 15:15:00", **more: str) -> bytes:
    return json.dumps(
        {"event": event, "call_session_id": "77", "external_id": "", "contact_phone_number": PHONE, "extension": "101",
         "notification_time": time, "finish_reason": "", **more}
    ).encode()  # fmt: skip


def test_uis_tells_a_talk_by_the_clock_of_the_office() -> None:
    bodies = [
        uis_body("end", "2026-11-18 15:15:29.500", finish_reason="subscriber_disconnects"),
        uis_body("ringing"),
        uis_body("answer", "2026-11-18T11:15:21Z"),
    ]
    events = [event for body in bodies for event in uis.translate(body, "Europe/Samara")]
    line = line_of("77", events)

    assert (line.ringing_at, line.ring, line.talk) == (NOW, timedelta(seconds=21), timedelta(seconds=8.5))
    assert events[0].known == KNOWN
    assert uis.translate(uis_body("start", external_id="ours"), "UTC")[0].call_id == "ours"


def zadarma_form(event: str, **more: str) -> dict[str, str]:
    return {"event": event, "call_start": "2026-11-18 15:15:00", "pbx_call_id": "out_1", "internal": "101",
            "destination": PHONE, "caller_id": "73412900000", **more}  # fmt: skip


def test_zadarma_tells_a_talk_with_or_without_its_answer() -> None:
    def read(form: dict[str, str], second: int) -> list[LineEvent]:
        return zadarma.translate(form, NOW + timedelta(seconds=second), "Europe/Samara")

    start, answer = read(zadarma_form("NOTIFY_OUT_START"), 0), read(zadarma_form("NOTIFY_ANSWER"), 21)
    end = read(zadarma_form("NOTIFY_OUT_END", duration="8", disposition="answered", status_code="16"), 29)

    for events in ([*start, *answer, *end], [*end, *start]):
        line = line_of("out_1", events)
        assert (line.ring, line.talk, line.cause) == (timedelta(seconds=21), timedelta(seconds=8), 16)
    busy = read(zadarma_form("NOTIFY_OUT_END", duration="0", disposition="busy"), 3)
    assert suggested_result(line_of("out_1", [*start, *busy])) == "busy"


def test_zadarmas_signature() -> None:
    form = zadarma_form("NOTIFY_OUT_END", duration="8")
    digest = hmac.new(b"secret", f"101{PHONE}2026-11-18 15:15:00".encode(), hashlib.sha1).hexdigest()
    signature = base64.b64encode(digest.encode()).decode()

    assert zadarma.is_signed("secret", form, signature)
    assert not zadarma.is_signed("other", form, signature) and not zadarma.is_signed("secret", form, "ё")
    assert not zadarma.is_signed("secret", {**form, "event": "NOTIFY_START"}, signature)
    assert not zadarma.is_signed("secret", {**form, "destination": "1"}, signature)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"), ("[]", "body"), ('{"events": 1}', "events"), ('{"events": [1]}', "events"),
        ('{"events": [{"type": "rings"}]}', "type"), ('{"events": [{"type": "ringing"}]}', "call"),
        ('{"events": [{"type": "ringing", "call": "a", "id": "1", "at": "today"}]}', "at"),
        ('{"events": [{"type": "ringing", "call": "a", "id": "1", "at": "2026-13-18T11:12:05Z"}]}', "at"),
        ('{"events": [{"type": "ringing", "call": "a", "id": "x\\ny", "at": "2026-11-18T11:12:05Z"}]}', "id"),
        ('{"events": [{"type": "hung_up", "call": "a", "id": "1", "at": "2026-11-18T11:12:05Z", "cause": 128}]}',
         "cause"),
        ('{"events": [{"type": "hung_up", "call": "a", "id": "1", "at": "2026-11-18T11:12:05Z", "cause": "'
         + "0" * 10 + "9" * 50 + '"}]}', "cause"),
        ('{"events": [{"type": "ringing", "call": "a", "id": "1", "at": "0001-01-01T00:00:00+10:00"}]}', "at"),
        ('{"events": [{"type": "ringing", "call": "a", "id": "1", "at": "9999-12-31T23:59:59-10:00"}]}', "at"),
        ("[" * 100_000, "body"), (json.dumps({"events": [{}] * 201}), "events"),
    ],
)  # fmt: skip
def test_what_is_broken_names_its_field(body: str, field: str) -> None:
    with pytest.raises(BadPayload, match=f"^{field}$"):
        own.translate(body.encode())


@pytest.mark.parametrize("stamp", ["0" * 10 + "9" * 18, "9" * 12, "4000000001", 10**30, "٧"])
def test_a_moment_that_no_calendar_has_is_refused(stamp: object) -> None:
    with pytest.raises(BadPayload, match=r"^timestamp$"):
        mango.translate(mango_call("Connected", 2, 0, timestamp=stamp))


NAMES = ("event", "events", "call_state", "entry_id", "to", "from", "timestamp", "number", "call_id", "id")
LEAVES = st.none() | st.booleans() | st.integers() | st.text()
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner))


@given(ANYTHING)
def test_any_payload_is_read_or_refused(payload: Any) -> None:
    text = json.dumps(payload)
    for read in (
        lambda: own.translate(text.encode()), lambda: mango.translate({"json": text}),
        lambda: uis.translate(text.encode(), "UTC"), lambda: zadarma.translate({"event": text[:20]}, NOW, "UTC"),
    ):  # fmt: skip
        try:
            assert all(isinstance(event.kind, Kind) for event in read())
        except BadPayload:
            continue

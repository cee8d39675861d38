"""Mango Office: `events/call` and `events/summary` as its API of virtual exchanges documents them.

It has no event of its own for ringing: a call «appears» when the client's telephone is called. `command_id` is our id
for calls begun through its API.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from nps.adapters.webhooks.reading import LAST, BadPayload, epoch, identifier, known, mapping, number_or_none
from nps.domain.telephony import Kind, LineEvent

PROVIDER = "mango"
#: Its reasons of an end as Q.850 has them; 1110 and 1120: somebody hung up.
CAUSES = {1110: 16, 1111: 19, 1120: 16, 1121: 17, 1122: 21, 1131: 20, 1132: 1, 1133: 1, 2240: 41, 4501: 42}
_UNKNOWN_CAUSE = 31


def is_signed(key: str, salt: str, form: Mapping[str, str]) -> bool:
    """Whether the form carries `sha256(key + json + salt)`. It signs no time: a repeat is recognised by its events."""
    right = hashlib.sha256(f"{key}{form.get('json', '')}{salt}".encode()).hexdigest()
    given = hmac.compare_digest(form.get("sign", "").encode(), right.encode())
    return given and hmac.compare_digest(form.get("vpbx_api_key", "").encode(), key.encode())


def translate(form: Mapping[str, str]) -> list[LineEvent]:
    """Events of an outgoing call's client; an incoming call and the operator's own leg give none. Raises BadPayload."""
    try:
        payload = mapping(json.loads(form.get("json", "")), "json")
    except (ValueError, RecursionError):
        raise BadPayload("json") from None
    if "call_state" in payload:
        return _call(payload)
    return _summary(payload) if "entry_result" in payload else []


def _call(payload: Mapping[str, Any]) -> list[LineEvent]:
    at, seq, state = epoch(payload, "timestamp"), number_or_none(payload, "seq"), payload.get("call_state")
    caller, callee = mapping(payload.get("from") or {}, "from"), mapping(payload.get("to") or {}, "to")
    if callee.get("extension") or not callee.get("number"):
        return []
    kinds = {
        "Appeared": (Kind.DIALLING, Kind.RINGING),
        "Connected": (Kind.ANSWERED,),
        "Disconnected": (Kind.HUNG_UP,),
    }.get(str(state), ())
    reason = number_or_none(payload, "disconnect_reason")
    entry = identifier(payload, "entry_id")
    return [
        LineEvent(
            provider=PROVIDER,
            dedup=f"{PROVIDER}-{identifier(payload, 'call_id')}-{seq}-{kind}",
            call_id=_call_id(payload, entry),
            kind=kind,
            at=at,
            leg=f"client-{entry}",
            cause=CAUSES.get(reason, _UNKNOWN_CAUSE) if reason and kind is Kind.HUNG_UP else None,
            known=known(callee.get("number"), caller.get("extension")),
        )
        for kind in kinds
    ]


def _summary(payload: Mapping[str, Any]) -> list[LineEvent]:
    """The account of a call that is over: what an event that was lost would have said."""
    caller, callee = mapping(payload.get("from") or {}, "from"), mapping(payload.get("to") or {}, "to")
    if number_or_none(payload, "call_direction") == 1 or callee.get("extension"):
        return []
    entry = identifier(payload, "entry_id")
    times = {Kind.DIALLING: "forward_time", Kind.ANSWERED: "talk_time", Kind.HUNG_UP: "end_time"}
    reason = number_or_none(payload, "disconnect_reason")
    return [
        LineEvent(
            provider=PROVIDER,
            dedup=f"{PROVIDER}-{entry}-summary-{kind}",
            call_id=_call_id(payload, entry),
            kind=kind,
            at=epoch(payload, name),
            leg=f"client-{entry}",
            cause=CAUSES.get(reason, _UNKNOWN_CAUSE) if reason and kind is Kind.HUNG_UP else None,
            known=known(callee.get("number"), caller.get("extension")),
        )
        for kind, name in times.items()
        if number_or_none(payload, name, LAST)
    ]


def _call_id(payload: Mapping[str, Any], entry: str) -> str:
    return identifier(payload, "command_id") if payload.get("command_id") else entry

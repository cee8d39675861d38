"""Our own format, for any exchange that can sign: docs/telephony.md describes it.

`X-NPS-Signature: sha256=HMAC(secret, timestamp + "." + body)`. The time stamp is signed and must be fresh; within those
minutes a repeat is harmless, because each event has an id of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from nps.adapters.webhooks.reading import (
    BadPayload,
    identifier,
    known,
    mapping,
    moment,
    number_or_none,
)
from nps.domain.telephony import Kind, LineEvent

PROVIDER = "own"
FRESH = timedelta(minutes=5)
MOST_EVENTS = 200


def is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether body and time stamp carry our signature, and the time stamp is fresh at `now`."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(now.timestamp() - int(timestamp)) > FRESH.total_seconds():
        return False
    right = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={right}".encode(), signature.encode("utf-8", "replace"))


def translate(body: bytes) -> list[LineEvent]:
    """Events of `{"events": [{"id", "call", "type", "at", …}]}`. Raises BadPayload."""
    try:
        events = mapping(json.loads(body), "body").get("events")
    except (ValueError, RecursionError):
        raise BadPayload("body") from None
    if not isinstance(events, list) or len(events) > MOST_EVENTS:
        raise BadPayload("events")
    return [_event(mapping(event, "events")) for event in events]


def _event(event: Mapping[str, Any]) -> LineEvent:
    try:
        kind = Kind(str(event.get("type")))
    except ValueError:
        raise BadPayload("type") from None
    call = identifier(event, "call")
    return LineEvent(
        provider=PROVIDER,
        dedup=f"{PROVIDER}-{identifier(event, 'id')}",
        call_id=call,
        kind=kind,
        at=moment(event, "at", "UTC"),
        leg=call if event.get("leg") == "operator" else f"client-{call}",
        cause=number_or_none(event, "cause", 127),
        sip=number_or_none(event, "sip", 699),
        status=str(event.get("status") or "")[:32],
        known=known(event.get("phone"), event.get("extension")),
    )

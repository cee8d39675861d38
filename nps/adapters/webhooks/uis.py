"""UIS (CoMagic): a notification whose body the customer writes as a template; docs/telephony.md has the one we read.

It is not signed: a secret in the address and the addresses of the sender stand for that.
"""

from __future__ import annotations

import json

from nps.adapters.webhooks.reading import BadPayload, identifier, known, mapping, moment
from nps.domain.local_time import Zone
from nps.domain.telephony import Kind, LineEvent

PROVIDER = "uis"
_KINDS = {
    "start": (Kind.DIALLING,),
    "ringing": (Kind.DIALLING, Kind.RINGING),
    "answer": (Kind.ANSWERED,),
    "end": (Kind.HUNG_UP,),
}
#: Its reasons of an end as Q.850 has them.
CAUSES = {
    "subscriber_busy": 17,
    "subscriber_disconnects": 16,
    "operator_disconnects": 16,
    "subscriber_no_answer": 19,
    "no_answer": 19,
    "rejected": 21,
    "subscriber_unavailable": 20,
    "number_not_exists": 1,
    "no_money": 41,
    "communication_unavailable": 38,
}
_UNKNOWN_CAUSE = 31


def translate(body: bytes, zone: Zone) -> list[LineEvent]:
    """Events of one notification; times without an offset are `zone`'s. Raises BadPayload."""
    try:
        payload = mapping(json.loads(body), "body")
    except (ValueError, RecursionError):
        raise BadPayload("body") from None
    kinds = _KINDS.get(str(payload.get("event")))
    if kinds is None:
        raise BadPayload("event")
    session, at = identifier(payload, "call_session_id"), moment(payload, "notification_time", zone)
    reason = str(payload.get("finish_reason") or "")
    return [
        LineEvent(
            provider=PROVIDER,
            dedup=f"{PROVIDER}-{session}-{kind}",
            call_id=identifier(payload, "external_id") if payload.get("external_id") else session,
            kind=kind,
            at=at,
            leg=f"client-{session}",
            cause=CAUSES.get(reason, _UNKNOWN_CAUSE) if reason and kind is Kind.HUNG_UP else None,
            known=known(payload.get("contact_phone_number"), payload.get("extension")),
        )
        for kind in kinds
    ]

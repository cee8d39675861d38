"""Zadarma: NOTIFY_OUT_START, NOTIFY_ANSWER and NOTIFY_OUT_END of its exchange's notifications.

They say when a call began, not when it was answered or ended: for those the moment of receipt counts, and the talk is
`duration` long. The cause is Q.850 (`status_code`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from nps.adapters.webhooks.reading import BadPayload, identifier, known, moment, number_or_none
from nps.domain.local_time import Zone
from nps.domain.telephony import Kind, LineEvent

PROVIDER = "zadarma"
#: What is signed of each notification; neither the length nor the moment is.
_SIGNED = {
    "NOTIFY_OUT_START": ("internal", "destination", "call_start"),
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_OUT_END": ("internal", "destination", "call_start"),
}
_CAUSES = {
    "answered": 16, "busy": 17, "cancel": 16, "no answer": 19, "failed": 38, "no money": 41, "unallocated number": 1,
    "no limit": 41, "no day limit": 41, "line limit": 42, "no money, no limit": 41, "call failed": 38,
}  # fmt: skip


def is_signed(secret: str, form: Mapping[str, str], signature: str) -> bool:
    """Whether the header carries `base64(hex(HMAC-SHA1(secret, …)))` of what this notification signs."""
    names = _SIGNED.get(form.get("event", ""))
    if names is None:
        return False
    text = "".join(form.get(name, "") for name in names)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
    return hmac.compare_digest(base64.b64encode(digest.encode()), signature.encode("utf-8", "replace"))


def translate(form: Mapping[str, str], received_at: datetime, zone: Zone) -> list[LineEvent]:
    """Events of one notification; its times are `zone`'s. Raises BadPayload."""
    event, call = form.get("event", ""), identifier(form, "pbx_call_id")

    def line(kind: Kind, at: datetime, cause: int | None = None) -> LineEvent:
        number = known(form.get("destination"), form.get("internal") or None)
        return LineEvent(PROVIDER, f"{PROVIDER}-{call}-{kind}", call, kind, at, f"client-{call}", cause, known=number)

    if event == "NOTIFY_OUT_START":
        began = moment(form, "call_start", zone)
        return [line(Kind.DIALLING, began), line(Kind.RINGING, began)]
    if event == "NOTIFY_ANSWER":
        return [line(Kind.ANSWERED, received_at)]
    if event != "NOTIFY_OUT_END":
        raise BadPayload("event")
    disposition, seconds = form.get("disposition", ""), number_or_none(form, "duration", 86_400) or 0
    found = [line(Kind.HUNG_UP, received_at, number_or_none(form, "status_code", 127) or _CAUSES.get(disposition))]
    if disposition == "answered" and seconds:
        # Should NOTIFY_ANSWER be lost; when it is not, the key is the same and the first to come counts.
        found.insert(0, line(Kind.ANSWERED, received_at - timedelta(seconds=seconds)))
    return found

"""Reports of exchanges over HTTP, for the web layer: who signed them and what they say."""

from __future__ import annotations

from collections.abc import Callable

from nps.adapters.webhooks import BadPayload, mango, own, uis, zadarma
from nps.domain.telephony import LineEvent

#: Reads a report that is signed. Raises BadPayload.
Reader = Callable[[], list[LineEvent]]

own_is_signed, read_own = own.is_signed, own.translate
mango_is_signed, read_mango = mango.is_signed, mango.translate
zadarma_is_signed, read_zadarma = zadarma.is_signed, zadarma.translate
read_uis = uis.translate

__all__ = [
    "BadPayload",
    "Reader",
    "mango_is_signed",
    "own_is_signed",
    "read_mango",
    "read_own",
    "read_uis",
    "read_zadarma",
    "zadarma_is_signed",
]

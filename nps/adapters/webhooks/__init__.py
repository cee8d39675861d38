"""What cloud exchanges send over HTTP: signatures, and pure translators of their payloads into events of a line."""

from nps.adapters.webhooks import mango, own, uis, zadarma
from nps.adapters.webhooks.reading import BadPayload

__all__ = ["BadPayload", "mango", "own", "uis", "zadarma"]

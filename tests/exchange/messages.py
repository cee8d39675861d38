"""The text of a SIP message (RFC 3261 7), as little of it as the peer of the tests needs."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


@dataclass(frozen=True, slots=True)
class Sip:
    """A request (`method`, `target`) or a response (`status`)."""

    method: str
    target: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def get(self, name: str) -> str:
        return next((value for found, value in self.headers if found == name), "")

    def every(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found == name]


def parsed(data: bytes) -> Sip:
    head, _, body = data.decode().partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_SHORT.get(name, name), value.strip()))
    first, second, *_ = start.split(" ")
    if first == "SIP/2.0":
        return Sip("", "", int(second), tuple(headers), body)
    return Sip(first, second, 0, tuple(headers), body)

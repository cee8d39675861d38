"""The wire format of AMI: blocks of `Name: value` lines, an empty line between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Message = Mapping[str, str]

#: A block that is longer is no message of an exchange: the link is dropped.
LARGEST_MESSAGE = 1024 * 1024
_END = b"\r\n\r\n"


class NotAmi(Exception):
    """What came is no message."""


def encode(action: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """An action ready to send. Raises ValueError for a value that would smuggle in a line of its own."""
    lines = [("Action", action), *fields]
    for name, value in lines:
        if any(char in name or char in value for char in "\r\n\0"):
            raise ValueError(f"a value of AMI has no line breaks: {name}")
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n"


class Decoder:
    """Cuts a stream of bytes into messages, however the network has cut it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Messages that are complete by now. Raises NotAmi for one without an end."""
        self._rest += data
        while (end := self._rest.find(_END)) >= 0:
            block, self._rest = self._rest[:end], self._rest[end + len(_END) :]
            if message := _message(block):
                yield message
        if len(self._rest) > LARGEST_MESSAGE:
            raise NotAmi


def _message(block: bytes) -> dict[str, str]:
    """Repeated names (`Variable`, `Output`) keep their last value: none of them says anything about a line."""
    found = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip()] = value.strip()
    return found

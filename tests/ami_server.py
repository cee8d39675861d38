"""A manager interface on loopback that replays what a real Asterisk has said. Time in it is the capture's own."""

from __future__ import annotations

import json
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Message = dict[str, str]
CAPTURED = Path(__file__).parent / "data" / "ami"
SECRET = "ami-secret"
#: The permissions of docs/telephony.md; an event goes to whoever may read its class, an action to whoever may write it.
READ = frozenset({"call"})
WRITE = frozenset({"originate", "call"})
AUTHORITY = {
    "Originate": {"originate"},
    "Hangup": {"system", "call"},
    "Redirect": {"call"},
    "Status": {"system", "call", "reporting"},
}
GREETING = b"Asterisk Call Manager/5.0.2\r\n"


def captured(name: str) -> list[Message]:
    """The events of one captured session."""
    lines = (CAPTURED / name).read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [{key: str(value) for key, value in message.items() if key != "t"} for message in found]


def of_call(messages: list[Message], call: str, renamed: str) -> list[Message]:
    """The events of one call, under another id."""
    texts = [json.dumps(message).replace(call, renamed) for message in messages if call in json.dumps(message)]
    return [json.loads(text) for text in texts]


class AmiServer:
    """Takes one client after another; what they ask for is in `actions`, in order."""

    def __init__(self) -> None:
        self.actions: queue.Queue[Message] = queue.Queue()
        self.on_action: Callable[[Message], list[Message]] = lambda _: []
        self.read, self.write = READ, WRITE
        self.login_words = "Authentication failed"
        self.is_booted = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._client: socket.socket | None = None
        self._came = threading.Condition()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join()

    def cut(self) -> None:
        """Drop the client, as a lost network does."""
        with self._came:
            if self._client is not None:
                self._client.shutdown(socket.SHUT_RDWR)
                self._client = None

    def wait_for_client(self) -> None:
        """Until somebody has logged in."""
        with self._came:
            assert self._came.wait_for(lambda: self._client is not None, 20)

    def say(self, messages: list[Message]) -> None:
        """Send events to the client that is logged in."""
        with self._came:
            client = self._client
        assert client is not None
        with self._sending:
            for message in messages:
                self._tell(client, message)

    def asked(self, action: str) -> Message:
        """The next action of that name."""
        while True:
            message = self.actions.get(timeout=20)
            if message.get("Action") == action:
                return message

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        rest = b""
        try:
            client.sendall(GREETING)
            while data := client.recv(65536):
                *blocks, rest = (rest + data).split(b"\r\n\r\n")
                for block in blocks:
                    self._answer(client, block.decode())
        except OSError:
            pass
        with self._came:
            if self._client is client:
                self._client = None

    def _answer(self, client: socket.socket, block: str) -> None:
        pairs = [line.partition(": ")[::2] for line in block.split("\r\n")]
        message = dict(pairs) | {"Variables": "\n".join(value for name, value in pairs if name == "Variable")}
        action, number = message["Action"], message.get("ActionID", "")
        if action == "Login":
            self._login(client, message["Secret"] == SECRET, number)
            return
        self.actions.put(message)
        needed = AUTHORITY.get(action)
        with self._sending:
            if needed and not needed & self.write:
                client.sendall(_encoded({"Response": "Error", "ActionID": number, "Message": "Permission denied"}))
                return
            client.sendall(_encoded({"Response": "Success", "ActionID": number}))
            for event in self.on_action(message):
                self._tell(client, event)

    def _login(self, client: socket.socket, is_right: bool, number: str) -> None:
        words = (
            {"Response": "Success", "Message": "Authentication accepted"}
            if is_right
            else {"Response": "Error", "Message": self.login_words}
        )
        client.sendall(_encoded({**words, "ActionID": number}))
        if is_right:
            if self.is_booted:
                self._tell(client, {"Event": "FullyBooted", "Privilege": "system,all", "Status": "Fully Booted"})
            with self._came:
                self._client = client
                self._came.notify_all()

    def _tell(self, client: socket.socket, message: Message) -> None:
        """Send what this user may read: `Privilege` names the classes of an event."""
        classes = {name for name in message.get("Privilege", "").split(",") if name not in ("", "all")}
        if not classes or classes & self.read:
            client.sendall(_encoded(message))


def _encoded(message: Message) -> bytes:
    assert not [value for value in message.values() if re.search("[\r\n]", value)]
    return "".join(f"{name}: {value}\r\n" for name, value in message.items()).encode() + b"\r\n"


@contextmanager
def running() -> Iterator[AmiServer]:
    server = AmiServer()
    try:
        yield server
    finally:
        server.close()

"""A SIP peer of the tests' own (RFC 3261, UDP): the carrier with a behaviour for each number, or an operator's phone.

Its log of messages is the truth that the product's times are held against.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, time

from tests.exchange.messages import Sip, parsed

#: Nothing here takes so long; a test that waits for more has failed.
PATIENCE_S = 30.0
#: A-law of nothing at all, as a muted headset sends it, and of a tone of 1,000 Hz (ITU-T G.711).
SILENCE, TONE = b"\xd5" * 160, (b"\xb4" * 4 + b"\x34" * 4) * 20
REASONS = {180: "Ringing", 183: "Session Progress", 200: "OK", 487: "Request Terminated"}


@dataclass(frozen=True, slots=True)
class Plays:
    """What a line does when it is called, in this order.

    `rings` are statuses before the answer with the seconds to wait before each; those of `with_sound` carry a
    description of sound. Then after `then` seconds comes `final`: 200 is an answer, 0 nothing at all. `talks`: hangs up
    after so many seconds of talk; None: waits for the other side. `sound`: what it sends, b"" for no packet at all.
    """

    rings: Sequence[tuple[float, int]] = ()
    with_sound: bool = False
    then: float = 0.0
    final: int = 200
    talks: float | None = None
    sound: bytes = SILENCE


@dataclass(frozen=True, slots=True)
class Heard:
    """One message. `what` is a method or a status; `at` epoch seconds."""

    at: float
    sent: bool
    what: str
    method: str
    call: str


@dataclass(slots=True)
class Dialog:
    """One call that came in."""

    invite: Sip
    number: str
    tag: str
    over: threading.Event = field(default_factory=threading.Event)
    is_answered: bool = False
    sounds: bool = False


class Peer:
    """Listens on the loopback until it is closed."""

    def __init__(self) -> None:
        self.plays: dict[str, Plays] = {}
        self.otherwise = Plays()
        self.log: list[Heard] = []
        self.dialogs: list[Dialog] = []
        self._known = threading.Condition()
        self._answers: dict[str, Sip] = {}
        self._threads: list[threading.Thread] = []
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._sound = socket.socket(type=socket.SOCK_DGRAM)
        self._sound.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._exchange = ("127.0.0.1", 0)
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def forget(self) -> None:
        """Nobody is on the line any more, whatever the other side believes."""
        for dialog in self.dialogs:
            dialog.over.set()

    def close(self) -> None:
        self.forget()
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        for thread in (self._listener, *self._threads):
            thread.join()
        self._socket.close()
        self._sound.close()

    def register(self, exchange: tuple[str, int], name: str, secret: str) -> None:
        """Sign in as a telephone of the exchange (digest, RFC 2617). Raises AssertionError when it is refused."""
        self._exchange = exchange
        call, told = secrets.token_hex(8), None
        for cseq in (1, 2):
            signed = _signed(told.get("www-authenticate"), name, secret, exchange) if told else []
            again = partial(self._send_request, "REGISTER", exchange, name, call, cseq, signed)
            told = self._asked(f"{call}-{cseq}", again)
        assert told and told.status == 200, "the telephone may not register"

    def _asked(self, key: str, send: Callable[[], None]) -> Sip:
        """The answer to a request that is sent again each half a second (RFC 3261 17.1.2): datagrams get lost."""
        with self._known:
            for _ in range(int(2 * PATIENCE_S)):
                send()
                if self._known.wait_for(lambda: key in self._answers, 0.5):
                    return self._answers[key]
        raise AssertionError("no answer to REGISTER")

    def hang_up(self, number: str = "") -> None:
        """End the talk from this side."""
        dialog = next(d for d in reversed(self.dialogs) if not d.over.is_set() and number in ("", d.number))
        self._bye(dialog)

    def times(self, number: str) -> dict[str, float]:
        """When what happened in the last call of a number: `invited`, `rings`, `answered`, `ended` (epoch seconds)."""
        dialog = next(d for d in reversed(self.dialogs) if d.number == number)
        found: dict[str, float] = {}
        for heard in [heard for heard in self.log if heard.call == dialog.invite.get("call-id")]:
            name = _MEANS.get(heard.what) if heard.method == "INVITE" or heard.what in ("BYE", "CANCEL") else None
            if name is None and heard.method == "INVITE" and heard.sent and heard.what >= "300":
                name = "ended"
            if name:
                found.setdefault(name, heard.at)
        return found

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Until a message makes it so."""
        with self._known:
            assert self._known.wait_for(holds, PATIENCE_S), [f"{heard.what} {heard.method}" for heard in self.log]

    def _listen(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65536)
            if not data:
                return
            if data.strip():
                self._take(parsed(data), source)

    def _take(self, message: Sip, source: tuple[str, int]) -> None:
        self._note(message, sent=False)
        call = message.get("call-id")
        if message.status:
            with self._known:
                self._answers[f"{call}-{message.get('cseq').split()[0]}"] = message
                self._known.notify_all()
            return
        dialog = next((dialog for dialog in self.dialogs if dialog.invite.get("call-id") == call), None)
        match message.method:
            case "INVITE" if dialog is None:
                self._exchange = source
                dialog = Dialog(message, _user(message.target), secrets.token_hex(4))
                self.dialogs.append(dialog)
                thread = threading.Thread(target=self._play, args=(dialog,))
                self._threads.append(thread)
                thread.start()
            case "INVITE" if dialog is not None and dialog.is_answered:
                self._answer(message, 200, dialog.tag, self._description())
            case "CANCEL" if dialog is not None:
                self._answer(message, 200, dialog.tag)
                if not dialog.is_answered and not dialog.over.is_set():
                    dialog.over.set()
                    self._answer(dialog.invite, 487, dialog.tag)
            case "BYE":
                self._answer(message, 200)
                if dialog is not None:
                    dialog.over.set()
            case "OPTIONS" | "NOTIFY":
                self._answer(message, 200, "t")
        with self._known:
            self._known.notify_all()

    def _play(self, dialog: Dialog) -> None:
        plays = self.plays.get(dialog.number, self.otherwise)
        for seconds, status in plays.rings:
            if dialog.over.wait(seconds):
                return
            self._answer(dialog.invite, status, dialog.tag, self._description() if plays.with_sound else "")
            if plays.with_sound:
                self._begin_sound(dialog, plays.sound)
        if dialog.over.wait(plays.then) or not plays.final:
            return
        if plays.final != 200:
            self._answer(dialog.invite, plays.final, dialog.tag)
            dialog.over.set()
            return
        dialog.is_answered = True
        self._answer(dialog.invite, 200, dialog.tag, self._description())
        self._begin_sound(dialog, plays.sound)
        if plays.talks is not None and not dialog.over.wait(plays.talks):
            self._bye(dialog)

    def _begin_sound(self, dialog: Dialog, sound: bytes) -> None:
        if dialog.sounds or not sound:
            return
        dialog.sounds = True
        found = re.search(r"^m=audio (\d+)", dialog.invite.body, re.M)
        assert found
        thread = threading.Thread(target=self._speak, args=(dialog, int(found[1]), sound))
        self._threads.append(thread)
        thread.start()

    def _speak(self, dialog: Dialog, port: int, sound: bytes) -> None:
        begun, sent, source = monotonic(), 0, secrets.token_bytes(4)
        while not dialog.over.wait(max(0.0, begun + sent * 0.02 - monotonic())):
            head = b"\x80\x08" + (sent % 65536).to_bytes(2, "big") + (sent * 160).to_bytes(4, "big") + source
            self._sound.sendto(head + sound, ("127.0.0.1", port))
            sent += 1

    def _bye(self, dialog: Dialog) -> None:
        dialog.over.set()
        invite = dialog.invite
        target = re.search(r"<(sip:[^>]+)>", invite.get("contact"))
        assert target
        self._send(
            f"BYE {target[1]} SIP/2.0",
            [
                ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(8)}"),
                ("From", f"{invite.get('to')};tag={dialog.tag}"), ("To", invite.get("from")),
                ("Call-ID", invite.get("call-id")), ("CSeq", "1 BYE"), ("Max-Forwards", "70"),
            ],
        )  # fmt: skip

    def _answer(self, request: Sip, status: int, tag: str = "", body: str = "") -> None:
        to = request.get("to")
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        fields = [("Via", via) for via in request.every("via")]
        fields += [("From", request.get("from")), ("To", to), ("Call-ID", request.get("call-id"))]
        fields += [("CSeq", request.get("cseq")), ("Contact", f"<sip:127.0.0.1:{self.port}>")]
        self._send(f"SIP/2.0 {status} {REASONS.get(status, 'Told')}", fields, body)

    def _send_request(
        self, method: str, exchange: tuple[str, int], name: str, call: str, cseq: int, more: list[tuple[str, str]]
    ) -> None:
        own = f"sip:{name}@{exchange[0]}"
        fields = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{secrets.token_hex(8)}"),
            ("From", f"<{own}>;tag=1"), ("To", f"<{own}>"), ("Call-ID", call), ("CSeq", f"{cseq} {method}"),
            ("Max-Forwards", "70"), ("Contact", f"<sip:{name}@127.0.0.1:{self.port}>"), ("Expires", "3600"), *more,
        ]  # fmt: skip
        self._send(f"{method} sip:{exchange[0]}:{exchange[1]} SIP/2.0", fields)

    def _send(self, start: str, fields: list[tuple[str, str]], body: str = "") -> None:
        if body:
            fields = [*fields, ("Content-Type", "application/sdp")]
        lines = [start, *(f"{name}: {value}" for name, value in fields), f"Content-Length: {len(body)}", "", body]
        data = "\r\n".join(lines).encode()
        self._note(parsed(data), sent=True)
        self._socket.sendto(data, self._exchange)

    def _note(self, message: Sip, *, sent: bool) -> None:
        what = str(message.status) if message.status else message.method
        self.log.append(Heard(time(), sent, what, message.get("cseq").split()[1], message.get("call-id")))

    def _description(self) -> str:
        port = self._sound.getsockname()[1]
        return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"


_MEANS = {
    "INVITE": "invited", "180": "rings", "183": "rings", "200": "answered", "BYE": "ended", "CANCEL": "ended",
}  # fmt: skip


def _user(target: str) -> str:
    return target.removeprefix("sip:").partition("@")[0]


def _signed(challenge: str, name: str, secret: str, exchange: tuple[str, int]) -> list[tuple[str, str]]:
    told = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    target = f"sip:{exchange[0]}:{exchange[1]}"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    whose, what = md5(f"{name}:{told['realm']}:{secret}"), md5(f"REGISTER:{target}")
    response = md5(f"{whose}:{told['nonce']}:00000001:cafe:auth:{what}")
    value = (
        f'Digest username="{name}", realm="{told["realm"]}", nonce="{told["nonce"]}", uri="{target}", qop=auth, '
        f'nc=00000001, cnonce="cafe", response="{response}", algorithm=MD5'
    )
    if "opaque" in told:
        value += f', opaque="{told["opaque"]}"'
    return [("Authorization", value)]

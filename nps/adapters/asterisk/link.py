"""One connection to the manager interface of an Asterisk."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any
from uuid import UUID

from nps.adapters.asterisk.messages import Decoder, Message, NotAmi, encode

CONNECT_S, ANSWER_S = 5.0, 10.0
#: Silence after which the exchange is asked whether it is there, and after which it is not.
PING_AFTER_S, DEAD_AFTER_S = 5.0, 15.0


class LinkLost(Exception):
    """The exchange does not answer, or the connection is gone. `problem` says it to people."""

    problem = "Станция не отвечает."


class NotAnExchange(LinkLost):
    """Something takes the connection and does not answer as the manager interface does."""

    problem = "По AMI_HOST и AMI_PORT отвечают, но не как AMI станции: проверьте адрес и порт."


class LoginRefused(LinkLost):
    """The exchange answers and does not let us in. Asterisk says the same of a name, a password and an address."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        known = words in ("", "Authentication failed")
        cause = (
            ": логин или пароль AMI, или адрес этой машины не разрешён (permit)" if known else f" и говорит: «{words}»"
        )
        self.problem = f"Станция не пускает{cause}."


class NotPermitted(LinkLost):
    """The exchange lets us in and forbids what the product can't do without."""

    problem = "Станция не разрешает нам звонить: дайте пользователю AMI права write = originate,call."


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """Where the exchange is and how it is asked to call.

    `channel` makes an operator's channel out of his `{extension}`; `context` is the dialplan that dials the client;
    `limit_s` hangs up a forgotten line (0: never).
    """

    host: str
    port: int
    username: str
    secret: str
    channel: str = "PJSIP/{extension}"
    context: str = "nps-out"
    transfer_context: str = "nps-transfer"
    pickup_s: int = 20
    ring_s: int = 45
    limit_s: int = 0

    @classmethod
    def of(cls, exchange: Any) -> AmiSettings:
        """Those of the installation (`nps.config.Exchange`)."""
        return cls(
            host=exchange.host,
            port=exchange.port,
            username=exchange.username,
            secret=exchange.secret,
            channel=exchange.channel,
            context=exchange.context,
            transfer_context=exchange.transfer_context,
            ring_s=exchange.ring_s,
            limit_s=exchange.safety_minutes * 60,
        )


class Link:
    """A logged-in connection. `read` yields what comes; the other methods ask for something and wait for no answer.

    The answer to an action names its ActionID, which `call` and `transfer` give back.
    """

    def __init__(self, settings: AmiSettings) -> None:
        self.settings = settings
        self._decoder = Decoder()
        self._waiting: deque[Message] = deque()
        self._heard_at = self._asked_at = monotonic()
        try:
            self._socket = socket.create_connection((settings.host, settings.port), CONNECT_S)
        except OSError as error:
            raise LinkLost(str(error)) from error
        try:
            self._log_in()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def read(self, seconds: float) -> Iterator[Message]:
        """Messages that come within so many seconds. Raises LinkLost, also for an exchange that has gone silent."""
        while self._waiting:
            yield self._waiting.popleft()
        silence = monotonic() - self._heard_at
        if silence > DEAD_AFTER_S:
            raise LinkLost("the exchange is silent")
        if silence > PING_AFTER_S and monotonic() - self._asked_at > PING_AFTER_S:
            self._asked_at = monotonic()
            self._send("Ping")
        self._receive(seconds)
        while self._waiting:
            yield self._waiting.popleft()

    def call(self, attempt_id: UUID, extension: str, e164: str, dtmf: str = "") -> str:
        """Ring the operator's telephone, then dial the client. Our id names the channel, every event and the file.

        `dtmf`: the client's extension, which the dialplan sends when the line there has been answered.
        """
        settings = self.settings
        limit = f"{settings.limit_s * 1000}" if settings.limit_s else ""
        action_id, phone = str(attempt_id), settings.channel.format(extension=extension)
        self._send(
            "Originate",
            ("ActionID", action_id),
            ("ChannelId", str(attempt_id)),
            ("Channel", phone),
            ("Context", settings.context),
            ("Exten", e164.removeprefix("+")),
            ("Priority", "1"),
            ("Timeout", str(settings.pickup_s * 1000)),
            ("Async", "true"),
            # What the operator's telephone shows; without it the call is anonymous, and some telephones refuse that.
            ("CallerID", f"NPS <{e164.removeprefix('+')}>"),
            ("Variable", f"__NPS_ID={attempt_id}"),
            ("Variable", f"__NPS_PHONE={phone}"),
            ("Variable", f"__NPS_RING={settings.ring_s}"),
            ("Variable", f"__NPS_LIMIT={limit}"),
            # Of this dial alone: a client who is passed on to a branch must not take his own extension there.
            ("Variable", f"NPS_EXT={dtmf}"),
        )
        return action_id

    def hang_up(self, channel: str) -> None:
        """End a channel: the operator's, and with it the call."""
        self._send("Hangup", ("Channel", channel), ("Cause", "16"))

    def transfer(self, attempt_id: UUID, channel: str, number: str, dtmf: str = "") -> str:
        """Connect the client's channel with a number of the dialplan, and the extension there; the operator is free."""
        self._send("Setvar", ("Channel", channel), ("Variable", "NPS_EXT"), ("Value", dtmf))
        action_id = f"transfer-{attempt_id}"
        self._send(
            "Redirect",
            ("ActionID", action_id),
            ("Channel", channel),
            ("Context", self.settings.transfer_context),
            ("Exten", number.removeprefix("+")),
            ("Priority", "1"),
        )
        return action_id

    def ask(self, action: str, *fields: tuple[str, str]) -> None:
        """Send an action; whoever asks looks for its answer among what `read` yields."""
        self._send(action, *fields)

    def ask_status(self) -> None:
        """Which channels are up; the answers come as `Status` events and end with `StatusComplete`."""
        self._send("Status", ("ActionID", "status"))

    def _log_in(self) -> None:
        self._send(
            "Login", ("Username", self.settings.username), ("Secret", self.settings.secret), ("ActionID", "login")
        )
        deadline = monotonic() + ANSWER_S
        before: list[Message] = []
        # `FullyBooted` is not waited for: only a user with `system` in read is told. An exchange that is still starting
        # refuses a call by an answer of its own.
        while monotonic() <= deadline:
            try:
                self._receive(deadline - monotonic())
            except LinkLost as error:
                raise NotAnExchange(str(error)) from error
            while self._waiting:
                message = self._waiting.popleft()
                if message.get("ActionID") != "login":
                    before.append(message)
                elif message.get("Response") != "Success":
                    raise LoginRefused(message.get("Message", ""))
                else:
                    self._waiting.extendleft(reversed(before))
                    return
        raise NotAnExchange("no answer to the login")

    def _send(self, action: str, *fields: tuple[str, str]) -> None:
        try:
            self._socket.sendall(encode(action, fields))
        except OSError as error:
            raise LinkLost(str(error)) from error

    def _receive(self, seconds: float) -> None:
        try:
            ready, _, _ = select.select([self._socket], [], [], max(seconds, 0))
            if not ready:
                return
            data = self._socket.recv(64 * 1024)
            if not data:
                raise LinkLost("the exchange closed the connection")
            self._heard_at = monotonic()
            self._waiting.extend(self._decoder.feed(data))
        except (OSError, NotAmi) as error:
            raise LinkLost(str(error)) from error

"""Holds the link to the exchange: events in, commands out, and a new link when this one is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from nps.adapters.asterisk import (
    PROVIDER,
    AmiSettings,
    Link,
    LinkLost,
    Message,
    NotPermitted,
    channels_of,
    events_of,
    line_event,
)
from nps.adapters.recordings.inbox import release_unfinished
from nps.domain.telephony import Kind, LineEvent
from nps.extensions import db
from nps.services import telephony
from nps.services.telephony import Command

#: How long to listen before looking for commands: the delay of an operator's press.
LISTEN_S = 0.2
NOTE_EVERY_S = 5.0
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 30.0
_MOST_CHANNELS = 2000
log = logging.getLogger(__name__)

Context = Callable[[], AbstractContextManager[Any]]


@dataclass(slots=True)
class Holder:
    """One process with one exchange. `call_log`: its own log (CEL), where it can be read; `recordings`: its sounds."""

    settings: AmiSettings
    context: Context
    call_log: Path | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    recordings: Path | None = None
    _channels: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Commands on their way, by the id that the answer to each names.
    _asked: dict[str, int] = field(default_factory=dict)
    _noted_at: float = 0.0
    #: When the exchange was last heard, on this link and before it; calls of then that it has not named since.
    _heard_at: datetime | None = None
    _lost_at: datetime | None = None
    _missed: set[str] = field(default_factory=set)

    def run(self, stop: Event) -> None:
        """Hold the link until `stop` is set; between two tries a little longer each time."""
        delay = FIRST_DELAY_S
        while not stop.is_set():
            try:
                with Link(self.settings) as link:
                    delay = FIRST_DELAY_S
                    self.serve(link, stop)
            except LinkLost as error:
                log.warning("the link to the exchange is lost: %s", error)
                self._lost(error.problem)
                delay = LONGEST_DELAY_S if isinstance(error, NotPermitted) else delay
            except Exception:
                # A database that was away for a while, say: the exchange is asked anew what is going on.
                log.exception("the holder of the exchange's link failed and will begin again")
            stop.wait(delay)
            delay = min(delay * 2, LONGEST_DELAY_S)

    def serve(self, link: Link, stop: Event) -> None:
        """Work on one link. Raises LinkLost."""
        self._channels.clear()
        self._asked.clear()
        self._missed = self._recover()
        # The link is noted as held only after the answer to this: who may not even ask, may not call.
        link.ask_status()
        while not stop.is_set():
            heard = list(link.read(LISTEN_S))
            events = [event for message in heard if (event := self._hear(message)) is not None]
            events += [gone for message in heard for gone in self._gone(message)]
            self._heard_at = self.clock() if heard else self._heard_at
            with self.context():
                for message in heard:
                    self._hear_answer(message)
                telephony.ingest(db.session, events, self.clock())
                for command in telephony.take_commands(db.session, self.clock()):
                    self._carry_out(link, command)
            self._note()

    def _hear(self, message: Message) -> LineEvent | None:
        for channel in channels_of(message):
            self._channels[channel.call_id, channel.leg] = channel.name
        if message.get("Event") == "Hangup":
            self._channels.pop((message.get("Linkedid", ""), message.get("Uniqueid", "")), None)
        while len(self._channels) > _MOST_CHANNELS:
            self._channels.pop(next(iter(self._channels)))
        return line_event(message, self.clock())

    def _hear_answer(self, message: Message) -> None:
        """The exchange's answer to an action of ours. Raises NotPermitted when it forbids what is always needed."""
        if "Response" not in message or "Event" in message:
            return
        command_id = self._asked.pop(message.get("ActionID", ""), None)
        if message["Response"] != "Error":
            return
        words = message.get("Message", "")
        log.warning("the exchange refuses an action: %s", words)
        is_forbidden = words == "Permission denied"
        if command_id is not None:
            problem = NotPermitted.problem if is_forbidden else f"Станция не приняла команду: «{words}»."
            telephony.tell_failed(db.session, command_id, problem)
        elif is_forbidden:
            raise NotPermitted(words)

    def _carry_out(self, link: Link, command: Command) -> None:
        call_id = str(command.attempt_id)
        try:
            if command.kind == "call":
                asked = link.call(command.attempt_id, command.extension, command.number, command.dtmf)
                self._asked[asked] = command.id
                return
            client = next((name for (call, leg), name in self._channels.items() if call == call_id != leg), None)
            own = self._channels.get((call_id, call_id), client)
            if command.kind == "hang_up" and own:
                link.hang_up(own)
            elif command.kind == "transfer" and client:
                asked = link.transfer(command.attempt_id, client, command.number, command.dtmf)
                self._asked[asked] = command.id
            else:
                telephony.tell_failed(db.session, command.id, "Станция не нашла этот разговор.")
        except (LinkLost, ValueError):
            telephony.tell_failed(db.session, command.id, "Станция не приняла команду.")
            raise

    def _recover(self) -> set[str]:
        """What happened while nobody listened: the exchange's log has the answers and ends of our open calls.

        Returns the calls that are still open then.
        """
        with self.context():
            calls = {str(attempt_id) for attempt_id in telephony.open_calls(db.session())}
            self._lost_at = self._heard_at or telephony.last_heard(db.session())
            db.session.rollback()
            if self.call_log is None:
                return calls
            try:
                telephony.ingest(db.session, list(events_of(self.call_log, calls)), self.clock())
            except OSError as error:
                log.warning("the exchange's log can't be read: %s", error.strerror)
            calls = {str(attempt_id) for attempt_id in telephony.open_calls(db.session())}
            db.session.rollback()
            return calls

    def _gone(self, message: Message) -> list[LineEvent]:
        """The ends of calls that the exchange does not know any more, when it has named all that are up.

        Each ended at its last sign of life: of the exchange, or of the sound that it was writing.
        """
        if message.get("Event") == "Status":
            self._missed.discard(message.get("Linkedid", ""))
        if message.get("Event") != "StatusComplete":
            return []
        gone, self._missed = self._missed, set()
        return [
            LineEvent(PROVIDER, f"{PROVIDER}-gone-{call_id}", call_id, Kind.GONE, self._last_sign(call_id))
            for call_id in sorted(gone)
        ]

    def _last_sign(self, call_id: str) -> datetime:
        signs = [self._lost_at or self.clock()]
        if self.recordings is not None and (written_at := release_unfinished(self.recordings, call_id)):
            signs.append(written_at)
        return min(max(signs), self.clock())

    def _note(self) -> None:
        if monotonic() - self._noted_at < NOTE_EVERY_S:
            return
        with self.context():
            telephony.note_link(db.session, self.clock())
        self._noted_at = monotonic()

    def _lost(self, problem: str) -> None:
        self._noted_at = 0.0
        try:
            with self.context():
                telephony.note_link(db.session, self.clock(), problem)
        except Exception:
            log.exception("the loss of the link could not be written down")

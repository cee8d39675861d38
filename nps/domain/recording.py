"""One call, one recording (R12): what a file's name says, and which call a recording belongs to.

A recording is never guessed: our id in its name decides, else number, time and length must leave exactly one call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from nps.domain.errors import PhoneError
from nps.domain.local_time import Zone, from_local
from nps.domain.phone_text import parse_phone

#: A recorder begins with the dial or with the answer: so much before and after the dial its file may say.
BEFORE_DIAL, AFTER_DIAL = timedelta(seconds=30), timedelta(seconds=90)
#: Two measurements of one call agree when they are no further apart.
LENGTH_TOLERANCE_MS = 3_000
#: So short a sound says nothing: two of them may well be the same.
_SHORT_MS = 5_000
#: The operator's clock and the exchange's may be so far apart.
CLOCK_TOLERANCE_MS = 5_000
#: A file may be on its way so long after the call; then it is missing, and one that still comes is late.
MISSING_AFTER = timedelta(hours=6)
#: Recordings that belong to no call are kept so long.
ORPHAN_DAYS = 90

#: The type of a WAV whose coding a browser does not know, GSM say (RFC 2361).
FOREIGN_WAVE = "audio/vnd.wave"

#: Why a recording waits for a person, or why it was put aside.
PROBLEMS = {
    "no_call": "Нет звонка в это время",
    "several": "Подходят несколько звонков",
    "length": "Звонок найден, но длина расходится",
    "second": "У звонка уже есть запись",
    "duplicate": "Такая же запись уже есть",
    "detached": "Снята со звонка",
}
#: Why a call has no recording, when a person knows it.
ABSENCES = {
    "not_recorded": "Запись не велась",
    "lost": "Файл потерян",
    "removed": "Запись удалена",
}

_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_TIME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_T. ]{1,3}(\d\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d)(?!\d)", re.IGNORECASE
)
#: The exchange's own id of a channel begins with the second it was made (Asterisk).
_UNIQUE_ID = re.compile(r"(?<!\d)(1\d{9})\.\d+")
_NUMBER = re.compile(r"(?<!\d)(?:\+?7|8)?\d{10}(?!\d)")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the name of a file says. `phones` are E.164, `started_at` is aware UTC."""

    attempt_id: UUID | None = None
    phones: tuple[str, ...] = ()
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call as the rule sees it. `setup_ms`: what may pass between the dial and the first ring."""

    attempt_id: UUID
    e164: str
    dialled_at: datetime
    ring_ms: int
    talk_ms: int
    setup_ms: int
    has_recording: bool

    def is_near(self, hints: Hints) -> bool:
        """Whether number and time fit."""
        if hints.started_at is None or self.e164 not in hints.phones:
            return False
        return -BEFORE_DIAL <= hints.started_at - self.dialled_at <= AFTER_DIAL

    def distance(self, hints: Hints) -> timedelta:
        """From the dial to the begin of a recording that is near, either way."""
        assert hints.started_at is not None
        return abs(hints.started_at - self.dialled_at)

    def off_by_ms(self, length_ms: int) -> int:
        """How far a recording's length is from the talk, or from ringing and talk with or without the set-up."""
        line_ms = self.ring_ms + self.talk_ms
        return min(abs(length_ms - self.talk_ms), max(line_ms - length_ms, length_ms - line_ms - self.setup_ms, 0))


@dataclass(frozen=True, slots=True)
class Match:
    """The call of a recording, or why a person has to look (a key of PROBLEMS).

    Then `attempt_id` is the call that is meant, of several the nearest in time: whose list the recording waits in.
    """

    attempt_id: UUID | None
    problem: str = ""


def is_suspicious_copy(length_ms: int | None, *, is_silent: bool, was_answered: bool) -> bool:
    """Whether the same bytes under two ids of ours may be one call's sound passed off as another's.

    Two calls on which nobody spoke can be the same to the byte: some seconds of silence, of ringing, of a tone.
    """
    is_long = length_ms is None or length_ms > _SHORT_MS
    return is_long and not is_silent and was_answered


def browsers_play(mime: str) -> bool:
    """Whether a browser can play a stored sound of this type; else it is only downloaded."""
    return not mime.startswith(FOREIGN_WAVE)


def read_name(name: str, zone: Zone) -> Hints:
    """Our id, numbers and time as recorders and exchanges write them into names. Times without a zone are `zone`'s."""
    found = _UUID.search(name)
    rest = _UUID.sub(" ", name)
    started_at, rest = _time(rest, zone)
    phones: list[str] = []
    for number in _NUMBER.findall(rest):
        try:
            phones.append(parse_phone(number).e164)
        except PhoneError:
            continue
    return Hints(UUID(found[0]) if found else None, tuple(dict.fromkeys(phones)), started_at)


def match(hints: Hints, length_ms: int | None, calls: Sequence[Candidate]) -> Match:
    """The fallback rule, for a recording whose name does not hold our id: exactly one call, or a person decides."""
    near = [call for call in calls if call.is_near(hints)]
    fitting = [call for call in near if length_ms is not None and call.off_by_ms(length_ms) <= LENGTH_TOLERANCE_MS]
    if len(fitting) > 1 or (len(near) > 1 and not fitting):
        return Match(min(near, key=lambda call: call.distance(hints)).attempt_id, "several")
    if len(fitting) == 1:
        return Match(fitting[0].attempt_id, "second" if fitting[0].has_recording else "")
    if near:
        return Match(near[0].attempt_id, "length")
    return Match(None, "no_call")


def _time(text: str, zone: Zone) -> tuple[datetime | None, str]:
    if found := _UNIQUE_ID.search(text):
        return datetime.fromtimestamp(int(found[1]), UTC), _TIME.sub(" ", _UNIQUE_ID.sub(" ", text))
    if found := _TIME.search(text):
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        try:
            return from_local(date(year, month, day), time(hour, minute, second), zone), _TIME.sub(" ", text)
        except ValueError:
            return None, text
    return None, text

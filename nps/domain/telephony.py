"""What an exchange reports of a call, and what follows from it: times, cause, a suggested result.

The state of a line comes from the set of its events, never from their order: a link that was lost brings them late,
twice or not at all. Times are the exchange's own clock. Only the client's leg counts: the operator's is answered before
the client's phone rings, so the exchange's own bills call that ringing talk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from nps.domain.disposition import LEAST_RING_S


class Kind(StrEnum):
    """What happened to a leg.

    REFUSED: the operator's own phone could not be reached, no call was made. EARLY: sound before the answer, by which
    some lines ring. GONE: the exchange knows the call no more and never told of its end.
    """

    REFUSED = "refused"
    DIALLING = "dialling"
    RINGING = "ringing"
    EARLY = "early_media"
    ANSWERED = "answered"
    DIAL_ENDED = "dial_ended"
    HANGUP_ASKED = "hangup_asked"
    HUNG_UP = "hung_up"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LineEvent:
    """One event. `leg` is the exchange's id of a channel; the operator's is the call's own id.

    `cause` is Q.850, `sip` a status of SIP, `status` the exchange's word (ANSWER, BUSY, CANCEL …). `dedup` is the same
    whenever the same event comes again. `at` is aware UTC.
    """

    provider: str
    dedup: str
    call_id: str
    kind: Kind
    at: datetime
    leg: str = ""
    cause: int | None = None
    sip: int | None = None
    status: str = ""
    #: Number and extension of a call that we did not begin.
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def attempt_id(self) -> UUID | None:
        """Our id of the call, None when the exchange's id is not one of ours."""
        try:
            return UUID(self.call_id)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Line:
    """The client's leg of a call.

    is_early: it rang by sound alone (183), which may have been an announcement. is_gone: the exchange lost the call,
    its end is its last sign of life. is_known: the exchange has told something, if only of the operator's leg.
    """

    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None
    sip: int | None = None
    status: str = ""
    is_refused: bool = False
    was_dialled: bool = False
    is_early: bool = False
    is_gone: bool = False
    is_known: bool = False

    @property
    def ring(self) -> timedelta:
        until = self.answered_at or self.ended_at
        return max(timedelta(0), until - self.ringing_at) if self.ringing_at and until else timedelta(0)

    @property
    def talk(self) -> timedelta:
        """From the client's answer to the end of his leg."""
        return self.ended_at - self.answered_at if self.answered_at and self.ended_at else timedelta(0)


#: Events of calls that are none of ours are kept so long: they tell of people who have nothing to do with the survey.
STRANGER_DAYS = 30
#: R13, less a slack: exchanges time their own limits by milliseconds, 20.998 s of a ring set to 21 s is no fraud.
_LEAST_RING = timedelta(seconds=LEAST_RING_S, milliseconds=-50)
_BY_SOUND = "Вместо гудков станция передала звук линии: если это было объявление, выберите итог по нему."
_BUSY, _REJECTED, _ABSENT = 17, 21, 20
_DEAD = frozenset({1, 22, 28})
_UNANSWERED = frozenset({0, 16, 18, 19})
_SIP_DEAD = frozenset({404, 410, 484, 485, 604})
_SIP_BUSY = frozenset({486, 600})
_SIP_FORBIDDEN = frozenset({401, 403, 407})


def line_of(call_id: str, events: Iterable[LineEvent]) -> Line:
    """The line as all events of one call tell it, in whatever order and however often they came."""
    found = sorted(set_of(events), key=lambda event: event.at)
    own = [event for event in found if event.leg and event.leg != call_id]
    client = next((event.leg for event in own if event.kind is Kind.DIALLING), own[0].leg if own else "")
    legs = [event for event in found if client and event.leg == client]
    answered_at, ringing_at, early_at = (_first(legs, kind) for kind in (Kind.ANSWERED, Kind.RINGING, Kind.EARLY))
    over = _over(call_id, found, legs, answered_at)
    is_gone = over is None and any(event.kind is Kind.GONE for event in found)
    causes = [event.cause for event in legs if event.cause is not None and event.kind is not Kind.DIAL_ENDED]
    return Line(
        ringing_at=min((at for at in (ringing_at, early_at) if at is not None), default=None),
        answered_at=answered_at,
        # What it said of the call before is a sign of life too.
        ended_at=found[-1].at if is_gone else over,
        cause=next((cause for cause in causes if cause), causes[0] if causes else None),
        sip=next((event.sip for event in legs if event.sip), None),
        status=next((event.status for event in legs if event.kind is Kind.DIAL_ENDED), ""),
        is_refused=any(event.kind is Kind.REFUSED for event in found),
        was_dialled=bool(client),
        is_early=early_at is not None and ringing_at is None,
        is_gone=is_gone,
        is_known=bool(found),
    )


def _over(call_id: str, found: list[LineEvent], legs: list[LineEvent], answered_at: datetime | None) -> datetime | None:
    """When the client's leg went down, as far as the exchange has told."""
    over = _first(legs, Kind.HUNG_UP)
    if over is None and answered_at is None:
        over = _first(legs, Kind.DIAL_ENDED)
    if over is None:
        # The client's own end was lost, or he was never dialled: his leg does not outlive the operator's.
        over = _first([event for event in found if event.leg == call_id], Kind.HUNG_UP) or _first(found, Kind.REFUSED)
    return over


def set_of(events: Iterable[LineEvent]) -> list[LineEvent]:
    """Each event once."""
    return list({event.dedup: event for event in events}.values())


def _first(events: Iterable[LineEvent], kind: Kind) -> datetime | None:
    return min((event.at for event in events if event.kind is kind), default=None)


def suggested_result(line: Line) -> str | None:
    """The result that the line speaks for, a code of the table of results; None when only the operator can tell.

    It is offered, never recorded by itself: a dead number is final only by a person's word (requirements §4). The order
    of the rules matters, see docs/telephony.md.
    """
    if line.ended_at is None or line.answered_at is not None:
        return None
    if line.is_refused or not line.was_dialled:
        return "technical"
    if line.sip in _SIP_FORBIDDEN:
        return "technical"
    if line.cause in _DEAD or line.sip in _SIP_DEAD:
        return "dead_number"
    if line.cause == _BUSY or line.sip in _SIP_BUSY or line.status == "BUSY":
        return "busy"
    if line.ringing_at is None:
        return "switched_off" if line.cause == _ABSENT else "technical"
    if line.cause == _REJECTED or line.sip == 603:
        return "rejected"
    if line.cause == _ABSENT:
        return "switched_off"
    if line.cause is None or line.cause in _UNANSWERED:
        return "no_answer" if line.ring >= _LEAST_RING else None
    return "technical"


def what_happened(line: Line) -> str:
    """The end of the line in words for the desk; '' while it is up or after a talk."""
    if line.is_gone:
        return "Станция потеряла этот звонок. Концом считается время, когда она в последний раз была на связи."
    if line.ended_at is None or line.answered_at is not None:
        return ""
    if line.is_refused:
        return "Ваш телефон не ответил станции: проверьте гарнитуру и регистрацию."
    if line.ringing_at is None and suggested_result(line) == "technical":
        return "Станция не дозвонилась: гудков не было."
    words = {
        "dead_number": "Станция: номер не существует.",
        "busy": "Станция: занято.",
        "rejected": "Станция: вызов отклонён.",
        "switched_off": "Станция: аппарат выключен или вне сети.",
        "no_answer": "Станция: никто не ответил.",
        "technical": "Станция сообщила о технической ошибке.",
    }
    suggested = suggested_result(line)
    if suggested is None:
        told = f"Гудки шли {int(line.ring.total_seconds())} с: рано считать, что клиент не ответил."
    else:
        told = words[suggested]
    return f"{told} {_BY_SOUND}" if line.is_early else told

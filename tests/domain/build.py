"""A wave of 3-26 November 2026 in Izhevsk, and short ways to write down what happened in it.

Calling days: 3, 5, 10, 11, 12, 17, 18, 19, 24, 25, 26 (the 4th is a public holiday).
"""

from datetime import date, datetime, time, timedelta

from nps.domain.calling_window import DEFAULT_WINDOWS, CallingCalendar, russian_holidays
from nps.domain.case import CallRecord, CaseEvent, CasePolicy, PhoneState, Verdict, fold
from nps.domain.local_time import from_local, to_local

IZHEVSK = "Europe/Samara"
PHONE, SECOND_PHONE, NEW_PHONE = 1, 2, 3
OPERATOR = 7


def calendar(zone: str = IZHEVSK, first: int = 3, last: int = 26) -> CallingCalendar:
    return CallingCalendar(zone, DEFAULT_WINDOWS, russian_holidays([2026]), date(2026, 11, first), date(2026, 11, last))


def at(day: int, clock: str, zone: str = IZHEVSK) -> datetime:
    """The instant at which the region's clock shows this time in November 2026."""
    return from_local(date(2026, 11, day), time.fromisoformat(clock), zone)


def shown(instant: datetime | None, zone: str = IZHEVSK) -> str | None:
    """«18 14:00»: day of the month and local time."""
    return f"{to_local(instant, zone):%d %H:%M}" if instant else None


def call(
    result: str,
    ended: datetime,
    *,
    callback_at: datetime | None = None,
    phone_id: int = PHONE,
    inbound: bool = False,
    operator_id: int = OPERATOR,
) -> CallRecord:
    started = ended - timedelta(seconds=40)
    return CallRecord(result, ended, started, phone_id, operator_id, callback_at, inbound)


def event(kind: str, happened: datetime, **detail: object) -> CaseEvent:
    return CaseEvent(kind, happened, detail)


def policy(**changes: object) -> CasePolicy:
    return CasePolicy(**{"calendar": calendar(), **changes})  # type: ignore[arg-type]


def verdict(*history: CallRecord | CaseEvent, phones: int = 1, **changes: object) -> Verdict:
    """Fold a history of a client with so many numbers, loaded on the morning of 3 November."""
    return fold(history, [PhoneState(n) for n in range(1, phones + 1)], policy(**changes), at(3, "09:00"))


def is_sentence(text: str) -> bool:
    """Whether it reads as what people are told: a capital, a full stop, and neither shouted nor whispered."""
    return text[:1].isupper() and not text.isupper() and text.endswith(".")

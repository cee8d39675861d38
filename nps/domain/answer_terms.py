"""How soon a client's question must be answered: working hours of the specialist, a reminder before, a digest at dawn.

Working time is Monday to Friday less Russia's public holidays, [opens, closes) on the clock of `zone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from nps.domain.calling_window import CallingCalendar, Window, russian_holidays
from nps.domain.errors import DomainError
from nps.domain.local_time import OFFICE_ZONE, ZONES, Zone, from_local, to_local
from nps.domain.wording import span_words

ZONE_NAMES = {
    "Europe/Moscow": "Москва",
    "Europe/Samara": "Самара, Ижевск",
    "Asia/Yekaterinburg": "Екатеринбург, Уфа, Пермь",
}
MOST_HOURS = 80
MOST_REMIND_MIN = 24 * 60
#: A digest that could not be written in the morning is not sent in the evening.
DIGEST_WITHIN = timedelta(hours=2)
#: So many working days lie in any horizon, whatever the holidays are; so any deadline lies inside.
_HORIZON, _WORKING_DAYS = timedelta(days=120), 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTerms:
    """Terms of one campaign; None switches a part off, and so everything is at first."""

    within_h: int | None = None
    opens: time = time(9)
    closes: time = time(18)
    zone: str = OFFICE_ZONE
    remind_before_min: int | None = None
    digest_at: time | None = None

    def check(self) -> None:
        """Raise DomainError, its code the field, for terms that nobody could keep."""
        if self.zone not in set(ZONES.values()):
            raise DomainError("zone", "Выберите часовой пояс из списка.")
        if self.opens >= self.closes:
            raise DomainError("closes", "Рабочий день должен заканчиваться позже, чем начинается.")
        if self.within_h is not None and not 1 <= self.within_h <= MOST_HOURS:
            raise DomainError("within_h", f"Срок ответа — от 1 до {MOST_HOURS} рабочих часов.")
        if self.within_h is not None and self.within_h > _WORKING_DAYS * self._day_h:
            raise DomainError("within_h", f"Это больше {_WORKING_DAYS} рабочих дней: сократите срок ответа.")
        if self.remind_before_min is not None:
            if self.within_h is None:
                raise DomainError("remind_before_min", "Напоминать не о чем: укажите срок ответа.")
            if not 1 <= self.remind_before_min <= MOST_REMIND_MIN:
                raise DomainError("remind_before_min", f"Напоминать можно за 1–{MOST_REMIND_MIN} минут.")

    def due_at(self, at: datetime) -> datetime | None:
        """When a question raised at `at` (aware) must be answered, UTC; None without a deadline."""
        if self.within_h is None:
            return None
        left = timedelta(hours=self.within_h)
        for opening in self._calendar(at).intervals_from(at):
            begins = max(opening.opens, at)
            if opening.closes - begins >= left:
                return begins + left
            left -= opening.closes - begins
        raise ValueError("no working time for months")

    def digest_moment(self, now: datetime) -> datetime | None:
        """The moment of this morning's digest when it is to be written now: a working day, its time just passed."""
        today = to_local(now, self.zone).date()
        if self.digest_at is None or not self._calendar(now).intervals(today):
            return None
        moment = from_local(today, self.digest_at, self.zone)
        return moment if moment <= now < moment + DIGEST_WITHIN else None

    @property
    def _day_h(self) -> float:
        """Hours of a working day."""
        return (datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)) / timedelta(hours=1)

    def _calendar(self, at: datetime) -> CallingCalendar:
        first = to_local(at, self.zone).date()
        last = first + _HORIZON
        week = tuple(Window(weekday, self.opens, self.closes) for weekday in range(5))
        holidays = russian_holidays({first.year, last.year})
        return CallingCalendar(self.zone, week, holidays, first, last)


def left_words(due_at: datetime, now: datetime) -> str:
    """«осталось 1 ч 23 мин», «просрочено на 2 дн 1 ч»."""
    length = span_words(abs(due_at - now).total_seconds())
    return f"просрочено на {length}" if now >= due_at else f"осталось {length}"


def day_of(at: datetime, zone: Zone) -> date:
    """The local day of an instant, which names a digest."""
    return to_local(at, zone).date()

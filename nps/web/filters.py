"""What templates may call. Words, days and numbers come from `nps.domain`: pages, letters and workbooks agree."""

from __future__ import annotations

from datetime import date, datetime

from flask import Flask, current_app

from nps.domain import local_time, wording
from nps.domain.answer_terms import left_words
from nps.domain.disposition import TABLE
from nps.domain.recording import browsers_play
from nps.domain.script.gender import forms as read_by
from nps.web import shell
from nps.web.clock import now
from nps.web.forms import form_key

#: An instant or nothing, in a cell.
Instant = datetime | None


def init_app(app: Flask) -> None:
    """Give the templates their filters, globals and the frame's contents."""
    app.jinja_env.filters.update(
        phone=wording.phone_words,
        when=when,
        clock=clock,
        day=day,
        days=days,
        number=wording.number,
        signed=wording.signed,
        decimal=wording.decimal,
        percent=wording.percent,
        plural=wording.plural,
        duration=wording.duration,
        span=wording.span_words,
        time_left=time_left,
        minutes=wording.minutes,
        read_by=read_by,
    )
    app.jinja_env.tests["playable"] = lambda mime: browsers_play(mime or "")
    app.jinja_env.globals.update(form_key=form_key, now=now, suggested_label=lambda code: TABLE[code].label)
    app.context_processor(shell.context)


def time_left(due_at: datetime) -> str:
    """«осталось 1 ч 23 мин», «просрочено на 2 ч»."""
    return left_words(due_at, now())


def office_zone() -> local_time.Zone:
    """The clock of the call centre and of its reports; where a client's own matters, it is passed to the filter."""
    zone: local_time.Zone = current_app.config["OFFICE_ZONE"]
    return zone


def when(at: Instant, zone: local_time.Zone | None = None) -> str:
    """«сегодня в 14:00» by the clock of the zone, else of the office; «—» for none."""
    return local_time.when(at, zone or office_zone(), now()) if at else wording.NOTHING


def clock(at: Instant, zone: local_time.Zone | None = None) -> str:
    """«14:00» by the clock of the zone, else of the office; «—» for none."""
    return local_time.clock(at, zone or office_zone()) if at else wording.NOTHING


def day(at: date | Instant, zone: local_time.Zone | None = None) -> str:
    """«сегодня», «вт 24 ноября» for an instant (zone as in `when`), «18 ноября» for a calendar day, «—» for none.

    The year is added when it is not the present one.
    """
    if at is None:
        return wording.NOTHING
    if isinstance(at, datetime):
        return local_time.day_words(at, zone or office_zone(), now())
    return local_time.date_in(at, this_year())


def days(first: date, last: date) -> str:
    """«3–26 ноября», «23 ноября – 17 декабря», with both years when they differ or are not the present one."""
    return local_time.period_words(first, last, this_year())


def this_year() -> int:
    """The year on the office's clock."""
    return local_time.to_local(now(), office_zone()).year

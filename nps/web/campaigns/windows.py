"""Calling windows by region and the days that break the rule (R7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from flask import Response, flash, url_for

from nps.domain.calling_window import Window
from nps.domain.errors import DomainError, StaleError
from nps.domain.typed_time import clock_of
from nps.domain.wording import number, plural
from nps.extensions import db
from nps.queries import campaign_settings
from nps.services import campaigns
from nps.web import access, forms, htmx
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import MANAGERS, by_field, campaign_or_404, tabs
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.forms import FormError
from nps.web.refusals import told_on

_MOST_LINES = 40
_DASH = re.compile(r"\s*(?:[-\N{EN DASH}\N{EM DASH}]|до)\s*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the form: some weekdays of a region with their times as typed; `first` names the region."""

    region: str
    region_name: str
    weekdays: tuple[int, ...]
    times: str
    first: bool


def _page(error: DomainError | None, campaign_id: int) -> Response:
    campaign = campaign_or_404(campaign_id)
    places = campaign_settings.regions(db.session())
    typed = _typed_lines() if error else []
    return htmx.render(
        "campaigns/windows.html",
        "campaigns/_windows.html",
        status=status_of(error) if error else 200,
        campaign=campaign,
        tabs=tabs(campaign_id, "campaigns.windows"),
        lines=_shown_again(typed) if typed else _stored_lines(campaign_id),
        days=campaign_settings.days(db.session(), campaign_id),
        holidays=campaign_settings.known_holidays(campaign, places),
        regions=places,
        typed_day=forms.typed() if error else {},
        errors=by_field(error),
        words=words,
    )


@bp.get("/campaigns/<int:campaign_id>/settings/windows")
@access.roles(*MANAGERS)
def windows(campaign_id: int) -> Response:
    """Windows of each region, holidays and days set by hand."""
    return _page(None, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/settings/windows")
@access.roles(*MANAGERS)
@told_on(_page, StaleError)
def save_windows(campaign_id: int) -> Response:
    """Replace the windows; every scheduled call is decided anew."""
    campaign_or_404(campaign_id)
    found = _windows_of(_typed_lines())
    moved = campaigns.set_windows(db.session(), access.current_actor().id, campaign_id, found, now())
    return _done(campaign_id, "Окна сохранены", moved)


@bp.post("/campaigns/<int:campaign_id>/settings/days")
@access.roles(*MANAGERS)
@told_on(_page, StaleError)
def add_day(campaign_id: int) -> Response:
    """Close a day, or open one in spite of a holiday."""
    campaign_or_404(campaign_id)
    codes = ["", *(code for code, _ in campaign_settings.regions(db.session()))]
    day = forms.day("day", label="День")
    if day is None:
        raise FormError("day", "Укажите день.")
    moved = campaigns.add_day(
        db.session(),
        access.current_actor().id,
        campaign_id,
        day=day,
        region_code=forms.choice("region", codes, label="Регион") or None,
        is_open=forms.choice("is_open", ("0", "1"), label="Что в этот день") == "1",
        note=forms.text("note", 200, label="Пояснение"),
        now=now(),
    )
    return _done(campaign_id, "День записан", moved)


@bp.post("/campaigns/<int:campaign_id>/settings/days/<int:day_id>/remove")
@access.roles(*MANAGERS)
def remove_day(campaign_id: int, day_id: int) -> Response:
    """Take a day off the list."""
    campaign_or_404(campaign_id)
    moved = campaigns.remove_day(db.session(), access.current_actor().id, campaign_id, day_id, now())
    return _done(campaign_id, "День убран", moved)


def _done(campaign_id: int, what: str, moved: int) -> Response:
    recounted = plural(moved, "Пересчитан", "Пересчитаны", "Пересчитано")
    clients = f"{number(moved)} {plural(moved, 'клиент', 'клиента', 'клиентов')}"
    flash(f"{what}. {recounted} {clients}." if moved else f"{what}.", "ok")
    return htmx.go(url_for("campaigns.windows", campaign_id=campaign_id))


def _typed_lines() -> list[Line]:
    names = dict(campaign_settings.regions(db.session()))
    found = []
    seen: set[str] = set()
    for n in range(forms.whole("lines", 0, _MOST_LINES, label="Строки", default=0)):
        region = forms.choice(f"region-{n}", names, label="Регион")
        ticked = forms.texts(f"days-{n}", 1)
        days = tuple(day for day in range(7) if str(day) in ticked)
        found.append(Line(region, names[region], days, forms.text(f"times-{n}", 100, label="Часы"), region not in seen))
        seen.add(region)
    return found


def _shown_again(typed: list[Line]) -> list[Line]:
    """What was typed, each region's lines together; the spare lines left empty are offered afresh."""
    places = {line.region: n for n, line in enumerate(typed) if line.first}
    kept = [line for line in typed if line.first or line.weekdays or line.times]
    return sorted(kept, key=lambda line: places[line.region])


def _windows_of(lines: list[Line]) -> dict[str, list[Window]]:
    found: dict[str, list[Window]] = {}
    for line in lines:
        mine = found.setdefault(line.region, [])
        if not line.weekdays and not line.times:
            continue
        if not line.weekdays or not line.times:
            raise FormError(
                "windows", f"{line.region_name}: отметьте дни и впишите часы, например 10:00–12:00, 14:00–18:00."
            )
        for opens, closes in _times(line):
            mine += [Window(weekday, opens, closes) for weekday in line.weekdays]
    return found


def _times(line: Line) -> list[tuple[time, time]]:
    found = []
    for piece in filter(None, re.split(r"[,;]\s*", line.times)):
        ends = [clock_of(end.strip()) for end in _DASH.split(piece)]
        opens, closes = ends if len(ends) == 2 else (None, None)
        if opens is None or closes is None or opens >= closes:
            raise FormError("windows", f"{line.region_name}: «{piece}» — не часы. Нужно так: 10:00–12:00, 14:00–18:00.")
        found.append((opens, closes))
    return found


def _stored_lines(campaign_id: int) -> list[Line]:
    stored = campaign_settings.windows(db.session(), campaign_id)
    found = []
    for code, name in campaign_settings.regions(db.session()):
        own = [line for line in stored if line.region == code]
        for n, line in enumerate(own):
            times = ", ".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in line.times)
            found.append(Line(code, name, line.weekdays, times, n == 0))
        if not own:
            found.append(Line(code, name, (), "", True))
    return found

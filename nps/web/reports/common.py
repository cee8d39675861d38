"""What the pages of a report share: who reads them, and which part of the campaign they are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import request

from nps.domain.local_time import date_in, period_words
from nps.extensions import db
from nps.queries.campaigns import CampaignRow
from nps.queries.reports import Slice, choices_of
from nps.queries.reports.slices import LAST_ATTEMPT, NO_BRANCH, NO_REGION
from nps.web import access, forms
from nps.web.filters import this_year
from nps.web.same_list import same_list

READERS = ("manager", "admin", "customer", "specialist")
MANAGERS = ("manager", "admin")
#: The customer posts nothing but orders of files (§3): his lists have filters, and no search by words.
SEARCHERS = ("manager", "admin", "specialist")
_REGION, _BRANCH = "region-", "branch-"
_ATTEMPTS = {"1": "Первая попытка", "2": "Вторая попытка", "3": "Третья и дальше"}
#: Fields of the filters.
NAMES = ("place", "day", "operator", "attempt")


def for_manager() -> bool:
    """Whether the person runs campaigns: only then operators are named, and calls are listed."""
    return access.current_actor().role in MANAGERS


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is in force: its words, and the address without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters above a page: lists of (value, words) to choose from, what is chosen, and the chips of it."""

    where: Slice
    chosen: dict[str, str]
    places: list[tuple[str, str]]
    days: list[tuple[str, str]]
    operators: list[tuple[str, str]]
    attempts: list[tuple[str, str]]
    chips: list[Chip]

    @property
    def query(self) -> dict[str, Any]:
        """Parameters that carry the filters to another page."""
        return {name: value for name, value in self.chosen.items() if value}


def filters(campaign: CampaignRow) -> Filters:
    """The filters of the address; what can't be read, or does not belong to the campaign, is left out."""
    choices = choices_of(db.session(), campaign)
    days = f"Вся волна, {period_words(campaign.starts_on, campaign.ends_on, this_year())}"
    options = {
        "place": [
            ("", "Все регионы и ОП"),
            *((f"{_REGION}{key or NO_REGION}", name) for key, name in choices.regions),
            *((f"{_BRANCH}{key or NO_BRANCH}", f"ОП {name}" if key else name) for key, name in choices.branches),
        ],
        "day": [("", days), *((day.isoformat(), date_in(day, this_year())) for day in choices.days)],
        "operator": [("", "Все операторы"), *((str(key), name) for key, name in choices.operators)],
        "attempt": [("", "Любая попытка"), *_ATTEMPTS.items()],
    }
    asked = forms.arg_day("day")
    if asked is not None and asked not in choices.days:
        options["day"].append((asked.isoformat(), date_in(asked, this_year())))
    if not for_manager():
        options["operator"] = options["operator"][:1]
    words = {name: dict(options[name]) for name in NAMES}
    chosen = {name: value if (value := forms.arg(name)) in words[name] else "" for name in NAMES}
    return Filters(
        where=_slice(chosen),
        chosen=chosen,
        places=options["place"],
        days=options["day"],
        operators=options["operator"],
        attempts=options["attempt"],
        chips=[Chip(words[name][chosen[name]], _without(name)) for name in NAMES if chosen[name]],
    )


def _slice(chosen: dict[str, str]) -> Slice:
    place, day = chosen["place"], forms.arg_day("day") if chosen["day"] else None
    found = Slice(
        first=day,
        last=day,
        operator_id=int(chosen["operator"]) if chosen["operator"] else None,
        attempt=min(int(chosen["attempt"]), LAST_ATTEMPT) if chosen["attempt"] else None,
    )
    if place.startswith(_REGION):
        return replace(found, region=place.removeprefix(_REGION))
    return replace(found, branch_id=int(place.removeprefix(_BRANCH))) if place else found


def _without(name: str) -> str:
    """The address of the page that is shown without one of its filters."""
    kept = {key: value for key, value in request.args.items() if key not in (name, "page", "mark")}
    return f"?{urlencode(kept)}"


def page_url(number: int) -> str:
    """The address of another page of the list that is shown, with its filters."""
    return same_list(page=number)

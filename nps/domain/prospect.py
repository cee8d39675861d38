"""How the wave will end (R3, R6): the queue played out to its last window, half-day by half-day.

Clients are counts by region and by misses so far. Each half-day has room for so many dials; callbacks and repeats go
first, new clients last, as in the queue. What a dial gives depends on the misses before it, the region and the half of
the day, as it has been in this wave; cells with few dials lean on the wave as a whole. The middle is the expected
course, the interval comes from runs that draw the rates, the room and every result by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from nps.domain.budget import LEAST_RESERVE_S
from nps.domain.disposition import MOST_MISSES
from nps.domain.nps_score import Coverage

RESULTS = ("surveyed", "refused", "dead", "missed", "again")
SURVEYED, REFUSED, DEAD, MISSED, AGAIN = range(5)
#: Pools of a region in the order they are called: promised or spoken to, two misses, one miss, never called.
_POOLS = ("again", "two", "one", "new")
_MISSES = {"again": 0, "two": 2, "one": 1, "new": 0}
#: What is known before the first dial, worth so many dials; and how many dials of its own make a cell stand alone.
_PRIOR, _PRIOR_WEIGHT, _CELL_WEIGHT = (0.4, 0.06, 0.03, 0.41, 0.1), 10.0, 40.0
RUNS = 100
_NO_NEW_FROM = 0.95
#: Fewer dials than that say nothing.
LEAST_DIALS = 30

#: Misses before the dial (0 to 2), region, half of the day (0 or 1).
Cell = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Slot:
    """A half-day that is left. `regions` are open in it; `share` of it is left, 1 for a whole one."""

    day: date
    half: int
    regions: frozenset[str]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Clients of a region still to call, by what has happened to them."""

    new: int = 0
    again: int = 0
    one: int = 0
    two: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """The wave as it stands. `tallies`: results of dials in the order of RESULTS; `room`: dials of each past half-day.

    `seconds`: what a dial of each result has cost on average. `soft`: share of refusals that could be asked once more.
    """

    coverage: Coverage
    used_s: float
    limit_s: float
    waiting: Mapping[str, Waiting]
    slots: tuple[Slot, ...]
    tallies: Mapping[Cell, Sequence[int]]
    room: tuple[int, ...]
    seconds: tuple[float, ...]
    operators: int
    soft: float = 0.0

    @property
    def dials(self) -> int:
        return sum(sum(results) for results in self.tallies.values())


@dataclass(frozen=True, slots=True)
class Ending:
    """One course to its end. `day`: when 75 % were reached, None when never. `stopped_by`: minutes | days | clients."""

    surveyed: float
    used_s: float
    day: date | None
    stopped_by: str


@dataclass(frozen=True, slots=True)
class Lever:
    """Something to turn, and the end it would lead to: operator | minutes | day | soft."""

    code: str
    ending: Ending


@dataclass(frozen=True, slots=True)
class Prospect:
    """The expected end, the 80 % interval of clients surveyed and seconds used, the chance of 75 %, and the levers."""

    clients: int
    ending: Ending
    low: int
    high: int
    used_low_s: int
    used_high_s: int
    chance: float
    levers: tuple[Lever, ...]

    @property
    def reached(self) -> bool:
        return Coverage(math.floor(self.ending.surveyed + 1e-9), self.clients).reached


def prospect(now: Situation, *, extra_minutes: int = 100, seed: int = 1) -> Prospect | None:
    """Look ahead; None before LEAST_DIALS dials or without a half-day to learn the room from."""
    if now.dials < LEAST_DIALS or not now.room or not now.coverage.clients:
        return None
    ending = _play(now, _rates(now), None)
    chance = Random(seed)
    runs = [_play(now, _rates(now, chance), chance) for _ in range(RUNS)]
    surveyed, used = sorted(run.surveyed for run in runs), sorted(run.used_s for run in runs)
    low, high = RUNS // 10, RUNS - 1 - RUNS // 10
    return Prospect(
        clients=now.coverage.clients,
        ending=ending,
        low=round(surveyed[low]),
        high=round(surveyed[high]),
        used_low_s=round(used[low]),
        used_high_s=round(used[high]),
        chance=sum(run.day is not None for run in runs) / RUNS,
        levers=_levers(now, extra_minutes),
    )


def _levers(now: Situation, extra_minutes: int) -> tuple[Lever, ...]:
    """The end with one operator more, with more minutes, a day more, and soft refusals asked once more."""
    more = (max(1, now.operators) + 1) / max(1, now.operators)
    turned = {
        "operator": replace(now, room=tuple(round(dials * more) for dials in now.room)),
        "minutes": replace(now, limit_s=now.limit_s + 60 * extra_minutes),
    }
    if now.slots:
        last = [slot for slot in now.slots if slot.day == now.slots[-1].day]
        added = tuple(replace(slot, day=slot.day + timedelta(days=1), share=1.0) for slot in last)
        turned["day"] = replace(now, slots=(*now.slots, *added))
    if now.soft:
        turned["soft"] = replace(now, tallies=_asked_again(now))
    return tuple(Lever(code, _play(situation, _rates(situation), None)) for code, situation in turned.items())


def _asked_again(now: Situation) -> dict[Cell, tuple[int, ...]]:
    found = {}
    for cell, results in now.tallies.items():
        soft = round(results[REFUSED] * now.soft)
        changed = list(results)
        changed[REFUSED] -= soft
        changed[AGAIN] += soft
        found[cell] = tuple(changed)
    return found


def _rates(now: Situation, chance: Random | None = None) -> dict[Cell, tuple[float, ...]]:
    """Shares of the results in each cell; with `chance` a draw of what they may really be."""
    by_misses = {misses: [0.0] * len(RESULTS) for misses in range(MOST_MISSES)}
    for (misses, _, _), results in now.tallies.items():
        by_misses[misses] = [a + b for a, b in zip(by_misses[misses], results, strict=True)]
    found: dict[Cell, tuple[float, ...]] = {}
    for misses, counts in by_misses.items():
        whole = _mixed(counts, _PRIOR, _PRIOR_WEIGHT, chance)
        for region in now.waiting:
            for half in (0, 1):
                own = now.tallies.get((misses, region, half), (0,) * len(RESULTS))
                found[misses, region, half] = _mixed(own, whole, _CELL_WEIGHT, chance)
    return found


def _mixed(counts: Sequence[float], parent: Sequence[float], weight: float, chance: Random | None) -> tuple[float, ...]:
    """The shares of `counts`, leaning on the parent's by its weight; a Dirichlet draw of them with `chance`."""
    mass = [count + weight * share for count, share in zip(counts, parent, strict=True)]
    if chance is not None:
        mass = [chance.gammavariate(max(part, 1e-3), 1.0) for part in mass]
    total = sum(mass)
    return tuple(part / total for part in mass)


@dataclass(slots=True)
class _Course:
    """One course: pools by region, what comes back in the next half-day and on the next day."""

    now: Situation
    rates: Mapping[Cell, tuple[float, ...]]
    chance: Random | None
    surveyed: float
    used_s: float
    pools: dict[str, dict[str, float]]
    soon: list[tuple[str, str, float]] = field(default_factory=list)
    tomorrow: list[tuple[str, str, float]] = field(default_factory=list)

    def room(self, slot: Slot) -> float:
        past = self.now.room
        dials = sum(past) / len(past) if self.chance is None else self.chance.choice(past)
        return dials * slot.share

    def dial(self, slot: Slot, region: str, pool: str, number: float) -> None:
        misses = _MISSES[pool]
        left, mass = number, 1.0
        results = []
        for share in self.rates[misses, region, slot.half]:
            part = _draw(left, min(1.0, share / mass) if mass > 1e-9 else 0.0, self.chance)
            results.append(part)
            left, mass = left - part, mass - share
        self.pools[region][pool] -= number
        self.surveyed += results[SURVEYED]
        self.used_s += sum(part * cost for part, cost in zip(results, self.now.seconds, strict=True))
        if misses == 0:
            self.soon.append((region, "one", results[MISSED]))
        elif misses == 1:
            self.tomorrow.append((region, "two", results[MISSED]))
        # Whoever was spoken to keeps his misses; a promise comes first on its day.
        self.tomorrow.append((region, pool if misses else "again", results[AGAIN] + left))

    def come_back(self, comers: list[tuple[str, str, float]]) -> None:
        for region, pool, number in comers:
            self.pools[region][pool] += number
        comers.clear()

    @property
    def empty(self) -> bool:
        waiting = sum(sum(pools.values()) for pools in self.pools.values())
        return waiting + sum(number for _, _, number in (*self.soon, *self.tomorrow)) < 0.5


def _play(now: Situation, rates: Mapping[Cell, tuple[float, ...]], chance: Random | None) -> Ending:
    start = {
        region: {"again": float(w.again), "two": float(w.two), "one": float(w.one), "new": float(w.new)}
        for region, w in now.waiting.items()
    }
    course = _Course(now, rates, chance, float(now.coverage.surveyed), now.used_s, start)
    reached: date | None = None
    before: date | None = None
    for slot in now.slots:
        course.come_back(course.soon)
        if slot.day != before:
            course.come_back(course.tomorrow)
            before = slot.day
        _work(course, slot)
        if reached is None and course.surveyed >= now.coverage.target - 1e-6:
            reached = slot.day
        if course.empty:
            return Ending(course.surveyed, course.used_s, reached, "clients")
        if course.used_s >= now.limit_s - _call(now):
            return Ending(course.surveyed, course.used_s, reached, "minutes")
    # From there on new clients were waiting for minutes, not for days.
    short = course.used_s >= _NO_NEW_FROM * now.limit_s
    return Ending(course.surveyed, course.used_s, reached, "minutes" if short else "days")


def _work(course: _Course, slot: Slot) -> None:
    """Fill one half-day: pool after pool, the open regions by how many wait in each."""
    room = course.room(slot)
    for pool in _POOLS:
        if pool == "new" and course.used_s >= _NO_NEW_FROM * course.now.limit_s:
            return
        waits = {region: course.pools[region][pool] for region in sorted(slot.regions) if region in course.pools}
        total = sum(waits.values())
        price = _price(course, slot, pool, waits)
        affordable = max(0.0, course.now.limit_s - course.used_s) / price if price else math.inf
        making = min(room, total, affordable)
        if making <= 0:
            continue
        for region, number in waits.items():
            part = making * number / total
            course.dial(
                slot, region, pool, part if course.chance is None else math.floor(part + course.chance.random())
            )
        room -= making


def _price(course: _Course, slot: Slot, pool: str, waits: Mapping[str, float]) -> float:
    """What a dial of this pool costs on average, in seconds."""
    total = sum(waits.values())
    if not total:
        return 0.0
    return sum(
        number
        / total
        * sum(
            share * cost
            for share, cost in zip(course.rates[_MISSES[pool], region, slot.half], course.now.seconds, strict=True)
        )
        for region, number in waits.items()
    )


def _call(now: Situation) -> float:
    """What is held back for the call that is being made."""
    return max(LEAST_RESERVE_S, now.seconds[SURVEYED])


def _draw(number: float, share: float, chance: Random | None) -> float:
    """How many of `number` there are: expected, or by chance (normal where that is as good, else one by one)."""
    if chance is None:
        return number * share
    spread = number * share * (1 - share)
    if spread > 9:
        return float(min(number, max(0, round(chance.gauss(number * share, math.sqrt(spread))))))
    return float(sum(chance.random() < share for _ in range(round(number))))

"""How often the forecast's 80 % interval holds the truth, over simulated waves.

The waves are played client by client, by rules of their own: every client has his own chance to be reached, regions and
halves of the day differ, days have more or fewer dials. The forecast sees only what a report would see in the middle.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from nps.domain.nps_score import Coverage
from nps.domain.prospect import (
    AGAIN,
    DEAD,
    MISSED,
    REFUSED,
    RESULTS,
    SURVEYED,
    Cell,
    Situation,
    Slot,
    Waiting,
    prospect,
)

WAVES, LEAST, MOST = 200, 0.70, 0.90
REGIONS = ("udmurtia", "tatarstan", "bashkiria", "chuvashia", "perm")
_COST = {SURVEYED: 60.0, REFUSED: 60.0, DEAD: 0.0, MISSED: 0.0, AGAIN: 60.0}
_START = date(2026, 11, 3)


@dataclass
class Person:
    """A client of a simulated wave."""

    region: str
    reach: float
    willing: float
    misses: int = 0
    due: int = 0
    called: bool = False
    result: int | None = None


@dataclass
class Wave:
    """A simulated wave and what its report would show."""

    chance: Random
    people: list[Person]
    halves: tuple[float, float]
    dials: float
    limit_s: float
    used_s: float = 0.0
    tallies: dict[Cell, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(RESULTS)))
    room: list[int] = field(default_factory=list)

    def half_day(self, slot: int) -> None:
        """Dial through one half-day: promises and repeats, then new clients."""
        half, number = slot % 2, max(1, round(self.chance.gauss(self.dials, self.dials * 0.15)))
        due = [p for p in self.people if p.result is None and p.due <= slot]
        queue = sorted(due, key=lambda p: (not p.called, -p.misses, p.due))
        made = 0
        for person in queue[:number]:
            if self.used_s + 60 > self.limit_s or (not person.called and self.used_s >= 0.95 * self.limit_s):
                break
            self._dial(person, slot, half)
            made += 1
        self.room.append(made)

    def _dial(self, person: Person, slot: int, half: int) -> None:
        misses, chance = min(2, person.misses), self.chance
        person.called = True
        if chance.random() < 0.03:
            result, person.result = DEAD, DEAD
        elif chance.random() > person.reach * self.halves[half]:
            result = MISSED
            person.misses += 1
            person.due = slot + 1 if person.misses == 1 else (slot // 2 + 1) * 2 + chance.randrange(2)
            if person.misses >= 3:
                person.result = MISSED
        elif chance.random() < 0.12:
            result = AGAIN
            person.due = (slot // 2 + 1) * 2 + chance.randrange(2)
        else:
            result = SURVEYED if chance.random() < person.willing else REFUSED
            person.result = result
        self.used_s += _COST[result]
        self.tallies[misses, person.region, half][result] += 1

    @property
    def surveyed(self) -> int:
        return sum(person.result == SURVEYED for person in self.people)

    def situation(self, played: int, whole: int) -> Situation:
        """What the report shows after `played` of `whole` half-days."""
        waiting: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for person in self.people:
            if person.result is None:
                pool = {1: "one", 2: "two"}.get(person.misses, "again" if person.called else "new")
                waiting[person.region][pool] += 1
        slots = tuple(
            Slot(_START + timedelta(days=slot // 2), slot % 2, frozenset(REGIONS)) for slot in range(played, whole)
        )
        return Situation(
            coverage=Coverage(self.surveyed, len(self.people)),
            used_s=self.used_s,
            limit_s=self.limit_s,
            waiting={region: Waiting(**pools) for region, pools in waiting.items()},
            slots=slots,
            tallies=self.tallies,
            room=tuple(self.room),
            seconds=tuple(_COST[result] for result in range(len(RESULTS))),
            operators=4,
        )


def wave_of(seed: int) -> Wave:
    """A wave like no other."""
    chance = Random(seed)
    clients = chance.randrange(200, 1500)
    level = chance.uniform(0.35, 0.75)
    effects = {region: chance.uniform(0.85, 1.15) for region in REGIONS}
    willing = chance.uniform(0.75, 0.95)
    people = [
        Person(region, min(0.98, chance.betavariate(level * 6, (1 - level) * 6) * effects[region]), willing)
        for region in chance.choices(REGIONS, k=clients)
    ]
    # From too few dials for the base to more than it needs; minutes short in some waves.
    return Wave(
        chance,
        people,
        (chance.uniform(0.8, 1.0), chance.uniform(0.9, 1.1)),
        clients * chance.uniform(0.05, 0.14),
        60 * clients * chance.uniform(0.6, 1.4),
    )


def measure(waves: int) -> list[str]:
    """Play the waves; names what is over its bound: the interval holds the truth too seldom or too often."""
    held, widths, errors, took = 0, [], [], 0.0
    for seed in range(waves):
        wave = wave_of(seed)
        whole = 22
        played = wave.chance.randrange(5, 16)
        for slot in range(played):
            wave.half_day(slot)
        started = time.perf_counter()
        seen = prospect(wave.situation(played, whole))
        took += time.perf_counter() - started
        assert seen is not None
        for slot in range(played, whole):
            wave.half_day(slot)
        held += seen.low <= wave.surveyed <= seen.high
        widths.append((seen.high - seen.low) / len(wave.people))
        errors.append((seen.ending.surveyed - wave.surveyed) / len(wave.people))
    share = held / waves
    print(
        f"forecast  {waves} waves: the 80 % interval holds the truth in {share:.0%} (bounds {LEAST:.0%}-{MOST:.0%}); "
        f"its width is {sum(widths) / waves:.1%} of the base, the middle is off by {sum(errors) / waves:+.1%} on "
        f"average; {1000 * took / waves:.0f} ms each",
        flush=True,
    )
    return [] if LEAST <= share <= MOST else [f"forecast's interval: {share:.0%}"]

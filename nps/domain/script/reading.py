"""How long lines take to read aloud, and each way through a script against the minute of R14."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nps.domain.script.steps import Step, StepKind

if TYPE_CHECKING:
    from nps.domain.script import Script

#: Words a second of somebody who reads to be understood on the telephone.
WORDS_A_SECOND = 2.1
_WORD = re.compile(r"[^\W_]+(?:[-/][^\W_]+)*")
#: Scripts with more ways than this show the first ones; nobody reads a longer list.
_MOST_ROUTES = 12


def words_in(text: str) -> int:
    """Return how many words a line has; «2-х» and «обмена/возврата» are one each."""
    return len(_WORD.findall(text))


def seconds_to_read(text: str) -> int:
    """Return the whole seconds a line takes, half up; 0 for a line without words."""
    return int(words_in(text) / WORDS_A_SECOND + 0.5)


@dataclass(frozen=True, slots=True)
class Route:
    """A way from the first step to an end. `name`: its ratings, else its last step; `seconds`: all lines read."""

    name: str
    steps: tuple[str, ...]
    seconds: int
    is_survey: bool


def routes(script: "Script") -> list[Route]:
    """Return the ways through a script on which no step comes twice; a way that leads nowhere is none."""
    by_id = {step.id: step for step in script.steps}
    found: list[Route] = []
    for steps, ratings in _ways(by_id, script.start, (), ""):
        name = f"Оценка {ratings}" if ratings else steps[-1].title
        found.append(
            Route(
                name, tuple(step.id for step in steps), sum(seconds_to_read(step.say) for step in steps), bool(ratings)
            )
        )
        if len(found) == _MOST_ROUTES:
            break
    return found


def _ways(
    by_id: dict[str, Step], step_id: str, passed: tuple[Step, ...], ratings: str
) -> Iterator[tuple[tuple[Step, ...], str]]:
    step = by_id.get(step_id)
    if step is None or step in passed:
        return
    passed = (*passed, step)
    if step.kind in (StepKind.END, StepKind.CALLBACK):
        yield passed, ratings
    if step.kind is StepKind.RATING:
        for branch in step.branches:
            span = str(branch.low) if branch.low == branch.high else f"{branch.low}–{branch.high}"
            yield from _ways(by_id, branch.next, passed, span)
        return
    for target in dict.fromkeys(step.targets()):
        yield from _ways(by_id, target, passed, ratings)

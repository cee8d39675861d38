"""The branches of a script as a drawing: boxes and arrows with their places, in pixels (R18).

Each line of the script is a column, its steps stand under each other; arrows beside a column have lanes of their own.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nps.domain.disposition import TABLE
from nps.domain.script import Script, Step, StepKind
from nps.domain.script.reading import seconds_to_read
from nps.domain.wording import plural

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 152, 46, 64, 30, 8
_LANE, _FIRST_LANE = 12, 14
_LONGEST, _LONGEST_OF_STUB = 19, 9


@dataclass(frozen=True, slots=True)
class Box:
    """A step. `x`, `y`: its upper left corner; `note`: what it asks for; `kind` as in StepKind."""

    id: str
    title: str
    note: str
    kind: str
    x: int
    y: int
    faulty: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one step to another along `points`; `missing`: it leads nowhere yet. `label` stands at (x, y)."""

    points: str
    label: str
    x: int
    y: int
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What leads out of a step: in words, and where to ('' leads nowhere yet)."""

    label: str
    target: str


def ways(step: Step) -> list[Way]:
    """Return all ways out of a step, in the order of its form."""
    if step.kind is StepKind.CHOICE:
        return [Way(answer.trail or answer.label, answer.next) for answer in step.answers]
    if step.kind is StepKind.RATING:
        return [Way(_range(branch.low, branch.high), branch.next) for branch in step.branches]
    if step.kind is StepKind.END:
        return []
    return [Way("не хочет" if step.kind is StepKind.CALLBACK else "", step.next)]


def draw(script: Script, faulty: Collection[str] = ()) -> Drawing:
    """Return the drawing of a script; `faulty` are the ids of steps with problems. A script may be full of them."""
    steps = list({step.id: step for step in script.steps}.values())
    places = _places(steps)
    boxes = tuple(
        Box(step.id, _short(step.title), _note(step), str(step.kind), *places[step.id], step.id in faulty)
        for step in steps
    )
    arrows = tuple(_arrows(steps, places))
    right = max((x for x, _ in places.values()), default=0) + WIDTH
    below = max((y for _, y in places.values()), default=0) + HEIGHT
    lanes = max((_lanes_of(steps, places).values()), default=0)
    return Drawing(right + _FIRST_LANE + lanes * _LANE + 40, below + GAP_Y, boxes, arrows)


def _places(steps: Sequence[Step]) -> dict[str, tuple[int, int]]:
    columns: dict[str, int] = {}
    rows: dict[int, int] = {}
    found = {}
    for step in steps:
        column = columns.setdefault(step.line, len(columns))
        row = rows.get(column, 0)
        rows[column] = row + 1
        found[step.id] = (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
    return found


def _lanes_of(steps: Sequence[Step], places: dict[str, tuple[int, int]]) -> dict[int, int]:
    """How many arrows run beside each column, by its x."""
    found: dict[int, int] = {}
    for step in steps:
        for way in ways(step):
            if way.target in places and _runs_beside(places[step.id], places[way.target]):
                found[places[step.id][0]] = found.get(places[step.id][0], 0) + 1
    return found


def _runs_beside(source: tuple[int, int], target: tuple[int, int]) -> bool:
    return source[0] == target[0] and target[1] - source[1] != HEIGHT + GAP_Y


def _arrows(steps: Sequence[Step], places: dict[str, tuple[int, int]]) -> Iterator[Arrow]:
    lanes: dict[int, int] = {}
    for step in steps:
        x, y = places[step.id]
        missing = 0
        for number, way in enumerate(ways(step)):
            if way.target not in places:
                missing += 1
                yield _stub(x, y, missing, way.label)
                continue
            target = places[way.target]
            if _runs_beside((x, y), target):
                lanes[x] = lanes.get(x, 0) + 1
                yield _beside(x, y, target[1], lanes[x], way)
            elif target[0] == x:
                middle = x + WIDTH // 2
                points = _line((middle, y + HEIGHT), (middle, target[1]))
                yield Arrow(points, way.label, middle + 6, y + HEIGHT + GAP_Y // 2 + 4)
            else:
                yield _across(x, y, target, number, way)


def _beside(x: int, y: int, to_y: int, lane: int, way: Way) -> Arrow:
    edge, out = x + WIDTH, x + WIDTH + _FIRST_LANE + (lane - 1) * _LANE
    start, end = y + HEIGHT // 2 + 6, to_y + HEIGHT // 2 - 6
    points = _line((edge, start), (out, start), (out, end), (edge, end))
    return Arrow(points, way.label, out + 4, start + 16 if end > start else start - 8)


def _across(x: int, y: int, target: tuple[int, int], number: int, way: Way) -> Arrow:
    to_right = target[0] > x
    start_x, end_x = (x + WIDTH, target[0]) if to_right else (x, target[0] + WIDTH)
    start_y, end_y = y + HEIGHT // 2 - 8 + 6 * (number % 3), target[1] + HEIGHT // 2
    turn = end_x - GAP_X // 2 + 8 * (number % 3) if to_right else end_x + GAP_X // 2 - 8 * (number % 3)
    points = _line((start_x, start_y), (turn, start_y), (turn, end_y), (end_x, end_y))
    return Arrow(points, way.label, start_x + 4 if to_right else turn + 4, start_y - 5)


def _stub(x: int, y: int, number: int, label: str) -> Arrow:
    """The number-th way of a step that leads nowhere; only the first is named, left of the arrow to the next step."""
    at = x + 4 + 5 * number
    points = _line((at, y + HEIGHT), (at, y + HEIGHT + GAP_Y // 2))
    shown = _short(label, _LONGEST_OF_STUB) if number == 1 else ""
    return Arrow(points, shown, at + 5, y + HEIGHT + GAP_Y // 2 + 10, missing=True)


def _line(*points: tuple[int, int]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _short(title: str, longest: int = _LONGEST) -> str:
    return title if len(title) <= longest else f"{title[: longest - 1].rstrip()}…"


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _note(step: Step) -> str:
    reading = seconds_to_read(step.say)
    row = TABLE.get(step.disposition)
    match step.kind:
        case StepKind.CHOICE:
            count = len(step.answers)
            return f"{count} {plural(count, 'ответ', 'ответа', 'ответов')} · {reading} с"
        case StepKind.RATING:
            return f"1–10 · {reading} с"
        case StepKind.REASONS:
            count = len(step.prompts)
            return f"{count} {plural(count, 'вариант', 'варианта', 'вариантов')} · {reading} с"
        case StepKind.CALLBACK:
            return f"время · {reading} с"
    return _short(f"итог: {row.label}") if row is not None else "итога нет"

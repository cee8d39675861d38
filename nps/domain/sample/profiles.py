"""What the rows under a header look like, all of them looked at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nps.domain.sample.branches import region_hints, suggested_region
from nps.domain.sample.columns import GROUP_ROW, Header, Row, RowReader, branch_spelling, is_caption, is_totals

_EXAMPLES = 3
_MOST_BRANCHES = 300
_LONGEST_EXAMPLE = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows under a header look like. Rows of totals below the last client are not counted among the rows."""

    first_row: int
    last_row: int
    totals_rows: tuple[int, ...]
    examples: tuple[tuple[str, ...], ...]
    empty_cells: tuple[int, ...]
    #: Spelling of a branch -> rows that have it; '' are rows without one. Cut at a number no customer has.
    branches: Mapping[str, int] = field(default_factory=dict)
    #: Rows with a text above the heading; nothing of them is taken.
    above: int = 0
    #: The same spelling, when its name says nothing, -> what INNs and telephones say about the region.
    hints: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    #: What the rows under the heading are (`kind_of`, `totals`, `left`) -> how many; with those above and the heading
    #: itself these are all rows of the sheet that are not empty.
    kinds: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the file that the receipt accounts for."""
        return max(0, self.last_row - self.first_row + 1)

    @property
    def has_too_many_branches(self) -> bool:
        """Whether the column can hardly be that of the branches."""
        return len(self.branches) >= _MOST_BRANCHES


def profile(rows: Iterable[Row], header: Header, left: Collection[int] = ()) -> Profile:
    """Look through all rows of the sheet once, below the header. Those that are `left` only count among them."""
    width = len(header.titles)
    examples: list[list[str]] = [[] for _ in range(width)]
    filled = [0] * width
    branches: Counter[str] = Counter()
    hints: dict[str, Counter[tuple[str, str]]] = {}
    totals: list[int] = []
    last = header.row
    seen = above = 0
    kinds: Counter[str] = Counter()
    reader = RowReader(header)
    for number, cells in rows:
        if number <= header.row:
            above += number < header.row
            continue
        if is_totals(cells, header.columns):
            totals.append(number)
            kinds["totals"] += 1
            continue
        last, texts = number, reader.texts(cells)
        kind = "left" if number in left else kind_of(cells, texts)
        kinds[kind] += 1
        if kind == "left":
            continue
        seen += 1
        for index, text in enumerate(cells[:width]):
            if text:
                filled[index] += 1
                if len(examples[index]) < _EXAMPLES and text[:_LONGEST_EXAMPLE] not in examples[index]:
                    examples[index].append(text[:_LONGEST_EXAMPLE])
        # A row without data of a client has no branch to ask about.
        if kind == "client" and not isinstance(texts, str):
            _count_branch(branches, hints, texts)
    return Profile(
        first_row=header.row + 1,
        last_row=last,
        totals_rows=tuple(number for number in totals if number > last),
        examples=tuple(tuple(texts) for texts in examples),
        empty_cells=tuple(seen - count for count in filled),
        branches=branches,
        above=above,
        hints=hints,
        kinds=kinds,
    )


def kind_of(cells: Sequence[str], texts: Mapping[str, str] | str) -> str:
    """What a row below the heading is: `client`, `group`, `titles`, or `words` when no client can be in it."""
    if isinstance(texts, str):
        return "group" if texts == GROUP_ROW else "titles"
    return "client" if any(texts.values()) and not is_caption(cells, texts) else "words"


def _count_branch(
    branches: Counter[str],
    hints: dict[str, Counter[tuple[str, str]]],
    texts: Mapping[str, str],
) -> None:
    name = branch_spelling(texts.get("branch", ""))
    if name not in branches:
        if len(branches) >= _MOST_BRANCHES:
            return
        if suggested_region(name) is None:
            hints[name] = Counter()
    branches[name] += 1
    if name in hints:
        hints[name].update(region_hints(texts.get("inn", ""), texts.get("phone", "")))

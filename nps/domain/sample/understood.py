"""What is known of a load: its sheets, what its columns mean, what people decided, how far the work on it has got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from nps.domain.sample.columns import Header, columns_from_json
from nps.domain.sample.profiles import Profile

#: Fields that JSON holds as they are.
_PLAIN = (
    "noticed",
    "is_text",
    "encoding",
    "separator",
    "remembered",
    "without_unseen",
    "decisions",
    "branch_names",
    "again",
    "answers",
    "missing",
    "added",
    "tries",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook; `rows` are those that are not empty, `unseen` of them hidden or filtered out."""

    name: str
    hidden: bool
    rows: int
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet that is taken: its index in the workbook, its header, and what stands under it."""

    sheet: int
    header: Header
    profile: Profile

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote, in this release or an older one."""
        hints = {
            name: {(kind, region): rows for kind, region, rows in found}
            for name, found in kept.get("hints", {}).items()
        }
        columns = columns_from_json(kept.get("columns", {}))
        titles, branch = tuple(kept.get("titles", ())), kept.get("branch", "")
        header = Header(kept.get("header_row", 0), titles, columns, branch, kept.get("grouped", False))
        profile = Profile(
            kept.get("first_row", 1),
            kept.get("last_row", 0),
            tuple(kept.get("totals_rows", ())),
            tuple(tuple(texts) for texts in kept.get("examples", ())),
            tuple(kept.get("empty_cells", ())),
            kept.get("branches", {}),
            kept.get("above", 0),
            hints,
            kept.get("kinds", {}),
        )
        return cls(kept.get("sheet", 0), header, profile)

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads back."""
        header, profile = self.header, self.profile
        hints = {name: [[*of, rows] for of, rows in found.items()] for name, found in profile.hints.items()}
        return {
            "sheet": self.sheet,
            "header_row": header.row,
            "titles": header.titles,
            "columns": header.columns,
            "branch": header.branch,
            "grouped": header.grouped,
            "first_row": profile.first_row,
            "last_row": profile.last_row,
            "totals_rows": profile.totals_rows,
            "examples": profile.examples,
            "empty_cells": profile.empty_cells,
            "branches": profile.branches,
            "above": profile.above,
            "hints": hints,
            "kinds": profile.kinds,
        }


@dataclass(frozen=True, slots=True)
class Understood:
    """The state of a load between its steps, as its row keeps it.

    Stored as JSON by these names. A load of an older release lacks some of them: each has a value that says so.
    """

    sheets: tuple[Sheet, ...] = ()
    #: The sheet whose columns a person confirms, see `Part`; and the other ones that are taken with it.
    sheet: int = 0
    header: Header = Header(0, (), {})
    profile: Profile = Profile(1, 0, (), (), ())
    more: tuple[Part, ...] = ()
    #: Field -> kind of what will be mended or is wrong -> rows that have it, among the first rows.
    noticed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: The file is a text; and what a person has said of it, '' where it is found out.
    is_text: bool = False
    encoding: str = ""
    separator: str = ""
    #: Hidden and filtered rows are left.
    without_unseen: bool = False
    #: The columns are as this customer's people confirmed them before.
    remembered: bool = False
    #: Folded spelling of a branch -> code of its `Decision`, and the name that a new branch gets.
    decisions: Mapping[str, str] = field(default_factory=dict)
    branch_names: Mapping[str, str] = field(default_factory=dict)
    #: The clients and the stop list that the rows were compared with; see `checking.mark`.
    mark: tuple[int, ...] = ()
    #: The rows were checked once more, because what they were compared with had changed.
    again: bool = False
    #: What was said of rows before they were checked once more; see `answers.given`.
    answers: Sequence[Sequence[Any]] = ()
    #: Clients of the project that the base does not name.
    missing: int = 0
    #: Clients that publishing has added; None before.
    added: int | None = None
    #: How often a worker has begun the present step, and when the last one did (UTC).
    tries: int = 0
    step_at: datetime | None = None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Understood:
        """Read what `as_json` wrote, in this release or an older one."""
        lead = Part.from_json(kept)
        return cls(
            sheets=tuple(Sheet(**one) for one in kept.get("sheets", ())),
            sheet=lead.sheet,
            header=lead.header,
            profile=lead.profile,
            more=tuple(Part.from_json(one) for one in kept.get("more", ())),
            mark=tuple(kept.get("mark", ())),
            step_at=datetime.fromisoformat(kept["step_at"]) if kept.get("step_at") else None,
            **{name: kept[name] for name in _PLAIN if name in kept},
        )

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads back; an empty object when nothing is known, or has been forgotten."""
        if self == Understood():
            return {}
        return {
            **self._lead.as_json(),
            **{name: getattr(self, name) for name in _PLAIN},
            "sheets": [asdict(sheet) for sheet in self.sheets],
            "more": [part.as_json() for part in self.more],
            "mark": self.mark,
            "step_at": self.step_at.isoformat() if self.step_at else None,
        }

    @property
    def _lead(self) -> Part:
        return Part(self.sheet, self.header, self.profile)

    @property
    def parts(self) -> Sequence[Part]:
        """All sheets that are taken, in the order of the workbook."""
        return sorted((self._lead, *self.more), key=lambda part: part.sheet)

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return [self.sheets[part.sheet].name for part in self.parts]

    @property
    def left(self) -> list[tuple[int, Sheet]]:
        """Index and sheet of those with rows that are not taken."""
        taken = {part.sheet for part in self.parts}
        return [(index, one) for index, one in enumerate(self.sheets) if one.rows and index not in taken]

    @property
    def rows(self) -> int:
        """Rows of all taken sheets that the receipt accounts for."""
        return sum(part.profile.rows for part in self.parts)

    @property
    def unseen(self) -> int:
        """Rows of the taken sheets that whoever opens the workbook does not see."""
        return sum(self.sheets[part.sheet].unseen for part in self.parts)

    def empty_cells(self, column: int) -> int:
        """Rows that have nothing in a column of the leading sheet; sheets with columns of their own are not counted."""
        same = [part for part in self.parts if part.header.titles == self.header.titles]
        return sum(part.profile.empty_cells[column] for part in same)

    @property
    def branches(self) -> Mapping[str, int]:
        """Spelling of a branch -> rows that have it, in all taken sheets."""
        counted: Counter[str] = Counter()
        for part in self.parts:
            counted.update(part.profile.branches)
        return counted

    @property
    def hints(self) -> Mapping[str, Mapping[tuple[str, str], int]]:
        """See `Profile.hints`, of all taken sheets."""
        found: dict[str, Counter[tuple[str, str]]] = {}
        for part in self.parts:
            for name, told in part.profile.hints.items():
                found.setdefault(name, Counter()).update(told)
        return found

    @property
    def has_too_many_branches(self) -> bool:
        """Whether the column can hardly be that of the branches."""
        return any(part.profile.has_too_many_branches for part in self.parts)

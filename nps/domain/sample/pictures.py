"""The first rows of a sheet as they look in the file, with what each of them is, for the page of the columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nps.domain.sample.branches import Decision
from nps.domain.sample.columns import GROUP_ROW, REQUIRED, Header, Row
from nps.domain.sample.rows import Fate, RowChecker, Verdict

#: Rows that are shown of what stands above the heading, nearest to it, and in all.
_ABOVE, _ROWS = 3, 12
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class PictureRow:
    """`kind`: above, titles, group, client, faulty, left or words (no client). `faulty`: columns with a wrong cell."""

    number: int
    kind: str
    cells: Sequence[str]
    faulty: Collection[int] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The rows; `worst` is the verdict on the one among them that most has to be looked at."""

    rows: Sequence[PictureRow]
    worst: Verdict | None = None


def picture(
    rows: Iterable[Row], header: Header, decisions: Mapping[str, Decision], left: Collection[int] = ()
) -> Picture:
    """Draw the beginning of a sheet. `decisions`: as for `RowChecker`, as far as they can be guessed."""
    checker = RowChecker(header, decisions)
    is_whole = all(code in header.columns for code in REQUIRED)
    above: list[PictureRow] = []
    shown: list[PictureRow] = []
    worst: Verdict | None = None
    for number, cells in rows:
        texts = tuple(cell[:_LONGEST] for cell in cells)
        if number <= header.row:
            above.append(PictureRow(number, "titles" if number == header.row else "above", texts))
            continue
        if len(above[-_ABOVE - 1 :]) + len(shown) == _ROWS:
            break
        if number in left:
            shown.append(PictureRow(number, "left", texts, why=checker.leave(number, cells).reason))
            continue
        verdict = checker.check(number, cells) if is_whole else None
        shown.append(_row(number, texts, header, verdict))
        if verdict is not None and verdict.fate is not Fate.EMPTY and _rank(verdict) > _rank(worst):
            worst = verdict
    return Picture((*above[-_ABOVE - 1 :], *shown), worst)


def _row(number: int, cells: Sequence[str], header: Header, verdict: Verdict | None) -> PictureRow:
    if verdict is None:
        return PictureRow(number, "client", cells)
    if verdict.fate is Fate.EMPTY:
        return PictureRow(number, "group" if verdict.reason == GROUP_ROW else "words", cells, why=verdict.reason)
    faulty = {place for code in verdict.faulty for place in header.columns.get(code, ())}
    kind = "faulty" if verdict.fate is Fate.REJECTED else "client"
    return PictureRow(number, kind, cells, faulty, verdict.reason)


def _rank(verdict: Verdict | None) -> int:
    order = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.CORRECTED, Fate.REJECTED)
    return order.index(verdict.fate) if verdict else -1

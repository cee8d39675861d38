"""Short lists of many tables, read in one statement: one trip to the database instead of ten."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import CompoundSelect, Select, TextualSelect, cast, literal_column, null, select, union_all
from sqlalchemy.orm import Session

Lists = Mapping[str, Select[*tuple[Any, ...]] | TextualSelect]
#: What was found, by the name of its list: rows with the names of its columns.
Found = Mapping[str, list[Any]]


class Together:
    """Selects under their names, sent as one UNION ALL in which each has columns of its own.

    Made once, at import: the statement is long, and SQLAlchemy keeps what it has made of it. No order is promised
    between the rows of a list, only which they are: sort them.
    """

    def __init__(self, *lists: Lists) -> None:
        inner = {name: statement.subquery(name) for some in lists for name, statement in some.items()}
        columns = [(name, column) for name, found in inner.items() for column in found.c]
        self.statement: CompoundSelect[*tuple[Any, ...]] = union_all(
            *(
                select(
                    literal_column(f"'{name}'").label("list"),
                    *(
                        (column if of == name else cast(null(), column.type)).label(f"{of}_{column.key}")
                        for of, column in columns
                    ),
                ).select_from(found)
                for name, found in inner.items()
            )
        )
        self._makers: dict[str, tuple[Callable[[Iterable[Any]], Any], int, int]] = {}
        first = 1
        for name, found in inner.items():
            last = first + len(found.c)
            fields: Any = namedtuple(name, found.c.keys())  # type: ignore[misc]
            self._makers[name] = fields._make, first, last
            first = last

    def read(self, session: Session, **values: Any) -> Found:
        """The lists; `values` are those of the selects' `bindparam`s."""
        found: dict[str, list[Any]] = {name: [] for name in self._makers}
        for row in session.execute(self.statement, values):
            make, first, last = self._makers[row[0]]
            found[row[0]].append(make(row[first:last]))
        return found

"""A page of a long list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of page `number` (from 1) of `pages`; `total` rows in the whole list."""

    number: int
    pages: int
    total: int
    size: int
    rows: tuple[T, ...] = ()

    @property
    def skip(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.size

    def with_rows(self, rows: Iterable[T]) -> Page[T]:
        return replace(self, rows=tuple(rows))


def page_of(total: int, number: int, size: int) -> Page[T]:
    """The page that exists nearest to the asked one."""
    pages = max(1, -(-total // size))
    return Page(min(max(1, number), pages), pages, total, size)

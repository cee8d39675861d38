"""The one place that turns a rule's no into the page on which it is read, beside what was typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response

from nps.domain.errors import DomainError, NotFoundError

View = TypeVar("View", bound=Callable[..., Any])


def told_on(page: Callable[..., Response], *leaving: type[DomainError], absent: bool = False) -> Callable[[View], View]:
    """Show `page(error, **values of the address)` when the view raises a DomainError.

    The page takes what was typed from `forms.typed()` and its status from `errors.status_of(error)`. What is absent or
    foreign (NotFoundError; told here too with `absent`), and what is of the `leaving` classes, is told on the common
    page of its status.
    """

    left: tuple[type[DomainError], ...] = leaving if absent else (NotFoundError, *leaving)

    def around(view: View) -> View:
        @wraps(view)
        def told(**values: Any) -> Any:
            try:
                return view(**values)
            except left:
                raise
            except DomainError as error:
                return page(error, **values)

        return told  # type: ignore[return-value]

    return around

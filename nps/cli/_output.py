"""How commands speak: people read lines, programs `--json`; exit code 0 done, 1 refused by a rule, 2 wrong usage."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import click

from nps.domain.errors import DomainError

REFUSED = 1

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Ответ в JSON, ошибка тоже."
)


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Turn a rule's refusal into its sentence on standard error (or JSON on standard output) and exit code 1."""
    try:
        yield
    except DomainError as error:
        if as_json:
            click.echo(_dumps({"error": {"code": error.code, "message": error.message}}))
        else:
            click.echo(error.message, err=True)
        sys.exit(REFUSED)


def emit(data: Mapping[str, Any] | Sequence[Any], lines: Sequence[str], as_json: bool) -> None:
    """Print the result: `data` for programs, or `lines` for people."""
    if as_json:
        click.echo(_dumps(data))
        return
    for line in lines:
        click.echo(line)


def _dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)

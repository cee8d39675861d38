"""What every table module needs: the declarative base, short column helpers and the UTC type."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Integer, String, text
from sqlalchemy.orm import mapped_column

from nps.extensions import Base
from nps.models.types import UtcDateTime

#: SQLite numbers rows only in a column declared INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")

pk = Annotated[int, mapped_column(BigId, primary_key=True)]
instant = Annotated[datetime, mapped_column(UtcDateTime)]
instant_or_none = Annotated[datetime | None, mapped_column(UtcDateTime)]
code = Annotated[str, mapped_column(String(32))]
name = Annotated[str, mapped_column(String(300))]
json_object = Annotated[dict[str, Any], mapped_column(JSON)]


def one_of(column: str, *values: str) -> CheckConstraint:
    """A CHECK that keeps a code column inside its closed list, named after the column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def partial_index(index_name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows for which the constant SQL condition `where` holds, on both engines."""
    return Index(index_name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


__all__ = [
    "Base",
    "BigId",
    "UtcDateTime",
    "code",
    "instant",
    "instant_or_none",
    "json_object",
    "name",
    "one_of",
    "partial_index",
    "pk",
]

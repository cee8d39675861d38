"""Calls and clients of real work, as the views of `nps.models.views` show them: training never gets in (R9).

Nothing in this package selects from `call_attempt` or `respondent` themselves: an architecture test holds it to that.
"""

from __future__ import annotations

from sqlalchemy import TableClause, column, table
from sqlalchemy.orm import DeclarativeBase

from nps.models import CallAttempt, Respondent


def _view(name: str, model: type[DeclarativeBase]) -> TableClause:
    """The view `name` with the columns and types of the table that it filters."""
    return table(name, *(column(c.name, c.type) for c in model.__table__.columns))


attempts = _view("reported_attempt", CallAttempt)
respondents = _view("reported_respondent", Respondent)

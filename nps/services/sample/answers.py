"""What a person has said of rows that change clients, kept over a second check of the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from nps.models import ImportRow

#: What the check itself proposes.
_UNSAID = case((ImportRow.is_question, "asked"), else_="proposed")
_SEEN = (ImportRow.row_no, ImportRow.respondent_id, ImportRow.is_question, ImportRow.before, ImportRow.organisation)


def given(s: Session, import_id: int) -> list[list[Any]]:
    """Each answer with what stood in its row; the rows may be deleted then. As JSON holds it."""
    said = and_(ImportRow.import_id == import_id, ImportRow.fate == "update", ImportRow.proposal != _UNSAID)
    return [list(row) for row in s.execute(select(ImportRow.proposal, *_SEEN).where(said))]


def carry_over(s: Session, import_id: int, answers: Sequence[Sequence[Any]]) -> None:
    """Give the rows that say the same as before the same answers."""
    said = {row_no: (proposal, seen) for proposal, row_no, *seen in answers}
    for row in s.scalars(select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.fate == "update")):
        proposal, seen = said.get(row.row_no, ("", None))
        if seen == [row.respondent_id, row.is_question, row.before, row.organisation]:
            row.proposal = proposal

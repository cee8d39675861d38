"""How lists of clients are searched: in the text that is kept folded beside each of them (`search_fold`)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_, true

from nps.domain.phone import digits
from nps.domain.search import fold

FEWEST_DIGITS = 3


def holds(folded: SQLColumnExpression[str], text: str) -> ColumnElement[bool]:
    """Every word, case and «ё» aside (folded in Python: SQLite folds no Cyrillic), or the digits as a number."""
    words = and_(true(), *(folded.contains(word, autoescape=True) for word in fold(text).split()))
    number = digits(text)
    if len(number) < FEWEST_DIGITS or any(char.isalpha() for char in text):
        return words
    return or_(words, folded.contains(number, autoescape=True))

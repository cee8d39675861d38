"""Reports read calls and clients through the views that leave training out (R9), never from the tables themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nps.models.views import VIEWS
from nps.queries.reports.views import attempts, respondents

REPORTS = Path(__file__).parents[2] / "nps" / "queries" / "reports"
FORBIDDEN_NAMES = {"CallAttempt", "Respondent"}
FORBIDDEN_TABLES = ("call_attempt", "respondent ")


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.py")), ids=lambda path: path.stem)
def test_a_query_of_reports_names_the_views(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, ast.Module)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs
    ]

    if path.stem != "views":
        assert not names & FORBIDDEN_NAMES
    assert not [text for text in texts if any(table in text for table in FORBIDDEN_TABLES)]


def test_the_views_are_those_the_migrations_make() -> None:
    assert {attempts.name, respondents.name} == set(VIEWS)
    assert all("purpose <> 'training'" in select for select in VIEWS.values())

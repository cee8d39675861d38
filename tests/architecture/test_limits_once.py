"""Limits of the contract and groups of results stand in the table of results; a second copy would drift from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nps.domain.desk import OF_PANEL
from nps.domain.disposition import LEAST_RING_S, MOST_MISSES, MOST_SURVEY_S, TABLE, Kind

NPS = Path(__file__).parents[2] / "nps"
#: Where they stand. The forms of the desk have their panels, made-up clients their results.
HOME = {"domain/disposition.py", "domain/desk.py", "domain/training.py"}
#: Words in a name that say what its number is about, and the number that is then a copy.
LIMITS = {
    LEAST_RING_S: {"ring", "rings", "rang", "ringing"},
    MOST_SURVEY_S: {"survey", "surveys", "interview", "limit"},
    MOST_MISSES: {"misses", "miss", "attempt", "attempts"},
}
GROUPS = [{code for code, row in TABLE.items() if row.kind is kind} for kind in Kind]
GROUPS = [group for group in [*GROUPS, *map(set, OF_PANEL.values())] if len(group) > 1]


def number(node: ast.expr | None) -> float | None:
    """A number, in seconds when it is a span of time or milliseconds."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "timedelta":
        parts = {word.arg or "": number(word.value) for word in node.keywords}
        spans = [timedelta(**{name: value}) for name, value in parts.items() if name and value is not None]
        return sum(spans, timedelta(0)).total_seconds() if len(spans) == len(node.keywords) else None
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value / 1000 if node.value in (1000 * LEAST_RING_S, 1000 * MOST_SURVEY_S) else node.value
    return None


def bound(node: ast.AST) -> Iterator[tuple[ast.AST | str, ast.expr | None]]:
    """A name, or an expression with names, and what is set beside it."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from zip(names, values, strict=True)
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            yield target, value
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
            yield from ((one, other) for one in parts for other in parts if one is not other)
        case ast.Call(func=ast.Name(id="min" | "max"), args=args):
            yield from ((one, other) for one in args for other in args if one is not other)
        case ast.arguments(args=args, defaults=defaults) if defaults:
            yield from ((arg.arg, value) for arg, value in zip(args[-len(defaults) :], defaults, strict=True))
        case ast.arguments(kwonlyargs=args, kw_defaults=values):
            yield from ((arg.arg, value) for arg, value in zip(args, values, strict=True))


def words(name: ast.AST | str) -> set[str]:
    """The words of all names in it."""
    if isinstance(name, str):
        return set(name.lower().split("_"))
    parts = [node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(name)
             if isinstance(node, ast.Name | ast.Attribute)]  # fmt: skip
    return {word for part in parts for word in part.lower().split("_")}


def copies(tree: ast.Module) -> Iterator[int]:
    """Lines with a number or a group of results that stands in the table of results."""
    for node in ast.walk(tree):
        for name, value in bound(node):
            if words(name) & LIMITS.get(number(value), set()):  # type: ignore[call-overload]
                yield getattr(node, "lineno", 0) or value.lineno  # type: ignore[union-attr]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            texts = {item.value for item in node.elts if isinstance(item, ast.Constant)}
            if len(texts) == len(node.elts) and texts in GROUPS:
                yield node.lineno


def test_no_module_has_a_copy() -> None:
    found = []
    for path in sorted(NPS.rglob("*.py")):
        place = path.relative_to(NPS).as_posix()
        if place not in HOME:
            found += [f"{place}:{line}" for line in copies(ast.parse(path.read_text("utf-8")))]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "RING_S, SURVEY_LIMIT_S = 20, 60",
        "_LEAST_RING = timedelta(seconds=20)",
        "SURVEY_LIMIT = timedelta(minutes=1)",
        "short = attempts.c.ring_ms < 20_000",
        "CallView(limit_s=60)",
        "number = min(client.misses + 1, 3)",
        "attempts_max: int = 3",
        "def over(survey_s, limit_s=60): ...",
        "_SURVEYED = ('partial', 'surveyed')",
        "refusals = ['soft_refusal', 'refused', 'refused_org', 'do_not_call']",
    ],
)
def test_a_copy_is_seen(text: str) -> None:
    assert list(copies(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    ["WORKER_TTL_S = 60", "minutes = max(60, pause_s)", "letter = text('letter', 60)", "LEASE = timedelta(seconds=60)",
     "states = ('surveyed', 'refused')", "for _ in range(3): ..."],
)  # fmt: skip
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert not list(copies(ast.parse(text)))

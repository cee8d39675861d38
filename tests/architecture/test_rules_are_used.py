"""A rule that is tested and not used decides nothing: whatever the domain defines leads to the product."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

from nps.domain.case import Verdict

ROOT = Path(__file__).parents[2]
DOMAIN = "nps.domain"
#: A name at the top of a module of the domain.
Name = tuple[str, str]
#: The code of a result in the Standard Definitions: the table `disposition` has it, a test compares the two.
READ_BY_THE_MIGRATIONS = ["nps.domain.disposition.aapor"]


@cache
def modules() -> Mapping[str, ast.Module]:
    found = {}
    for path in sorted((ROOT / "nps").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text("utf-8"))
    return found


def is_domain(module: str) -> bool:
    return f"{module}.".startswith(f"{DOMAIN}.")


def imported(tree: ast.Module) -> dict[str, Name]:
    """What a name stands for that a module imports of the domain; ('nps.domain.x', '') for a module of it."""
    found: dict[str, Name] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module or not is_domain(node.module):
            continue
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            found[alias.asname or alias.name] = (inner, "") if inner in modules() else (node.module, alias.name)
    return found


def mentioned(node: ast.AST, known: Mapping[str, Name]) -> Iterator[Name]:
    """The domain's names that a piece of code reads, of those that its module knows."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in known:
            yield known[part.id]
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in known:
            yield known[part.value.id][0], part.attr


def defined(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
            yield from ((part.id, node) for part in ast.walk(target or ast.Pass()) if isinstance(part, ast.Name))


@cache
def definitions() -> Mapping[Name, set[Name]]:
    """Every name of the domain with the names that it is made of; what a package hands on is made of what it is."""
    found: dict[Name, set[Name]] = defaultdict(set)
    for module, tree in modules().items():
        if not is_domain(module):
            continue
        own = {name: (module, name) for name, _ in defined(tree)}
        known = imported(tree) | own
        for name, node in defined(tree):
            found[module, name] |= set(mentioned(node, known))
        for name, origin in imported(tree).items():
            found[module, name] |= {origin} if origin[1] else set()
    return found


def used() -> set[Name]:
    """What the rest of the product reads of the domain, and all that this is made of."""
    product = (tree for module, tree in modules().items() if not is_domain(module))
    ahead = [name for tree in product for name in mentioned(tree, imported(tree))]
    seen: set[Name] = set()
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += definitions().get(name, ())
    return seen


def test_every_rule_of_the_domain_leads_to_the_product() -> None:
    own = {(module, name) for module, tree in modules().items() if is_domain(module) for name, _ in defined(tree)}
    assert len(own) > 500
    unused = {f"{module}.{name}" for module, name in own - used() if not name.startswith("__")}
    assert unused == set()


def test_every_part_of_a_rule_is_read_somewhere() -> None:
    """Methods, properties and fields by their names alone: in the code, or in a template."""
    read = {part.attr for tree in modules().values() for part in ast.walk(tree) if isinstance(part, ast.Attribute)}
    words = {word for path in (ROOT / "templates").rglob("*.*") for word in _words(path.read_text("utf-8"))}
    unread = [
        f"{module}.{part}"
        for module, tree in modules().items()
        if is_domain(module)
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        for part in _parts(kind)
        if part not in read | words
    ]
    assert unread == READ_BY_THE_MIGRATIONS


def _words(text: str) -> Iterator[str]:
    yield from "".join(sign if sign.isalnum() or sign == "_" else " " for sign in text).split()


def _parts(kind: ast.ClassDef) -> Iterator[str]:
    for node in kind.body:
        name = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(getattr(node, "target", ast.Name("__")))
        if not name.startswith("__"):
            yield name


def test_whatever_the_fold_decides_is_written_down() -> None:
    written = {
        part.attr
        for part in ast.walk(modules()["nps.services.cases.folding"])
        if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "verdict"
    }
    assert {field.name for field in fields(Verdict)} - written == set()

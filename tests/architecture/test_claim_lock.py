"""Whoever writes a hold or a fold has taken the claim lock before he reads what he decides by (ADR 54)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from nps.queries import campaigns
from nps.services import call_queue, cases
from nps.services.acting import Act
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.factories import NOW

NPS = Path(__file__).parents[2] / "nps"
#: The one module that writes who holds a client.
HOLDER = NPS / "services" / "call_queue.py"
#: A load writes for seconds: it takes the lock last, and reads anew under it what it decides by (ADR 54).
LAST = {"services/sample/publishing.py"}
#: The envelope of every act takes it when it is asked to, before the act's block.
ENVELOPE = {"services/acting.py"}
HELD = {"held_by", "held_until", "held_token"}


def trees() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text("utf-8"))) for path in sorted(NPS.rglob("*.py"))]


def calls_lock(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] == "lock_claims"
    )


def test_the_lock_is_the_first_statement_of_its_transaction() -> None:
    late, found = [], 0
    for path, tree in trees():
        first = {
            id(node.body[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.With) and ast.unparse(node.items[0].context_expr).startswith("write(")
        }
        for node in ast.walk(tree):
            if calls_lock(node):
                found += 1
                own = str(path.relative_to(NPS))
                late += [] if id(node) in first or own in LAST | ENVELOPE else [f"{own}:{node.lineno}"]
            found += isinstance(node, ast.keyword) and node.arg == "claims" and ast.unparse(node.value) == "True"
    assert found > 20
    assert late == []


def test_who_holds_a_client_is_written_in_one_module() -> None:
    found = []
    for path, tree in trees():
        if path == HOLDER or "models" in path.parts or "migrations" in path.parts:
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
            names = {part.attr for part in flat if isinstance(part, ast.Attribute)}
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".values"):
                names |= {keyword.arg or "" for keyword in node.keywords}
            found += [f"{path.relative_to(NPS)}:{node.lineno}"] if names & HELD else []
    assert found == []


@pytest.mark.parametrize("act", ["release", "release_shown", "take_phones", "hold", "refold", "refold_waiting"])
def test_a_hold_or_a_fold_without_the_lock_is_refused_on_both_engines(session: Session, act: str) -> None:
    row = factories.campaign(session)
    operator, client = factories.member(session, row), factories.respondent(session, row)

    def press(s: Session) -> object:
        campaign = campaigns.campaign_row(s, row.id)
        return {
            "release": lambda: call_queue.release(s, client.id),
            "release_shown": lambda: call_queue.release_shown(s),
            "take_phones": lambda: call_queue.take_phones(s, client.id, operator.id),
            "hold": lambda: call_queue.hold(s, client, operator.id, NOW, "t" * 32),
            "refold": lambda: cases.refold(s, client.id, campaign, campaigns.calendars(s, campaign)),
            "refold_waiting": lambda: cases.refold_waiting(Act(s, None, NOW), row.id),
        }[act]()

    with write(session) as s:
        lock_claims(s)
        press(s)
    # The mark is the transaction's, not the session's.
    with write(session) as s, pytest.raises(RuntimeError, match="lock_claims"):
        press(s)

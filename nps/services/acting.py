"""The one envelope of an act: its transaction, the form it counts, the claim lock, its lines in the journal.

    with act(session, actor_id, now, claims=True) as a:
        ...
        a.record("client_freed", "respondent", client.id, campaign_id=campaign.id)

A form counts once by itself (`form_keys.counting`): one that comes again never enters the block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nps.services import journal
from nps.services.transaction import AnySession, lock_claims, write


@dataclass(frozen=True, slots=True)
class Act:
    """An act that is being carried out: its session `s`, whose it is (None: the system's), its moment in UTC."""

    s: Session
    by: int | None
    now: datetime
    _afterwards: list[Callable[[], object]] = field(default_factory=list)

    def record(
        self,
        action: str,
        object_kind: str,
        object_id: object,
        *,
        campaign_id: int | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the journal, which stands or falls with the act (R20); see `journal.record`."""
        journal.record(
            self.s, at=self.now, action=action, object_kind=object_kind, object_id=object_id, actor_id=self.by,
            campaign_id=campaign_id, before=dict(before or {}), after=dict(after or {}),
        )  # fmt: skip

    def afterwards(self, do: Callable[..., object], *values: object) -> None:
        """Call `do` when the act is committed: what it nudges sees what was written. Never after a rollback."""
        self._afterwards.append(lambda: do(*values))


@contextmanager
def act(session: AnySession, by: int | None, now: datetime, *, claims: bool = False) -> Iterator[Act]:
    """Carry out the block in one writing transaction; `claims`: under the claim lock, taken first (ADR 54).

    Raises SentAgain when the form that is being counted came before.
    """
    with write(session) as s:
        if claims:
            lock_claims(s)
        done = Act(s, by, now)
        yield done
    for do in done._afterwards:
        do()

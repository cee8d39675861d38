"""A form counts once: the key printed into it is kept with what was sent and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from nps.domain.errors import StaleError
from nps.models import FormKey

_KEY_LOCK = text("SELECT pg_advisory_xact_lock(7051261, hashtext(:key))")


class KeyReused(StaleError):
    """The same key came with other contents: a page that was changed after it was sent.

    Shown as 409 with the true state.
    """

    def __init__(self) -> None:
        super().__init__("key_reused", "Эта форма уже отправлена с другими данными. Показано то, что записано.")


def body_hash(fields: Mapping[str, Any]) -> str:
    """A hash of what a form said, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def once(
    session: Session,
    *,
    key: str,
    user_id: int,
    route: str,
    fields: Mapping[str, Any],
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> tuple[dict[str, Any], bool]:
    """Carry out `act` and keep its result under `key`, or give the kept result of the first time.

    Inside the caller's writing transaction, which serialises two presses. Returns the result and whether it is a
    repeat; raises KeyReused when the key belongs to other contents, another person or another form. An empty key
    always acts (a form made by hand).
    """
    if not key:
        return act(), False
    if session.get_bind().dialect.name == "postgresql":
        # SQLite writes one at a time; here two presses at once would both find no key and one fail on the unique key.
        session.execute(_KEY_LOCK, {"key": key})
    hashed = body_hash(fields)
    kept = session.execute(
        select(FormKey.user_id, FormKey.route, FormKey.body_hash, FormKey.result).where(FormKey.key == key)
    ).one_or_none()
    if kept is not None:
        if (kept.user_id, kept.route, kept.body_hash) != (user_id, route, hashed):
            raise KeyReused
        return dict(kept.result), True
    result = act()
    session.execute(
        insert(FormKey).values(key=key[:64], user_id=user_id, route=route, body_hash=hashed, result=result, at=now)
    )
    return result, False


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it came: its key, who sent it, its route, and what counts as its contents."""

    key: str
    user_id: int
    route: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def once(self, session: Session, now: datetime, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Carry out `act` the first time this form comes; give its kept result when it comes again. See `once`."""
        result, _ = once(
            session, key=self.key, user_id=self.user_id, route=self.route, fields=self.fields, now=now, act=act
        )
        return result

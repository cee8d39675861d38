"""A form counts once: the key printed into it is kept with what was sent and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Row, bindparam, select, text, update
from sqlalchemy.orm import Session

from nps.domain.errors import StaleError
from nps.models import FormKey
from nps.models.types import UtcDateTime

#: Where a session keeps the form whose first write is still to come, and the moment it came.
_COUNTING = "nps_counting"
_TAKE = text(
    "INSERT INTO form_key (key, user_id, route, body_hash, result, at) "
    "VALUES (:key, :user_id, :route, :body_hash, :result, :at) ON CONFLICT (key) DO NOTHING RETURNING id"
).bindparams(bindparam("result", type_=JSON), bindparam("at", type_=UtcDateTime))


class KeyReused(StaleError):
    """The same key came with other contents: a page that was changed after it was sent.

    Shown as 409 with the true state.
    """

    def __init__(self) -> None:
        super().__init__("key_reused", "Эта форма уже отправлена с другими данными. Показано то, что записано.")


def body_hash(fields: Mapping[str, Any]) -> str:
    """A hash of what a form said, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _kept(session: Session, key: str) -> Row[int, str, str, dict[str, Any]] | None:
    return session.execute(
        select(FormKey.user_id, FormKey.route, FormKey.body_hash, FormKey.result).where(FormKey.key == key)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it came: its key, who sent it, its route, and what counts as its contents."""

    key: str
    user_id: int
    route: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class SentAgain(Exception):
    """This form was carried out before; `result` is what is kept of it."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__("the form came before")
        self.result = dict(result)


@contextmanager
def counting(session: Session, form: Form | None, now: datetime, *, looks_first: bool = True) -> Iterator[None]:
    """Let the first transaction of the block count this form.

    Raises SentAgain when the form came before, KeyReused when its key did with other contents. `looks_first`: also
    before the block, for what it does outside its transaction.
    """
    if form is None:
        yield
        return
    if looks_first:
        refuse_kept(session, form)
    session.info[_COUNTING] = form, now
    try:
        yield
    finally:
        session.info.pop(_COUNTING, None)


def take(session: Session) -> None:
    """At the beginning of a transaction: keep the form that is being counted; raise SentAgain when it came meanwhile.

    On PostgreSQL a second press waits here until the first one has committed, or carries the form out when it has not.
    """
    form, now = session.info.get(_COUNTING, (None, None))
    if form is None:
        return
    row = {"key": form.key, "user_id": form.user_id, "route": form.route, "body_hash": body_hash(form.fields)}
    if session.scalar(_TAKE, {**row, "result": {}, "at": now}) is None:
        refuse_kept(session, form)


def told(session: Session) -> None:
    """At the end of a transaction: the form that was counted has been carried out, the next one is another act's."""
    session.info.pop(_COUNTING, None)


def remember(session: Session, form: Form, result: Mapping[str, Any]) -> None:
    """Add what the first answer was to the form that `counting` has kept; inside the caller's transaction."""
    own = FormKey.key == form.key, FormKey.route == form.route
    session.execute(update(FormKey).where(*own).values(result=dict(result)))


def refuse_kept(session: Session, form: Form) -> None:
    """Raise SentAgain when the form has been carried out, KeyReused when its key has with other contents."""
    kept = _kept(session, form.key)
    if kept is None:
        return
    if (kept.user_id, kept.route, kept.body_hash) != (form.user_id, form.route, body_hash(form.fields)):
        raise KeyReused
    raise SentAgain(kept.result)

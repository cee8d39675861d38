"""A form counts once: the key printed into it is kept with what was sent and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Row, bindparam, insert, select, text, update
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
    _lock(session, key)
    hashed = body_hash(fields)
    kept = _kept(session, key)
    if kept is not None:
        if (kept.user_id, kept.route, kept.body_hash) != (user_id, route, hashed):
            raise KeyReused
        return dict(kept.result), True
    result = act()
    session.execute(
        insert(FormKey).values(key=key, user_id=user_id, route=route, body_hash=hashed, result=result, at=now)
    )
    return result, False


def _lock(session: Session, key: str) -> None:
    """SQLite writes one at a time; on PostgreSQL two presses at once would both find no key."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_KEY_LOCK, {"key": key})


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

    def once(self, session: Session, now: datetime, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Carry out `act` the first time this form comes; give its kept result when it comes again. See `once`."""
        result, _ = once(
            session, key=self.key, user_id=self.user_id, route=self.route, fields=self.fields, now=now, act=act
        )
        return result


@dataclass(frozen=True, slots=True)
class Enveloped(Form):
    """A form as its envelope keeps it, under another key; `inner` is the form's own, which its service may keep."""

    inner: str = ""


class SentAgain(Exception):
    """This form was carried out before; `result` is what is kept of it."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__("the form came before")
        self.result = dict(result)


@contextmanager
def counting(session: Session, form: Enveloped | None, now: datetime, *, looks_first: bool = True) -> Iterator[None]:
    """Let the first transaction of the block count this form, whatever its service knows of keys.

    Raises SentAgain when the form came before, KeyReused when its key did with other contents. A repeat of a form whose
    service has kept its key is carried out: the service has its own words for it. `looks_first`: also before the block,
    for what it does outside its transaction.
    """
    if form is None:
        yield
        return
    if looks_first:
        _refuse_unless_kept_inside(session, form)
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
        _refuse_unless_kept_inside(session, form)


def told(session: Session) -> None:
    """At the end of a transaction: the form that was counted has been carried out, the next one is another act's."""
    session.info.pop(_COUNTING, None)


def remember(session: Session, form: Form, result: Mapping[str, Any]) -> None:
    """Add what the first answer was to the form that `counting` has kept; inside the caller's transaction."""
    own = FormKey.key == form.key, FormKey.route == form.route
    session.execute(update(FormKey).where(*own).values(result=dict(result)))


def _refuse_unless_kept_inside(session: Session, form: Enveloped) -> None:
    if _kept(session, form.inner) is None:
        refuse_kept(session, form)


def refuse_kept(session: Session, form: Form) -> None:
    """Raise SentAgain when the form has been carried out, KeyReused when its key has with other contents."""
    kept = _kept(session, form.key)
    if kept is None:
        return
    if (kept.user_id, kept.route, kept.body_hash) != (form.user_id, form.route, body_hash(form.fields)):
        raise KeyReused
    raise SentAgain(kept.result)

"""People, their sessions and the throttle of the login form, as read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.search import fold
from nps.models import Customer, User, UserSession

#: A session ends after this long without a request, and in any case this long after the login (ASVS 7.3).
IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A living session and the person it belongs to, as both are now."""

    session_id: int
    last_seen_at: datetime
    login: str
    must_change_password: bool
    actor: Actor


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A place where a person is logged in, as he is shown it."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account as the administrator sees it. `last_seen_at`: of its latest session, None before any login."""

    id: int
    login: str
    role: str
    full_name: str
    spoken_name: str
    gender: str
    email: str | None
    active: bool
    must_change_password: bool
    extension: str
    customer_id: int | None
    customer_name: str | None
    created_at: datetime
    last_seen_at: datetime | None


def token_hash(token: str) -> str:
    """What is stored of a session's token. A plain hash is enough: the token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_by_token(session: Session, token: str, now: datetime) -> SessionRow | None:
    """The session that the token opens at `now`.

    None when it is unknown, revoked, too old, idle for too long, or its account disabled.
    """
    found = session.execute(
        select(UserSession.id, UserSession.last_seen_at, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == token_hash(token), User.active, *_alive(now))
    ).one_or_none()
    if found is None:
        return None
    session_id, last_seen_at, user = found
    return SessionRow(session_id, last_seen_at, user.login, user.must_change_password, actor_of(user))


def open_sessions(session: Session, user_id: int, now: datetime) -> list[OpenSession]:
    """Where the person is logged in at `now`, the last used first."""
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, *_alive(now))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    return [OpenSession(row.id, row.created_at, row.last_seen_at, row.address, row.agent) for row in rows]


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Not revoked, not too old, not idle for too long."""
    return (
        UserSession.revoked_at.is_(None),
        UserSession.created_at > now - ABSOLUTE_LIMIT,
        UserSession.last_seen_at > now - IDLE_LIMIT,
    )


def actor_of(user: User) -> Actor:
    """The person as services and queries know him."""
    return Actor(
        id=user.id,
        role=user.role,
        full_name=user.full_name,
        customer_id=user.customer_id,
        spoken_name=user.spoken_name,
        gender=user.gender,
    )


def users(session: Session, *, role: str = "", text: str = "", active: bool | None = None) -> list[UserRow]:
    """Accounts by name; `text` is a part of the name or login, in any case."""
    statement = _users()
    if role:
        statement = statement.where(User.role == role)
    if active is not None:
        statement = statement.where(User.active == active)
    # SQLite folds Latin letters only, and the accounts of a call centre are few: names are compared here.
    sought = fold(text)
    rows = [row for row in _rows(session, statement) if sought in fold(f"{row.full_name} {row.login}")]
    return sorted(rows, key=lambda row: (not row.active, fold(row.full_name), row.id))


def user(session: Session, user_id: int) -> UserRow | None:
    """One account, or None."""
    return next(iter(_rows(session, _users().where(User.id == user_id))), None)


def user_by_login(session: Session, login: str) -> UserRow | None:
    """The account with this login, in any case, or None."""
    return next(iter(_rows(session, _users().where(User.login_fold == fold(login)))), None)


def _users() -> Select[User, str | None, datetime | None]:
    seen = (
        select(UserSession.user_id, func.max(UserSession.last_seen_at).label("at"))
        .group_by(UserSession.user_id)
        .subquery("seen")
    )
    return (
        select(User, Customer.name, seen.c.at)
        .outerjoin(Customer, Customer.id == User.customer_id)
        .outerjoin(seen, seen.c.user_id == User.id)
    )


def _rows(session: Session, statement: Select[User, str | None, datetime | None]) -> Sequence[UserRow]:
    return [
        UserRow(
            id=user.id,
            login=user.login,
            role=user.role,
            full_name=user.full_name,
            spoken_name=user.spoken_name,
            gender=user.gender,
            email=user.email,
            active=user.active,
            must_change_password=user.must_change_password,
            extension=user.extension,
            customer_id=user.customer_id,
            customer_name=customer_name,
            created_at=user.created_at,
            last_seen_at=last_seen_at,
        )
        for user, customer_name, last_seen_at in session.execute(statement)
    ]

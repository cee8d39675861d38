"""Logging in, the throttle of guesses, and sessions as rows (ASVS 6.3, 7).

A login has two transactions with the hashing between them. The first counts the attempt as failed before anything is
known about the password, so that many guesses at once can't slip past the count; the second takes that back.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, TooOftenError
from nps.domain.search import fold
from nps.domain.wording import plural
from nps.models import LoginAttempt, User, UserSession
from nps.queries.accounts import token_hash
from nps.services import journal
from nps.services.accounts import hashing
from nps.services.transaction import AnySession, write

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
#: How long failures are remembered at all.
MEMORY = timedelta(days=1)

#: Failures of one login from one address before the first pause.
FREE_TRIES = 5
#: Failures of one login within an hour, from everywhere, after which an address it never came from has one try only:
#: guessing from many addresses is slowed, and the owner with the right password still gets in from anywhere.
HOT_LOGIN = 20
#: Failures from one address within an hour, whatever the login. High: a call centre shares one address. Logins that
#: have come from there before are let through, each with its own free tries: nobody can shut his colleagues out.
ADDRESS_TRIES = 40

_PAIR_PAUSE = (5 * _MINUTE, _HOUR)
_ADDRESS_PAUSE = (_MINUTE, 15 * _MINUTE)

_DISABLED = "Учётная запись отключена: обратитесь к администратору."

#: Separates these locks from all others on PostgreSQL.
_LOCK_CLASS = 7_210


class LoginRefused(DomainError):
    """Login and password do not fit or the login is unknown: both look the same; or, code `disabled`, both fit.

    Whoever knows the password of a disabled account learns nothing that is not his.
    """


class LoginThrottled(TooOftenError):
    """Too many failures; `wait_s` seconds until the next try."""

    def __init__(self, wait_s: int) -> None:
        minutes = -(-wait_s // 60)
        words = f"{minutes} {plural(minutes, 'минуту', 'минуты', 'минут')}"
        super().__init__("throttled", f"Слишком много неверных попыток. Следующая — через {words}.", wait_s=wait_s)


@dataclass(frozen=True, slots=True)
class Admission:
    """A try that may go on to the password: '' for an unknown login. `tries_left` follow without a pause."""

    user_id: int | None
    password_hash: str
    is_active: bool
    pair_key: str
    attempt_ids: tuple[int, ...]
    tries_left: int
    pause_s: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: the token for the cookie, told once, and whether the password must be changed first."""

    user_id: int
    token: str
    must_change_password: bool


def log_in(session: AnySession, *, login: str, password: str, address: str, agent: str, now: datetime) -> LoggedIn:
    """Check login and password and open a session.

    Raises LoginThrottled before anything is compared, LoginRefused when they do not fit.
    """
    admission = admit_login(session, login=login, address=address, now=now)
    fits = hashing.matches(admission.password_hash, password)
    if not (fits and admission.is_active):
        _note_failed(session, admission.user_id if admission.is_active else None, address, now)
        raise LoginRefused("disabled", _DISABLED) if fits else LoginRefused("login", _refusal(admission))
    new_hash = hashing.hash_password(password) if hashing.is_outdated(admission.password_hash) else None
    return open_session(session, admission, address=address, agent=agent, now=now, new_hash=new_hash)


def admit_login(session: AnySession, *, login: str, address: str, now: datetime) -> Admission:
    """Count a try as failed, and give what its password is to be compared with. Raises LoginThrottled during a pause.

    Keys are the login with its address, the login alone and the address alone; an unknown login is treated alike.
    """
    login_fold = fold(login)[:100]
    network = _network(address)
    pair, anywhere, place = f"p:{login_fold}|{network}", f"l:{login_fold}", f"a:{network}"
    with write(session) as s:
        user = s.execute(
            select(User.id, User.password_hash, User.active).where(User.login_fold == login_fold)
        ).one_or_none()
        at_home = _has_come_from(s, user.id if user else None, address)
        if s.get_bind().dialect.name == "postgresql":
            # Tries of a place are counted one by one, but for those who are at home there: at the beginning of a shift
            # a whole office logs in from one address, and nobody has to wait for a colleague.
            for key in (anywhere,) if at_home else (place, anywhere):
                s.execute(select(func.pg_advisory_xact_lock(_LOCK_CLASS, func.hashtext(key))))
        hot = _failures(s, anywhere, now - _HOUR)[0] >= HOT_LOGIN and not at_home
        free = 1 if hot else FREE_TRIES
        failed, last = _failures(s, pair, now - MEMORY)
        wait = _wait(failed, last, free, _PAIR_PAUSE, now)
        if not at_home:
            wait = max(wait, _wait(*_failures(s, place, now - _HOUR), ADDRESS_TRIES, _ADDRESS_PAUSE, now))
        if wait > timedelta(0):
            raise LoginThrottled(-(-wait // timedelta(seconds=1)))
        s.execute(delete(LoginAttempt).where(LoginAttempt.at < now - MEMORY))
        ids = s.scalars(
            insert(LoginAttempt).returning(LoginAttempt.id),
            [{"key": key, "at": now} for key in (pair, anywhere, place)],
        ).all()
    return Admission(
        user_id=user.id if user is not None else None,
        password_hash=user.password_hash if user is not None else "",
        is_active=user is not None and user.active,
        pair_key=pair,
        attempt_ids=tuple(ids),
        tries_left=max(free - failed - 1, 0),
        pause_s=int(_pause(failed + 1, free, _PAIR_PAUSE).total_seconds()),
    )


def _note_failed(session: AnySession, user_id: int | None, address: str, now: datetime) -> None:
    """Write a failed try into the access journal. What was typed is not kept: it may be a password."""
    with write(session) as s:
        journal.log_access(
            s, at=now, user_id=None, action="login_failed", object_kind="user", object_id=user_id or "", address=address
        )


def open_session(
    session: AnySession, admission: Admission, *, address: str, agent: str, now: datetime, new_hash: str | None = None
) -> LoggedIn:
    """Open a session for an admitted person whose password fitted, and take the try back from the throttle.

    `new_hash` replaces a hash of older parameters. Raises LoginRefused when the account was disabled or its password
    changed meanwhile.
    """
    token = secrets.token_urlsafe(32)
    with write(session) as s:
        # Whoever resets the password or closes the account waits, and then ends this session too.
        user = s.get(User, admission.user_id, populate_existing=True, with_for_update={"key_share": True})
        if user is not None and not user.active:
            raise LoginRefused("disabled", _DISABLED)
        if user is None or user.password_hash != admission.password_hash:
            raise LoginRefused("login", _refusal(admission))
        if new_hash:
            user.password_hash = new_hash
        must_change = user.must_change_password
        s.execute(delete(LoginAttempt).where(LoginAttempt.key == admission.pair_key))
        s.execute(delete(LoginAttempt).where(LoginAttempt.id.in_(admission.attempt_ids)))
        s.execute(
            insert(UserSession).values(
                user_id=user.id,
                token_hash=token_hash(token),
                created_at=now,
                last_seen_at=now,
                address=address[:64],
                agent=_one_line(agent)[:200],
            )
        )
        user_id = user.id
        journal.log_access(
            s, at=now, user_id=user_id, action="login", object_kind="user", object_id=user_id, address=address
        )
    return LoggedIn(user_id, token, must_change)


def close_session(session: AnySession, *, session_id: int, user_id: int, address: str, now: datetime) -> None:
    """End a session: its cookie is refused from now on, wherever a copy of it lies. Once more does nothing."""
    _close(session, UserSession.id == session_id, user_id, address, now)


def close_other_sessions(session: AnySession, *, keep_id: int, user_id: int, address: str, now: datetime) -> None:
    """End all sessions of this person but the one with `keep_id`."""
    _close(session, UserSession.id != keep_id, user_id, address, now)


def _close(session: AnySession, which: ColumnElement[bool], user_id: int, address: str, now: datetime) -> None:
    with write(session) as s:
        ended = s.execute(
            update(UserSession)
            .where(which, UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(UserSession.id)
        ).all()
        for _ in ended:
            journal.log_access(
                s, at=now, user_id=user_id, action="logout", object_kind="user", object_id=user_id, address=address
            )


def touch_session(session: AnySession, session_id: int, now: datetime) -> None:
    """Note that the session is in use; the idle limit counts from here. Callers do it once a minute at most."""
    with write(session) as s:
        s.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.last_seen_at < now)
            .values(last_seen_at=now)
        )


def _failures(s: Session, key: str, since: datetime) -> tuple[int, datetime | None]:
    count, last = s.execute(
        select(func.count(), func.max(LoginAttempt.at)).where(LoginAttempt.key == key, LoginAttempt.at > since)
    ).one()
    return count, last


def _wait(
    failed: int, last: datetime | None, free: int, pause: tuple[timedelta, timedelta], now: datetime
) -> timedelta:
    return last + _pause(failed, free, pause) - now if last is not None and failed >= free else timedelta(0)


def _pause(failed: int, free: int, pause: tuple[timedelta, timedelta]) -> timedelta:
    """How long to wait after this many failures: twice as long each time, up to a limit."""
    first, longest = pause
    doublings = min(max(failed - free, 0), 16)
    return min(first * (1 << doublings), longest)


def _has_come_from(s: Session, user_id: int | None, address: str) -> bool:
    if user_id is None:
        return False
    known = select(UserSession.id).where(UserSession.user_id == user_id, UserSession.address == address[:64]).limit(1)
    return s.scalar(known) is not None


def _network(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def _refusal(admission: Admission) -> str:
    minutes = -(-admission.pause_s // 60)
    pause = f"{minutes} {plural(minutes, 'минута', 'минуты', 'минут')}"
    left = admission.tries_left
    if left == 0:
        return f"Логин и пароль не подошли. Следующая попытка — после паузы, {pause}."
    words = plural(left, "Осталась {} попытка", "Осталось {} попытки", "Осталось {} попыток").format(left)
    return f"Логин и пароль не подошли. {words}, потом пауза: {pause}."


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)

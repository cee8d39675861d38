"""Making and changing accounts. Each change is journalled; passwords and hashes never are (R20)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.password import check_password
from nps.domain.roles import BOUND_TO_CUSTOMER, ROLES
from nps.domain.search import fold
from nps.models import Customer, User, UserSession
from nps.models.user import GENDERS
from nps.services import desk
from nps.services.accounts import hashing
from nps.services.acting import act
from nps.services.transaction import AnySession

_LOGIN = re.compile(r"[\w.@+-]{2,100}")
_EMAIL = re.compile(r"[^\s<>@,;\"]+@[^\s<>@,;\"]+")
_LOGIN_TAKEN = "Такой логин уже есть. Придумайте другой или верните доступ прежнему сотруднику."


@dataclass(frozen=True, slots=True)
class NewUser:
    """What came of `create_user`. `password` is told once: only its hash is kept."""

    user_id: int
    login: str
    password: str


def create_user(
    session: AnySession,
    *,
    login: str,
    full_name: str,
    role: str,
    now: datetime,
    customer_id: int | None = None,
    spoken_name: str = "",
    gender: str = "female",
    email: str = "",
    actor_id: int | None = None,
) -> NewUser:
    """Make an account with a random password that must be changed at the first login (ASVS 6.4.1).

    `actor_id` is the administrator, None for the command line. Raises DomainError (codes: login, login_taken,
    full_name, role, gender, email, customer).
    """
    login, full_name, email = login.strip(), " ".join(full_name.split()), email.strip()
    _check(login, full_name, role, gender, email)
    password = hashing.one_time_password()
    user = User(
        login=login,
        login_fold=fold(login),
        password_hash=hashing.hash_password(password),
        must_change_password=True,
        role=role,
        customer_id=customer_id,
        full_name=full_name,
        spoken_name=" ".join(spoken_name.split())[:100],
        gender=gender,
        email=email or None,
        active=True,
        created_at=now,
    )
    with _unique_login(), act(session, actor_id, now) as a:
        _check_customer(a.s, role, customer_id)
        if a.s.scalar(select(User.id).where(User.login_fold == user.login_fold)) is not None:
            raise DomainError("login_taken", _LOGIN_TAKEN)
        a.s.add(user)
        a.s.flush()
        a.record("user_created", "user", user.id, after={"role": role, "customer_id": customer_id})
        return NewUser(user.id, login, password)


def change_password(
    session: AnySession,
    *,
    user_id: int,
    new: str,
    now: datetime,
    current: str | None,
    keep_session_id: int | None = None,
) -> None:
    """A person sets his own password; all his other sessions end.

    `current` is compared unless the password was given by an administrator and must be changed. Raises PasswordError,
    or DomainError (codes: current, same_as_before) with a Russian sentence.
    """
    row = session.execute(
        select(User.login, User.password_hash, User.must_change_password).where(User.id == user_id)
    ).one()
    session.rollback()
    if not row.must_change_password and not hashing.matches(row.password_hash, current or ""):
        raise DomainError("current", "Нынешний пароль не подошёл. Проверьте раскладку и клавишу Caps Lock.")
    check_password(new, row.login)
    if hashing.matches(row.password_hash, new):
        raise DomainError("same_as_before", "Новый пароль совпадает с прежним. Придумайте другой.")
    new_hash = hashing.hash_password(new)
    with act(session, user_id, now) as a:
        user = _user(a.s, user_id)
        if user.password_hash != row.password_hash:
            words = "Пока вы вводили пароль, его сменил администратор или вы сами. Войдите с новым."
            raise DomainError("current", words)
        user.password_hash = new_hash
        user.must_change_password = False
        _end_sessions(a.s, user_id, now, but=keep_session_id)
        a.record("password_changed", "user", user_id)


def reset_password(session: AnySession, *, user_id: int, now: datetime, actor_id: int | None = None) -> str:
    """Give a person a new random password, returned once and to be changed at the next login; all his sessions end."""
    password = hashing.one_time_password()
    password_hash = hashing.hash_password(password)
    with act(session, actor_id, now) as a:
        user = _user(a.s, user_id)
        user.password_hash = password_hash
        user.must_change_password = True
        _end_sessions(a.s, user_id, now)
        a.record("password_reset", "user", user_id)
    return password


def set_active(session: AnySession, *, user_id: int, active: bool, now: datetime, actor_id: int | None = None) -> None:
    """Close an account or open it again; closing ends its sessions (ASVS 7.4.2) and its shift. Once more does nothing.

    Raises DomainError (codes: self, last_admin).
    """
    with act(session, actor_id, now, claims=True) as a:
        user = _user(a.s, user_id)
        if user.active == active:
            return
        if not active:
            _refuse_self_and_last_admin(a.s, user, actor_id)
            _end_sessions(a.s, user_id, now)
            desk.end_shift_of_leaver(a.s, user_id, actor_id, now)
        user.active = active
        a.record("user_enabled" if active else "user_disabled", "user", user_id)


def end_sessions(session: AnySession, *, user_id: int, now: datetime, actor_id: int) -> None:
    """End all sessions of a person, wherever he is logged in; he may log in again (ASVS 7.4.5)."""
    with act(session, actor_id, now) as a:
        _user(a.s, user_id)
        _end_sessions(a.s, user_id, now)
        a.record("sessions_ended", "user", user_id)


def set_role(
    session: AnySession, *, user_id: int, role: str, customer_id: int | None, now: datetime, actor_id: int | None = None
) -> None:
    """Give a person another role: his sessions and his shift end, and it holds from his next login on.

    Raises DomainError (codes: role, customer, self, last_admin).
    """
    if role not in ROLES:
        raise DomainError("role", "Выберите роль из списка.")
    with act(session, actor_id, now, claims=True) as a:
        user = _user(a.s, user_id)
        _check_customer(a.s, role, customer_id)
        before = {"role": user.role, "customer_id": user.customer_id}
        after = {"role": role, "customer_id": customer_id}
        if before == after:
            return
        if role != user.role:
            _refuse_self_and_last_admin(a.s, user, actor_id)
        user.role, user.customer_id = role, customer_id
        _end_sessions(a.s, user_id, now)
        desk.end_shift_of_leaver(a.s, user_id, actor_id, now)
        a.record("user_role", "user", user_id, before=before, after=after)


def _check(login: str, full_name: str, role: str, gender: str, email: str) -> None:
    if not _LOGIN.fullmatch(login):
        raise DomainError(
            "login", "Логин — от 2 до 100 знаков: буквы, цифры, точка, дефис, подчёркивание, «@» или «+»."
        )
    if not 2 <= len(full_name) <= 200:
        raise DomainError("full_name", "Укажите имя и фамилию, до 200 знаков.")
    if role not in ROLES:
        raise DomainError("role", "Выберите роль из списка.")
    if gender not in GENDERS:
        raise DomainError("gender", "Выберите, как строить фразы оператора: «она» или «он».")
    if email and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        raise DomainError("email", "Это не адрес почты. Нужен вид name@example.ru, или оставьте поле пустым.")


def _check_customer(s: Session, role: str, customer_id: int | None) -> None:
    if role in BOUND_TO_CUSTOMER and customer_id is None:
        raise DomainError("customer", "Выберите заказчика: у ролей «заказчик» и «специалист ОКС» он обязателен.")
    if role not in BOUND_TO_CUSTOMER and customer_id is not None:
        raise DomainError("customer", "Заказчика указывают только у ролей «заказчик» и «специалист ОКС»: выберите «—».")
    if customer_id is not None and s.get(Customer, customer_id) is None:
        raise DomainError("customer", "Такого заказчика нет. Выберите его из списка.")


def _user(s: Session, user_id: int) -> User:
    user = s.get(User, user_id, populate_existing=True, with_for_update={"key_share": True})
    if user is None:
        raise NotFoundError("Такого сотрудника нет.")
    return user


def _refuse_self_and_last_admin(s: Session, user: User, actor_id: int | None) -> None:
    if user.id == actor_id:
        raise DomainError(
            "self", "Собственную учётную запись закрыть или понизить нельзя: попросите другого администратора."
        )
    # Locked: two administrators who close each other at once must not both succeed.
    admins = select(User.id).where(User.role == "admin", User.active).order_by(User.id).with_for_update()
    if user.role == "admin" and user.active and len(s.scalars(admins).all()) == 1:
        raise DomainError("last_admin", "Это единственный администратор. Сначала назначьте другого.")


def _end_sessions(s: Session, user_id: int, now: datetime, but: int | None = None) -> None:
    statement = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if but is not None:
        statement = statement.where(UserSession.id != but)
    s.execute(statement.values(revoked_at=now))


@contextmanager
def _unique_login() -> Iterator[None]:
    """Two administrators at once on PostgreSQL: the index is the judge."""
    try:
        yield
    except IntegrityError as error:
        if "login_fold" not in str(error.orig):
            raise
        raise DomainError("login_taken", _LOGIN_TAKEN) from error

"""Accounts, the throttle of logins and sessions, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.throttle import HOT_LOGIN, MEMORY, PAIR, PLACE
from nps.extensions import db
from nps.models import AccessLog, Journal, LoginAttempt, User, UserSession
from nps.queries import accounts as queries
from nps.services import accounts
from nps.services.accounts import LoginRefused, LoginThrottled, hashing
from nps.services.form_keys import Form, SentAgain, counting
from tests import factories
from tests.conftest import FULL_COST
from tests.factories import NOW, PASSWORD

HERE, THERE = "10.0.0.1", "10.0.0.2"
MINUTE = timedelta(minutes=1)
FREE_TRIES, ADDRESS_TRIES = PAIR.free, PLACE.free


@pytest.fixture(autouse=True)
def passwords_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only here a password costs what it costs people."""
    monkeypatch.setattr(hashing, "HASHER", FULL_COST)


def log_in(
    session: Session, login: str, password: str = PASSWORD, address: str = HERE, at: datetime = NOW
) -> accounts.LoggedIn:
    return accounts.log_in(session, login=login, password=password, address=address, agent="browser", now=at)


def fail(session: Session, login: str, times: int = 1, address: str = HERE, at: datetime = NOW) -> None:
    """Failed tries, without the time that hashing takes."""
    for _ in range(times):
        accounts.admit_login(session, login=login, address=address, now=at)


def create(session: Session, **fields: Any) -> accounts.NewUser:
    values: dict[str, Any] = {"login": "o.maksimova", "full_name": "Ольга Максимова", "role": "operator", "now": NOW}
    return accounts.create_user(session, **(values | fields))


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    assert any("а" <= letter <= "я" for letter in refused.value.message)
    return refused.value.code


def test_a_new_account_logs_in_with_the_password_told_once(session):
    made = create(session)
    assert made.password is not None
    opened = log_in(session, "O.Maksimova", made.password)
    assert (opened.user_id, opened.must_change_password) == (made.user_id, True)
    row = session.get_one(User, made.user_id)
    assert row.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_given_passwords_never_repeat():
    assert len({hashing.one_time_password() for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"login": "о"}, "login"),
        ({"login": "с пробелом"}, "login"),
        ({"login": "x" * 101}, "login"),
        ({"full_name": " "}, "full_name"),
        ({"role": "root"}, "role"),
        ({"gender": "it"}, "gender"),
        ({"email": "не адрес"}, "email"),
        ({"email": "a@b.ru\r\nBcc: c@d.ru"}, "email"),
        ({"role": "customer"}, "customer"),
        ({"role": "specialist", "customer_id": 987654}, "customer"),
        ({"role": "operator", "customer_id": 1}, "customer"),
    ],
)
def test_what_an_account_can_not_be(session, fields, code):
    assert code_of(lambda: create(session, **fields)) == code
    assert session.scalar(select(func.count()).select_from(User)) == 0


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("короткий", "short"),
        ("я" * 129, "long"),
        ("Qwerty123456", "common"),
        ("ПАРОЛЬ12345", "common"),
        ("1111111111", "common"),
        ("O.Maksimova", "same"),
    ],
)
def test_what_a_password_can_not_be(session, password, code):
    made = create(session)
    change = {"user_id": made.user_id, "current": made.password, "now": NOW}
    assert code_of(lambda: accounts.change_password(session, new=password, **change)) == code
    log_in(session, made.login, made.password)


def test_a_login_is_taken_whatever_the_case_of_its_letters(session):
    create(session, login="Ёлкина")
    assert code_of(lambda: create(session, login="ЕЛКИНА")) == "login_taken"


def test_the_same_form_twice_makes_one_account_and_tells_the_password_once(session):
    admin = factories.user(session, "admin").id

    def press(**fields: Any) -> accounts.NewUser:
        with counting(session, Form("k", admin, "create_user", fields), NOW):
            return create(session, actor_id=admin, **fields)

    first = press()
    assert first.password is not None
    with pytest.raises(SentAgain):
        press()
    assert session.scalars(select(User.id).where(User.login == first.login)).all() == [first.user_id]
    with pytest.raises(DomainError, match="уже отправлена с другими данными"):
        press(full_name="Другая Женщина")
    log_in(session, first.login, first.password)


def test_the_journal_knows_each_change_and_no_password(session):
    admin = factories.user(session, "admin").id
    made = create(session, actor_id=admin)
    accounts.set_role(session, user_id=made.user_id, role="manager", customer_id=None, now=NOW, actor_id=admin)
    issued = accounts.reset_password(session, user_id=made.user_id, now=NOW, actor_id=admin)
    accounts.change_password(session, user_id=made.user_id, new="совсем другая фраза", current=None, now=NOW)
    accounts.set_active(session, user_id=made.user_id, active=False, now=NOW, actor_id=admin)
    accounts.set_active(session, user_id=made.user_id, active=False, now=NOW, actor_id=admin)
    lines = session.execute(
        select(Journal.action, Journal.actor_id, Journal.before, Journal.after).order_by(Journal.id)
    ).all()
    assert [line.action for line in lines] == [
        "user_created",
        "user_role",
        "password_reset",
        "password_changed",
        "user_disabled",
    ]
    assert [line.actor_id for line in lines] == [admin, admin, admin, made.user_id, admin]
    assert lines[1].before == {"role": "operator", "customer_id": None}
    told = str(lines)
    assert made.password not in told
    assert issued not in told
    assert "argon2" not in told


def test_a_password_that_was_reset_opens_nothing_and_ends_all_sessions(session):
    user = factories.user(session, "operator")
    opened = log_in(session, user.login)
    issued = accounts.reset_password(session, user_id=user.id, now=NOW)
    assert queries.session_by_token(session, opened.token, NOW) is None
    with pytest.raises(LoginRefused):
        log_in(session, user.login)
    assert log_in(session, user.login, issued).must_change_password


def test_a_password_changed_between_the_check_and_the_session_opens_nothing(session):
    user = factories.user(session, "operator")
    admission = accounts.admit_login(session, login=user.login, address=HERE, now=NOW)
    accounts.reset_password(session, user_id=user.id, now=NOW)
    with pytest.raises(LoginRefused):
        accounts.open_session(session, admission, address=HERE, agent="", now=NOW)


def test_nobody_closes_himself_or_the_last_administrator(session):
    first = factories.user(session, "admin").id
    assert code_of(lambda: accounts.set_active(session, user_id=first, active=False, now=NOW, actor_id=first)) == "self"
    assert code_of(lambda: accounts.set_active(session, user_id=first, active=False, now=NOW)) == "last_admin"
    assert (
        code_of(lambda: accounts.set_role(session, user_id=first, role="manager", customer_id=None, now=NOW))
        == "last_admin"
    )
    second = factories.user(session, "admin").id
    accounts.set_active(session, user_id=first, active=False, now=NOW, actor_id=second)
    assert code_of(lambda: accounts.set_active(session, user_id=second, active=False, now=NOW)) == "last_admin"


def test_an_absent_person_is_not_found(session):
    for act in (
        lambda: accounts.reset_password(session, user_id=987654, now=NOW),
        lambda: accounts.set_active(session, user_id=987654, active=True, now=NOW),
        lambda: accounts.set_role(session, user_id=987654, role="admin", customer_id=None, now=NOW),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_pauses_double_until_an_hour(session):
    fail(session, "somebody", FREE_TRIES)
    at, waits = NOW, []
    for _ in range(6):
        with pytest.raises(LoginThrottled) as pause:
            fail(session, "somebody", at=at)
        waits.append(pause.value.wait_s // 60)
        at += timedelta(seconds=pause.value.wait_s)
        fail(session, "somebody", at=at)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_pause_ends_to_the_second(session):
    fail(session, "somebody", FREE_TRIES)
    with pytest.raises(LoginThrottled) as pause:
        fail(session, "somebody", at=NOW + 5 * MINUTE - timedelta(seconds=1))
    assert pause.value.wait_s == 1
    fail(session, "somebody", at=NOW + 5 * MINUTE)


def test_a_login_that_succeeds_forgets_the_failures_before_it(session):
    user = factories.user(session, "operator")
    fail(session, user.login, FREE_TRIES - 1)
    log_in(session, user.login)
    assert accounts.admit_login(session, login=user.login, address=HERE, now=NOW).tries_left == FREE_TRIES - 1


def test_failures_are_forgotten_after_a_day_and_leave_no_rows(session):
    fail(session, "somebody", FREE_TRIES)
    fail(session, "somebody", at=NOW + MEMORY + MINUTE)
    assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 3


def test_guessing_from_many_addresses_gets_one_try_each_but_does_not_lock_the_owner_out(session):
    user = factories.user(session, "operator")
    log_in(session, user.login, address=HERE)
    for n in range(HOT_LOGIN):
        fail(session, user.login, address=f"192.0.2.{n}")
    fail(session, user.login, address=THERE)
    with pytest.raises(LoginThrottled):
        fail(session, user.login, address=THERE)
    log_in(session, user.login, address="198.51.100.7")
    fail(session, user.login, FREE_TRIES - 1, address=HERE)
    log_in(session, user.login, address=HERE)


def test_one_address_that_tries_many_logins_waits_with_all_of_them(session):
    user = factories.user(session, "operator")
    for n in range(ADDRESS_TRIES):
        fail(session, f"guess{n}")
    with pytest.raises(LoginThrottled):
        log_in(session, user.login)
    log_in(session, user.login, address=THERE)
    log_in(session, user.login, at=NOW + 16 * MINUTE)


def test_a_colleague_who_guesses_shuts_nobody_out_who_works_at_that_address(session):
    user = factories.user(session, "operator")
    log_in(session, user.login)
    for n in range(ADDRESS_TRIES + 20):
        with pytest.raises((LoginRefused, LoginThrottled)):
            log_in(session, f"guess{n}", "не тот пароль")
    log_in(session, user.login)
    fail(session, user.login, FREE_TRIES)
    with pytest.raises(LoginThrottled):
        log_in(session, user.login)


def test_the_addresses_of_one_ipv6_subscriber_are_one_place(session):
    fail(session, "somebody", FREE_TRIES, address="2001:db8::1")
    with pytest.raises(LoginThrottled):
        fail(session, "somebody", address="2001:db8::ffff")
    fail(session, "somebody", address="2001:db8:1::1")


def test_an_unknown_login_of_any_length_is_refused_and_throttled_alike(session):
    for login in ("nobody", "я" * 5000, "", "nobody|10.0.0.2"):
        with pytest.raises(LoginRefused):
            log_in(session, login, address=THERE)
    assert session.scalar(select(func.count()).select_from(AccessLog)) == 4


def test_many_guesses_at_once_do_not_slip_past_the_count(app: Flask, session: Session):
    """Sixteen at the same instant: no more than the free tries are admitted."""
    login = factories.user(session, "operator").login
    session.rollback()
    admitted, refused, start = [], [], threading.Barrier(16)

    def guess() -> None:
        start.wait()
        with app.app_context():
            try:
                admitted.append(accounts.admit_login(db.session(), login=login, address=HERE, now=NOW))
            except LoginThrottled as pause:
                refused.append(pause)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(admitted), len(refused)) == (FREE_TRIES, 16 - FREE_TRIES)


def test_a_session_may_be_closed_twice_and_only_by_its_owner(session):
    user, other = factories.user(session, "operator").id, factories.user(session, "operator").id
    login = session.get_one(User, user).login
    opened = log_in(session, login)
    row = queries.session_by_token(session, opened.token, NOW)
    assert row is not None
    close = {"session_id": row.session_id, "address": HERE, "now": NOW}
    accounts.close_session(session, user_id=other, **close)
    assert queries.session_by_token(session, opened.token, NOW) is not None
    accounts.close_session(session, user_id=user, **close)
    accounts.close_session(session, user_id=user, **close)
    assert queries.session_by_token(session, opened.token, NOW) is None
    actions = session.scalars(select(AccessLog.action)).all()
    assert actions == ["login", "logout"]


def test_a_session_carries_the_person_as_he_is_now(session):
    customer = factories.customer(session).id
    user = factories.user(session, "specialist", customer_id=customer)
    opened = log_in(session, user.login)
    row = queries.session_by_token(session, opened.token, NOW + MINUTE)
    assert row is not None
    assert (row.actor.role, row.actor.customer_id, row.login) == ("specialist", customer, user.login)
    assert queries.session_by_token(session, opened.token + "x", NOW) is None


def test_a_browsers_name_can_not_forge_a_line(session):
    user = factories.user(session, "operator")
    accounts.log_in(session, login=user.login, password=PASSWORD, address=HERE, agent="a\r\nb" + "c" * 500, now=NOW)
    agent = session.scalars(select(UserSession.agent)).one()
    assert agent.startswith("a  bccc")
    assert len(agent) == 200


def test_a_hash_of_older_parameters_is_renewed_at_the_next_login(session):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    user = factories.user(session, "operator", password_hash=weak)
    user_id = user.id
    log_in(session, user.login)
    renewed = session.scalars(select(User.password_hash).where(User.id == user_id)).one()
    assert renewed != weak
    log_in(session, session.get_one(User, user_id).login)


def test_people_are_found_by_a_part_of_the_name_in_any_case(session):
    factories.user(session, "operator", full_name="Ёлкина Мария", login="m.elkina")
    factories.user(session, "manager", full_name="Орлова Марина", login="orlova", active=False)
    assert [row.login for row in queries.users(session, text="елкин")] == ["m.elkina"]
    assert [row.login for row in queries.users(session, text="ORLOVA")] == ["orlova"]
    assert [row.login for row in queries.users(session, active=False)] == ["orlova"]
    assert [row.login for row in queries.users(session, role="operator")] == ["m.elkina"]
    assert queries.user_by_login(session, "M.ELKINA") is not None

"""The entrance: sessions, the throttle, the first password, where `next` may lead."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from nps.models import AccessLog, User, UserSession
from nps.services import accounts
from nps.services.accounts.login import FREE_TRIES
from nps.services.transaction import write
from nps.web.clock import now
from tests import factories

NEW_PASSWORD = "совсем другая фраза"


def sign_in(client: FlaskClient, user: User | str, password: str = factories.PASSWORD, **kwargs: Any) -> Any:
    name = user if isinstance(user, str) else user.login
    return client.post("/login", data={"login": name, "password": password, **kwargs.pop("data", {})}, **kwargs)


def test_somebody_unknown_is_led_to_the_form_and_back_to_the_page(app, client, session):
    admin = factories.user(session, "admin")
    refused = client.get("/admin/users?role=operator")
    assert refused.status_code == 303
    assert refused.location == "/login?next=/admin/users?role%3Doperator"
    assert "Вход" in client.get(refused.location).text
    assert sign_in(client, admin, data={"next": "/admin/users?role=operator"}).location == "/admin/users?role=operator"


@pytest.mark.parametrize("role", ["operator", "specialist", "manager", "customer", "admin"])
def test_each_role_begins_at_its_own_page(login, role):
    home = login(role).get("/")
    assert home.status_code == 303
    expected = {"operator": "/desk", "admin": "/admin"}.get(role, "/campaigns")
    assert home.location == expected


def test_login_in_any_case_of_letters(client, session):
    user = factories.user(session, "operator", login="O.Markova")
    assert sign_in(client, user.login.upper()).status_code == 303


def test_wrong_password_and_unknown_login_look_the_same(client, session):
    user = factories.user(session, "operator")
    wrong, unknown = sign_in(client, user, "не тот пароль"), sign_in(client, "nobody", "не тот пароль")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "Осталось 4 попытки, потом пауза: 5 минут." in wrong.text
    assert "Осталось 4 попытки, потом пауза: 5 минут." in unknown.text
    assert "не тот пароль" not in wrong.text
    assert f'value="{user.login}"' in wrong.text


def test_a_disabled_account_is_named_to_whoever_knows_its_password_and_to_nobody_else(client, session):
    user = factories.user(session, "operator", active=False)
    wrong = sign_in(client, user, "не тот пароль")
    assert wrong.status_code == 422
    assert "Логин и пароль не подошли. Осталось 4 попытки" in wrong.text and "отключена" not in wrong.text
    right = sign_in(client, user)
    session.rollback()
    assert right.status_code == 422 and session.scalars(select(UserSession.id)).all() == []
    # The dialog over a page whose session is over shows the text of this alert.
    assert re.search(
        r'role="alert"[^>]*>.*?Учётная запись отключена: обратитесь к администратору', right.text, re.DOTALL
    )
    assert "Осталось" not in right.text
    # Both count as failures, and the journal does not tell them apart.
    assert session.scalars(select(AccessLog.action)).all() == ["login_failed"] * 2
    assert set(session.scalars(select(AccessLog.object_id))) == {""}
    for _ in range(FREE_TRIES - 2):
        sign_in(client, user)
    assert sign_in(client, user).status_code == 429


def test_after_too_many_failures_even_the_right_password_waits_but_not_from_elsewhere(client, session):
    user = factories.user(session, "operator")
    for _ in range(FREE_TRIES):
        assert sign_in(client, user, "не тот пароль").status_code == 422
    waiting = sign_in(client, user)
    assert waiting.status_code == 429
    assert waiting.headers["Retry-After"].isdigit()
    assert "Следующая — через 5 минут." in waiting.text
    assert sign_in(client, user, environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 303


def test_the_cookie_of_a_closed_session_is_refused(login):
    client = login("operator")
    kept = client.get_cookie("nps")
    assert kept is not None
    assert client.post("/logout").location == "/login"
    client.set_cookie("nps", kept.value)
    assert client.get("/").location.startswith("/login")


def test_each_login_has_a_token_of_its_own_and_ends_the_one_before(app, session):
    user = factories.user(session, "operator")
    client = app.test_client()
    sign_in(client, user)
    first = client.get_cookie("nps").value
    sign_in(client, user)
    assert client.get_cookie("nps").value != first
    session.rollback()
    states = [row.revoked_at is None for row in session.scalars(select(UserSession).order_by(UserSession.id))]
    assert states == [False, True]


def test_the_database_keeps_no_token(app, session):
    user = factories.user(session, "operator")
    client = app.test_client()
    sign_in(client, user)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    session.rollback()
    row = session.scalars(select(UserSession)).one()
    assert token not in (row.token_hash, row.agent, row.address)
    assert len(token) >= 43


@pytest.mark.parametrize(
    ("column", "age", "alive"),
    [
        ("last_seen_at", timedelta(hours=11, minutes=59), True),
        ("last_seen_at", timedelta(hours=12, minutes=1), False),
        ("created_at", timedelta(days=6, hours=23), True),
        ("created_at", timedelta(days=7, minutes=1), False),
    ],
)
def test_a_session_ends_after_twelve_idle_hours_or_seven_days(app, session, login, column, age, alive):
    client = login("operator")
    with write(session) as s:
        s.execute(update(UserSession).values({column: now() - age}))
    assert (client.get("/").location == "/desk") is alive


def test_use_of_a_session_is_noted_at_most_once_a_minute(session, login):
    client = login("admin")

    def last_seen_after_a_request(idle: timedelta) -> timedelta:
        before = now() - idle
        with write(session) as s:
            s.execute(update(UserSession).values(last_seen_at=before))
        client.get("/admin")
        session.rollback()
        return session.scalars(select(UserSession.last_seen_at)).one() - before

    assert last_seen_after_a_request(timedelta(seconds=50)) == timedelta(0)
    assert last_seen_after_a_request(timedelta(seconds=70)) > timedelta(seconds=60)


def test_a_closed_account_loses_its_sessions_at_once(session, login):
    user = factories.user(session, "operator")
    client = login(user)
    accounts.set_active(session, user_id=user.id, active=False, now=now())
    assert client.get("/").location.startswith("/login")


def test_another_role_ends_the_sessions_and_holds_from_the_next_login(session, login):
    factories.user(session, "admin")
    user = factories.user(session, "admin")
    client = login(user)
    assert client.get("/admin/users").status_code == 200
    accounts.set_role(session, user_id=user.id, role="operator", customer_id=None, now=now())
    assert client.get("/admin/users").location.startswith("/login")
    assert login(session.get_one(User, user.id)).get("/admin/users").status_code == 403


def test_a_person_sees_where_he_is_logged_in_and_ends_the_other_places(app, session, login):
    user = factories.user(session)
    here, there, third = login(user), login(user), login(user)
    page = here.get("/sessions").text
    assert page.count("это устройство") == 1 and page.count("Закончить") == 2
    factories.fresh(session)
    newest = max(row.id for row in session.scalars(select(UserSession)))
    assert here.post(f"/sessions/{newest}/close").location == "/sessions"
    assert third.get("/password").location.startswith("/login")
    assert there.get("/password").status_code == 200
    here.post("/sessions/close-others")
    assert there.get("/password").location.startswith("/login")
    assert here.get("/password").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(session, login):
    stranger = login("operator")
    factories.fresh(session)
    theirs = session.scalars(select(UserSession.id)).one()
    login("operator").post(f"/sessions/{theirs}/close")
    assert stranger.get("/password").status_code == 200


def test_a_script_whose_session_is_over_hears_401_before_its_old_token_is_looked_at(client):
    for headers in ({"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}):
        answer = client.post("/password", headers=headers, csrf=False)
        assert answer.status_code == 401
        assert "Войдите снова" in answer.text


def test_the_dialog_of_a_lost_session_logs_in_by_script(app, session):
    """What js/app/session.js does: reads the form, posts it with the token found there, follows to the page."""
    user = factories.user(session, "admin")
    client = app.test_client()
    fetch = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    assert 'name="csrf_token"' in client.get("/login", headers=fetch).text
    answer = sign_in(client, user, headers=fetch, data={"next": "/admin/users"})
    assert (answer.status_code, answer.location) == (303, "/admin/users")
    assert client.get("/login", headers=fetch).status_code == 200, "another tab may have logged in meanwhile"
    assert client.get("/login", headers={"Sec-Fetch-Mode": "navigate"}).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "evil",
        "/\t/evil.example",
        "\\\\evil",
        "",
    ],
)
def test_next_never_leaves_this_host(client, session, target):
    user = factories.user(session, "operator")
    assert sign_in(client, user, data={"next": target}).location == "/"


def test_a_password_given_by_an_administrator_must_be_changed_first(app, client, session):
    admin = factories.user(session, "admin")
    made = accounts.create_user(
        session, login="new.one", full_name="Новый Человек", role="admin", now=now(), actor_id=admin.id
    )
    assert made.password is not None
    assert sign_in(client, "new.one", made.password).status_code == 303
    assert client.get("/admin/users").location == "/password"
    assert client.get("/admin/users", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/password"
    page = client.get("/password")
    assert "временный" in page.text
    assert "Нынешний пароль" not in page.text
    short = client.post("/password", data={"password": "коротко", "repeat": "коротко"})
    assert short.status_code == 422
    assert "не меньше 10 знаков" in short.text
    same = client.post("/password", data={"password": made.password, "repeat": made.password})
    assert "совпадает с прежним" in same.text
    assert client.post("/password", data={"password": NEW_PASSWORD, "repeat": NEW_PASSWORD}).location == "/"
    assert client.get("/admin/users").status_code == 200
    assert sign_in(app.test_client(), "new.one", NEW_PASSWORD).status_code == 303


def test_a_change_of_password_needs_the_present_one_and_ends_other_sessions(session, login):
    user = factories.user(session, "operator")
    here, elsewhere = login(user), login(user)
    form = {"password": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    refused = here.post("/password", data=form | {"current": "не тот пароль"})
    assert refused.status_code == 422
    assert "Нынешний пароль не подошёл" in refused.text
    assert "Пароли не совпали" in here.post("/password", data=form | {"repeat": "другое"}).text
    assert here.post("/password", data=form | {"current": factories.PASSWORD}).status_code == 303
    assert here.get("/").location == "/desk"
    assert elsewhere.get("/").location.startswith("/login")


def test_logins_and_failures_are_in_the_access_journal_without_what_was_typed(client, session):
    user = factories.user(session, "operator")
    sign_in(client, "typed-password-by-mistake", "x")
    sign_in(client, user, "не тот пароль")
    sign_in(client, user, headers={"User-Agent": "one\ttwo"})
    client.post("/logout")
    session.rollback()
    lines = session.execute(select(AccessLog.action, AccessLog.user_id, AccessLog.object_id, AccessLog.address)).all()
    assert [tuple(line) for line in lines] == [
        ("login_failed", None, "", "127.0.0.1"),
        ("login_failed", None, str(user.id), "127.0.0.1"),
        ("login", user.id, str(user.id), "127.0.0.1"),
        ("logout", user.id, str(user.id), "127.0.0.1"),
    ]


def test_a_form_without_its_token_is_refused(client, session):
    user = factories.user(session, "operator")
    answer = sign_in(client, user, csrf=False)
    assert answer.status_code == 400
    assert "Страница устарела" in answer.text
    assert session.scalars(select(UserSession)).all() == []

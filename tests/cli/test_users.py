"""`flask nps user …` as it is typed: lines or JSON, exit codes, help."""

from __future__ import annotations

import json

from click.testing import Result
from flask import Flask

from tests import factories

CREATE = ("user", "create", "o.maksimova", "--role", "operator", "--name", "Ольга Максимова")


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["nps", *words])


def test_an_account_made_here_logs_in_there(app):
    made = json.loads(run(app, *CREATE, "--json").output)
    assert made["login"] == "o.maksimova"
    answer = app.test_client().post("/login", data={"login": "o.maksimova", "password": made["password"]})
    assert answer.status_code == 303


def test_a_refusal_is_a_sentence_and_exit_code_1(app):
    run(app, *CREATE)
    again = run(app, *CREATE)
    assert again.exit_code == 1
    assert "Такой логин уже есть" in again.stderr
    assert again.stdout == ""
    as_json = run(app, *CREATE, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["error"]["code"] == "login_taken"


def test_wrong_usage_is_exit_code_2(app):
    assert run(app, "user", "create", "x", "--role", "root", "--name", "Кто").exit_code == 2
    assert run(app, "user", "no-such-command").exit_code == 2


def test_the_list_shows_roles_in_words_and_the_closed_on_demand(app, session):
    factories.user(session, "manager", login="open")
    factories.user(session, "manager", login="closed", active=False)
    assert "руководитель" in run(app, "user", "list").output
    assert "closed" not in run(app, "user", "list").output
    assert {row["login"] for row in json.loads(run(app, "user", "list", "--all", "--json").output)} == {
        "open",
        "closed",
    }
    assert "Учётных записей нет" in run(app, "user", "list", "--role", "admin").output


def test_a_lost_administrator_gets_in_again(app, session):
    factories.user(session, "admin", login="root")
    session.rollback()
    issued = json.loads(run(app, "user", "reset-password", "ROOT", "--json").output)["password"]
    answer = app.test_client().post("/login", data={"login": "root", "password": issued})
    assert answer.status_code == 303
    assert "Логина «nobody» нет" in run(app, "user", "reset-password", "nobody").stderr


def test_access_is_closed_and_opened(app, session):
    factories.user(session, "operator", login="somebody")
    session.rollback()
    assert "доступ закрыт" in run(app, "user", "disable", "somebody").output
    form = {"login": "somebody", "password": factories.PASSWORD}
    assert app.test_client().post("/login", data=form).status_code == 422
    assert "доступ открыт" in run(app, "user", "enable", "somebody").output
    assert app.test_client().post("/login", data=form).status_code == 303


def test_every_command_has_help(app):
    for words in (
        (),
        ("user",),
        ("user", "create"),
        ("user", "list"),
        ("user", "reset-password"),
        ("user", "disable"),
        ("user", "enable"),
    ):
        answer = run(app, *words, "--help")
        assert answer.exit_code == 0
        assert "Usage" in answer.output

"""`flask nps user …`: accounts without a browser, the way back in for an administrator who lost his password."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from nps.cli._output import emit, json_option, refusals
from nps.domain.errors import NotFoundError
from nps.domain.roles import ROLES
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.services import accounts


def register(group: AppGroup) -> None:
    group.add_command(user)


user = AppGroup("user", help="Учётные записи: завести, показать, выдать новый пароль, закрыть.")


@user.command("create", help="Завести учётную запись. Временный пароль печатается один раз.")
@click.argument("login")
@click.option("--role", type=click.Choice(list(ROLES)), required=True, help="Роль.")
@click.option("--name", "full_name", required=True, help="Имя и фамилия.")
@click.option("--customer", "customer_id", type=int, help="Номер заказчика: у ролей customer и specialist.")
@click.option("--spoken-name", default="", help="Имя, которым оператор представляется.")
@click.option(
    "--gender", type=click.Choice(["female", "male"]), default="female", show_default=True, help="Род фраз оператора."
)
@click.option("--email", default="", help="Почта.")
@json_option
def create(
    login: str,
    role: str,
    full_name: str,
    customer_id: int | None,
    spoken_name: str,
    gender: str,
    email: str,
    as_json: bool,
) -> None:
    with refusals(as_json):
        made = accounts.create_user(
            db.session(),
            login=login,
            full_name=full_name,
            role=role,
            customer_id=customer_id,
            spoken_name=spoken_name,
            gender=gender,
            email=email,
            now=datetime.now(UTC),
        )
    emit(
        asdict(made),
        [f"Логин:  {made.login}", f"Пароль: {made.password} (при первом входе его нужно сменить)"],
        as_json,
    )


@user.command("list", help="Показать учётные записи.")
@click.option("--role", type=click.Choice(list(ROLES)), default=None, help="Только эта роль.")
@click.option("--all", "with_closed", is_flag=True, help="Закрытые тоже.")
@json_option
def list_users(role: str | None, with_closed: bool, as_json: bool) -> None:
    rows = account_queries.users(db.session(), role=role or "", active=None if with_closed else True)
    lines = [
        f"{row.login:<24} {ROLES[row.role]:<16} {row.full_name}{'' if row.active else ' (доступ закрыт)'}"
        for row in rows
    ]
    emit([asdict(row) for row in rows], lines or ["Учётных записей нет."], as_json)


@user.command("reset-password", help="Выдать новый временный пароль; все сеансы сотрудника заканчиваются.")
@click.argument("login")
@json_option
def reset_password(login: str, as_json: bool) -> None:
    with refusals(as_json):
        row = _found(login)
        password = accounts.reset_password(db.session(), user_id=row.id, now=datetime.now(UTC))
    emit(
        {"user_id": row.id, "login": row.login, "password": password},
        [f"Логин:  {row.login}", f"Пароль: {password} (при первом входе его нужно сменить)"],
        as_json,
    )


@user.command("disable", help="Закрыть доступ; сеансы заканчиваются сразу.")
@click.argument("login")
@json_option
def disable(login: str, as_json: bool) -> None:
    _set_active(login, False, as_json)


@user.command("enable", help="Вернуть доступ.")
@click.argument("login")
@json_option
def enable(login: str, as_json: bool) -> None:
    _set_active(login, True, as_json)


def _set_active(login: str, active: bool, as_json: bool) -> None:
    with refusals(as_json):
        row = _found(login)
        accounts.set_active(db.session(), user_id=row.id, active=active, now=datetime.now(UTC))
    words = "доступ открыт" if active else "доступ закрыт"
    emit({"user_id": row.id, "login": row.login, "active": active}, [f"{row.login}: {words}."], as_json)


def _found(login: str) -> account_queries.UserRow:
    row = account_queries.user_by_login(db.session(), login)
    if row is None:
        raise NotFoundError(f"Логина «{login}» нет. Список: flask nps user list.")
    return row

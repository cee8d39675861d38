"""`flask nps demo …` and `flask nps first-run`: the demonstration comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from nps.cli._output import emit, json_option, refusals
from nps.domain.wording import plural
from nps.extensions import db
from nps.services import demo as services
from nps.services import first_run

_COUNTS = {
    "clients": "клиенты",
    "calls": "звонки",
    "interviews": "анкеты",
    "escalations": "обращения",
    "letters": "письма",
    "files": "файлы",
}


def register(group: AppGroup) -> None:
    group.add_command(demo)
    group.add_command(prepare)


demo = AppGroup("demo", help="Демонстрация: выдуманные клиенты, круглосуточные окна, письма только внутри.")


@click.command("first-run", help="Заполнить пустую базу данных демонстрацией и учётными записями; иначе ничего.")
@json_option
def prepare(as_json: bool) -> None:
    """The supervisor runs it at each start; `{}` when there was nothing to do."""
    # The refusal is for the person at the terminal: the supervisor shows him standard error.
    with refusals(as_json=False):
        made = first_run.prepare(db.session, datetime.now(UTC), trial=_is_trial())
    if made is None:
        emit({}, ["База данных уже не пуста, ничего не изменено."], as_json)
        return
    emit(asdict(made), [*_passwords(made.accounts), *made.first_steps], as_json)


def _is_trial() -> bool:
    return str(current_app.config["NPS_ENV"]) != "production"


@demo.command("load", help="Загрузить демонстрацию: проект с базой и недостающие учётные записи.")
@json_option
def load(as_json: bool) -> None:
    """Exit codes: 0 loaded or standing already, 1 refused by a rule, 2 wrong usage."""
    with refusals(as_json):
        loaded = services.load(db.session, datetime.now(UTC), trial=_is_trial())
    emit(asdict(loaded), list(_loaded_lines(loaded)), as_json)


@demo.command("remove", help="Удалить демонстрацию: её клиентов, звонки, ответы, обращения, письма и файлы.")
@click.option("--accounts", is_flag=True, help="Учётные записи демонстрации тоже удалить или закрыть.")
@json_option
def remove(accounts: bool, as_json: bool) -> None:
    """Exit codes: 0 removed, 1 there is none or one of its calls has no result, 2 wrong usage."""
    with refusals(as_json):
        removed = services.remove(
            db.session,
            datetime.now(UTC),
            accounts=accounts,
            letters=current_app.config["MAIL_FOLDER"],
        )
    emit(asdict(removed), list(_removed_lines(removed, accounts)), as_json)


def _loaded_lines(loaded: services.Loaded) -> Iterator[str]:
    if not loaded.clients and not loaded.accounts:
        yield "Демонстрация уже загружена, ничего не изменено."
        return
    number = loaded.clients
    yield f"Демонстрация загружена: {number} {plural(number, 'клиент', 'клиента', 'клиентов')}."
    yield from _passwords(loaded.accounts)


def _passwords(accounts: tuple[services.Issued, ...]) -> Iterator[str]:
    if accounts:
        yield "Пароли показаны один раз, запишите их:"
    for account in accounts:
        yield f"  {account.role:<16} {account.login:<12} {account.password}"


def _removed_lines(removed: services.Removed, accounts: bool) -> Iterator[str]:
    yield "Демонстрация удалена."
    for name, label in _COUNTS.items():
        yield f"  {label}: {removed.counts[name]}"
    for label, logins in (("удалены", removed.accounts.deleted), ("закрыты", removed.accounts.closed)):
        if logins:
            yield f"Учётные записи {label}: {', '.join(logins)}."
    for login, reason in removed.accounts.kept:
        yield f"Учётная запись {login} осталась: {reason}."
    if not accounts:
        yield "Учётные записи остались. Убрать и их: flask nps demo remove --accounts"
    yield "Журнал остаётся, поэтому в списке проектов виден пустой закрытый проект."

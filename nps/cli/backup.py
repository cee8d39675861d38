"""`flask nps backup` and `flask nps restore`: a copy of the whole installation, and the way back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from alembic import command
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import Connection

from nps.cli._output import emit, json_option, refusals
from nps.domain.wording import number, plural
from nps.extensions import db
from nps.extensions import migrate as migrations
from nps.services import backup as services

_FILE = click.Path(path_type=Path)
#: Missing files that are named; `--json` has all.
_SHOWN = 20


def register(group: AppGroup) -> None:
    group.add_command(backup)
    group.add_command(restore)


@click.command("backup", help="Сделать копию базы данных, записей и настроек, не останавливая систему.")
@click.argument("file", type=_FILE, required=False)
@click.option("--without-audio", is_flag=True, help="Без записей разговоров.")
@click.option("--keep", type=click.IntRange(min=1), help="Оставить в папке столько последних копий.")
@click.option("--check", is_flag=True, help="Не делать копию, а проверить готовую: FILE обязателен.")
@json_option
def backup(file: Path | None, without_audio: bool, keep: int | None, check: bool, as_json: bool) -> None:
    """Exit codes: 0 made (or whole), 1 not, 2 wrong usage. FILE: a new file or a folder, else NPS_DATA/backups."""
    if check:
        if file is None:
            raise click.UsageError("Укажите файл копии.")
        with refusals(as_json):
            manifest = services.check(_places(), file)
        lines = [f"Копия цела: сделана {manifest['made_at']}, строк {number(sum(manifest['rows'].values()))}."]
        emit(manifest, [*lines, *_missing(manifest["missing"])], as_json)
        return
    begin = time.monotonic()
    with refusals(as_json):
        made = services.make(
            db.session,
            _places(),
            datetime.now(UTC),
            target=file.absolute() if file else None,
            with_audio=not without_audio,
            keep=keep,
            say=_say,
        )
    seconds = round(time.monotonic() - begin, 1)
    emit({**asdict(made), "seconds": seconds}, list(_made_lines(made, seconds)), as_json)


@click.command("restore", help="Вернуть систему к копии с любого движка. Система при этом остановлена.")
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Восстановить без вопроса.")
@json_option
def restore(file: Path, yes: bool, as_json: bool) -> None:
    """Exit codes: 0 restored, 1 refused or failed, 2 wrong usage."""
    if not yes:
        click.confirm(f"Заменить все данные системы копией «{file}»? Нынешние останутся в папке backups", abort=True)
    begin = time.monotonic()
    scripts = ScriptDirectory.from_config(migrations.get_config())
    with refusals(as_json):
        restored = services.restore(
            db.session,
            _places(),
            file.absolute(),
            datetime.now(UTC),
            known={script.revision for script in scripts.walk_revisions()},
            migrate=_migrate,
            say=_say,
        )
    seconds = round(time.monotonic() - begin, 1)
    emit({**asdict(restored), "seconds": seconds}, list(_restored_lines(restored, seconds)), as_json)


def _migrate(connection: Connection | None, revision: str) -> None:
    config = migrations.get_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _places() -> services.Places:
    config = current_app.config
    return services.Places(
        config["DATA_FOLDER"], config["RECORDINGS_FOLDER"], config["MAIL_FOLDER"], config["SETTINGS_GIVEN"]
    )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _made_lines(made: services.Made, seconds: float) -> Iterator[str]:
    yield f"Копия готова за {_decimal(seconds)} с: {made.file}, {_decimal(made.size / 1_000_000)} МБ."
    yield f"  строк {number(sum(made.rows.values()))}, файлов {number(made.files)}"
    yield from _missing(made.missing)
    for name in made.dropped:
        yield f"  старая копия удалена: {name}"


def _restored_lines(restored: services.Restored, seconds: float) -> Iterator[str]:
    rows = number(sum(restored.rows.values()))
    yield f"Восстановлено за {_decimal(seconds)} с: копия от {restored.made_at}, строк {rows}."
    if restored.sums:
        tables = len(restored.sums)
        words = plural(tables, "таблица сверена", "таблицы сверены", "таблиц сверены")
        yield f"База перенесена на другой движок: {tables} {words} с копией по числу строк и сумме значений."
    yield from _missing(restored.missing)
    yield f"Прежние данные лежат в {restored.aside}: удалите их, когда убедитесь, что всё на месте."
    held = restored.letters_held
    if held:
        words = plural(held, "письмо ждёт", "письма ждут", "писем ждут")
        yield f"{held} {words} решения на странице «Обращения»: после копии они могли уйти, сами они не отправятся."
    yield f"Все входы закончены ({restored.sessions_ended}): сотрудники войдут заново."
    if restored.other_settings:
        yield f"Настройки в копии другие, они лежат в {restored.other_settings}: сравните и удалите этот файл."
    if restored.lost_acts:
        acts = ", ".join(map(str, restored.lost_acts))
        yield f"Копия старше актов об уничтожении данных: {acts}. Эти данные вернулись, уничтожьте их снова."


def _missing(paths: list[str]) -> Iterator[str]:
    if paths:
        yield f"  записей разговоров, которых нет на диске: {number(len(paths))}"
        yield from (f"    {path}" for path in paths[:_SHOWN])


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")

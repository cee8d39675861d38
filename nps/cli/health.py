"""`flask nps health`: whether everything works, for a cron job or a service manager on this machine."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import AppGroup

from nps.cli._output import REFUSED, emit, json_option
from nps.extensions import db
from nps.services import monitoring

#: Problems in words, with what to look at.
WORDS = {
    "database": "База данных не отвечает.",
    "redis": "Redis не отвечает: письма и загрузки ждут.",
    "letters_worker": "Нет процесса «Письма»: письма ждут.",
    "bulk_worker": "Нет процесса «Загрузки и выгрузки»: загрузки ждут.",
    "sweeper": "Нет процесса «Планировщик»: напоминания и повторы писем ждут.",
    "letters_late": "Есть письмо, которое давно пора отправить.",
    "jobs_late": "Есть загрузка, которой давно никто не занимается.",
    "disk_full": "На диске с данными почти нет места.",
}


def register(group: AppGroup) -> None:
    group.add_command(health)


@click.command("health", help="Всё ли работает. Код 1, когда что-то не так.")
@json_option
def health(as_json: bool) -> None:
    state = monitoring.state(db.session(), current_app.config["DATA_FOLDER"], datetime.now(UTC))
    emit(asdict(state), [WORDS[name] for name in state.problems] or ["Всё работает."], as_json)
    db.session.rollback()
    if state.problems:
        sys.exit(REFUSED)

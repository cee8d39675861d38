"""`flask nps report` and `flask nps export`: the figures and the workbook of a campaign without a browser."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from nps.cli._output import emit, json_option, refusals
from nps.domain.errors import DomainError
from nps.domain.wording import forecast_words, minutes, number, percent, signed
from nps.extensions import db
from nps.queries.reports import Report, system_report
from nps.services.reports import export


def register(group: AppGroup) -> None:
    group.add_command(report_command)
    group.add_command(export_command)


@click.command("report", help="Показать числа проекта опроса: охват, звонки, минуты, NPS.")
@click.argument("campaign", type=int)
@json_option
def report_command(campaign: int, as_json: bool) -> None:
    with refusals(as_json):
        report = system_report(db.session(), campaign, datetime.now(UTC), current_app.config["OFFICE_ZONE"])
    emit(_data(report), _lines(report), as_json)


@click.command("export", help="Записать книгу Excel проекта опроса в файл.")
@click.argument("campaign", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export_command(campaign: int, file: Path, as_json: bool) -> None:
    with refusals(as_json):
        try:
            zone = current_app.config["OFFICE_ZONE"]
            export(db.session(), campaign_id=campaign, file=file, now=datetime.now(UTC), zone=zone)
        except OSError as error:
            raise DomainError("file", f"Файл «{file}» не записать: {error.strerror}.") from error
    emit({"file": str(file), "bytes": file.stat().st_size}, [f"Записано: {file}"], as_json)


def _data(report: Report) -> dict[str, Any]:
    clients, calls, traffic = report.clients, report.calls, report.traffic
    return {
        "campaign": {"id": report.campaign.id, "title": report.campaign.title},
        "at": report.at,
        "preliminary": report.is_preliminary,
        "clients": {**asdict(clients), "clients": clients.clients, "to_call": clients.to_call},
        "coverage_reached": clients.coverage.reached,
        "dead_numbers": report.base.dead_numbers,
        "calls": asdict(calls),
        "traffic": {**asdict(traffic), "used_s": traffic.used_s, "left_s": traffic.left_s},
        "times": asdict(report.times),
        "nps": {"value": report.score.value, "n": report.score.n, **asdict(report.score)},
        "ratings": dict(enumerate(report.histogram, 1)),
        "reasons": [
            {"label": row.label, "mentions": row.mentions, "points": round(float(row.points), 4)}
            for row in report.reasons.rows
        ],
        "operators": [asdict(row) for row in report.operators.rows],
        "recordings": asdict(report.recordings),
        "escalations": asdict(report.escalations),
        "forecast": {**asdict(report.forecast), "words": forecast_words(report.forecast, report.local_at.date())},
    }


def _lines(report: Report) -> list[str]:
    clients, traffic, score = report.clients, report.traffic, report.score
    share = percent(clients.surveyed, clients.clients, down=True)
    used, limit = minutes(traffic.used_s), minutes(traffic.limit_s)
    return [
        report.campaign.title,
        f"Охват: {share}, опрошены {number(clients.surveyed)} из {number(clients.clients)}",
        f"Прогноз: {forecast_words(report.forecast, report.local_at.date())}",
        f"Отказались {clients.refused}, неуспешные {clients.unsuccessful}, неактивные {clients.inactive}, "
        f"не успели {clients.unreached}, осталось {clients.to_call}",
        f"Звонки: {number(report.calls.calls)}; минуты договора: {used} из {limit}",
        f"NPS (шкала 1–10): {'—' if score.value is None else signed(score.value)}, анкет {number(score.n)}",
    ]

"""`flask nps erase …`: destroying personal data without a browser (R20)."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from nps.cli._output import emit, json_option, refusals
from nps.domain.errors import DomainError
from nps.domain.phone_text import parse_phone
from nps.extensions import db
from nps.queries import personal_data as queries
from nps.services import personal_data
from nps.services.personal_data import Order


def register(group: AppGroup) -> None:
    group.add_command(erase)


erase = AppGroup("erase", help="Удалить персональные данные проекта или одного человека: числа и акт остаются.")
_reason = click.option("--reason", required=True, help="Причина: она останется в акте, без имён и телефонов.")
_keep = click.option("--keep-stop-list", is_flag=True, help="Оставить номера в стоп-листе, чтобы по ним не звонили.")
_yes = click.option("--yes", is_flag=True, help="Удалить без вопроса.")


@erase.command("campaign", help="Удалить данные закрытого проекта по его номеру.")
@click.argument("campaign_id", type=int)
@_reason
@_keep
@_yes
@json_option
def campaign(campaign_id: int, reason: str, keep_stop_list: bool, yes: bool, as_json: bool) -> None:
    """Exit codes: 0 erased, 1 refused by a rule, 2 wrong usage."""
    with refusals(as_json):
        title = _title(campaign_id)
        if not yes:
            click.confirm(f"Удалить все персональные данные проекта «{title}»? Вернуть их нельзя", abort=True)
        order = Order(None, reason, keep_stop_list, datetime.now(UTC))
        _finish(personal_data.erase_campaign(db.session, campaign_id, order, title=title), as_json)


@erase.command("person", help="Удалить данные владельца номера во всех проектах заказчика.")
@click.option("--phone", required=True, help="Номер телефона.")
@click.option("--campaign", "campaign_id", type=int, help="Номер любого проекта заказчика, если заказчиков несколько.")
@_reason
@_keep
@_yes
@json_option
def person(phone: str, campaign_id: int | None, reason: str, keep_stop_list: bool, yes: bool, as_json: bool) -> None:
    """Exit codes: 0 erased, 1 refused by a rule, 2 wrong usage."""
    with refusals(as_json):
        campaign_id = _campaign_with(phone) if campaign_id is None else campaign_id
        _title(campaign_id)
        if not yes:
            click.confirm("Удалить всё об этом номере во всех проектах заказчика? Вернуть данные нельзя", abort=True)
        order = Order(None, reason, keep_stop_list, datetime.now(UTC))
        _finish(personal_data.erase_person(db.session, campaign_id, order, shown=None, phone=phone), as_json)


def _campaign_with(phone: str) -> int:
    found = queries.campaigns_with(db.session(), parse_phone(phone).e164)
    if not found:
        raise DomainError("nobody", "Клиентов с этим номером нет, или их данные уже удалены.")
    if len(found) > 1:
        raise DomainError("several", "Номер есть у клиентов разных заказчиков: укажите проект через --campaign.")
    return found[0]


def _title(campaign_id: int) -> str:
    title = queries.title(db.session(), campaign_id)
    if title is None:
        raise DomainError("not_found", f"Проекта {campaign_id} нет.")
    return title


def _finish(erasure_id: int, as_json: bool) -> None:
    done = personal_data.finish(db.session, erasure_id, datetime.now(UTC), at_once=True)
    act = queries.erasure(db.session(), erasure_id)
    assert act is not None
    rest = "Файлы удалены." if done else "База данных занята: файлы удалены, журнал базы очистит служба системы."
    lines = [f"Данные удалены, акт № {erasure_id}: клиентов {act.counts['clients']}. {rest}"]
    emit({"act": erasure_id, "counts": act.counts, "finished": done}, lines, as_json)

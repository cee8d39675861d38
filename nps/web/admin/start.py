"""The administrator's first page: what is left to do before people can call."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, current_app, url_for

from nps.domain.wording import number, plural
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.queries import campaigns, directory
from nps.web import access, htmx
from nps.web.admin import bp


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the list; `url` is empty when there is nothing to press."""

    title: str
    note: str
    done: bool
    url: str = ""
    button: str = ""


@bp.get("")
@access.roles("admin")
def start() -> Response:
    """The list of first steps, each with its present state."""
    steps = [_people(), _customers(), _campaigns(), _letters()]
    return htmx.render("admin/start.html", "admin/_start.html", steps=steps)


def _people() -> Step:
    others = len(account_queries.users(db.session(), active=True)) - 1
    note = f"Кроме вас — {others}" if others else "Операторы, специалист, руководитель, заказчик"
    return Step("Добавить сотрудников", note, others > 0, url_for("admin.users"), "Сотрудники")


def _customers() -> Step:
    contracts = [contract for row in directory.customers(db.session()) for contract in row.contracts]
    words = plural(len(contracts), "договор", "договора", "договоров")
    note = (
        f"{len(contracts)} {words}, {number(sum(c.minutes for c in contracts))} мин"
        if contracts
        else "С лимитом минут по договору"
    )
    return Step("Заказчик и договор", note, bool(contracts), url_for("admin.customers"), "Заказчики")


def _campaigns() -> Step:
    seen = campaigns.campaigns_of(db.session(), access.current_actor())
    real = [campaign for campaign in seen if campaign.purpose == "survey"]
    note = (
        f"{len(real)} {plural(len(real), 'проект', 'проекта', 'проектов')}"
        if real
        else "Пока нет ни одного настоящего проекта"
    )
    return Step("Проект опроса", note, bool(real), "/campaigns", "Проекты")


def _letters() -> Step:
    if current_app.config["MAIL_CAUGHT"]:
        return Step("Почта", "Письма остаются внутри системы: укажите MAIL_SERVER в настройках", False)
    return Step("Почта", f"Письма уходят через {current_app.config['MAIL_SERVER']}", True)

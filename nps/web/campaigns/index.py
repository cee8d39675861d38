"""The list of campaigns and a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, current_app, flash, url_for

from nps.domain.errors import DomainError
from nps.domain.wording import number, plural
from nps.extensions import db
from nps.queries import directory, personal_data
from nps.queries.campaign_settings import CampaignLine, campaign_lines, phase
from nps.services import campaigns
from nps.web import access, forms, htmx
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import MANAGERS, by_field, today
from nps.web.campaigns.settings import read_terms
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on

#: What a new form proposes.
_USUAL_LENGTH = timedelta(days=23)
_KEEP_DATA = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of what is left to do before calling."""

    title: str
    note: str
    done: bool
    url: str
    button: str


@bp.get("/campaigns")
@access.roles("manager", "admin", "specialist", "customer")
def index() -> Response:
    """Every campaign this person may see; a customer with exactly one goes straight to its report."""
    actor = access.current_actor()
    lines = campaign_lines(db.session(), actor)
    if actor.role == "customer" and len(lines) == 1:
        return htmx.go(url_for("reports.overview", campaign_id=lines[0].campaign.id))
    unready = next((line for line in lines if _is_unready(line)), None) if actor.role != "customer" else None
    return htmx.render(
        "campaigns/index.html",
        "campaigns/_index.html",
        lines=[(line, phase(line.campaign, today())) for line in lines],
        late=_with_late_data(lines) if actor.role in MANAGERS else frozenset(),
        words=words,
        role=actor.role,
        may_create=actor.role in MANAGERS,
        has_contract=bool(_contracts()) if actor.role in MANAGERS else True,
        unready=unready,
        steps=_steps(unready, actor.role) if unready else [],
    )


def _with_late_data(lines: Sequence[CampaignLine]) -> frozenset[int]:
    """Campaigns whose personal data should be gone by now; a person destroys it, never the clock (R20)."""
    return personal_data.overdue(db.session(), [line.campaign.id for line in lines], today())


def _is_unready(line: CampaignLine) -> bool:
    return (
        line.campaign.closed_at is None
        and line.campaign.purpose != "training"
        and (not line.clients or not line.operators)
    )


def _steps(line: CampaignLine, role: str) -> list[Step]:
    """The first steps as the person's role sees them, each with its present state."""
    campaign = line.campaign
    base = Step(
        "База клиентов",
        f"{number(line.clients)} {plural(line.clients, 'клиент', 'клиента', 'клиентов')}"
        if line.clients
        else "ОП, ИНН, организация, контакт, телефон, почта",
        line.clients > 0,
        f"/campaigns/{campaign.id}/base",
        "Открыть" if line.clients else "Загрузить",
    )
    address = Step(
        "Адрес для обращений",
        f"Сейчас {campaign.escalation_email or 'не указан'}",
        campaign.escalation_confirmed_at is not None,
        f"/campaigns/{campaign.id}/escalations/address",
        "Проверить письмом",
    )
    script = Step("Скрипт", f"Утверждённый текст уже внутри, версия {line.script_no}", True, "", "")
    if role == "specialist":
        return [base, script, address]
    people = Step(
        "Операторы",
        f"Назначено {line.operators}, допущено {line.admitted}" if line.operators else "Кто будет звонить",
        line.operators > 0,
        url_for("campaigns.members", campaign_id=campaign.id),
        "Открыть" if line.operators else "Назначить",
    )
    windows = Step(
        "Окна звонков",
        "Круглосуточно" if campaign.always_open else "Дни и часы по времени клиента, праздники",
        True,
        url_for("campaigns.windows", campaign_id=campaign.id),
        "Открыть",
    )
    return [base, script, people, windows, address]


def _form(error: DomainError | None) -> Response:
    begins, config = today(), current_app.config
    proposed = {
        "starts_on": begins,
        "ends_on": begins + _USUAL_LENGTH,
        "delete_on": begins + _USUAL_LENGTH + _KEEP_DATA,
        "escalation_email": config["ESCALATION_RECIPIENT"],
        "soft_refusal_final": "1",
        "admission": "warn",
        "purpose": "survey",
        "dial_link": config["DIAL_LINK_FORMAT"],
        "setup_allowance_s": str(round(config["SETUP_ALLOWANCE_S"])),
    }
    return htmx.render(
        "campaigns/new.html",
        "campaigns/_new.html",
        status=status_of(error) if error else 200,
        typed=forms.typed() if error else proposed,
        errors=by_field(error),
        contracts=_contracts(),
        words=words,
        purposes=[(code, words.PURPOSES[code]) for code in ("survey", "training")],
    )


@bp.get("/campaigns/new")
@access.roles(*MANAGERS)
def new() -> Response:
    """The form of a new campaign."""
    return _form(None)


@bp.post("/campaigns")
@access.roles(*MANAGERS)
@told_on(_form)
def create() -> Response:
    """Begin a campaign; the next page is its settings, where windows and people are."""
    campaigns.create(
        db.session(),
        access.current_actor().id,
        contract_id=forms.whole("contract_id", 1, forms.MOST, label="Договор"),
        # A demonstration is made by the system itself, with data of its own.
        purpose=forms.choice("purpose", ("survey", "training"), label="Назначение"),
        terms=read_terms(),
        escalation_email=forms.text("escalation_email", 254, label="Почта для обращений"),
        now=now(),
    )
    flash("Проект создан: загрузите базу и назначьте операторов.", "ok")
    return htmx.go(url_for("campaigns.index"))


def _contracts() -> list[tuple[int, str]]:
    return [
        (contract.id, f"{row.name}, договор {contract.number}, {number(contract.minutes)} мин")
        for row in directory.customers(db.session())
        for contract in row.contracts
    ]

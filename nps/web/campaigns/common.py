"""What the pages of a campaign share: who opens them, the campaign itself, and where an error belongs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from flask import Response, url_for

from nps.domain import local_time
from nps.domain.errors import DomainError, NotFoundError
from nps.extensions import db
from nps.queries.campaigns import CampaignRow, campaign_for
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.forms import FormError

#: Run campaigns and see who works in them (requirements §3).
MANAGERS = ("manager", "admin")
#: Keep what belongs to the customer: clients, branches, contacts, stop list.
KEEPERS = ("manager", "admin", "specialist")

#: Pages under «Настройки»: endpoint and title.
_TABS = (
    ("campaigns.settings", "Проект"),
    ("campaigns.windows", "Окна звонков"),
    ("campaigns.members", "Операторы"),
    ("campaigns.branches", "ОП и регионы"),
    ("campaigns.contacts", "Контакты ОП"),
    ("campaigns.stop_list", "Стоп-лист"),
    ("scripts.page", "Скрипт"),
    ("campaigns.unsuitable", "Нет нужного ответа"),
    ("personal_data.page", "Личные данные"),
)


def campaign_or_404(campaign_id: int) -> CampaignRow:
    """The campaign when this person may see it; one of another customer does not exist for him (R10)."""
    campaign = campaign_for(db.session(), access.current_actor(), campaign_id)
    if campaign is None:
        raise NotFoundError("Такого проекта нет.")
    return campaign


def tabs(campaign_id: int, current: str) -> list[dict[str, object]]:
    """The pages under «Настройки» that this person may open."""
    role = access.current_actor().role
    pages = [(endpoint, url_for(endpoint, campaign_id=campaign_id), title) for endpoint, title in _TABS]
    return [
        {"label": title, "href": url, "current": endpoint == current}
        for endpoint, url, title in pages
        if access.may_open(url, role)
    ]


def settings_page(name: str, campaign: CampaignRow, error: DomainError | None = None, **context: Any) -> Response:
    """The page `name` under «Настройки»; when something was refused with what was typed, and why beside the field."""
    shown = {"errors": by_field(error), "typed": forms.typed() if error else {}} | context
    return htmx.render(
        f"campaigns/{name}.html",
        f"campaigns/_{name}.html",
        status_of(error) if error else 200,
        campaign=campaign,
        tabs=tabs(campaign.id, f"campaigns.{name}"),
        **shown,
    )


def by_field(error: DomainError | None, named: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The sentence under the name of its field: services use it as the code of the error, but for those `named`."""
    if error is None:
        return {}
    field = error.field if isinstance(error, FormError) else named.get(error.code, error.code)
    return {field: error.message}


def today() -> date:
    """The office's day."""
    return local_time.to_local(now(), office_zone()).date()


def instant(name: str, zone: str, *, label: str) -> datetime | None:
    """The instant of the fields `<name>_day` and `<name>_time` on the zone's clock; None when both are empty.

    Raises FormError when one is missing or can't be read.
    """
    day = forms.day(f"{name}_day", label=label, required=False)
    at = forms.clock(f"{name}_time", label=label)
    if day is None and at is None:
        return None
    if day is None or at is None:
        raise FormError(name, f"«{label}»: укажите день и время, например 18.11.2026 и 14:30.")
    return local_time.from_local(day, at, zone or office_zone())

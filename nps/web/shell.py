"""The frame around a page: menu, campaign, person. A menu shows only what the guard would open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, url_for
from werkzeug.local import LocalProxy

from nps.domain.roles import ROLES
from nps.extensions import db
from nps.queries import attention, campaigns, escalations
from nps.queries.campaigns import CampaignRow
from nps.web import access
from nps.web.clock import now

# The addresses of the sections are one contract of the web layer; a test opens each as each role.
_GENERAL = {
    "operator": (("Рабочее место", "/desk"), ("Мой день", "/desk/day"), ("Тренировка", "/training")),
    "specialist": (("Проекты", "/campaigns"),),
    "manager": (("Проекты", "/campaigns"),),
    "customer": (("Проекты", "/campaigns"),),
    "admin": (
        ("Сотрудники", "/admin/users"),
        ("Заказчики", "/admin/customers"),
        ("Проекты", "/campaigns"),
        ("Связь", "/admin/exchange"),
        ("Журнал", "/admin/journal"),
    ),
}
_RECORDINGS = ("Записи", "/recordings")
_MANAGED = (
    ("Отчёт", ""),
    ("Клиенты", "/clients"),
    ("Операторы", "/operators"),
    ("База", "/base"),
    ("Обращения", "/escalations"),
    ("Звонки", "/calls"),
    _RECORDINGS,
    ("Настройки", "/settings"),
)
#: Sections inside a campaign, each role's own work first.
_OF_CAMPAIGN = {
    "operator": (),
    "specialist": (
        ("База", "/base"),
        ("Скрипт", "/script"),
        ("Обращения", "/escalations"),
        ("Отчёт", ""),
        ("Клиенты", "/clients"),
        ("Контакты ОП", "/settings/contacts"),
    ),
    "manager": _MANAGED,
    "customer": (("Отчёт", ""), ("Ответы", "/answers"), ("Обращения", "/escalations"), ("Файлы", "/files")),
    "admin": _MANAGED,
}
_ADMINISTRATION = ("Администрирование", "/admin")
_ALL_CAMPAIGNS = ("Все проекты", "/campaigns")
_LETTERS = ("Письма", "/mail")
_LONGEST_TITLE = 36
#: Whose work the new escalations are.
_ANSWER_ESCALATIONS = frozenset({"specialist", "manager"})

_NOTICES = {
    "demo": "Демонстрационный проект: звонить можно круглосуточно, письма остаются внутри системы.",
    "training": "Тренировка: здесь всё ненастоящее.",
}
_CAUGHT = "Почтовый сервер не настроен: письма никуда не уходят и остаются в разделе «Письма»."


@dataclass(frozen=True, slots=True)
class Link:
    """A line of a menu."""

    title: str
    url: str
    current: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """What `base.html` draws around a page of a signed-in person."""

    home_url: str
    nav: tuple[Link, ...]
    campaign_title: str
    campaigns: tuple[Link, ...]
    user_id: int
    user_name: str
    user_login: str
    role_title: str
    user_menu: tuple[Link, ...]
    login_url: str
    logout_url: str
    notice: str


def context() -> dict[str, Any]:
    """The context processor. The frame is put together when a page asks for it; a fragment never does."""
    return {"shell": LocalProxy(_shell)}


def inside(campaign_id: int) -> None:
    """The page belongs to this campaign, though its address does not say so."""
    g.campaign_id = campaign_id


def _shell() -> Shell | None:
    if "shell" not in g:
        g.shell = _build()
    built: Shell | None = g.shell
    return built


def _build() -> Shell | None:
    row = access.current_session()
    if row is None:
        return None
    actor = row.actor
    # Before the first own password there is nothing to go to; the desk names its campaign itself.
    asks = not row.must_change_password and request.blueprint != "desk"
    seen = campaigns.campaigns_of(db.session(), actor) if asks else []
    wanted = (request.view_args or {}).get("campaign_id") or g.get("campaign_id")
    # A training campaign is no choice between two kinds of work.
    real = [campaign for campaign in seen if campaign.purpose != "training"]
    only = real[0] if len(real) == 1 and actor.role != "admin" else None
    current = next((campaign for campaign in seen if campaign.id == wanted), only)
    sections = [] if row.must_change_password else _sections(actor.role, current)
    inside = _current(sections)
    return Shell(
        home_url=url_for("auth.home"),
        nav=tuple(
            Link(title, url, url == inside, _waiting(actor.role, current.id, title) if current else 0)
            for title, url in sections
        ),
        campaign_title=_short(current.title) if current else "",
        campaigns=_campaign_links(actor.role, seen, current.id if current else 0),
        user_id=actor.id,
        user_name=actor.full_name,
        user_login=row.login,
        role_title=ROLES[actor.role],
        user_menu=_user_menu(actor.role, row.must_change_password),
        login_url=url_for("auth.login"),
        logout_url=url_for("auth.logout"),
        notice=_notice(actor.role, current.purpose if current else ""),
    )


def _sections(role: str, campaign: CampaignRow | None) -> list[tuple[str, str]]:
    """The menu of a page: inside a campaign its sections, outside the role's own."""
    inside = [*_OF_CAMPAIGN[role]] if campaign else []
    if campaign and role == "customer" and campaign.customer_hears:
        inside.append(_RECORDINGS)
    links = [(title, f"/campaigns/{campaign.id}{tail}") for title, tail in inside] if campaign else []
    links = links or [*_GENERAL[role]]
    return [(title, url) for title, url in links if access.may_open(url, role)]


def _campaign_links(role: str, seen: list[CampaignRow], current_id: int) -> tuple[Link, ...]:
    """Where the menu of campaigns leads; somebody with one campaign and no list of them needs none."""
    if role == "operator":
        return ()
    links = [Link(_short(campaign.title), f"/campaigns/{campaign.id}", campaign.id == current_id) for campaign in seen]
    if links and (role != "customer" or len(links) > 1):
        links.append(Link(*_ALL_CAMPAIGNS))
    return tuple(links)


def _short(title: str) -> str:
    """A title that fits into the bar."""
    return title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE].rstrip()}…"


def _user_menu(role: str, must_change_password: bool) -> tuple[Link, ...]:
    links = [("Сменить пароль", url_for("auth.password")), ("Где вы вошли", url_for("auth.sessions"))]
    if not must_change_password:
        links += [link for link in (_ADMINISTRATION, _LETTERS) if access.may_open(link[1], role)]
    return tuple(Link(title, url) for title, url in links)


def _waiting(role: str, campaign_id: int, title: str) -> int:
    """What waits beside a section for those whose work it is: new escalations (R15), calls and promises left (§4)."""
    if title == "Операторы" and role == "manager":
        return attention.count(db.session(), campaign_id, now())
    if title != "Обращения" or role not in _ANSWER_ESCALATIONS:
        return 0
    return escalations.counts(db.session(), campaign_id).get("open", 0)


def _current(sections: list[tuple[str, str]]) -> str:
    """The section the page lies in: the longest address that begins its own. Pages of settings lie side by side."""
    places = {url.partition("/settings")[0] + "/settings" if "/settings" in url else url: url for _, url in sections}
    # One escalation and one call have addresses of their own (see `inside`).
    path = f"/campaigns/{g.campaign_id}{request.path}" if "campaign_id" in g else request.path
    inside = [place for place in places if f"{path}/".startswith(f"{place}/")]
    return places[max(inside, key=len)] if inside else ""


def _notice(role: str, purpose: str) -> str:
    if purpose in _NOTICES:
        return _NOTICES[purpose]
    return _CAUGHT if current_app.config["MAIL_CAUGHT"] and role in ("manager", "specialist", "admin") else ""

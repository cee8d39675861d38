"""Campaigns as a manager runs them: terms, calendar, people, pause (R1, R7, R9). Each change is journalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from nps.domain.calling_window import DEFAULT_WINDOWS, Window
from nps.domain.dial_link import is_dial_link
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.escalation import is_email
from nps.domain.local_time import weekday_name
from nps.models import CallingWindow, Campaign, CampaignDay, CampaignMember, Contract, Region, Shift, User
from nps.models.campaign import PURPOSES
from nps.queries import campaigns as queries
from nps.services import scripts
from nps.services.acting import Act, act
from nps.services.cases import decide_rest, refold_waiting
from nps.services.transaction import AnySession

ADMISSIONS = ("off", "warn", "required")
PRIORITIES = range(1, 10)


@dataclass(frozen=True, slots=True)
class Terms:
    """What people set about a campaign and may change later. Days are local; `setup_allowance_s` in seconds (R13)."""

    title: str
    starts_on: date
    ends_on: date
    soft_refusal_final: bool = True
    admission: str = "warn"
    legal_basis: str = ""
    delete_on: date | None = None
    dial_link: str = "tel:{e164}"
    setup_allowance_s: int = 8
    recordings_until: date | None = None
    customer_hears: bool = False
    answers_after_check: bool = False

    def check(self) -> None:
        """Raise DomainError whose code is the name of the field that can't be so."""
        if not self.title.strip():
            raise DomainError("title", "Укажите название проекта.")
        if self.ends_on < self.starts_on:
            raise DomainError("ends_on", "Проект не может закончиться раньше, чем начался.")
        if self.admission not in ADMISSIONS:
            raise DomainError("admission", "Выберите, нужен ли допуск операторов.")
        if self.delete_on is not None and self.delete_on <= self.ends_on:
            raise DomainError("delete_on", "Дата удаления данных — после окончания проекта.")
        if self.recordings_until is not None and self.recordings_until < self.ends_on:
            raise DomainError("recordings_until", "Записи нужны хотя бы до окончания проекта.")
        if not is_dial_link(self.dial_link):
            what = "Ссылка начинается с tel: или sip: и содержит место номера: {e164} или {digits}."
            raise DomainError("dial_link", what)
        if not 0 <= self.setup_allowance_s <= 60:
            raise DomainError("setup_allowance_s", "Запас на соединение — от 0 до 60 секунд.")


def create(
    session: AnySession,
    actor_id: int | None,
    *,
    contract_id: int,
    purpose: str,
    terms: Terms,
    escalation_email: str,
    now: datetime,
) -> int:
    """Begin a campaign with the default windows of all regions (R7) and the customer's latest script; returns its id.

    A customer without a script gets the default one as version 1 (R17). Training and demonstration are open around the
    clock. Raises DomainError whose code is the field's name, NotFoundError for an unknown contract.
    """
    terms.check()
    if purpose not in PURPOSES:
        raise DomainError("purpose", "Выберите назначение проекта.")
    if escalation_email and not is_email(escalation_email):
        raise DomainError("escalation_email", "Это не адрес почты. Нужен один адрес вида имя@сайт.ру.")
    with act(session, actor_id, now) as a:
        contract = a.s.get(Contract, contract_id)
        if contract is None:
            raise NotFoundError("Такого договора нет.")
        campaign = Campaign(
            contract_id=contract_id,
            purpose=purpose,
            always_open=purpose != "survey",
            script_version_id=scripts.latest_version(a.s, contract.customer_id, now=now, actor_id=actor_id),
            escalation_email=escalation_email,
            created_at=now,
            **_columns(terms),
        )
        a.s.add(campaign)
        a.s.flush()
        for region in a.s.scalars(select(Region.code)):
            a.s.add_all(_window_row(campaign.id, region, window) for window in DEFAULT_WINDOWS)
        after = {"purpose": purpose, "contract": contract_id, **_as_json(terms)}
        a.record("campaign_created", "campaign", campaign.id, campaign_id=campaign.id, after=after)
        return campaign.id


def _columns(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in Terms.__slots__}


def _as_json(terms: Terms) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in _columns(terms).items()
        if name not in ("title", "legal_basis")
    }


def _open_campaign(s: Session, campaign_id: int) -> Campaign:
    # Others may go on to write rows that name it.
    campaign = s.get(Campaign, campaign_id, populate_existing=True, with_for_update={"key_share": True})
    if campaign is None:
        raise NotFoundError("Такого проекта нет.")
    if campaign.closed_at is not None:
        raise StaleError("closed", "Проект закрыт: его настройки больше не меняются.")
    return campaign


def change(session: AnySession, actor_id: int, campaign_id: int, terms: Terms, now: datetime) -> None:
    """Change a campaign's terms; other days or another rule of soft refusals decide the scheduled calls anew (§4).

    Raises DomainError whose code is the field's name, StaleError for a closed campaign.
    """
    terms.check()
    with act(session, actor_id, now, claims=True) as a:
        campaign = _open_campaign(a.s, campaign_id)
        before = Terms(**{name: getattr(campaign, name) for name in Terms.__slots__})
        if before == terms:
            return
        for name, value in _columns(terms).items():
            setattr(campaign, name, value)
        _record(a, "campaign_changed", campaign_id, _as_json(terms), _as_json(before))
        steering = ("starts_on", "ends_on", "soft_refusal_final")
        if any(getattr(before, name) != getattr(terms, name) for name in steering):
            refold_waiting(a, campaign_id)
    decide_rest(session, campaign_id)


def set_windows(
    session: AnySession, actor_id: int, campaign_id: int, windows: Mapping[str, Sequence[Window]], now: datetime
) -> int:
    """Replace the calling windows of a campaign by region (R7) and decide its scheduled calls anew.

    Returns how many clients were decided. A region without windows is not called. Windows that overlap: DomainError.
    """
    for found in windows.values():
        _refuse_overlap(found)
    with act(session, actor_id, now, claims=True) as a:
        if _open_campaign(a.s, campaign_id).always_open:
            raise StaleError("always_open", "Здесь звонят круглосуточно: окна этому проекту не нужны.")
        a.s.execute(delete(CallingWindow).where(CallingWindow.campaign_id == campaign_id))
        if windows.keys() - set(a.s.scalars(select(Region.code))):
            raise NotFoundError("Такого региона нет.")
        after = {}
        for region, found in windows.items():
            a.s.add_all(_window_row(campaign_id, region, window) for window in found)
            after[region] = [f"{w.weekday} {w.opens:%H:%M}-{w.closes:%H:%M}" for w in sorted(found)]
        _record(a, "windows_changed", campaign_id, after)
        decided = refold_waiting(a, campaign_id)
    decide_rest(session, campaign_id)
    return decided


def _window_row(campaign_id: int, region: str, window: Window) -> CallingWindow:
    times = {"weekday": window.weekday, "opens": window.opens, "closes": window.closes}
    return CallingWindow(campaign_id=campaign_id, region_code=region, **times)


def _refuse_overlap(found: Sequence[Window]) -> None:
    ordered = sorted(found)
    for one, other in zip(ordered, ordered[1:], strict=False):
        if one.weekday == other.weekday and other.opens < one.closes:
            both = f"{one.opens:%H:%M}–{one.closes:%H:%M} и {other.opens:%H:%M}–{other.closes:%H:%M}"
            raise DomainError("windows", f"Окна пересекаются: {both}.")


def add_day(
    session: AnySession,
    actor_id: int,
    campaign_id: int,
    *,
    day: date,
    region_code: str | None,
    is_open: bool,
    note: str,
    now: datetime,
) -> int:
    """Close a day for calls, or open one in spite of a holiday, in one region or (None) in all; scheduled calls move.

    Returns how many clients were decided anew. The same day again replaces what was said of it.
    """
    with act(session, actor_id, now, claims=True) as a:
        campaign = _open_campaign(a.s, campaign_id)
        if not campaign.starts_on <= day <= campaign.ends_on:
            dates = f"{campaign.starts_on:%d.%m.%Y}–{campaign.ends_on:%d.%m.%Y}"
            raise DomainError("day", f"Этот день вне дат проекта: {dates}.")
        if region_code is not None and a.s.get(Region, region_code) is None:
            raise NotFoundError("Такого региона нет.")
        same = CampaignDay.region_code == region_code if region_code else CampaignDay.region_code.is_(None)
        a.s.execute(delete(CampaignDay).where(CampaignDay.campaign_id == campaign_id, CampaignDay.day == day, same))
        row = CampaignDay(campaign_id=campaign_id, region_code=region_code, day=day, is_open=is_open, note=note[:200])
        a.s.add(row)
        if is_open:
            _require_windows(a.s, campaign_id, region_code, day)
        _record(a, "day_opened" if is_open else "day_closed", campaign_id, _day(row))
        decided = refold_waiting(a, campaign_id)
    decide_rest(session, campaign_id)
    return decided


def _require_windows(s: Session, campaign_id: int, region_code: str | None, day: date) -> None:
    """Raise DomainError for an opened day of the week that has no windows: it would open nothing."""
    s.flush()
    found = queries.calendars(s, queries.campaign_row(s, campaign_id))
    if not any(calendar.intervals(day) for code, calendar in found.items() if region_code in (None, code)):
        words = f"Окон на этот день недели ({weekday_name(day)}) нет: он ничего не откроет. Сначала добавьте ему окна."
        raise DomainError("day", words)


def remove_day(session: AnySession, actor_id: int, campaign_id: int, day_id: int, now: datetime) -> int:
    """Take an exception of the calendar back. Returns how many clients were decided anew."""
    with act(session, actor_id, now, claims=True) as a:
        _open_campaign(a.s, campaign_id)
        row = a.s.get(CampaignDay, day_id)
        if row is None or row.campaign_id != campaign_id:
            raise NotFoundError("Такого дня в списке нет.")
        a.s.delete(row)
        _record(a, "day_removed", campaign_id, _day(row))
        decided = refold_waiting(a, campaign_id)
    decide_rest(session, campaign_id)
    return decided


def _day(row: CampaignDay) -> dict[str, Any]:
    return {"day": row.day.isoformat(), "region": row.region_code}


def _record(
    a: Act, action: str, campaign_id: int, after: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> None:
    a.record(action, "campaign", campaign_id, campaign_id=campaign_id, before=before, after=after)


def pause(session: AnySession, actor_id: int, campaign_id: int, now: datetime) -> None:
    """Stop new dials of a campaign with one button (R1); calls on the line go on. A second press changes nothing."""
    _set_pause(session, actor_id, campaign_id, now, paused=True)


def resume(session: AnySession, actor_id: int, campaign_id: int, now: datetime) -> None:
    """Let a paused campaign go on. A second press changes nothing."""
    _set_pause(session, actor_id, campaign_id, now, paused=False)


def _set_pause(session: AnySession, actor_id: int, campaign_id: int, now: datetime, *, paused: bool) -> None:
    with act(session, actor_id, now, claims=True) as a:
        campaign = _open_campaign(a.s, campaign_id)
        if (campaign.paused_at is not None) == paused:
            return
        campaign.paused_at = now if paused else None
        _record(a, "campaign_paused" if paused else "campaign_resumed", campaign_id, {})


def assign(
    session: AnySession, actor_id: int | None, campaign_id: int, user_id: int, priority: int, now: datetime
) -> None:
    """Let an operator work in a campaign, or change his priority: the lowest number is offered first (R1)."""
    if priority not in PRIORITIES:
        raise DomainError("priority", "Приоритет — число от 1 до 9.")
    with act(session, actor_id, now) as a:
        _open_campaign(a.s, campaign_id)
        operator = a.s.get(User, user_id)
        if operator is None or operator.role != "operator" or not operator.active:
            raise NotFoundError("Такого оператора нет.")
        member = _member(a.s, campaign_id, user_id)
        if member is None:
            a.s.add(CampaignMember(campaign_id=campaign_id, user_id=user_id, priority=priority))
        elif member.priority == priority:
            return
        else:
            member.priority = priority
        a.record("operator_assigned", "user", user_id, campaign_id=campaign_id, after={"priority": priority})


def unassign(session: AnySession, actor_id: int, campaign_id: int, user_id: int, now: datetime) -> None:
    """Take an operator off a campaign; his calls stay his. Raises StaleError while he is on shift in it."""
    with act(session, actor_id, now) as a:
        _open_campaign(a.s, campaign_id)
        member = _member(a.s, campaign_id, user_id)
        if member is None:
            return
        here = Shift.user_id == user_id, Shift.campaign_id == campaign_id, Shift.ended_at.is_(None)
        if a.s.scalar(select(Shift.id).where(*here)) is not None:
            words = "Оператор сейчас на смене в этом проекте. Сначала закончите его смену."
            raise StaleError("on_shift", words)
        a.s.delete(member)
        a.record("operator_unassigned", "user", user_id, campaign_id=campaign_id)


def admit(
    session: AnySession,
    actor_id: int | None,
    campaign_id: int,
    user_ids: Sequence[int] | None,
    reason: str,
    now: datetime,
) -> int:
    """Admit operators to a campaign with a reason, all its members when `user_ids` is None (R9). Returns how many."""
    reason = reason.strip()
    if not reason:
        raise DomainError("reason", "Напишите, почему оператор допущен: учебный звонок, опыт, решение.")
    with act(session, actor_id, now) as a:
        _open_campaign(a.s, campaign_id)
        waiting = select(CampaignMember).where(
            CampaignMember.campaign_id == campaign_id, CampaignMember.admitted_at.is_(None)
        )
        if user_ids is not None:
            waiting = waiting.where(CampaignMember.user_id.in_(user_ids))
        members = a.s.scalars(waiting).all()
        for member in members:
            member.admitted_at = now
            after = {"reason": reason[:300]}
            a.record("operator_admitted", "user", member.user_id, campaign_id=campaign_id, after=after)
    return len(members)


def _member(s: Session, campaign_id: int, user_id: int) -> CampaignMember | None:
    return s.scalars(
        select(CampaignMember).where(CampaignMember.campaign_id == campaign_id, CampaignMember.user_id == user_id)
    ).one_or_none()

"""Keeping a report as it stands: a wave with its closing, days of a wave when a manager says so (R1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.frozen_report import EDITION, Figures, digest, period_words
from nps.domain.local_time import Zone, to_local
from nps.domain.wording import number
from nps.models import Campaign, FrozenReport
from nps.queries.campaigns import CampaignRow, campaign_row
from nps.queries.reports import EVERYTHING, Slice, begin_snapshot, campaign_report
from nps.queries.reports.frozen import figures_of
from nps.queries.reports.report import existing_campaign
from nps.services.acting import Act, act
from nps.services.transaction import AnySession


def freeze_closing_wave(session: AnySession, campaign_id: int) -> None:
    """Keep the report of a wave that has just been closed, by the hand and at the moment of its closing.

    Called again, or for a wave that waits for nothing, it does nothing.
    """
    real = session() if isinstance(session, scoped_session) else session
    begin_snapshot(real)
    row = real.get(Campaign, campaign_id, populate_existing=True)
    if row is not None and row.closing is not None and row.closed_at is not None:
        closing, campaign = row.closing, campaign_row(real, campaign_id)
        _freeze_wave(real, int(closing["by"]), campaign, row.closed_at, str(closing["zone"]))


def freeze_closed_wave(session: Session, actor_id: int, campaign_id: int, *, now: datetime, zone: Zone) -> None:
    """Keep the report of a wave that was closed before reports were kept; a second press changes nothing.

    Raises NotFoundError, StaleError for a wave that is still open.
    """
    begin_snapshot(session)
    campaign = existing_campaign(session, campaign_id)
    if campaign.closed_at is None:
        raise StaleError("open", "Волна ещё открыта: её итоги сохранятся, когда проект закроют.")
    if campaign.purpose != "training" and _kept(session, campaign_id, None, None) is None:
        _freeze_wave(session, actor_id, campaign, now, zone)


def _freeze_wave(session: Session, actor_id: int, campaign: CampaignRow, now: datetime, zone: Zone) -> None:
    """Count outside of any lock, then write; whoever comes second finds the row."""
    figures = _figures(session, campaign, EVERYTHING, now, zone)
    with act(session, actor_id, now) as a:
        row = a.s.get_one(Campaign, campaign.id, populate_existing=True, with_for_update={"key_share": True})
        row.closing = None
        if _kept(a.s, campaign.id, None, None) is None:
            _keep(a, campaign, None, None, figures)


def freeze_period(
    session: Session, actor_id: int, campaign_id: int, *, first: date, last: date, now: datetime, zone: Zone
) -> int:
    """Keep the figures of the local days first…last, both included; returns the id of the frozen report.

    Read as one state of the database outside the writing transaction. Raises DomainError (code: the field's name) for
    days that are not over, without calls or with some that wait for a result, StaleError for days already closed,
    NotFoundError.
    """
    if last < first:
        raise DomainError("last", "Период не может закончиться раньше, чем начался.")
    if last >= to_local(now, zone).date():
        raise DomainError("last", "Закрыть можно дни, которые уже прошли: по вчерашний включительно.")
    begin_snapshot(session)
    campaign = existing_campaign(session, campaign_id)
    figures = _figures(session, campaign, Slice(first=first, last=last), now, zone)
    _refuse_unfit(figures["all"])
    with act(session, actor_id, now) as a:
        if _kept(a.s, campaign_id, first, last) is not None:
            raise StaleError("frozen", f"Период «{period_words(first, last)}» уже закрыт.")
        return _keep(a, campaign, first, last, figures)


def _figures(session: Session, campaign: CampaignRow, where: Slice, now: datetime, zone: Zone) -> dict[str, Figures]:
    """The tables for those who see everything, and for those who see what the manager has ticked, where they differ."""
    slices = {"all": where}
    if campaign.answers_after_check:
        slices["checked"] = replace(where, checked_only=True)
    return {name: figures_of(campaign_report(session, campaign, now, zone, part)) for name, part in slices.items()}


def _refuse_unfit(figures: Figures) -> None:
    if not figures.whole("calls", "calls") and not figures.whole("calls", "inbound"):
        raise DomainError("first", "В эти дни не было ни одного звонка: закрывать нечего.")
    waiting = figures.whole("calls", "without_result")
    if waiting:
        raise DomainError("first", f"В эти дни есть звонки без итога: {number(waiting)}. Сначала закройте их.")


def _kept(s: Session, campaign_id: int, first: date | None, last: date | None) -> int | None:
    days = FrozenReport.first_day == first, FrozenReport.last_day == last
    these = (FrozenReport.kind == "wave",) if first is None else days
    return s.scalar(select(FrozenReport.id).where(FrozenReport.campaign_id == campaign_id, *these))


def _keep(a: Act, campaign: CampaignRow, first: date | None, last: date | None, figures: dict[str, Figures]) -> int:
    if campaign.purpose == "training":
        raise NotFoundError("У тренировки нет отчёта.")
    kind = "wave" if first is None else "period"
    tables = {name: found.as_json() for name, found in figures.items()}
    code = digest(campaign_id=campaign.id, kind=kind, first=first, last=last, at=a.now, edition=EDITION, figures=tables)
    row = FrozenReport(
        campaign_id=campaign.id, purpose=campaign.purpose, kind=kind, first_day=first, last_day=last, taken_at=a.now,
        taken_by=a.by, edition=EDITION, figures=tables, digest=code,
    )  # fmt: skip
    a.s.add(row)
    a.s.flush()
    days = {"first": first.isoformat(), "last": last.isoformat()} if first and last else {}
    a.record("report_frozen", "frozen_report", row.id, campaign_id=campaign.id, after={**days, "digest": code})
    return row.id

"""A report is kept as it stood at a closing: whatever comes later shows beside it and never in it (R1, R20)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.frozen_report import EDITION
from nps.domain.local_time import OFFICE_ZONE
from nps.models import Campaign, FrozenReport, Interview, Journal, User
from nps.queries.campaigns import campaign_row
from nps.queries.reports import EVERYTHING, Report, Slice, begin_snapshot, campaign_report
from nps.queries.reports.frozen import Frozen, figures_of, frozen_of, frozen_wave
from nps.services import cases, frozen_reports, supervision
from nps.services.form_keys import SentAgain
from tests import factories
from tests.factories import NOW
from tests.pressing import counted
from tests.web.test_reports import answer, campaign

__all__ = ["campaign"]

DAY = NOW.date()
LATER = NOW + timedelta(days=1)
TICKED = Slice(checked_only=True)


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager", full_name="Нина Руководова")


def report(session: Session, wave: Campaign, where: Slice = EVERYTHING) -> Report:
    begin_snapshot(session)
    return campaign_report(session, campaign_row(session, wave.id), LATER, where=where)


def closed(session: Session, wave: Campaign, seen: Slice = EVERYTHING) -> Frozen:
    session.rollback()
    found = frozen_wave(session, wave.id, seen)
    assert found is not None
    return found


def freeze(session: Session, manager: User, wave: Campaign, **fields: object) -> int:
    days = {"first": DAY, "last": DAY, "now": LATER, "zone": OFFICE_ZONE}
    return frozen_reports.freeze_period(session, manager.id, wave.id, **(days | fields))  # type: ignore[arg-type]


def test_closing_keeps_the_report_of_that_moment(session: Session, campaign: Campaign, manager: User) -> None:
    cases.close_campaign(session, manager.id, campaign.id, NOW)

    found = closed(session, campaign)

    assert (found.is_wave, found.taken_at, found.taken_by, found.edition) == (True, NOW, "Нина Руководова", EDITION)
    assert found.is_intact
    live = report(session, campaign)
    assert (found.clients, found.score) == (live.clients, live.score)
    assert found.changes_to(live) == ()
    assert (found.clients.unreached, found.figures.whole("calls", "calls")) == (1, 3)
    assert found.figures.whole("calls", "exact_s") == 91 and found.figures.whole("score", "n") == 2
    line = session.scalars(select(Journal).where(Journal.action == "report_frozen")).one()
    assert line.after == {"digest": found.digest}


def test_what_comes_later_stands_beside_it(session: Session, campaign: Campaign, manager: User) -> None:
    cases.close_campaign(session, manager.id, campaign.id, NOW)
    before = closed(session, campaign)
    session.execute(text("UPDATE interview SET rating = 9 WHERE rating = 3"))
    session.commit()

    found = closed(session, campaign)

    assert found == before
    changed = {
        (c.table, c.name): (c.was and c.was.words, c.now and c.now.words)
        for c in found.changes_to(report(session, campaign))
    }
    assert changed["NPS", "NPS"] == ("0", "+100")
    assert changed["NPS", "Критики, 1–6"] == ("1", "0")
    assert changed["По ОП", "ОП udmurtia, Критики"] == ("1", "0")
    assert changed["Причины оценок 1–8", "срок доставки товара, Упоминаний"] == ("1", None)
    assert not {key for key in changed if key[0] in ("База", "Звонки и минуты")}


def test_neither_a_service_nor_plain_sql_changes_it(session: Session, campaign: Campaign, manager: User) -> None:
    cases.close_campaign(session, manager.id, campaign.id, NOW)
    for statement in ("UPDATE frozen_report SET edition = 2", "DELETE FROM frozen_report"):
        with pytest.raises(DatabaseError, match="append-only"):
            session.execute(text(statement))
        session.rollback()
    frozen_reports.freeze_closed_wave(session, manager.id, campaign.id, now=LATER, zone=OFFICE_ZONE)
    assert closed(session, campaign).taken_at == NOW


def test_a_row_that_was_tampered_with_is_found_out(session: Session, campaign: Campaign, manager: User) -> None:
    cases.close_campaign(session, manager.id, campaign.id, NOW)
    for trigger in ("no_update", "no_change"):
        on = "" if session.get_bind().dialect.name == "sqlite" else " ON frozen_report"
        session.execute(text(f"DROP TRIGGER IF EXISTS frozen_report_{trigger}{on}"))
    row = session.scalars(select(FrozenReport)).one()
    row.figures = {"all": [table | {"title": "Другое"} for table in row.figures["all"]]}
    session.commit()
    assert not closed(session, campaign).is_intact


def test_the_customer_of_checked_answers_keeps_his_own_figures(
    session: Session, campaign: Campaign, manager: User
) -> None:
    campaign.answers_after_check = True
    session.scalars(select(Interview).where(Interview.rating == 10)).one().checked_at = NOW
    session.commit()
    cases.close_campaign(session, manager.id, campaign.id, NOW)

    his, all_of_it = closed(session, campaign, TICKED), closed(session, campaign)

    assert (his.score.n, all_of_it.score.n) == (1, 2)
    assert his.clients == all_of_it.clients and his.digest == all_of_it.digest
    assert his.changes_to(report(session, campaign, TICKED)) == ()
    session.execute(text("UPDATE interview SET checked_at = completed_at"))
    session.commit()
    changed = {c.name: c.now.words for c in his.changes_to(report(session, campaign, TICKED)) if c.now}
    assert changed["Анкет"] == "2"


def test_days_are_kept_while_the_wave_goes_on(session: Session, campaign: Campaign, manager: User) -> None:
    operator = factories.user(session)
    late = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
    call = factories.attempt(session, late, operator, "surveyed", talk_ms=40_000, at=LATER)
    answer(session, call, 9)

    freeze(session, manager, campaign)

    session.rollback()
    (found,) = frozen_of(session, campaign.id, EVERYTHING)
    assert (found.words, found.is_wave) == ("17 ноября 2026", False)
    assert (found.figures.whole("calls", "calls"), found.figures.whole("calls", "billed_s")) == (3, 180)
    assert (found.score.n, found.clients.surveyed) == (2, 3), "answers of the day, the base of the moment"
    assert found.changes_to(report(session, campaign, found.where)) == ()

    attempt = session.scalars(select(factories.CallAttempt).where(factories.CallAttempt.talk_ms == 30_000)).one()
    supervision.correct_seconds(session, manager.id, attempt.id, 95, "По записи", LATER)
    changed = {
        c.name: (c.was and c.was.words, c.now and c.now.words)
        for c in found.changes_to(report(session, campaign, found.where))
    }
    assert changed["Исходящий трафик, точно"] == ("1 мин 31 с", "2 мин 36 с")
    assert "Клиентов в базе" not in changed


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first": DAY + timedelta(days=1)}, "раньше, чем начался"),
        ({"now": NOW}, "уже прошли"),
        ({"first": date(2026, 11, 3), "last": date(2026, 11, 4)}, "ни одного звонка"),
    ],
)
def test_days_that_can_not_be_closed(
    session: Session, campaign: Campaign, manager: User, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(DomainError, match=words):
        freeze(session, manager, campaign, **fields)
    assert session.scalars(select(FrozenReport)).all() == []


def test_days_with_a_call_that_waits_for_its_result_are_not_closed(
    session: Session, campaign: Campaign, manager: User
) -> None:
    factories.attempt(session, factories.respondent(session, campaign), factories.user(session), None)
    with pytest.raises(DomainError, match="без итога: 1"):
        freeze(session, manager, campaign)


def test_a_period_is_closed_once_and_a_form_counts_once(session: Session, campaign: Campaign, manager: User) -> None:
    with counted(session, manager.id, "one"):
        freeze(session, manager, campaign)
    with pytest.raises(SentAgain), counted(session, manager.id, "one"):
        freeze(session, manager, campaign)
    with pytest.raises(StaleError, match="уже закрыт"), counted(session, manager.id, "two"):
        freeze(session, manager, campaign)
    assert len(session.scalars(select(FrozenReport)).all()) == 1


def test_training_keeps_no_report(session: Session, manager: User) -> None:
    practice = factories.campaign(session, purpose="training", always_open=True)
    factories.attempt(session, factories.respondent(session, practice), factories.member(session, practice), "refused")
    cases.close_campaign(session, manager.id, practice.id, NOW)
    with pytest.raises((NotFoundError, DomainError)):
        freeze(session, manager, practice)
    frozen_reports.freeze_closed_wave(session, manager.id, practice.id, now=LATER, zone=OFFICE_ZONE)
    assert session.scalars(select(FrozenReport)).all() == []


def test_a_wave_closed_by_an_earlier_release_can_be_kept_now(
    session: Session, campaign: Campaign, manager: User
) -> None:
    with pytest.raises(StaleError, match="ещё открыта"):
        frozen_reports.freeze_closed_wave(session, manager.id, campaign.id, now=NOW, zone=OFFICE_ZONE)
    session.execute(text("UPDATE campaign SET closed_at = created_at"))
    session.commit()
    frozen_reports.freeze_closed_wave(session, manager.id, campaign.id, now=LATER, zone=OFFICE_ZONE)
    assert closed(session, campaign).taken_at == LATER


def test_no_figure_of_a_report_names_a_person(session: Session, campaign: Campaign) -> None:
    said = str(figures_of(report(session, campaign)).as_json())
    for word in ("Кузнецова", "СУММА", "0277123456", "79170001122", "Долго везут", "Ольга"):
        assert word not in said

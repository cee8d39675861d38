"""Closed periods on the pages: who closes, who reads, what is said to have been corrected since."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nps.models import Campaign, FrozenReport, Interview
from tests import factories
from tests.factories import NOW
from tests.web.test_report_compare import wave
from tests.web.test_reports import campaign, customer_of, words, workbook

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]


def close(session: Session, client: FlaskClient, made: Campaign) -> FrozenReport:
    assert client.post(f"/campaigns/{made.id}/close", data={"sure": "1"}).status_code == 303
    session.rollback()
    return session.scalars(select(FrozenReport).where(FrozenReport.campaign_id == made.id)).one()


def correct(session: Session) -> None:
    """A correction that reaches a closed wave: what an importer or an administrator might do."""
    session.rollback()
    session.execute(text("UPDATE interview SET rating = 9 WHERE rating = 3"))
    session.commit()


def test_a_closed_wave_says_what_was_corrected_since(session: Session, campaign: Campaign, login: Login) -> None:
    manager, customer = login("manager"), login(customer_of(session, campaign))
    frozen = close(session, manager, campaign)

    page = words(customer.get(f"/campaigns/{campaign.id}").text)
    assert "итоги окончательные" in page and "Исправлено после закрытия" not in page
    address = f"/campaigns/{campaign.id}/frozen/{frozen.id}"
    assert "Ничего Нынешние числа те же" in words(customer.get(address).text)

    correct(session)

    for reader in (manager, customer):
        assert "Исправлено после закрытия: NPS, Сторонники, 9–10, Критики, 1–6 и ещё" in words(
            reader.get(f"/campaigns/{campaign.id}").text
        )
        page = words(reader.get(address).text)
        assert "NPS NPS 0 +100" in page, "the list of corrections: was, is"
        assert frozen.digest[:12] in page


def test_a_part_of_a_closed_wave_is_not_compared_with_the_whole(
    session: Session, campaign: Campaign, login: Login
) -> None:
    manager = login("manager")
    close(session, manager, campaign)
    correct(session)
    assert "Исправлено" not in manager.get(f"/campaigns/{campaign.id}?place=region-perm").text


def test_a_manager_closes_days_and_the_customer_reads_them(session: Session, campaign: Campaign, login: Login) -> None:
    manager, customer = login("manager"), login(customer_of(session, campaign))
    address = f"/campaigns/{campaign.id}/frozen"
    assert "Закрыть период" in manager.get(address).text
    assert "Закрыть период" not in customer.get(address).text
    days = {"first": "17.11.2026", "last": "17.11.2026"}
    assert customer.post(address, data=days).status_code == 403

    made = manager.post(address, data=days)

    assert made.status_code == 303
    page = words(customer.get(made.location).text)
    assert "17 ноября 2026" in page and "База на момент закрытия" in page
    assert "17 ноября 2026" in words(customer.get(address).text)


def test_days_that_can_not_be_closed_keep_what_was_typed(campaign: Campaign, login: Login) -> None:
    manager, address = login("manager"), f"/campaigns/{campaign.id}/frozen"
    for days, sentence in (
        ({"first": "3.11.2026", "last": "4.11.2026"}, "ни одного звонка"),
        ({"first": "третье", "last": "4.11.2026"}, "укажите дату"),
        ({"first": "18.11.2026", "last": "17.11.2026"}, "раньше, чем начался"),
        ({"first": "17.11.2026", "last": "31.12.2040"}, "уже прошли"),
    ):
        answer = manager.post(address, data=days)
        assert answer.status_code == 422 and sentence in answer.text
        assert f'value="{days["first"]}"' in answer.text and f'value="{days["last"]}"' in answer.text
    assert manager.post(address, data={"first": "17.11.2026", "last": "17.11.2026"}).status_code == 303
    again = manager.post(address, data={"first": "17.11.2026", "last": "17.11.2026"})
    assert again.status_code == 422 and "уже закрыт" in again.text


def test_a_wave_closed_by_an_earlier_release_can_be_kept(session: Session, campaign: Campaign, login: Login) -> None:
    manager, address = login("manager"), f"/campaigns/{campaign.id}/frozen"
    session.rollback()
    session.execute(text("UPDATE campaign SET closed_at = created_at"))
    session.commit()
    assert "Сохранить итоги волны" in manager.get(address).text
    assert manager.post(address, data={"what": "wave"}).status_code == 303
    page = manager.get(address).text
    assert "Вся волна" in page and "Сохранить итоги волны" not in page


def test_a_customer_of_checked_answers_reads_those_of_the_closing(
    session: Session, campaign: Campaign, login: Login
) -> None:
    campaign.answers_after_check = True
    session.scalars(select(Interview).where(Interview.rating == 10)).one().checked_at = NOW
    session.commit()
    manager, customer = login("manager"), login(customer_of(session, campaign))
    address = f"/campaigns/{campaign.id}/frozen/{close(session, manager, campaign).id}"
    assert "Анкет 1 1" in words(customer.get(address).text)
    assert "Анкет 2 2" in words(manager.get(address).text)


def test_waves_are_compared_as_they_were_closed(session: Session, login: Login) -> None:
    contract = factories.contract(session).id
    older = wave(session, contract, 5, {"a": 3, "b": 9, "c": 8})
    newer = wave(session, contract, 11, {"a": 9, "b": 10, "c": 8})
    manager = login("manager")
    assert "снимок" not in manager.get(f"/campaigns/{newer.id}/compare").text
    close(session, manager, older)
    before = words(manager.get(f"/campaigns/{newer.id}/compare").text)
    assert "Волна 5 снимок" in before

    correct(session)

    after = words(manager.get(f"/campaigns/{newer.id}/compare").text)
    row = before[before.index("Волна 5 снимок") :].split("3 клиента")[0]
    assert row in after, "its own figures stay"
    assert "3 клиента: +67 → +67" in after, "the panel goes by the answers of now"


def test_the_workbook_of_a_closed_wave_has_both(session: Session, campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    assert "При закрытии" not in workbook(manager, campaign).sheetnames
    digest = close(session, manager, campaign).digest
    correct(session)

    rows = [[cell.value for cell in row] for row in workbook(manager, campaign)["При закрытии"].iter_rows()]

    assert rows[0] == ["Раздел", "Показатель", "Что", "При закрытии", "Сейчас", "Изменилось"]
    assert ["NPS", "NPS", None, 0, 100, "да"] in rows
    assert ["База", "Опрошены", None, 2, 2, "нет"] in rows
    assert digest in {row[3] for row in rows}

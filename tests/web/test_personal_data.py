"""Personal data over HTTP: shown before it goes, an act afterwards, and pages that live on without it (R20)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AccessLog, CallAttempt, Campaign, Erasure, Escalation, Interview, Recording, Respondent, StopList
from nps.services import personal_data
from tests import factories
from tests.factories import NOW
from tests.web.test_recordings import send, wav

Login = Callable[..., FlaskClient]
PHONE, TYPED = "+79174003311", "8 917 400-33-11"
NAMES = ("Зырянов", "Таёжный", "9174003311", "400-33-11", "1831999999")


@pytest.fixture
def call(session: Session) -> CallAttempt:
    """The call of a surveyed client who also asked a question."""
    campaign = factories.campaign(session)
    client = factories.respondent(
        session, campaign, phones=(PHONE,), inn="1831999999", organisation="ООО «Таёжный Ключ»",
        contact="Зырянов Тимур", greeting_name="Тимур", state="surveyed", next_call_at=None, queue_class=None,
    )  # fmt: skip
    call = factories.attempt(session, client, factories.member(session, campaign), "surveyed", talk_ms=40_000)
    common = {"respondent_id": client.id, "attempt_id": call.id}
    session.add(
        Interview(**common, rating=4, words="Зырянов ждал", script_version_id=call.script_version_id, completed_at=NOW)
    )
    session.add(
        Escalation(
            **common, campaign_id=campaign.id, purpose="survey", raised_by=call.operator_id, created_at=NOW,
            organisation="ООО «Таёжный Ключ»", inn="1831999999", contact="Зырянов Тимур", phone=TYPED, email="",
            text="Счёт на имя Зырянова", state="open",
        )
    )  # fmt: skip
    session.commit()
    return call


@pytest.fixture
def manager(login: Login) -> FlaskClient:
    return login("manager")


def home(call: CallAttempt) -> str:
    return f"/campaigns/{call.campaign_id}/settings/personal-data"


def person_form(page: Any, **fields: str) -> dict[str, Any]:
    """The confirming form as the page holds it."""
    form = page.text.partition("personal-data/person")[2].partition("</form>")[0]
    hidden = dict(re.findall(r'name="(phone|respondent_id)" value="([^"]*)"', form))
    shown = re.findall(r'name="shown" value="(\d+)"', form)
    return {**hidden, "shown": shown, "reason": "Требование № 7", **fields}


def named(text: str) -> list[str]:
    return [name for name in NAMES if name in text]


def test_a_person_is_shown_confirmed_and_gone(
    app: Flask, session: Session, login: Login, manager: FlaskClient, call: CallAttempt
) -> None:
    assert send(manager, call, wav()).status_code == 303
    factories.fresh(session)
    recording_id = session.scalars(select(Recording.id)).one()
    found = manager.post(f"{home(call)}/find", data={"phone": TYPED})
    assert "Зырянов Тимур" in found.text
    assert "Номера нет в стоп-листе" in found.text
    stop = {"phone": TYPED, "inn": "", "reason": "Просил"}
    assert manager.post(f"/campaigns/{call.campaign_id}/settings/stop-list", data=stop).status_code == 303
    found = manager.post(f"{home(call)}/find", data={"phone": TYPED})
    assert "Оставить номер в стоп-листе" in found.text

    nameless = manager.post(f"{home(call)}/person", data=person_form(found, reason=""))
    assert nameless.status_code == 422
    assert "Зырянов" in nameless.text, "the list stays while the reason is mended"
    erased = manager.post(f"{home(call)}/person", data=person_form(nameless))
    assert erased.status_code == 303

    act = manager.get(erased.location)
    assert (named(act.text), "файлы ещё удаляются" in act.text) == ([], True)
    factories.fresh(session)
    assert personal_data.finish(session, session.scalars(select(Erasure.id)).one(), NOW)
    assert "файлы ещё удаляются" not in manager.get(erased.location).text
    campaign = f"/campaigns/{call.campaign_id}"
    for address in (
        f"{campaign}/clients/{call.respondent_id}", f"{campaign}/clients", f"{campaign}/answers", f"{campaign}/calls",
        f"{campaign}/escalations", "/escalations/1", campaign, f"{campaign}/operators", home(call), "/mail",
        f"/calls/{call.id}/recording", f"{campaign}/base",
    ):  # fmt: skip
        page = manager.get(address)
        assert (address, page.status_code) == (address, 200)
        assert named(page.text) == [], address
    found = manager.post(f"{campaign}/clients/search", data={"text": "Зырянов"}, follow_redirects=True)
    assert named(found.text.replace('value="Зырянов"', "")) == []
    card = manager.get(f"{campaign}/clients/{call.respondent_id}").text
    assert "Данные клиента удалены" in card
    assert "Добавить номер" not in card
    assert manager.get(f"/recordings/{recording_id}").status_code == 404
    assert send(manager, call, wav(fill=b"\x05\x06")).status_code == 409
    book = load_workbook(io.BytesIO(manager.get(f"{campaign}/report.xlsx").data))
    assert [cell.value for cell in book["Анкета"][2]][2:6] == ["Данные удалены", None, book["Анкета"]["E2"].value, 4]
    assert login("admin").get(erased.location).status_code == 200


def test_the_act_can_be_taken_as_a_workbook(session: Session, manager: FlaskClient, call: CallAttempt) -> None:
    found = manager.post(f"{home(call)}/find", data={"phone": TYPED})
    manager.post(f"{home(call)}/person", data=person_form(found))
    factories.fresh(session)
    erasure = session.scalars(select(Erasure)).one()
    answer = manager.get(f"/acts/{erasure.id}.xlsx")
    book = load_workbook(io.BytesIO(answer.data))
    cells = {row[0]: row[1] for row in book["Акт"].iter_rows(values_only=True)}
    assert cells["Причина"] == "Требование № 7"
    assert str(call.respondent_id) in cells["Чьи данные"]
    assert (cells["клиенты"], cells["звонки"], cells["обращения"]) == ("1", "1", "1")
    journal = list(book["Выписка из журнала"].iter_rows(values_only=True))
    assert journal[1][3] == "данные человека удалены"
    assert str(call.respondent_id) in journal[1][4]
    session.rollback()
    line = session.scalars(select(AccessLog).where(AccessLog.action == "act_downloaded")).one()
    assert (line.object_kind, line.object_id) == ("erasure", str(erasure.id)) and line.user_id is not None


def test_a_client_is_found_from_his_card(manager: FlaskClient, call: CallAttempt) -> None:
    card = manager.get(f"/campaigns/{call.campaign_id}/clients/{call.respondent_id}")
    assert f'action="{home(call)}/find"' in card.text
    found = manager.post(f"{home(call)}/find", data={"respondent_id": str(call.respondent_id)})
    assert "Зырянов Тимур" in found.text
    assert manager.post(f"{home(call)}/person", data=person_form(found)).status_code == 303
    again = manager.post(f"{home(call)}/find", data={"respondent_id": str(call.respondent_id)})
    assert (again.status_code, "уже удалены" in again.text) == (422, True)


def test_a_number_nobody_has_and_one_that_is_none(manager: FlaskClient, call: CallAttempt) -> None:
    for phone, words in (("8 917 000-00-01", "Клиентов с этим номером нет"), ("12", "error")):
        answer = manager.post(f"{home(call)}/find", data={"phone": phone})
        assert (answer.status_code, words in answer.text) == (422, True)


def test_a_client_who_came_meanwhile_stops_the_act(session: Session, manager: FlaskClient, call: CallAttempt) -> None:
    form = person_form(manager.post(f"{home(call)}/find", data={"phone": TYPED}))
    factories.respondent(session, session.get_one(Campaign, call.campaign_id), phones=(PHONE,))
    answer = manager.post(f"{home(call)}/person", data=form)
    assert (answer.status_code, "Список клиентов" in answer.text) == (409, True)
    factories.fresh(session)
    assert session.scalars(select(Erasure)).all() == []


def test_a_campaign_needs_to_be_closed_and_its_title_typed(
    session: Session, manager: FlaskClient, call: CallAttempt
) -> None:
    campaign = session.get_one(Campaign, call.campaign_id)
    form = {"title": campaign.title, "reason": "Срок хранения истёк", "keep_stopped": "1"}
    assert manager.post(f"{home(call)}/erase", data=form).status_code == 409
    factories.fresh(session)
    campaign = session.get_one(Campaign, call.campaign_id)
    campaign.closed_at = NOW
    session.add(
        StopList(
            customer_id=session.scalars(select(factories.Contract.customer_id)).first(), e164=PHONE, reason="Зырянов",
            by=call.operator_id, at=NOW,
        )
    )  # fmt: skip
    session.commit()
    wrong = manager.post(f"{home(call)}/erase", data={**form, "title": "Другой"})
    assert (wrong.status_code, "не совпадает" in wrong.text) == (422, True)
    erased = manager.post(f"{home(call)}/erase", data=form)
    assert "Записи стоп-листа: 1" in manager.get(erased.location).text
    assert named(manager.get(home(call)).text) == []
    factories.fresh(session)
    assert session.scalars(select(Respondent.erased_at)).all() == [session.scalars(select(Erasure.at)).one()]


def test_terms_of_a_closed_campaign_can_be_set_and_the_list_reminds_of_them(
    session: Session, login: Login, manager: FlaskClient, call: CallAttempt
) -> None:
    factories.fresh(session)
    campaign = session.get_one(Campaign, call.campaign_id)
    campaign.closed_at, campaign.starts_on, campaign.ends_on = NOW, date(2024, 11, 3), date(2024, 11, 26)
    session.commit()
    assert "пора удалить данные" not in manager.get("/campaigns").text
    early = manager.post(f"{home(call)}/terms", data={"legal_basis": "Договор", "delete_on": "01.11.2024"})
    assert (early.status_code, "после окончания проекта" in early.text) == (422, True)
    saved = manager.post(f"{home(call)}/terms", data={"legal_basis": "Договор", "delete_on": "01.12.2024"})
    assert saved.status_code == 303
    assert "пора удалить данные" in manager.get("/campaigns").text
    assert "Срок хранения закончился" in manager.get(home(call)).text
    specialist = login("specialist", customer_id=session.scalars(select(factories.Contract.customer_id)).first())
    assert "пора удалить данные" not in specialist.get("/campaigns").text

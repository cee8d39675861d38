"""Pages of a campaign: who opens what, foreign objects, search, acts of a manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import (
    AccessLog,
    BranchContact,
    CallAttempt,
    CallingWindow,
    Campaign,
    CampaignMember,
    Contract,
    Respondent,
    StopList,
    User,
)
from tests import factories
from tests.conftest import make_app
from tests.factories import NOW

Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A survey that runs today, whatever day that is."""
    today = datetime.now(UTC).date()
    return factories.campaign(session, starts_on=today - timedelta(days=7), ends_on=today + timedelta(days=30))


@pytest.fixture
def owner(session: Session, campaign: Campaign) -> int:
    return session.get_one(Contract, campaign.contract_id).customer_id


def fresh(session: Session, respondent_id: int) -> Respondent:
    session.rollback()
    return session.get_one(Respondent, respondent_id, populate_existing=True)


PAGES = {
    "": {"manager", "admin", "specialist"},
    "/new": {"manager", "admin"},
    "/{id}/settings": {"manager", "admin"},
    "/{id}/settings/windows": {"manager", "admin"},
    "/{id}/settings/members": {"manager", "admin"},
    "/{id}/settings/branches": {"manager", "admin", "specialist"},
    "/{id}/settings/contacts": {"manager", "admin", "specialist"},
    "/{id}/settings/stop-list": {"manager", "admin", "specialist"},
    "/{id}/clients": {"manager", "admin", "specialist"},
    "/{id}/clients/{client}": {"manager", "admin", "specialist"},
    "/{id}/operators": {"manager", "admin"},
}


@pytest.mark.parametrize("role", ["manager", "admin", "specialist", "customer", "operator"])
def test_each_role_opens_its_pages_and_no_other(
    session: Session, login: Login, campaign: Campaign, owner: int, role: str
) -> None:
    respondent = factories.respondent(session, campaign)
    fields = {"customer_id": owner} if role in ("specialist", "customer") else {}
    client = login(role, **fields)
    for page, allowed in PAGES.items():
        address = f"/campaigns{page}".format(id=campaign.id, client=respondent.id)
        expected = 200 if role in allowed else 403
        if role == "customer" and page == "":
            expected = 303
        assert client.get(address).status_code == expected, address


def test_a_customer_with_one_campaign_is_led_to_its_report(login: Login, campaign: Campaign, owner: int) -> None:
    answer = login("customer", customer_id=owner).get("/campaigns")
    assert (answer.status_code, answer.location) == (303, f"/campaigns/{campaign.id}")


def test_objects_of_another_customer_do_not_exist(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    foreign = login("specialist", customer_id=factories.customer(session, "Чужой заказчик").id)
    for page in ("clients", f"clients/{respondent.id}", "settings/branches", "settings/contacts", "settings/stop-list"):
        assert foreign.get(f"/campaigns/{campaign.id}/{page}").status_code == 404
    sent = foreign.post(f"/campaigns/{campaign.id}/clients/{respondent.id}/number", data={"phone": "+79170000000"})
    assert sent.status_code == 404
    assert (
        foreign.post(
            f"/campaigns/{campaign.id}/settings/stop-list", data={"inn": "7707083893", "reason": "х"}
        ).status_code
        == 404
    )


def test_a_client_is_reached_through_his_own_campaign_only(session: Session, login: Login, campaign: Campaign) -> None:
    other = factories.campaign(session, contract_id=campaign.contract_id, script_version_id=campaign.script_version_id)
    respondent = factories.respondent(session, campaign)
    call = factories.attempt(session, respondent, factories.member(session, campaign), "busy")
    manager = login("manager")
    assert manager.get(f"/campaigns/{other.id}/clients/{respondent.id}").status_code == 404
    act = {"kind": "refused", "reason": "Решили"}
    assert manager.post(f"/campaigns/{other.id}/clients/{respondent.id}/act", data=act).status_code == 404
    fix = {"disposition": "refused", "reason": "Решили"}
    assert manager.post(f"/campaigns/{other.id}/calls/{call.id}/correct", data=fix).status_code == 404
    assert fresh(session, respondent.id).state == "waiting"


@pytest.mark.parametrize("role", ["admin", "specialist"])
def test_only_a_manager_decides_about_a_client(
    session: Session, login: Login, campaign: Campaign, owner: int, role: str
) -> None:
    respondent = factories.respondent(session, campaign)
    client = login(role, **({"customer_id": owner} if role == "specialist" else {}))
    sent = client.post(f"/campaigns/{campaign.id}/clients/{respondent.id}/act", data={"kind": "refused", "reason": "х"})
    assert sent.status_code == 403


@pytest.mark.parametrize("text", ["кузнецова", "КУЗНЕЦОВА", "917 000-00", "ЁЛКИ"])
def test_the_list_finds_in_any_case(session: Session, login: Login, campaign: Campaign, text: str) -> None:
    factories.respondent(
        session, campaign, phones=("+79170000000",), organisation="ООО «Елки-палки»", contact="Кузнецова Анна Ильинична"
    )
    factories.respondent(session, campaign, phones=("+73412555555",), organisation="ЗАО «Другие»", contact="Иванов")
    page = (
        login("manager")
        .post(f"/campaigns/{campaign.id}/clients/search", data={"text": text}, follow_redirects=True)
        .text
    )
    assert "Елки-палки" in page
    assert "Другие" not in page


def test_the_list_says_when_and_why_the_next_call_is(session: Session, login: Login, campaign: Campaign) -> None:
    factories.respondent(session, campaign, region=None, next_call_at=None, next_reason={"code": "no_region"})
    page = login("manager").get(f"/campaigns/{campaign.id}/clients?view=no_region").text
    assert "Регион неизвестен, звонить нельзя" in page


def test_a_viewed_card_is_in_the_access_journal(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    assert login("manager").get(f"/campaigns/{campaign.id}/clients/{respondent.id}").status_code == 200
    session.rollback()
    seen = session.scalars(select(AccessLog).where(AccessLog.object_kind == "respondent")).one()
    assert (seen.action, seen.object_id) == ("viewed", str(respondent.id))


def test_acts_of_a_manager_change_the_client_and_are_told(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/clients/{respondent.id}"

    without = manager.post(f"{address}/act", data={"kind": "refused", "reason": "  "})
    assert without.status_code == 422
    assert "Напишите причину" in without.text

    assert manager.post(f"{address}/act", data={"kind": "refused", "reason": "Письмо 14"}).status_code == 303
    assert fresh(session, respondent.id).state == "refused"
    page = manager.get(address).text
    assert "Отказ записан руководителем" in page
    assert "Письмо 14" in page

    withdraw = {"kind": "withdrawn", "letter": "15-к", "reason": "Больше не клиент"}
    late = manager.post(f"{address}/act", data=withdraw)
    assert late.status_code == 409
    assert "Больше не клиент" not in manager.get(address).text

    assert manager.post(f"{address}/act", data={"kind": "reopened", "reason": "Просил сам"}).status_code == 303
    unnumbered = manager.post(f"{address}/act", data=withdraw | {"letter": " "})
    assert unnumbered.status_code == 422
    assert "Укажите номер письма" in unnumbered.text and "Больше не клиент" in unnumbered.text
    assert manager.post(f"{address}/act", data=withdraw).status_code == 303
    assert fresh(session, respondent.id).state == "withdrawn"
    assert "письмо 15-к. «Больше не клиент»" in manager.get(address).text


def test_a_shown_client_is_freed(session: Session, login: Login, campaign: Campaign) -> None:
    operator = factories.member(session, campaign)
    respondent = factories.respondent(
        session, campaign, held_by=operator.id, held_token="t" * 32, held_until=datetime.now(UTC) + timedelta(hours=1)
    )
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/clients/{respondent.id}"
    assert operator.full_name in manager.get(address).text
    assert manager.post(f"{address}/free").status_code == 303
    assert fresh(session, respondent.id).held_by is None


def test_a_new_number_is_added_and_a_wrong_one_explained(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/clients/{respondent.id}/number"
    wrong = manager.post(address, data={"phone": "12"})
    assert wrong.status_code == 422
    assert "не хватает цифр" in wrong.text
    assert 'value="12"' in wrong.text
    assert manager.post(address, data={"phone": "8 917 555-66-77"}).status_code == 303
    assert "+7 917 555-66-77" in manager.get(f"/campaigns/{campaign.id}/clients/{respondent.id}").text


def test_a_settled_call_is_corrected_and_its_history_shown(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    call = factories.attempt(session, respondent, factories.member(session, campaign), "no_answer")
    manager = login("manager")
    form = {"disposition": "refused", "reason": "Прослушали запись", "form_key": "k1"}
    assert manager.post(f"/campaigns/{campaign.id}/calls/{call.id}/correct", data=form).status_code == 303
    # The same press twice counts once.
    assert manager.post(f"/campaigns/{campaign.id}/calls/{call.id}/correct", data=form).status_code == 303
    assert fresh(session, respondent.id).state == "refused"
    page = manager.get(f"/campaigns/{campaign.id}/clients/{respondent.id}").text
    assert "Прослушали запись" in page
    assert "Не отвечает" in page


def test_an_open_call_is_settled_with_the_told_end(session: Session, login: Login, campaign: Campaign) -> None:
    operator = factories.member(session, campaign)
    respondent = factories.respondent(session, campaign, held_by=operator.id, held_token="t" * 32)
    at = datetime(2026, 11, 17, 11, 15, tzinfo=UTC)
    call = factories.attempt(session, respondent, operator, None, at=at)
    manager = login("manager")
    page = manager.get(f"/campaigns/{campaign.id}/clients/{respondent.id}").text
    assert 'value="15:16:00"' in page  # Izhevsk is UTC+4; the last activity was a minute after the dial
    form = {"disposition": "refused", "reason": "Оператор ушёл", "ended_day": "2026-11-17", "ended_time": "25:00"}
    wrong = manager.post(f"/campaigns/{campaign.id}/calls/{call.id}/settle", data=form)
    assert wrong.status_code == 422
    assert "Оператор ушёл" in wrong.text
    form["ended_time"] = "15:15:45"
    assert manager.post(f"/campaigns/{campaign.id}/calls/{call.id}/settle", data=form).status_code == 303
    session.rollback()
    settled = session.get_one(CallAttempt, call.id, populate_existing=True)
    assert (settled.disposition, settled.talk_ms) == ("refused", 45_000)


def test_seconds_of_a_call_are_corrected(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign)
    call = factories.attempt(session, respondent, factories.member(session, campaign), "refused", talk_ms=900_000)
    form = {"talk_s": "40", "reason": "Забыли положить трубку"}
    assert login("manager").post(f"/campaigns/{campaign.id}/calls/{call.id}/seconds", data=form).status_code == 303
    session.rollback()
    assert session.get_one(CallAttempt, call.id, populate_existing=True).talk_ms == 40_000


def terms(**changed: str) -> dict[str, str]:
    return {
        "title": "Уралэнерго, весна",
        "starts_on": "2027-03-02",
        "ends_on": "2027-03-25",
        "soft_refusal_final": "1",
        "admission": "warn",
        "legal_basis": "Договор 1/2026",
        "delete_on": "2027-10-01",
        "dial_link": "tel:{e164}",
        "setup_allowance_s": "8",
        "purpose": "survey",
        "escalation_email": "k.service@u-energo.ru",
    } | changed


def test_a_new_campaign_is_proposed_what_the_installation_is_set_to(database_url: str, tmp_path: Path) -> None:
    own = {"DIAL_LINK_FORMAT": "sip:{digits}@pbx.example", "SETUP_ALLOWANCE": "5", "ESCALATION_RECIPIENT": "q@firm.ru"}
    app = make_app(tmp_path / "data", database_url, **own)
    with app.app_context():
        contract_id = factories.contract(db.session()).id
        manager = factories.user(db.session(), "manager").login
        client = app.test_client()
        client.post("/login", data={"login": manager, "password": factories.PASSWORD})
        form = client.get("/campaigns/new").text
        assert all(f'value="{value}"' in form for value in own.values())
        client.post("/campaigns", data=terms(contract_id=str(contract_id), dial_link=own["DIAL_LINK_FORMAT"]))
        db.session.rollback()
        assert db.session.scalars(select(Campaign.dial_link)).all() == [own["DIAL_LINK_FORMAT"]]
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def test_a_campaign_is_created_and_changed(session: Session, login: Login) -> None:
    contract_id = factories.contract(session).id
    manager = login("manager")
    wrong = manager.post("/campaigns", data=terms(contract_id=str(contract_id), ends_on="1.01.2027"))
    assert wrong.status_code == 422
    assert "не может закончиться раньше" in wrong.text
    assert "Уралэнерго, весна" in wrong.text and 'value="1.01.2027"' in wrong.text

    assert manager.post("/campaigns", data=terms(contract_id=str(contract_id))).status_code == 303
    session.rollback()
    campaign_id = session.scalars(select(Campaign.id)).one()
    assert "Уралэнерго, весна" in manager.get("/campaigns").text
    assert 'value="02.03.2027"' in manager.get(f"/campaigns/{campaign_id}/settings").text
    saved = manager.post(f"/campaigns/{campaign_id}/settings", data=terms(title="Новое имя", ends_on="18.03.2027"))
    assert saved.status_code == 303
    session.rollback()
    assert session.get_one(Campaign, campaign_id, populate_existing=True).title == "Новое имя"


def test_windows_are_saved_as_typed_or_explained(session: Session, login: Login, campaign: Campaign) -> None:
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/settings/windows"
    page = manager.get(address).text
    assert page.count('value="10:00–12:00, 14:00–18:00"') == 5
    form = {
        "lines": "2",
        "region-0": "perm",
        "days-0": ["1", "4"],
        "times-0": "9:30-11, 15:00–17:00",
        "region-1": "perm",
    }
    wrong = manager.post(address, data=form)
    assert wrong.status_code == 422
    assert "«9:30-11» — не часы" in wrong.text
    # The line that was typed and a spare one for each of five regions; the empty one does not come back nameless.
    assert wrong.text.count('name="times-') == 1 + 5
    assert manager.post(address, data=form | {"times-0": "9:30-11:00, 15:00–17:00"}).status_code == 303
    session.rollback()
    rows = session.execute(
        select(CallingWindow.region_code, CallingWindow.weekday).order_by(CallingWindow.weekday)
    ).all()
    assert [tuple(row) for row in rows] == [("perm", 1), ("perm", 1), ("perm", 4), ("perm", 4)]


def test_days_are_added_and_removed(login: Login, campaign: Campaign) -> None:
    manager = login("manager")
    day = campaign.starts_on.isoformat()
    form = {"day": day, "region": "tatarstan", "is_open": "0", "note": "Сабантуй"}
    assert manager.post(f"/campaigns/{campaign.id}/settings/days", data=form).status_code == 303
    page = manager.get(f"/campaigns/{campaign.id}/settings/windows").text
    assert "Сабантуй" in page
    outside = manager.post(f"/campaigns/{campaign.id}/settings/days", data=form | {"day": "2030-01-01"})
    assert outside.status_code == 422
    assert "вне дат проекта" in outside.text
    assert manager.post(f"/campaigns/{campaign.id}/settings/days/1/remove").status_code == 303
    assert "Сабантуй" not in manager.get(f"/campaigns/{campaign.id}/settings/windows").text


def test_operators_are_assigned_and_admitted(session: Session, login: Login, campaign: Campaign) -> None:
    operator: User = factories.user(session)
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/settings/members"
    assert manager.post(f"{address}/{operator.id}", data={"priority": "3"}).status_code == 303
    nobody = manager.post(f"{address}/admit", data={"reason": "Обучен"})
    assert nobody.status_code == 422
    assert "Отметьте операторов" in nobody.text
    assert manager.post(f"{address}/admit", data={"reason": "Обучен", "user_id": str(operator.id)}).status_code == 303
    session.rollback()
    member = session.scalars(select(CampaignMember)).one()
    assert (member.priority, member.admitted_at is not None) == (3, True)
    assert manager.post(f"{address}/{operator.id}/remove").status_code == 303


def test_a_manager_ends_a_forgotten_shift_after_its_call_has_a_result(
    session: Session, login: Login, campaign: Campaign
) -> None:
    operator = factories.on_shift(session, campaign)
    call = factories.attempt(session, factories.respondent(session, campaign), operator, None)
    manager, address = login("manager"), f"/campaigns/{campaign.id}/settings/members"
    assert "Закончить смену" in manager.get(address).text

    refused = manager.post(f"{address}/{operator.id}/end-shift")
    assert refused.status_code == 409
    assert "звонок без итога" in refused.text
    session.rollback()
    session.refresh(call)
    call.closed_at = call.ended_at = call.dialled_at
    call.disposition = "no_answer"
    session.commit()
    assert manager.post(f"{address}/{operator.id}/end-shift").status_code == 303
    assert "Закончить смену" not in manager.get(address).text


def test_pause_and_close(session: Session, login: Login, campaign: Campaign) -> None:
    manager = login("manager")
    factories.respondent(session, campaign)
    assert manager.post(f"/campaigns/{campaign.id}/pause").status_code == 303
    assert "Продолжить звонки" in manager.get(f"/campaigns/{campaign.id}/operators").text
    assert manager.post(f"/campaigns/{campaign.id}/resume").status_code == 303
    assert manager.post(f"/campaigns/{campaign.id}/close").status_code == 422
    assert manager.post(f"/campaigns/{campaign.id}/close", data={"sure": "1"}).status_code == 303
    session.rollback()
    assert session.get_one(Campaign, campaign.id, populate_existing=True).closed_at is not None
    assert manager.get(f"/campaigns/{campaign.id}/settings").status_code == 200
    assert manager.post(f"/campaigns/{campaign.id}/settings", data=terms()).status_code == 409


def test_an_unchanged_floor_is_not_sent_again(session: Session, login: Login, campaign: Campaign) -> None:
    factories.member(session, campaign)
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/operators"
    htmx = {"HX-Request": "true"}
    first = manager.get(address, headers=htmx)
    again = first.text.split('hx-get="')[1].split('"')[0]
    statuses = {manager.get(again, headers=htmx).status_code for _ in range(2)}
    assert 204 in statuses  # the minute may turn between two requests, not between three
    factories.respondent(session, campaign)
    assert manager.get(again, headers=htmx).status_code == 200


def test_the_specialist_keeps_contacts(session: Session, login: Login, campaign: Campaign, owner: int) -> None:
    specialist = login("specialist", customer_id=owner)
    branch = factories.branch(session, owner)
    address = f"/campaigns/{campaign.id}/settings/contacts"
    lacking = specialist.post(address, data={"branch_id": str(branch.id), "person": "Анна", "phone": ""})
    assert lacking.status_code == 422
    assert "Анна" in lacking.text
    given = {"branch_id": str(branch.id), "department": "Склад", "person": "Анна", "phone": "3412 55-00-11 доб. 2"}
    assert specialist.post(address, data=given).status_code == 303
    session.rollback()
    contact = session.scalars(select(BranchContact)).one()
    assert specialist.post(f"{address}/{contact.id}", data=given | {"person": "Борис"}).status_code == 303
    assert "Борис" in specialist.get(address).text
    foreign = login("specialist", customer_id=factories.customer(session, "Чужой").id)
    assert foreign.post(f"{address}/{contact.id}/remove").status_code == 404
    assert specialist.post(f"{address}/{contact.id}/remove").status_code == 303
    assert "Борис" not in specialist.get(address).text


def test_the_stop_list_is_lifted_by_a_manager_only(
    session: Session, login: Login, campaign: Campaign, owner: int
) -> None:
    address = f"/campaigns/{campaign.id}/settings/stop-list"
    specialist = login("specialist", customer_id=owner)
    wrong = specialist.post(address, data={"inn": "123", "reason": "Письмо"})
    assert wrong.status_code == 422
    assert "10 или 12 цифр" in wrong.text
    assert specialist.post(address, data={"phone": "+79170001122", "reason": "Письмо"}).status_code == 303
    session.rollback()
    entry = session.scalars(select(StopList.id)).one()
    assert specialist.post(f"{address}/{entry}/lift", data={"reason": "Можно"}).status_code == 403
    manager = login("manager")
    assert manager.post(f"{address}/{entry}/lift", data={"reason": ""}).status_code == 422
    assert manager.post(f"{address}/{entry}/lift", data={"reason": "Клиент разрешил"}).status_code == 303
    assert "Клиент разрешил" in manager.get(address).text


def test_a_branch_region_is_settled(session: Session, login: Login, campaign: Campaign) -> None:
    respondent = factories.respondent(session, campaign, region=None, next_call_at=None)
    manager = login("manager")
    address = f"/campaigns/{campaign.id}/settings/branches"
    assert "регион неизвестен" in manager.get(address).text
    assert manager.post(f"{address}/{respondent.branch_id}", data={"region": "mars"}).status_code == 422
    assert (
        manager.post(f"{address}/{respondent.branch_id}", data={"region": "perm", "area_code": "342"}).status_code
        == 303
    )
    assert fresh(session, respondent.id).region_code == "perm"


def test_the_menu_leads_each_role_to_its_own_sections(login: Login, campaign: Campaign, owner: int) -> None:
    manager = login("manager").get(f"/campaigns/{campaign.id}/settings").text
    menu = manager.split('aria-label="Разделы"')[1].split("</nav>")[0]
    assert "Операторы" in menu
    assert 'aria-current="page">Настройки' in menu
    specialist = login("specialist", customer_id=owner).get(f"/campaigns/{campaign.id}/settings/contacts").text
    menu = specialist.split('aria-label="Разделы"')[1].split("</nav>")[0]
    assert "Операторы" not in menu
    assert menu.count("aria-current") == 1
    assert 'aria-current="page">Контакты ОП' in menu
    admin = login("admin").get(f"/campaigns/{campaign.id}/clients").text
    assert '<a href="/admin">Администрирование</a>' in admin


def test_a_correction_against_what_was_heard_is_marked_wherever_the_call_stands(
    session: Session, login: Login, campaign: Campaign
) -> None:
    client = factories.respondent(session, campaign)
    operator = factories.member(session, campaign)
    call = factories.attempt(session, client, operator, "hung_up", answered_at=NOW, talk_ms=1_400)
    manager = login(factories.user(session, "manager"))
    manager.post(
        f"/campaigns/{campaign.id}/calls/{call.id}/correct", data={"disposition": "no_answer", "reason": "Сорвался"}
    )
    card = manager.get(f"/campaigns/{campaign.id}/clients/{client.id}").text
    assert "против услышанного: клиент ответил" in card and "Сорвался" in card
    assert "против услышанного" in manager.get(f"/campaigns/{campaign.id}/calls").text
    days = manager.get(f"/campaigns/{campaign.id}/recordings/days").text
    (address, number) = re.findall(r'href="([^"]+check=against[^"]*)">(\d+)</a>', days)[0]
    assert number == "1" and client.organisation in manager.get(address.replace("&amp;", "&")).text


def test_the_card_of_a_stop_listed_client_says_why_he_is_not_reopened(
    session: Session, login: Login, campaign: Campaign
) -> None:
    client = factories.respondent(session, campaign, phones=("+79170000010",))
    manager = login(factories.user(session, "manager"))
    address = f"/campaigns/{campaign.id}/clients/{client.id}"
    listed = {"phone": "+79170000010", "reason": "Просил", "inn": ""}
    assert manager.post(f"/campaigns/{campaign.id}/settings/stop-list", data=listed).status_code in (200, 303)
    page = manager.get(address).text
    assert "<b>Открыть заново</b> не поможет" in page and "сначала снимите запись стоп-листа" in page
    assert 'value="reopened"' not in page
    answer = manager.post(f"{address}/act", data={"kind": "reopened", "reason": "Просил"})
    assert answer.status_code == 409 and "сначала снимите запись стоп-листа" in answer.text

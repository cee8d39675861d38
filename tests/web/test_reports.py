"""The report's pages and its workbook over HTTP: who sees what, and that all of them say the same."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from nps.models import (
    AccessLog,
    Campaign,
    Contract,
    Escalation,
    Interview,
    InterviewReason,
    Respondent,
    RespondentPhone,
    User,
)
from nps.queries.reports.contract_forms import ANSWERS_FORM, CALLS_FORM, ESCALATIONS_FORM
from nps.services.reports import IN_REQUEST_CLIENTS
from tests import factories
from tests.factories import NOW

Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Four clients: a critic with words, a promoter, one who refused, one still to call; 61 s and 30 s of talk."""
    wave = factories.campaign(session, title="Уралэнерго, ноябрь 2026")
    operator = factories.member(session, wave, factories.user(session, full_name="Ольга Максимова"))
    critic = factories.respondent(
        session, wave, state="surveyed", next_call_at=None, organisation='ООО «=СУММА("1")»', inn="0277123456",
        phones=("+79170001122",),
    )  # fmt: skip
    call = factories.attempt(session, critic, operator, "surveyed", talk_ms=61_000, survey_ms=48_000)
    answer(session, call, 3, words="=Долго везут", comment="Спешил", reasons=("срок доставки товара",))
    promoter = factories.respondent(session, wave, state="surveyed", next_call_at=None, region="perm")
    call = factories.attempt(session, promoter, operator, "surveyed", talk_ms=30_000, at=NOW + timedelta(minutes=5))
    answer(session, call, 10)
    refused = factories.respondent(session, wave, state="refused", next_call_at=None)
    factories.attempt(session, refused, operator, "refused", at=NOW + timedelta(minutes=10))
    factories.respondent(session, wave)
    session.add(
        Escalation(
            campaign_id=wave.id, purpose="survey", respondent_id=critic.id, attempt_id=None, raised_by=operator.id,
            created_at=NOW, organisation=critic.organisation, inn="0277123456", contact=critic.contact,
            phone="+79170001122", email="", text="=Где мой заказ?", state="open",
        )
    )  # fmt: skip
    session.commit()
    return wave


def answer(session: Session, call: Any, rating: int, *, reasons: tuple[str, ...] = (), **fields: str) -> None:
    row = Interview(
        respondent_id=call.respondent_id, attempt_id=call.id, script_version_id=call.script_version_id,
        rating=rating, completed_at=call.ended_at, **fields,
    )  # fmt: skip
    session.add(row)
    session.flush()
    for position, label in enumerate(reasons):
        session.add(InterviewReason(interview_id=row.id, prompt=f"p{position}", label=label, position=position))
    session.commit()


def customer_of(session: Session, campaign: Campaign, role: str = "customer") -> User:
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    return factories.user(session, role, customer_id=owner)


def words(text: str) -> str:
    """What a page says, without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u202f", " ").replace("&#34;", '"')


def workbook(client: FlaskClient, campaign: Campaign) -> Workbook:
    response = client.get(f"/campaigns/{campaign.id}/report.xlsx")
    assert response.status_code == 200
    return load_workbook(io.BytesIO(response.data))


@pytest.mark.parametrize("role", ["customer", "specialist"])
def test_the_page_says_the_contracts_figures(session: Session, campaign: Campaign, login: Login, role: str) -> None:
    page = words(login(customer_of(session, campaign, role)).get(f"/campaigns/{campaign.id}").text)

    for header in CALLS_FORM:
        assert header in page
    assert "50,0 %" in page and "2 из 4" in page
    assert "По договору — не менее 75 % , это 3 клиента" in page
    assert "осталось опросить 1, возможно ещё 1" in page
    assert re.search(
        r"4 клиента = 2 опрошены \+ 1 отказался \+ 0 неуспешных \+ 0 неактивных \+ 0 не успели \+ 1 осталось", page
    )
    assert "Предварительно: волна идёт до 26 ноября" in page
    assert "не сравнивается" in page and "Мало анкет" in page
    assert "«=Долго везут»" in page
    assert "Ольга Максимова" not in page


def test_a_closed_wave_is_final_and_not_polled(session: Session, campaign: Campaign, login: Login) -> None:
    campaign.closed_at = NOW
    session.commit()

    page = login("manager").get(f"/campaigns/{campaign.id}").text

    assert "Волна закрыта" in page and "Предварительно" not in page
    assert "tick from:body" not in page and "data-tick-toggle" not in page


def test_an_empty_campaign_says_what_to_do(session: Session, login: Login) -> None:
    wave = factories.campaign(session)
    manager = login("manager")

    assert "В базе пока нет клиентов" in manager.get(f"/campaigns/{wave.id}").text
    assert "Анкет пока нет" in manager.get(f"/campaigns/{wave.id}/answers").text
    assert "Звонков пока не было" in manager.get(f"/campaigns/{wave.id}/calls").text


def without_token(page: str) -> str:
    """The page without its CSRF tokens: they are signed with the second they were made in."""
    return re.sub(r"[\w-]+\.[\w-]{6}\.[\w-]{27}", "token", page)


@pytest.mark.parametrize("path", ["", "/panel", "/answers", "/report.xlsx"])
def test_another_customers_campaign_looks_absent(session: Session, campaign: Campaign, login: Login, path: str) -> None:
    stranger = login("customer")

    foreign = stranger.get(f"/campaigns/{campaign.id}{path}")
    absent = stranger.get(f"/campaigns/999999{path}")

    assert foreign.status_code == absent.status_code == 404
    assert without_token(foreign.text) == without_token(absent.text).replace("999999", str(campaign.id))


@pytest.mark.parametrize(
    ("role", "path"),
    [("operator", ""), ("operator", "/answers"), ("operator", "/report.xlsx"), ("customer", "/calls")],
)
def test_a_role_without_reports_is_turned_away(
    session: Session, campaign: Campaign, login: Login, role: str, path: str
) -> None:
    person = customer_of(session, campaign) if role == "customer" else role

    assert login(person).get(f"/campaigns/{campaign.id}{path}").status_code == 403


def test_a_poll_answers_nothing_until_something_happened(session: Session, campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    polled = re.search(r'hx-get="([^"]+)"', manager.get(f"/campaigns/{campaign.id}").text)
    assert polled
    address = polled[1].replace("&amp;", "&")

    still = manager.get(address, headers={"HX-Request": "true"})
    session.rollback()
    client = factories.respondent(session, campaign)
    factories.attempt(session, client, factories.member(session, campaign), "busy")
    moved = manager.get(address, headers={"HX-Request": "true"})

    assert (still.status_code, still.data) == (204, b"")
    assert moved.status_code == 200
    assert "<html" not in moved.text and 'hx-swap-oob="true"' in moved.text
    assert address not in moved.text.replace("&amp;", "&")


def test_pages_carry_no_inline_style_or_script(campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    for path in ("", "/answers", "/calls"):
        text = manager.get(f"/campaigns/{campaign.id}{path}").text
        assert not re.search(r'\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)', text)


def test_the_workbook_holds_the_two_forms_of_the_contract(session: Session, campaign: Campaign, login: Login) -> None:
    book = workbook(login(customer_of(session, campaign)), campaign)

    assert book.sheetnames == [
        "Итоги", "Звонки", "Анкета", "По операторам", "Обращения", "Все звонки", "По ОП", "По регионам", "Оценки",
        "Причины", "По дням", "Определения",
    ]  # fmt: skip
    assert [[cell.value for cell in row] for row in book["Звонки"].iter_rows()] == [list(CALLS_FORM), [3, 2, 0, 0]]
    form = [[cell.value for cell in row] for row in book["Анкета"].iter_rows()]
    assert form[0] == list(ANSWERS_FORM)
    assert [row[:6] for row in form[1:]] == [
        ["ОП perm", form[1][1], form[1][2], "Кузнецова Светлана Ильинична", form[1][4], 10],
        ["ОП udmurtia", "0277123456", 'ООО «=СУММА("1")»', "Кузнецова Светлана Ильинична", "+79170001122", 3],
    ]
    assert [row[6:] for row in form[1:]] == [[None, None], ["срок доставки товара; =Долго везут", "Спешил"]]


def test_one_click_gives_exactly_the_two_tables_of_the_terms(
    session: Session, campaign: Campaign, login: Login
) -> None:
    """R11; and what a file with clients needs: whoever took it is written down (R20)."""
    customer = customer_of(session, campaign)
    client = login(customer)
    address = f"/campaigns/{campaign.id}/forms.xlsx"
    assert address in client.get(f"/campaigns/{campaign.id}").text
    assert address in login("manager").get(f"/campaigns/{campaign.id}").text

    answer = client.get(address)

    assert unquote(answer.headers["Content-Disposition"]).partition("''")[2].startswith("Анкета — Уралэнерго")
    two, whole = load_workbook(io.BytesIO(answer.data)), workbook(client, campaign)
    assert two.sheetnames == ["Звонки", "Анкета"]
    for name in two.sheetnames:
        assert [[cell.value for cell in row] for row in two[name].iter_rows()] == [
            [cell.value for cell in row] for row in whole[name].iter_rows()
        ]
    session.rollback()
    taken = select(AccessLog.action).where(AccessLog.user_id == customer.id, AccessLog.action == "report_downloaded")
    assert len(session.scalars(taken).all()) == 2
    assert login("customer").get(address).status_code == 404


def test_the_two_tables_hold_what_the_reader_may_see(session: Session, campaign: Campaign, login: Login) -> None:
    campaign.answers_after_check = True
    session.scalars(select(Interview).where(Interview.rating == 10)).one().checked_at = NOW
    session.commit()
    answer = login(customer_of(session, campaign)).get(f"/campaigns/{campaign.id}/forms.xlsx")

    two = load_workbook(io.BytesIO(answer.data))

    assert [row[5].value for row in two["Анкета"].iter_rows(min_row=2)] == [10]
    assert [cell.value for cell in two["Звонки"][2]] == [3, 2, 0, 0], "calls are always all"


def test_the_workbook_has_operators_escalations_and_definitions(campaign: Campaign, login: Login) -> None:
    book = workbook(login("manager"), campaign)

    operators = [[cell.value for cell in row] for row in book["По операторам"].iter_rows()]
    assert operators[1] == ["Ольга Максимова", 3, 2, 0, 1, timedelta(seconds=91), 3, 0, "—", None]
    assert operators[-1] == ["Всего", 3, 2, 0, 1, timedelta(seconds=91), 3, 0, "—", None]
    escalations = [[cell.value for cell in row] for row in book["Обращения"].iter_rows()]
    assert escalations[0] == list(ESCALATIONS_FORM)
    assert escalations[1][5] == "=Где мой заказ?" and book["Обращения"]["F2"].data_type == "s"
    totals = {row[0].value: row[1].value for row in book["Итоги"].iter_rows()}
    assert (totals["Клиентов в базе"], totals["Опрошены"], totals["Осталось позвонить"]) == (4, 2, 1)
    assert (totals["Охват базы"], totals["Порог 75 %"], totals["NPS"]) == (0.5, "не достигнут", "0")
    assert totals["Трафик договора, мин"] == 3
    assert totals["Трафик договора, точно"] == timedelta(seconds=91)


def test_a_share_below_the_threshold_never_reads_as_reached(session: Session, login: Login) -> None:
    wave = factories.campaign(session)
    for number in range(1000):
        state = "surveyed" if number < 749 else "refused"
        session.add(
            Respondent(
                campaign_id=wave.id, region_code="perm", organisation="ООО", search_fold="", identity=str(number),
                loaded_at=NOW, state=state,
            )
        )  # fmt: skip
    for number in range(1000):
        session.add(
            Respondent(
                campaign_id=wave.id, region_code="perm", organisation="ООО", search_fold="", identity=f"b{number}",
                loaded_at=NOW, state="surveyed" if number < 750 else "refused",
            )
        )  # fmt: skip
    session.commit()
    manager = login("manager")

    assert "74,9 %" in words(manager.get(f"/campaigns/{wave.id}").text)
    totals = {row[0].value: row[1].value for row in workbook(manager, wave)["Итоги"].iter_rows()}
    assert (totals["Охват базы"], totals["Порог 75 %"]) == (0.749, "не достигнут")


def test_the_file_has_a_russian_name_and_every_download_is_written_down(
    session: Session, app: Flask, campaign: Campaign, login: Login
) -> None:
    campaign.title = 'Волна "А"/Б\r\nX: 1'
    session.commit()
    person = customer_of(session, campaign)

    response = login(person).get(f"/campaigns/{campaign.id}/report.xlsx")

    header = response.headers["Content-Disposition"]
    assert header.isascii()
    name = unquote(header.split("filename*=UTF-8''")[1])
    assert re.fullmatch(r"Отчёт — Волна А Б X 1 — \d\d\.\d\d\.\d{4}\.xlsx", name)
    assert response.headers["Cache-Control"] == "no-store"
    assert list((app.config["DATA_FOLDER"] / "exports").iterdir()) == [], "nothing is left on the disk"
    session.rollback()
    line = session.scalars(select(AccessLog).where(AccessLog.action == "report_downloaded")).one()
    assert (line.user_id, line.object_kind, line.object_id) == (person.id, "campaign", str(campaign.id))


def test_answers_are_complete_unmasked_filtered_and_written_down(
    session: Session, campaign: Campaign, login: Login
) -> None:
    client = login(customer_of(session, campaign))

    every = client.get(f"/campaigns/{campaign.id}/answers").text
    critics = client.get(f"/campaigns/{campaign.id}/answers?group=detractor").text
    none = client.get(f"/campaigns/{campaign.id}/answers?group=passive").text
    odd = client.get(
        f"/campaigns/{campaign.id}/answers?group=%00&place=branch-x&day=2026-13-40&operator=1&attempt=9&page=-3"
    )

    for header in ANSWERS_FORM:
        assert header in every
    assert "+7 917 000-11-22" in words(every).replace("\xa0", " ") and "0277123456" in every
    assert "ОП perm" in every and "0277123456" in critics
    assert critics.count("<tr>") == 2
    assert "Таких анкет нет" in none
    assert odd.status_code == 200
    session.rollback()
    assert len(session.scalars(select(AccessLog).where(AccessLog.action == "answers_viewed")).all()) == 4


def test_a_branchs_answers_are_shown_alone(session: Session, campaign: Campaign, login: Login) -> None:
    branch = session.scalars(select(factories.Branch).where(factories.Branch.name == "ОП perm")).one()

    text = login("manager").get(f"/campaigns/{campaign.id}/answers?place=branch-{branch.id}").text

    assert "0277123456" not in text and text.count("<tr>") == 2


def test_calls_are_filtered_by_day_operator_and_result(session: Session, campaign: Campaign, login: Login) -> None:
    manager = login("manager")

    text = manager.get(f"/campaigns/{campaign.id}/calls").text
    refused = manager.get(f"/campaigns/{campaign.id}/calls?result=refused").text
    other_day = manager.get(f"/campaigns/{campaign.id}/calls?day=2026-11-19").text

    assert text.count('/recording"') == 3
    assert refused.count('/recording"') == 1 and "Отказ от опроса" in refused
    assert "Таких звонков нет" in other_day


def test_long_lists_are_paged_and_keep_their_filters(session: Session, campaign: Campaign, login: Login) -> None:
    operator = factories.member(session, campaign)
    client = factories.respondent(session, campaign)
    for minute in range(51):
        factories.attempt(session, client, operator, "busy", at=NOW + timedelta(hours=1, minutes=minute))
    manager = login("manager")

    first = manager.get(f"/campaigns/{campaign.id}/calls?result=busy").text
    second = manager.get(f"/campaigns/{campaign.id}/calls?result=busy&page=2").text

    assert "Страница 1 из 2" in first and "result=busy" in first.split('aria-label="Страницы"')[1]
    assert second.count('/recording"') == 1


def test_the_workbook_of_a_base_too_large_for_a_request_is_ordered(
    session: Session, campaign: Campaign, login: Login
) -> None:
    values = {
        "campaign_id": campaign.id,
        "organisation": "ООО",
        "search_fold": "",
        "loaded_at": NOW,
        "state": "waiting",
    }
    session.execute(insert(Respondent), [{**values, "identity": f"i{number}"} for number in range(IN_REQUEST_CLIENTS)])
    session.commit()
    manager = login("manager")

    response = manager.get(f"/campaigns/{campaign.id}/report.xlsx")

    assert (response.status_code, response.location) == (303, f"/campaigns/{campaign.id}/files")
    assert "закажите книгу" in manager.get(response.location).text


def test_phones_of_training_never_reach_a_report(session: Session, login: Login) -> None:
    wave = factories.campaign(session, purpose="training")
    client = factories.respondent(session, wave, state="surveyed", next_call_at=None, phones=("+79170007788",))
    answer(session, factories.attempt(session, client, factories.member(session, wave), "surveyed"), 9)
    manager = login("manager")

    assert session.scalars(select(RespondentPhone).where(RespondentPhone.e164 == "+79170007788")).one()
    assert "В базе пока нет клиентов" in manager.get(f"/campaigns/{wave.id}").text
    assert workbook(manager, wave)["Анкета"].max_row == 1


def test_a_part_of_the_base_keeps_the_identity_and_names_itself(
    session: Session, campaign: Campaign, login: Login
) -> None:
    page = words(login(customer_of(session, campaign)).get(f"/campaigns/{campaign.id}?place=region-udmurtia").text)

    assert "Показана часть базы" in page and "Удмуртия" in page
    assert re.search(r"3 клиента = 1 опрошен \+ 1 отказался \+ .* \+ 1 осталось", page)


@pytest.mark.parametrize("cut", ["day=2026-11-17", "attempt=1"])
def test_a_cut_through_the_calls_shows_calls_and_answers_only(campaign: Campaign, login: Login, cut: str) -> None:
    page = words(login("manager").get(f"/campaigns/{campaign.id}?{cut}").text)

    assert "Показаны только звонки и ответы" in page and "3 звонка" in page and "2 анкеты" in page
    assert "клиента =" not in page and "Охват базы" not in page


def test_a_reader_who_names_no_operators_filters_by_none(session: Session, campaign: Campaign, login: Login) -> None:
    operator = session.scalars(select(User).where(User.full_name == "Ольга Максимова")).one()
    person = login(customer_of(session, campaign))

    page = person.get(f"/campaigns/{campaign.id}?operator={operator.id}").text

    assert "Показаны только" not in page and "Ольга Максимова" not in page

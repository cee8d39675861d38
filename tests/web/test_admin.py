"""The administrator's pages: people, customers, contracts, the journal."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from nps.models import Contract, User
from nps.web.admin.journal_words import ACTIONS
from tests import factories

NEW_USER = {
    "login": "o.maksimova",
    "full_name": "Ольга Максимова",
    "role": "operator",
    "gender": "female",
    "form_key": "f" * 24,
}


@pytest.fixture
def admin(login):
    return login("admin")


def _password_on(page: str) -> str:
    found = re.search(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", page)
    assert found, page
    return found[0]


def test_a_new_person_gets_a_password_shown_once_and_logs_in_with_it(admin, app):
    page = admin.post("/admin/users", data=NEW_USER)
    password = _password_on(page.text)
    again = admin.post("/admin/users", data=NEW_USER)
    assert again.status_code == 303
    card = admin.get(again.location)
    assert password not in card.text
    assert "уже была принята" in card.text
    assert "o.maksimova" in card.text
    assert "Выдать новый пароль" in card.text
    assert "o.maksimova" in admin.get("/admin/users").text
    answer = app.test_client().post("/login", data={"login": "o.maksimova", "password": password})
    assert answer.status_code == 303


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong(admin):
    answer = admin.post("/admin/users", data=NEW_USER | {"role": "customer"})
    assert answer.status_code == 422
    assert "Выберите заказчика" in answer.text
    assert 'value="o.maksimova"' in answer.text
    assert 'value="Ольга Максимова"' in answer.text


def test_extra_fields_of_a_form_change_nothing(admin, session):
    admin.post(
        "/admin/users", data=NEW_USER | {"password_hash": "x", "must_change_password": "", "active": "0", "id": "77"}
    )
    session.rollback()
    row = session.scalars(select(User).where(User.login == "o.maksimova")).one()
    assert (row.must_change_password, row.active) == (True, True)
    assert row.id != 77


def test_the_page_of_a_person_changes_role_password_and_access(admin, session):
    customer = factories.customer(session).id
    user_id = factories.user(session, "operator").id
    session.rollback()
    page = f"/admin/users/{user_id}"
    assert admin.post(f"{page}/role", data={"role": "specialist", "customer_id": str(customer)}).location == page
    assert "специалист ОКС" in admin.get(page).text
    assert admin.post(f"{page}/role", data={"role": "specialist"}).status_code == 422
    assert _password_on(admin.post(f"{page}/password").text)
    assert admin.post(f"{page}/active", data={"active": "0"}).location == page
    assert "Вернуть доступ" in admin.get(page).text


def test_an_administrator_can_not_close_himself(login, session):
    me = factories.user(session, "admin")
    client, page = login(me), f"/admin/users/{me.id}"
    assert "Закрыть доступ" not in client.get(page).text
    answer = client.post(f"{page}/active", data={"active": "0"})
    assert answer.status_code == 422
    assert "попросите другого администратора" in answer.text


def test_filters_of_the_list(admin, session):
    factories.user(session, "manager", full_name="Ёлкина Мария")

    def found(text: str) -> str:
        return str(admin.post("/admin/users/search", data={"text": text}, follow_redirects=True).text)

    assert "Ёлкина" in found("елкина")
    assert "Ёлкина" not in admin.get("/admin/users?role=operator").text
    assert "Никого не нашлось" in found("' OR 1=1--")
    assert "Никого не нашлось" in admin.get("/admin/users?state=closed").text
    assert admin.get("/admin/users?role=no&state=no&find=%00").status_code == 200


def test_a_customer_a_contract_and_a_raised_limit(admin, session):
    customer_page = admin.post("/admin/customers", data={"name": "Уралэнерго", "form_key": "a" * 24}).location
    terms = {"number": "УЭ-17/26", "signed_on": "2026-10-01", "minutes": "1 260", "billing": "minute", "gate": "billed"}
    contract_page = admin.post(f"{customer_page}/contracts", data=terms | {"form_key": "b" * 24}).location
    consent = {"seen_minutes": "1260", "minutes": "1500", "consent_number": "исх. 41", "consent_date": "16.11.2026"}
    assert admin.post(f"{contract_page}/limit", data=consent).location == contract_page
    session.rollback()
    row = session.scalars(select(Contract)).one()
    assert (row.budget_s, row.signed_on) == (90_000, date(2026, 10, 1))
    stale = admin.post(f"{contract_page}/limit", data=consent | {"minutes": "1600"})
    assert stale.status_code == 409
    assert "Лимит уже изменили" in stale.text
    lower = admin.post(f"{contract_page}/limit", data=consent | {"seen_minutes": "1500", "minutes": "1000"})
    assert lower.status_code == 422
    assert "можно только поднять" in lower.text
    journal = admin.get("/admin/journal?action=limit_raised").text
    assert "поднят лимит минут" in journal
    assert "согласие заказчика: исх. 41" in journal


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("minutes", "много", "нужно целое число"),
        ("minutes", "٧٧", "нужно целое число"),
        ("minutes", "-5", "нужно целое число"),
        ("signed_on", "31.02.2026", "укажите дату"),
        ("number", "9" * 101, "не больше 100 знаков"),
        ("billing", "hour", "выберите значение из списка"),
    ],
)
def test_a_contract_that_makes_no_sense_is_explained(admin, session, field, value, words):
    customer = factories.customer(session).id
    terms = {"number": "1", "minutes": "1260", "billing": "minute", "gate": "billed"}
    answer = admin.post(f"/admin/customers/{customer}/contracts", data=terms | {field: value})
    assert answer.status_code == 422
    assert words in answer.text


def test_the_journal_is_read_by_pages_and_days(admin, session):
    for n in range(55):
        admin.post("/admin/customers", data={"name": f"Заказчик {n}", "form_key": f"key-{n}"})
    first = admin.get("/admin/journal")
    assert first.text.count("добавлен заказчик</td>") == 50
    older = re.search(r'href="(/admin/journal\?[^"]*before=[^"]*)"', first.text)
    assert older
    second = admin.get(older[1].replace("&amp;", "&"))
    assert second.text.count("добавлен заказчик</td>") == 5
    assert "Записей нет" in admin.get("/admin/journal?since=2031-01-01").text
    assert "Записей нет" in admin.get("/admin/journal?until=2001-01-01").text
    assert "неудачный вход" in _after_a_failed_login(admin)
    assert admin.get("/admin/journal?since=x&actor=x&before=x&kind=x").status_code == 200


def test_the_journal_is_taken_as_a_workbook_and_that_is_a_line_of_it(admin):
    for n in range(55):
        admin.post("/admin/customers", data={"name": f"Заказчик {n}", "form_key": f"key-{n}"})
    answer = admin.get("/admin/journal.xlsx?action=customer_added")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:4] == ("Когда", "Кто", "Что", "Над чем")
    assert [row[2] for row in rows[1:]] == ["добавлен заказчик"] * 55
    assert len(set(rows[1:])) == 55, "each line once"
    assert "журнал выгружен" in admin.get("/admin/journal?kind=access").text


def test_the_journal_answers_who_saw_a_client(admin, session, login):
    """What a leak asks first (R20): everything about one object, in both journals, and nothing else."""
    campaign = factories.campaign(session)
    one, other = factories.respondent(session, campaign).id, factories.respondent(session, campaign).id
    manager = factories.user(session, "manager", full_name="Марина Орлова")
    client, cards = login(manager), f"/campaigns/{campaign.id}/clients"
    client.get(f"{cards}/{one}")
    client.get(f"{cards}/{other}")
    link = f"/admin/journal?kind=access&amp;object_kind=respondent&amp;object_id={one}"
    assert link in admin.get(f"{cards}/{one}").text
    page = _main(admin.get(link.replace("&amp;", "&")).text)
    assert "Марина Орлова" in page and f"клиент {one}" in page
    assert f">клиент {other}<" not in page
    assert f'name="object_id" value="{one}"' in page, "the other filters keep it"
    assert "Кто видел" not in client.get(f"{cards}/{one}").text


def test_a_journal_too_long_for_a_request_is_refused_in_words(admin, monkeypatch):
    monkeypatch.setattr("nps.web.admin.journal.EXPORT_LINES", 0)
    answer = admin.get("/admin/journal.xlsx?kind=access")
    assert answer.status_code == 422
    assert "Выберите дни или действие и повторите" in answer.text


def test_every_action_of_the_code_has_words_in_the_journal():
    """An administrator reads no codes: what services write down is found in their source."""
    source = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "nps" / "services").rglob("*.py")
    )
    written = set(re.findall(r'action="(\w+)"', source))
    assert written and written <= set(ACTIONS), sorted(written - set(ACTIONS))


def _after_a_failed_login(admin) -> str:
    admin.application.test_client().post("/login", data={"login": "nobody", "password": "x"})
    return str(admin.get("/admin/journal?kind=access").text)


def _main(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def test_the_first_page_says_what_is_left_to_do(admin, session):
    page = _main(admin.get("/admin").text)
    assert "Добавить сотрудников" in page
    assert page.count("btn-primary") == 1
    session.rollback()
    factories.campaign(session)
    session.rollback()
    factories.user(session, "operator")
    page = _main(admin.get("/admin").text)
    assert page.count('class="done"') == 3


def test_fragments_hold_no_frame(admin):
    for path in ("/admin", "/admin/users", "/admin/users/new", "/admin/customers", "/admin/journal"):
        assert "<html" not in admin.get(path, headers={"HX-Request": "true"}).text

"""The pages of escalations and caught letters, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nps.adapters import mail
from nps.domain.actor import Actor
from nps.models import AccessLog, Branch, Campaign, Contract, Escalation, MailServer, Outbox, Respondent, User
from nps.queries import campaigns
from nps.queries.desk import Person, Seat
from nps.queries.desk.card import CARD, client_card, number_of
from nps.queries.desk.views import QuestionLine
from nps.queries.together import Together
from nps.services import escalations, letters
from nps.services.transaction import write
from tests import factories

Login = Callable[..., FlaskClient]
NOW = datetime.now(UTC)
EVIL = '<img src=x onerror="alert(1)">'


class Place:
    """A campaign with one escalation, and people of its customer."""

    def __init__(self, session: Session, purpose: str = "survey") -> None:
        self.session = session
        campaign = factories.campaign(session, purpose=purpose)
        self.id = campaign.id
        self.customer_id = session.get_one(Contract, campaign.contract_id).customer_id
        operator = factories.member(session, campaign)
        client = factories.respondent(session, campaign)
        self.escalation_id = escalations.raise_escalation(
            session,
            Actor(operator.id, "operator", operator.full_name),
            respondent_id=client.id,
            fields={"organisation": "ООО «Хлебокомбинат»", "phone": "+7 917 000-75-53", "text": EVIL},
            now=NOW,
        )

    def person(self, role: str) -> User:
        own = {"customer_id": self.customer_id} if role in ("specialist", "customer") else {}
        return factories.user(self.session, role, **own)

    def state(self) -> str:
        self.session.rollback()
        return self.session.get_one(Escalation, self.escalation_id).state

    def letter(self) -> Outbox:
        self.session.rollback()
        return self.session.scalars(select(Outbox).where(Outbox.kind == "escalation")).one()

    def send(self, app: Flask) -> None:
        mail.configure(app.config)
        letters.send(self.session, self.letter().id, server=mail.settings(), clock=lambda: NOW)


@pytest.fixture
def place(session: Session) -> Place:
    return Place(session)


def test_the_specialist_finds_takes_and_closes(place: Place, login: Login) -> None:
    browser = login(place.person("specialist"))
    page = browser.get(f"/campaigns/{place.id}/escalations?state=open")
    assert page.status_code == 200 and "ООО «Хлебокомбинат»" in page.text and "<img" not in page.text
    taken = browser.post(f"/escalations/{place.escalation_id}/take")
    assert (taken.status_code, taken.location) == (303, f"/escalations/{place.escalation_id}")
    page = browser.get(taken.location)
    assert "В работе" in page.text and "&lt;img" in page.text
    browser.post(f"/escalations/{place.escalation_id}/answer", data={"text": "Кабель есть"})
    assert place.state() == "answered"
    browser.post(f"/escalations/{place.escalation_id}/close", data={"text": "Клиент доволен"})
    assert place.state() == "closed"
    assert "Клиент доволен" in browser.get(f"/escalations/{place.escalation_id}").text


def test_a_refusal_keeps_what_was_typed(place: Place, login: Login) -> None:
    browser = login(place.person("specialist"))
    answer = browser.post(f"/escalations/{place.escalation_id}/note", data={"text": "слово " * 400})
    assert answer.status_code == 422
    assert "Сократите текст" in answer.text and "слово слово" in answer.text
    assert browser.post(f"/escalations/{place.escalation_id}/close", data={"text": " "}).status_code == 422
    browser.post(f"/escalations/{place.escalation_id}/close", data={"text": "Готово"})
    assert browser.post(f"/escalations/{place.escalation_id}/close", data={"text": "Ещё"}).status_code == 409


def test_the_customer_reads_and_changes_nothing(place: Place, login: Login) -> None:
    browser = login(place.person("customer"))
    page = browser.get(f"/escalations/{place.escalation_id}")
    assert page.status_code == 200 and "<textarea" not in page.text and "Отправить ещё раз" not in page.text
    for path in (
        f"/escalations/{place.escalation_id}/take",
        f"/escalations/{place.escalation_id}/close",
        f"/letters/{place.letter().id}/again",
        f"/campaigns/{place.id}/escalations/address",
    ):
        assert browser.post(path, data={"text": "x"}).status_code == 403
    assert place.state() == "open"


@pytest.mark.parametrize("role", ["specialist", "customer"])
def test_people_of_another_customer_see_nothing(place: Place, login: Login, role: str) -> None:
    browser = login(role)
    assert browser.get(f"/campaigns/{place.id}/escalations").status_code == 404
    assert browser.get(f"/escalations/{place.escalation_id}").status_code == 404
    if role == "specialist":
        assert browser.post(f"/escalations/{place.escalation_id}/take").status_code == 404
        assert browser.post(f"/letters/{place.letter().id}/again").status_code == 404
        assert browser.get(f"/campaigns/{place.id}/escalations/address").status_code == 404


def test_opening_a_case_is_journalled(place: Place, login: Login) -> None:
    person = place.person("manager")
    login(person).get(f"/escalations/{place.escalation_id}")
    place.session.rollback()
    seen = place.session.scalars(select(AccessLog).where(AccessLog.object_kind == "escalation")).one()
    assert (seen.user_id, seen.object_id) == (person.id, str(place.escalation_id))


def test_a_failed_letter_is_shown_with_the_servers_words_and_sent_again(place: Place, login: Login) -> None:
    with write(place.session) as s:
        s.execute(update(Outbox).values(state="failed", next_try_at=None, server_said="550 5.1.1 no such user"))
    browser = login(place.person("manager"))
    assert "1 письмо не дошло" in browser.get(f"/campaigns/{place.id}/escalations").text
    assert str(place.escalation_id) in browser.get(f"/campaigns/{place.id}/escalations?state=letter").text
    back = f"/escalations/{place.escalation_id}"
    assert "550 5.1.1 no such user" in browser.get(back).text
    again = browser.post(f"/letters/{place.letter().id}/again", data={"back": back})
    assert (again.status_code, again.location) == (303, back)
    assert place.letter().state == "waiting"


def test_the_way_back_stays_on_this_site(place: Place, login: Login) -> None:
    browser = login(place.person("manager"))
    again = browser.post(f"/letters/{place.letter().id}/again", data={"back": "//evil.example"})
    assert again.location == "/mail"


def test_an_address_is_changed_tested_and_confirmed(place: Place, login: Login) -> None:
    browser = login(place.person("manager"))
    address = f"/campaigns/{place.id}/escalations/address"
    assert "не подтверждён" in browser.get(f"/campaigns/{place.id}/escalations").text
    refused = browser.post(address, data={"email": "a@b.ru, c@d"})
    assert refused.status_code == 422 and "a@b.ru, c@d" in refused.text
    assert browser.post(address, data={"email": "new@u-energo.ru"}).status_code == 303
    assert browser.post(f"{address}/test").status_code == 303
    place.session.rollback()
    test_id = place.session.scalars(select(Outbox.id).where(Outbox.kind == "test")).one()
    assert browser.post(f"{address}/confirm", data={"letter": test_id}).status_code == 422
    with write(place.session) as s:
        s.execute(update(Outbox).where(Outbox.id == test_id).values(state="sent", next_try_at=None))
    assert "Письмо пришло" in browser.get(address).text
    assert browser.post(f"{address}/confirm", data={"letter": test_id}).status_code == 303
    place.session.rollback()
    found = place.session.get_one(Campaign, place.id)
    assert found.escalation_email == "new@u-energo.ru" and found.escalation_confirmed_at is not None


def test_links_in_letters_lead_to_real_pages(place: Place, app: Flask, login: Login) -> None:
    browser = login(place.person("specialist"))
    assert browser.get(place.letter().payload["path"]).status_code == 200
    browser.post(f"/campaigns/{place.id}/escalations/address/test")
    place.session.rollback()
    test = place.session.scalars(select(Outbox).where(Outbox.kind == "test")).one()
    assert browser.get(test.payload["path"]).status_code == 200


def test_a_caught_letter_is_shown_as_a_sandboxed_document(session: Session, app: Flask, login: Login) -> None:
    place = Place(session, "demo")
    place.send(app)
    browser = login(place.person("specialist"))
    listed = browser.get("/mail")
    assert "Обращение № " in listed.text
    (file,) = Path(app.config["MAIL_FOLDER"]).glob("*.eml")
    page = browser.get(f"/mail/{file.name}")
    assert page.status_code == 200 and "frame-src 'self'" in page.headers["Content-Security-Policy"]
    letter = browser.get(f"/mail/{file.name}/body")
    policy = letter.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "allow-scripts" not in policy and "default-src 'none'" in policy
    assert "&lt;img" in letter.text and "<img" not in letter.text


def test_a_letter_opened_without_its_page_is_written_down_too(session: Session, app: Flask, login: Login) -> None:
    """The page and the letter in its frame are one look, and so one line."""
    place = Place(session, "demo")
    place.send(app)
    (file,) = Path(app.config["MAIL_FOLDER"]).glob("*.eml")
    direct, by_page = login(place.person("specialist")), login(place.person("specialist"))
    for _ in range(3):
        assert direct.get(f"/mail/{file.name}/body").status_code == 200
    assert by_page.get(f"/mail/{file.name}").status_code == by_page.get(f"/mail/{file.name}/body").status_code == 200
    session.rollback()
    lines = session.execute(
        select(AccessLog.user_id, func.count())
        .where(AccessLog.action == "viewed", AccessLog.object_kind == "letter", AccessLog.object_id == file.name[-40:])
        .group_by(AccessLog.user_id)
    ).all()
    assert sorted(count for _, count in lines) == [1, 1]


def test_caught_letters_of_others_and_wrong_names_are_absent(session: Session, app: Flask, login: Login) -> None:
    Place(session, "demo").send(app)
    (file,) = Path(app.config["MAIL_FOLDER"]).glob("*.eml")
    stranger = login("specialist")
    assert file.name not in stranger.get("/mail").text
    assert stranger.get(f"/mail/{file.name}").status_code == 404
    assert stranger.get(f"/mail/{file.name}/body").status_code == 404
    admin = login("admin")
    assert admin.get(f"/mail/{file.name}").status_code == 200
    for name in ("..%2f..%2fsecret_key", "secret_key", ".eml", "%2e%2e.eml", "x" * 300 + ".eml"):
        assert admin.get(f"/mail/{name}").status_code == 404
    assert login("operator").get("/mail").status_code == 403


def test_the_link_of_a_letter_leads_through_the_login_to_the_case(place: Place, app: Flask) -> None:
    person, path = place.person("specialist"), place.letter().payload["path"]
    browser = app.test_client()
    asked = browser.get(path)
    assert asked.status_code in (302, 303)
    form = browser.get(asked.location)
    wanted = re.search(r'name="next" value="([^"]*)"', form.text)
    assert wanted is not None
    entered = browser.post(
        "/login", data={"login": person.login, "password": factories.PASSWORD, "next": wanted.group(1)}
    )
    assert (entered.status_code, entered.location) == (303, path)
    assert browser.get(path).status_code == 200


def test_the_terms_are_set_on_their_page_and_a_wrong_one_keeps_what_was_typed(place: Place, login: Login) -> None:
    browser, page = login(place.person("specialist")), f"/campaigns/{place.id}/escalations/terms"
    typed = {"within_h": "два", "zone": "Europe/Samara", "opens": "8:30", "closes": "18:00", "digest_at": "9:15"}
    refused = browser.post(page, data=typed)
    assert refused.status_code == 422
    assert "нужно целое число от 1 до 80" in refused.text and 'value="8:30"' in refused.text
    assert "нужно время вида 9:00" in browser.post(page, data=typed | {"within_h": "2", "opens": "25:00"}).text
    saved = browser.post(page, data=typed | {"within_h": "2", "remind_before_min": "30"})
    assert saved.status_code == 303
    assert 'value="09:15"' in browser.get(page).text
    assert "2 рабочих часа, 8:30–18:00" in browser.get(f"/campaigns/{place.id}/escalations").text


def test_a_branch_gets_its_address_on_the_page(place: Place, login: Login, session: Session) -> None:
    session.rollback()
    branch_id = session.scalars(select(Branch.id)).first()
    browser, page = login(place.person("specialist")), f"/campaigns/{place.id}/escalations/address"
    refused = browser.post(f"{page}/branches/{branch_id}", data={"email": "нет"})
    assert refused.status_code == 422 and 'id="branch-error"' in refused.text
    saved = browser.post(f"{page}/branches/{branch_id}", data={"email": "izh@u-energo.ru"})
    assert saved.status_code == 303
    assert "На него уйдёт и 1 письмо, которое ещё не ушло." in browser.get(page).text
    assert place.letter().recipient == "izh@u-energo.ru"


def test_a_wish_to_call_is_listed_for_the_manager(place: Place, login: Login) -> None:
    specialist = login(place.person("specialist"))
    case = f"/escalations/{place.escalation_id}"
    assert specialist.post(f"{case}/call", data={"text": " "}).status_code == 422
    assert specialist.post(f"{case}/call", data={"text": "Уточните марку"}).status_code == 303
    listed = login(place.person("manager")).get(f"/campaigns/{place.id}/escalations?state=call").text
    assert "Позвонить клиенту" in listed and f'href="{case}"' in listed


def test_the_operators_card_tells_what_became_of_the_clients_question(place: Place, session: Session) -> None:
    session.rollback()
    case = session.get_one(Escalation, place.escalation_id)
    client = session.get_one(Respondent, case.respondent_id)
    specialist = place.person("specialist")
    actor = Actor(specialist.id, "specialist", specialist.full_name, specialist.customer_id)
    number = place.escalation_id

    def told() -> list[QuestionLine]:
        session.rollback()
        row = campaigns.campaign_row(session, place.id)
        seat = Seat(Person(actor, "Europe/Samara"), NOW, None, campaign=row, client=client)
        found = Together(CARD).read(session, client=client.id)
        return list(client_card(seat, None, number_of(seat, found), found).questions)

    assert [(line.text, line.state, line.answer) for line in told()] == [(EVIL, "Новое", "")]
    escalations.ask_to_call(session, actor, number, text="Уточните марку", now=NOW)
    assert [(line.state, line.to_say) for line in told()] == [("В работе", "Уточните марку")]
    escalations.answer(session, actor, number, text="Кабель есть", now=NOW)
    escalations.close(session, actor, number, text="Счёт отправлен", now=NOW)
    assert [(line.state, line.answer, line.to_say) for line in told()] == [("Закрыто", "Счёт отправлен", "")]


@pytest.mark.parametrize("role", ["specialist", "manager"])
def test_a_server_that_takes_no_letters_is_named_and_tried_when_somebody_has_put_it_right(
    place: Place, login: Login, session: Session, role: str
) -> None:
    place.letter().next_try_at = NOW + timedelta(hours=2)
    said = "Сервер не принимает наши письма (шаг MAIL): 553 5.7.1 not owned by auth user"
    down = MailServer(id=1, failures=9, failing_since=NOW, probe_at=NOW - timedelta(minutes=1), said=said)
    session.add(down)
    session.commit()
    browser, address = login(place.person(role)), f"/campaigns/{place.id}/escalations"
    page = browser.get(address).text
    assert said in page and "Почтовый сервер не принимает письма, первый сбой" in page
    # No moment is promised that has passed.
    assert "следующая проверка" not in page
    session.rollback()
    session.get_one(MailServer, 1).probe_at = NOW + timedelta(hours=1)
    session.commit()
    assert "следующая проверка" in browser.get(address).text

    button = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if "Исправлено, проверить сейчас" in form)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', button))
    answer = browser.post("/letters/probe", data=fields)
    assert (answer.status_code, answer.location) == (303, address)
    assert place.letter().next_try_at <= datetime.now(UTC)
    session.rollback()
    assert session.get_one(MailServer, 1, populate_existing=True).probe_at <= datetime.now(UTC)


def test_a_server_that_answers_is_not_probed(place: Place, login: Login, session: Session) -> None:
    due = place.letter().next_try_at
    answer = login(place.person("manager")).post("/letters/probe", follow_redirects=True)
    assert "Проверять нечего" in answer.text
    assert place.letter().next_try_at == due

"""The desk over HTTP: pages, fragments, refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from nps.models import Appointment, CallAttempt, Campaign, Escalation, Interview, Outbox, Respondent
from tests import factories
from tests.factories import NOW

HTMX = {"HX-Request": "true", "HX-Target": "desk"}
STEP = {"HX-Request": "true", "HX-Target": "step"}


class Seat:
    """An operator at his browser: reads the hidden fields of the page, sends them back with each press."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = client.get("/desk").text

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return found.group(1) if found else ""

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
        guard = {name: self.field(name) for name in ("form_key", "expect_attempt", "expect_client", "expect_step")}
        answer = self.client.post(path, data=guard | fields, headers=headers or HTMX)
        if answer.status_code == 200:
            self.page = self.client.get("/desk").text
        return answer

    @property
    def call(self) -> str:
        return f"/desk/calls/{self.field('expect_attempt')}"

    def state(self) -> str:
        found = re.search(r'data-state="(\w+)"', self.page)
        assert found
        return found.group(1)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock of requests: `at(30)` is thirty seconds after NOW."""
    import time_machine

    traveller = time_machine.travel(NOW, tick=False)
    coordinates = traveller.start()

    def move(seconds: float) -> None:
        coordinates.move_to(NOW + timedelta(seconds=seconds))

    yield move  # type: ignore[misc]
    traveller.stop()


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def seat(at: Callable[[float], None], session: Session, campaign: Campaign, login: Callable[..., FlaskClient]) -> Seat:
    operator = factories.member(session, campaign)
    seat = Seat(login(operator))
    assert seat.state() == "no_shift"
    return seat


def start(seat: Seat, campaign: Campaign) -> None:
    assert seat.post("/desk/shift", campaign_id=campaign.id, spoken_name="Ольга").status_code == 200


def test_a_survey_from_the_start_of_the_shift_to_the_next_client(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    factories.respondent(session, campaign, organisation="ООО «Хлебокомбинат»")
    start(seat, campaign)
    assert seat.state() == "ready"
    assert "ООО «Хлебокомбинат»" in seat.page
    assert 'href="tel:' not in seat.page

    seat.post("/desk/dial")
    assert seat.state() == "ringing"
    assert 'href="tel:+7917' in seat.page
    at(12)
    seat.post(seat.call + "/answered")
    assert seat.state() == "talk"
    assert "Вам удобно сейчас разговаривать?" in seat.page
    at(20)
    step = seat.post(seat.call + "/answer", STEP, answer="yes")
    assert 'id="desk"' not in step.text and "очень ужасно" in step.text
    at(30)
    seat.post(seat.call + "/answer", STEP, answer="7")
    assert "Скажите, а что повлияло на вашу оценку?" in seat.page
    refused = seat.post(seat.call + "/answer", STEP)
    assert refused.status_code == 422
    assert "Укажите причину" in refused.text
    at(40)
    seat.post(seat.call + "/answer", STEP, prompts=["stock", "other"], words="Ждали неделю")
    assert "Будем рады дальнейшему сотрудничеству! Всего доброго!" in seat.page
    at(45)
    seat.post(seat.call + "/answer", answer="end")
    assert seat.state() == "done"
    assert "Оценка 7. Причины: наличие товара на складе, другое. «Ждали неделю»" in seat.page
    seat.post("/desk/next")
    assert seat.state() == "idle"
    assert "больше некому звонить" in seat.page
    session.rollback()
    assert session.scalars(select(Interview.rating)).one() == 7


def test_a_second_tab_shows_the_same_call(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    assert Seat(seat.client).field("expect_attempt") == seat.field("expect_attempt")


def test_pressing_twice_dials_once(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    guard = {name: seat.field(name) for name in ("form_key", "expect_client")}
    answers = [seat.client.post("/desk/dial", data=guard, headers=HTMX) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(CallAttempt)) == 1


def test_an_old_step_is_answered_by_the_true_state(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    old = {name: seat.field(name) for name in ("expect_attempt", "expect_step")}
    seat.post(seat.call + "/answer", STEP, answer="yes")
    answer = seat.client.post(seat.call + "/answer", data=old | {"answer": "no"}, headers=STEP)
    assert answer.status_code == 409
    assert "уже пройден" in answer.text and "очень ужасно" in answer.text


def test_no_answer_too_early_says_how_long_to_wait(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    at(20)
    early = seat.post(seat.call + "/outcome", code="no_answer")
    assert early.status_code == 422
    assert "ещё 8 с" in early.text
    at(28)
    seat.post(seat.call + "/outcome", code="no_answer")
    assert "Следующий звонок сегодня в 16:15" in seat.page


def test_every_panel_opens_over_its_step(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    assert "Вернуть" in seat.client.get("/desk/panel/return", headers=STEP).text
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    expected = {
        "question": "А заявку оформить можно?",
        "complaint": "У вас вечно нет товара в наличии.",
        "contacts": "Контакты филиалов",
        "escalation": "Обращение",
        "inactive": "Чужой номер",
        "callback": "Завтра",
        "refusal": "всего доброго! Будем рады",
        "other_person": "Времени не назвали",
        "new_contact": "ФИО контактного лица",
        "not_client": "Не клиент",
        "unsuitable": "Что сказал клиент?",
        "more": "Положил трубку",
    }
    for name, words in expected.items():
        fragment = seat.client.get(f"/desk/panel/{name}", headers=STEP)
        assert fragment.status_code == 200 and words in fragment.text, name
        page = seat.client.get(f"/desk?panel={name}")
        assert words in page.text and "<html" in page.text, name


def test_a_callback_is_promised_at_an_allowed_time_only(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    seat.post(seat.call + "/answer", STEP, answer="no")
    wrong = seat.post(seat.call + "/answer", at="2026-11-20T11:00:00+00:00")
    assert wrong.status_code == 422 and "звонить нельзя" in wrong.text
    offered = re.findall(r'name="at"[^>]*value="([^"]+)"', seat.page)
    assert offered
    seat.post(seat.call + "/answer", at=offered[-1])
    assert seat.state() == "done"
    session.rollback()
    assert session.get_one(Respondent, client.id).callback_owner_id is not None


def test_an_escalation_writes_its_letter_and_returns_to_the_step(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    empty = seat.post(seat.call + "/escalate", STEP, phone="+7 917 000-00-01", contact="Кузнецова")
    assert empty.status_code == 422 and "+7 917 000-00-01" in empty.text
    done = seat.post(
        seat.call + "/escalate",
        STEP,
        phone="+7 917 000-00-01",
        contact="Кузнецова С. И.",
        text="Есть ли кабель?",
        email="",
    )
    assert done.status_code == 200 and "Вам удобно сейчас разговаривать?" in done.text
    session.rollback()
    assert session.scalars(select(Escalation.text)).all() == ["Есть ли кабель?"]
    assert session.scalars(select(Outbox.recipient)).all() == ["k.service@u-energo.ru"]


def test_without_javascript_a_press_leads_back_to_the_desk(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    answer = seat.client.post("/desk/dial", data={"expect_client": seat.field("expect_client")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")


def test_another_operator_cannot_touch_the_call(
    seat: Seat, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    stranger = login(factories.member(session, campaign))
    answer = stranger.post(seat.call + "/outcome", data={"code": "technical"}, headers=HTMX)
    assert answer.status_code == 409
    session.rollback()
    assert session.scalars(select(CallAttempt.disposition)).all() == [None]


def test_the_search_finds_by_digits_and_by_name_in_any_case(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign, contact="Ёлкина Мария Петровна", phones=("+79170007553",), inn="5973022713")
    start(seat, campaign)
    for query in ("000-75-53", "8 917 000 75 53", "елкина", "ЁЛКИНА", "59730227"):
        assert "Ёлкина" in seat.client.post("/desk/search", data={"q": query}, headers=HTMX).text, query
    assert "Никого не нашлось" in seat.client.post("/desk/search", data={"q": "100%"}, headers=HTMX).text


def test_the_undo_opens_the_call_again(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/outcome", code="busy")
    assert seat.state() == "done"
    session.rollback()
    attempt = session.scalars(select(CallAttempt.id)).one()
    seat.post(f"/desk/calls/{attempt}/outcome", code="switched_off", correction="1")
    assert "Выключен" in seat.page
    seat.post(f"/desk/calls/{attempt}/reopen")
    assert seat.state() == "ended"


def test_the_poll_says_nothing_new_until_the_state_moves(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    same = seat.client.get(f"/desk/tick?state=ready&attempt=&client={client.id}", headers=HTMX)
    assert 'id="desk-figures"' in same.text and 'id="desk"' not in same.text
    other = seat.client.get("/desk/tick?state=idle&attempt=&client=", headers=HTMX)
    assert 'id="desk"' in other.text


def test_pause_gives_the_client_back(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/pause", reason="lunch")
    assert seat.state() == "paused"
    session.rollback()
    assert session.get_one(Respondent, client.id).held_by is None
    seat.post("/desk/resume")
    assert seat.state() == "ready"


def test_the_form_to_read_is_marked_by_the_operators_gender(
    at: Callable[[float], None], session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    factories.respondent(session, campaign)
    man = Seat(login(factories.member(session, campaign, factories.user(session, gender="male"))))
    start(man, campaign)
    man.post("/desk/dial")
    man.post(man.call + "/answered")
    refusal = man.client.get("/desk/panel/refusal", headers=STEP).text
    assert '<b class="reads">понял</b><span class="skips"> (а)</span>' in refusal
    complaint = man.client.get("/desk/panel/complaint", headers=STEP).text
    assert '<span class="skips" data-instead="согласен">согласна</span>' in complaint


def test_never_to_call_again_takes_one_press_more_without_a_key(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    panel = seat.client.get("/desk/panel/refusal", headers=STEP).text
    button = re.search(r"<button[^>]*value=\"do_not_call\"[^>]*>", panel)
    assert button and "data-key" not in button.group(0)
    assert re.search(r"<summary[^>]*data-key=\"Digit4\"", panel)


def test_a_note_saves_itself_and_stands_on_the_card_next_time(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    saved = seat.client.post(seat.call + "/note", data={"note": "Звонить секретарю"}, headers=HTMX)
    assert saved.status_code == 204
    assert ">Звонить секретарю</textarea>" in seat.client.get("/desk").text
    seat.post(seat.call + "/outcome", code="technical")
    assert ">Звонить секретарю</textarea>" in seat.page
    seat.post("/desk/next")
    assert seat.state() == "ready" and "Ольга М.: Звонить секретарю" in seat.page


def test_the_picker_says_how_many_calls_everybody_has_promised(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    other = factories.member(session, campaign)
    promised = factories.respondent(session, campaign, next_call_at=None)
    call = factories.attempt(session, promised, other, "callback")
    at = NOW + timedelta(days=1, minutes=-15)
    session.add(
        Appointment(
            respondent_id=promised.id, attempt_id=call.id, at=at, owner_id=other.id, reserved_until=at, state="open"
        )
    )
    session.commit()
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    panel = seat.client.get("/desk/panel/callback", headers=STEP).text
    assert panel.count("Обещано перезвонов в эти полчаса: 1") == 1


def test_a_client_who_calls_is_found_by_four_digits_and_surveyed_by_the_script(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    client = factories.respondent(session, campaign, phones=("+79170007553",), state="refused", next_call_at=None)
    start(seat, campaign)
    short = seat.client.post("/desk/search", data={"q": "755"}, headers=HTMX).text
    assert "4 цифры" in short
    found = seat.client.post("/desk/search", data={"q": "0075"}, headers=HTMX).text
    assert "Клиент звонит сам" in found and f'name="respondent_id" value="{client.id}"' in found
    seat.post("/desk/inbound", respondent_id=client.id)
    assert seat.state() == "talk" and "Клиент позвонил сам" in seat.page
    assert "Клиент звонит сам" not in seat.client.post("/desk/search", data={"q": "0075"}, headers=HTMX).text
    seat.post(seat.call + "/answer", STEP, answer="yes")
    seat.post(seat.call + "/answer", STEP, answer="9")
    seat.post(seat.call + "/answer", answer="end")
    assert seat.state() == "done"
    session.rollback()
    assert session.get_one(Respondent, client.id).state == "surveyed"

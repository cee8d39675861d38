"""«Нет нужного ответа»: offered wherever the operator talks, kept with step and version, read by its author."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.desk import TALK_PANELS
from nps.domain.script import Script
from nps.models import CallAttempt, Campaign, Contract, UnsuitableAnswer
from tests import factories
from tests.web.test_desk import STEP, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]


def note(seat: Seat, page: str, words: str) -> None:
    """Follow the link «Нет нужного ответа» of the page, write the words down, come back."""
    (link,) = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>Нет нужного ответа</a>', page)
    form = seat.client.get(link.replace("&amp;", "&"), headers=STEP).text
    assert "Что сказал клиент?" in form
    (said_in,) = re.findall(r'name="said_in" value="(\w*)"', form)
    answer = seat.post(seat.call + "/comment", STEP, kind="unsuitable", text=words, said_in=said_in)
    assert answer.status_code == 200 and "Что сказал клиент?" not in answer.text


def walk(seat: Seat) -> Iterator[str]:
    """Through all steps of the script; each is yielded while it is on the desk."""
    yield "greeting"
    seat.post(seat.call + "/answer", STEP, answer="no")
    yield "callback"
    seat.post(seat.call + "/answer", STEP, answer="declined")
    yield "refusal"
    for _ in range(2):
        seat.post(seat.call + "/back", STEP)
    seat.post(seat.call + "/answer", STEP, answer="yes")
    yield "rating"
    seat.post(seat.call + "/answer", STEP, answer="7")
    yield "reasons"
    seat.post(seat.call + "/answer", STEP, words="Ждали неделю")
    yield "farewell"


def kept(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    found = session.execute(select(UnsuitableAnswer.step, UnsuitableAnswer.words).order_by(UnsuitableAnswer.id))
    return [(row.step, row.words) for row in found]


def test_every_step_and_every_panel_keeps_the_clients_words(seat: Seat, session: Session, campaign: Campaign) -> None:
    version = campaign.script_version_id
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    note(seat, seat.page, "Алло, алло")
    seat.post(seat.call + "/answered")
    expected = [("greeting", "Алло, алло")]
    for step in walk(seat):
        note(seat, seat.page, f"на шаге {step}")
        expected.append((step, f"на шаге {step}"))
        assert seat.field("expect_step") == step
    for panel in TALK_PANELS:
        note(seat, seat.client.get(f"/desk/panel/{panel}", headers=STEP).text, f"в окне {panel}")
        expected.append((panel, f"в окне {panel}"))
    assert kept(session) == expected
    assert {step for step, _ in expected} >= {step.id for step in Script.from_dict(DEFAULT_SCRIPT).steps}
    assert set(session.scalars(select(UnsuitableAnswer.script_version_id))) == {version}


def test_words_in_a_complaint_end_the_break_and_the_talk_is_back_at_its_step(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    seat.post(seat.call + "/answer", STEP, answer="yes")
    panel = seat.post(seat.call + "/break-in/complaint", STEP).text
    at(20)
    note(seat, panel, "У вас закрылся склад")
    assert seat.field("expect_step") == "rating"
    session.rollback()
    call = session.scalars(select(CallAttempt)).one()
    assert (call.break_since, call.break_ms) == (None, 20_000)


def test_a_client_who_calls_by_himself_is_heard_too_and_the_specialist_reads_it(
    seat: Seat, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    client = factories.respondent(session, campaign, region=None, next_call_at=None)
    start(seat, campaign)
    seat.post("/desk/inbound", respondent_id=client.id)
    assert "регион неизвестен" in seat.page
    note(seat, seat.page, "Это вы мне звонили? <b>")
    seat.post(seat.call + "/answer", STEP, answer="no")
    assert "Регион клиента неизвестен, время назначить нельзя" in seat.page
    note(seat, seat.client.get("/desk/panel/complaint", headers=STEP).text, "Не звоните в обед")

    session.rollback()
    customer = session.get_one(Contract, campaign.contract_id).customer_id
    specialist = login(factories.user(session, "specialist", customer_id=customer))
    address = f"/campaigns/{campaign.id}/settings/unsuitable"
    page = specialist.get(address).text
    assert page.index("Не звоните в обед") < page.index("Это вы мне звонили? &lt;b&gt;")
    assert "клиент позвонил сам" in page and f"/campaigns/{campaign.id}/clients/{client.id}" in page
    only = specialist.get(address, query_string={"step": "greeting"}).text
    assert "Приветствие" in only and "Это вы мне звонили?" in only and "Не звоните в обед" not in only
    assert address in specialist.get(f"/campaigns/{campaign.id}/settings/stop-list").text
    foreign = factories.user(session, "specialist", customer_id=factories.customer(session, "Другой").id)
    assert login(foreign).get(address).status_code == 404


def test_the_author_makes_an_objection_of_them_by_one_press(
    seat: Seat, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    campaign_id, contract_id = campaign.id, campaign.contract_id
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    note(seat, seat.page, "Вы и так всё знаете")
    session.rollback()
    author = login("specialist", customer_id=session.get_one(Contract, contract_id).customer_id)
    inbox = author.get(f"/campaigns/{campaign_id}/settings/unsuitable").text
    (url,) = re.findall(r'action="([^"]+/script/words/\d+)"', inbox)
    assert "Ответ: Вы и так всё знаете" in inbox
    answer = author.post(url, data={"used_as": "objection"})
    assert answer.location.endswith("/script?step=complaint")
    assert "Вы и так всё знаете" in author.get(answer.location).text
    inbox = author.get(f"/campaigns/{campaign_id}/settings/unsuitable").text
    assert "в черновике: возражение" in inbox and "/script/words/" not in inbox
    manager = login("manager")
    assert "/script/words/" not in manager.get(f"/campaigns/{campaign_id}/settings/unsuitable").text

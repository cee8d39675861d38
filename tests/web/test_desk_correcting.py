"""«Исправить»: any result becomes any other that could have been pressed, and what it did goes with it (§4, R21)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import (
    Appointment,
    AttemptOutcome,
    CallAttempt,
    Campaign,
    Interview,
    Journal,
    Respondent,
    RespondentPhone,
    StopList,
)
from tests import factories
from tests.factories import NOW
from tests.web.test_desk import HTMX, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]

At = Callable[[float], None]
#: What each result sends, and the state of the client after it; the client has one number and was never called before.
ANSWERED = {
    "other_person": ({"note": "Коллега"}, "waiting"),
    "new_contact": ({"phone": "+7 917 111-22-33"}, "waiting"),
    "hung_up": ({}, "waiting"),
    "soft_refusal": ({}, "refused"),
    "refused": ({}, "refused"),
    "refused_org": ({"note": "Директор запретил"}, "refused"),
    "do_not_call": ({}, "refused"),
    "dead_number": ({}, "inactive"),
    "wrong_number": ({}, "inactive"),
    "voicemail": ({}, "waiting"),
    "technical": ({}, "waiting"),
    "not_client": ({"note": "Закрылись"}, "manager"),
    "callback": ({"at": (NOW + timedelta(days=1)).isoformat()}, "waiting"),
}
UNANSWERED = ("no_answer", "busy", "rejected", "switched_off", "voicemail", "technical", "dead_number", "wrong_number")


def one_client(session: Session, campaign: Campaign, **fields: object) -> int:
    return factories.respondent(session, campaign, inn="1800000001", **fields).id  # type: ignore[arg-type]


def talk(seat: Seat, campaign: Campaign, at: At) -> str:
    """A call that the client has answered; returns its address."""
    start(seat, campaign)
    seat.post("/desk/dial")
    at(30)
    seat.post(seat.call + "/answered")
    return seat.call


def settled(seat: Seat, call: str, code: str, at: At, seconds: float = 40) -> None:
    at(seconds)
    assert seat.post(call + "/outcome", code=code, **ANSWERED[code][0]).status_code == 200
    assert seat.state() == "done"


def correct(seat: Seat, call: str, code: str, **fields: str) -> int:
    return seat.post(call + "/outcome", code=code, correction="1", **(ANSWERED[code][0] | fields)).status_code


def client(session: Session, respondent_id: int) -> Respondent:
    session.rollback()
    return session.get_one(Respondent, respondent_id, populate_existing=True)


def offered(page: str) -> set[str]:
    """Results that can be pressed on a page, and panels that can be opened."""
    aside = page.split('id="outcomes"')[1].split("</aside>")[0]
    buttons = re.findall(r'<button(?![^>]* disabled)[^>]*name="code" value="(\w+)"', aside)
    return {*buttons, *re.findall(r"/desk\?panel=(\w+)", aside)}


@pytest.mark.parametrize("code", ANSWERED)
def test_a_talk_gets_every_other_result_of_a_talk(
    code: str, seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign)
    call = talk(seat, campaign, at)
    settled(seat, call, "hung_up" if code != "hung_up" else "refused", at)
    at(50)
    assert correct(seat, call, code) == 200
    assert seat.state() == "done"
    assert client(session, respondent_id).state == ANSWERED[code][1]
    words = session.execute(select(AttemptOutcome.disposition, AttemptOutcome.source).order_by(AttemptOutcome.n)).all()
    assert [word.source for word in words] == ["operator", "correction"]
    assert words[1].disposition == code


def test_the_panel_offers_what_the_desk_offered_in_the_same_places(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    one_client(session, campaign)
    call = talk(seat, campaign, at)
    in_talk = offered(seat.page)
    settled(seat, call, "hung_up", at)
    page = seat.client.get("/desk?panel=correct").text
    assert offered(page) == in_talk
    assert offered(seat.client.get("/desk").text) == {"escalation"}, "without the panel nothing is chosen by mistake"
    for panel in ("callback", "refusal", "other_person", "new_contact", "not_client", "inactive", "more"):
        shown = seat.client.get(f"/desk?panel={panel}").text
        assert shown.count('name="correction" value="1"') >= 2, panel
        assert f'action="{call}/outcome"' in shown, panel


def test_a_call_nobody_answered_gets_the_results_of_its_ringing(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    ringing = seat.call
    at(12)
    seat.post(ringing + "/outcome", code="voicemail")
    assert "no_answer" not in offered(seat.client.get("/desk?panel=correct").text), "it rang for four seconds"
    answer = seat.client.post(ringing + "/outcome", data={"code": "no_answer", "correction": "1"}, headers=HTMX)
    assert answer.status_code == 422 and "20 секунд" in answer.text
    for code in UNANSWERED[1:]:
        seat.page = seat.client.get("/desk?panel=correct").text
        assert seat.post(ringing + "/outcome", code=code, correction="1").status_code == 200, code
    assert client(session, respondent_id).state == "inactive"
    assert seat.post(ringing + "/outcome", code="refused", correction="1").status_code == 422
    session.rollback()
    assert session.scalars(select(CallAttempt.answered_at)).one() is not None, "a stranger answered"
    assert seat.post(ringing + "/outcome", code="busy", correction="1").status_code == 200
    session.rollback()
    assert session.scalars(select(CallAttempt.answered_at)).one() is None


def test_a_promised_time_is_changed_from_the_greeting(seat: Seat, session: Session, campaign: Campaign, at: At) -> None:
    respondent_id = one_client(session, campaign)
    call = talk(seat, campaign, at)
    settled(seat, call, "callback", at)
    page = seat.client.get("/desk?panel=correct").text
    assert "Открыть анкету заново" in page and "panel=callback" in page
    picker = seat.client.get("/desk?panel=callback").text
    times = re.findall(r'name="at" id="[^"]+" value="([^"]+)"(?![^>]*disabled)', picker)
    other = times[-1]
    assert correct(seat, call, "callback", at=other) == 200
    assert client(session, respondent_id).next_call_at is not None
    states = session.execute(select(Appointment.state).order_by(Appointment.id)).scalars().all()
    assert states == ["dropped", "open"]
    assert client(session, respondent_id).next_call_at.isoformat()[:10] == other[:10]  # type: ignore[union-attr]


def test_a_busy_line_becomes_a_talk_that_goes_on(seat: Seat, session: Session, campaign: Campaign, at: At) -> None:
    respondent_id = one_client(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    call = seat.call
    at(15)
    seat.post(call + "/outcome", code="busy")
    page = seat.client.get("/desk?panel=correct").text
    assert "Клиент ответил: открыть анкету" in page
    at(20)
    assert seat.post(call + "/reopen", answered="1").status_code == 200
    assert seat.state() == "talk"
    seat.post(call + "/answer", answer="yes")
    seat.post(call + "/answer", answer="9")
    at(60)
    seat.post(call + "/answer", answer="end")
    assert seat.state() == "done"
    assert client(session, respondent_id).state == "surveyed"
    attempt = session.scalars(select(CallAttempt)).one()
    assert (attempt.talk_ms, attempt.ring_ms) == (60_000, 0), "nobody marked the answer: never too few seconds"
    assert session.scalars(select(Interview.rating).where(Interview.replaced_at.is_(None))).one() == 9


def test_a_form_is_opened_again_though_nothing_was_answered(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign)
    call = talk(seat, campaign, at)
    settled(seat, call, "refused", at)
    assert seat.post(call + "/reopen").status_code == 200
    assert seat.state() == "ended" and "Продолжить анкету" in seat.page
    seat.page = seat.client.get("/desk?panel=continue").text
    seat.post(call + "/answer", answer="yes")
    seat.post(call + "/answer", answer="10")
    seat.post(call + "/answer", answer="end")
    assert client(session, respondent_id).state == "surveyed"


def test_while_a_survey_is_open_again_nobody_counts_it(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign)
    call = talk(seat, campaign, at)
    for answer in ("yes", "6"):
        seat.post(call + "/answer", answer=answer)
    seat.post(call + "/answer", words="Долго")
    seat.post(call + "/answer", answer="end")
    assert client(session, respondent_id).state == "surveyed"
    seat.post(call + "/reopen")
    assert client(session, respondent_id).state == "waiting"
    assert client(session, respondent_id).held_by is not None
    assert session.scalars(select(Interview.id).where(Interview.replaced_at.is_(None))).all() == []


def test_do_not_call_taken_back_lifts_the_entry_it_made(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign, phones=("+79170000010",))
    same_phone = factories.respondent(session, campaign, phones=("+79170000010",)).id
    call = talk(seat, campaign, at)
    settled(seat, call, "do_not_call", at)
    assert client(session, same_phone).state == "refused"
    at(45)
    assert seat.post(call + "/reopen").status_code == 200
    session.rollback()
    entry = session.scalars(select(StopList)).one()
    assert entry.lifted_at is not None and "исправлен" in entry.lift_reason
    assert (client(session, same_phone).state, client(session, respondent_id).state) == ("waiting", "waiting")
    assert session.scalar(select(Journal.id).where(Journal.action == "stop_list_taken_back")) is not None
    settled(seat, call, "callback", at, 50)
    assert client(session, respondent_id).callback_owner_id is not None
    assert "Перезвонить" in seat.page and "стоп-лист" not in seat.page.split('id="outcomes"')[0]


def test_an_entry_that_stood_before_stays_and_the_desk_says_who_lifts_it(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign, phones=("+79170000010",))
    manager = factories.user(session, "manager")
    call = talk(seat, campaign, at)
    session.rollback()
    session.add(StopList(customer_id=1, e164="+79170000010", reason="Письмо", by=manager.id, at=NOW))
    session.commit()
    settled(seat, call, "do_not_call", at)
    assert correct(seat, call, "hung_up") == 200
    assert session.scalars(select(StopList.lifted_at)).one() is None
    assert client(session, respondent_id).state == "refused"
    assert "снять запись может только руководитель" in seat.page


def test_an_organisations_refusal_taken_back_lets_its_contacts_go(
    seat: Seat, session: Session, campaign: Campaign, at: At, login: Callable[..., FlaskClient]
) -> None:
    respondent_id = one_client(session, campaign)
    waiting, decided = (one_client(session, campaign) for _ in range(2))
    call = talk(seat, campaign, at)
    due = client(session, waiting).next_call_at
    settled(seat, call, "refused_org", at)
    assert (client(session, waiting).state, client(session, decided).state) == ("manager", "manager")
    at(45)
    manager = login(factories.user(session, "manager"))
    manager.post(f"/campaigns/{campaign.id}/clients/{decided}/act", data={"kind": "refused", "reason": "Письмо"})
    at(50)
    assert correct(seat, call, "hung_up") == 200
    assert (client(session, waiting).state, client(session, waiting).next_call_at) == ("waiting", due)
    assert client(session, decided).state == "refused", "the manager has decided on him meanwhile"
    assert client(session, respondent_id).state == "waiting"
    card = manager.get(f"/campaigns/{campaign.id}/clients/{waiting}").text
    assert "Отменено" in card


def test_another_contacts_refusal_keeps_the_question_with_the_manager(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    one_client(session, campaign)
    waiting, other = (one_client(session, campaign) for _ in range(2))
    call = talk(seat, campaign, at)
    settled(seat, call, "refused_org", at)
    colleague = factories.member(session, campaign)
    factories.attempt(session, session.get_one(Respondent, other), colleague, "refused_org", at=NOW)
    assert correct(seat, call, "hung_up") == 200
    assert client(session, waiting).state == "manager"


def test_a_mistyped_number_is_forgotten_and_the_contact_is_the_former_one(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign, contact="Иванова Анна Петровна", phones=("+79170000010",))
    call = talk(seat, campaign, at)
    at(40)
    seat.post(call + "/outcome", code="new_contact", phone="+7 917 111-22-33", contact="Сидоров Пётр Ильич")
    assert client(session, respondent_id).contact == "Сидоров Пётр Ильич"
    found = client(session, respondent_id).search_fold
    at(50)
    assert correct(seat, call, "new_contact", phone="+7 917 111-22-34") == 200
    session.rollback()
    phones = session.scalars(select(RespondentPhone.e164).order_by(RespondentPhone.position)).all()
    assert phones == ["+79170000010", "+79171112234"]
    after = client(session, respondent_id)
    assert (after.contact, after.greeting_name, after.note) == ("Иванова Анна Петровна", "Светлана Ильинична", "")
    assert "+79171112233" in found and "+79171112233" not in after.search_fold
    assert correct(seat, call, "hung_up") == 200
    session.rollback()
    assert session.scalars(select(RespondentPhone.e164)).all() == ["+79170000010"]


def test_a_number_known_before_stays_and_the_ladder_goes_on(
    seat: Seat, session: Session, campaign: Campaign, at: At
) -> None:
    respondent_id = one_client(session, campaign, phones=("+79170000010", "+79170000011"))
    operator = session.scalars(select(factories.User).where(factories.User.role == "operator")).one()
    earlier = factories.attempt(
        session, session.get_one(Respondent, respondent_id), operator, "no_answer", at=NOW - timedelta(days=1)
    )
    assert earlier.respondent_id == respondent_id
    call = talk(seat, campaign, at)
    settled(seat, call, "new_contact", at)
    at(50)
    seat.post(call + "/reopen")
    at(55)
    seat.post(call + "/outcome", code="new_contact", phone="+7 917 000-00-11")
    assert client(session, respondent_id).misses == 0
    assert correct(seat, call, "hung_up") == 200
    assert client(session, respondent_id).misses == 1, "the number's fresh ladder went with it"
    assert len(session.scalars(select(RespondentPhone.id)).all()) == 2


# -- page and act give the same answer


def busy(seat: Seat, campaign: Campaign) -> str:
    start(seat, campaign)
    seat.post("/desk/dial")
    call = seat.call
    seat.post(call + "/outcome", code="busy")
    return call


def belova(session: Session, campaign: Campaign) -> factories.User:
    session.rollback()
    return factories.member(session, campaign, factories.user(session, full_name="Белова Вера Ильинична"))


def refused_alike(seat: Seat, call: str, sentence: str) -> None:
    """The button is not shown, the sentence is, and whoever posts all the same gets it with 409."""
    page = seat.client.get("/desk").text
    assert "panel=correct" not in page and sentence in page, page[:0] or sentence
    assert "Каким должен быть итог" not in seat.client.get("/desk?panel=correct").text
    for path, fields in ((call + "/reopen", {}), (call + "/outcome", {"code": "rejected", "correction": "1"})):
        answer = seat.client.post(path, data=fields, headers=HTMX)
        assert answer.status_code == 409 and sentence in answer.text, (path, answer.status_code)
    assert seat.client.post("/desk/last", headers=HTMX).status_code == 409


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        (
            "clients/{client}/act",
            {"kind": "withdrawn", "reason": "Просил заказчик", "letter": "17"},
            "исключили из базы по письму заказчика",
        ),
        ("clients/{client}/act", {"kind": "refused", "reason": "Письмо"}, "Руководитель уже решил"),
        ("calls/{call}/correct", {"disposition": "technical", "reason": "Запись"}, "уже исправил руководитель"),
        ("close", {"sure": "1"}, "Проект закрыт"),
    ],
)
def test_what_the_manager_did_meanwhile_ends_the_correction(
    path: str,
    fields: dict[str, str],
    sentence: str,
    seat: Seat,
    session: Session,
    campaign: Campaign,
    at: At,
    login: Callable[..., FlaskClient],
) -> None:
    respondent_id = one_client(session, campaign)
    call = busy(seat, campaign)
    at(30)
    manager = login(factories.user(session, "manager"))
    address = path.format(client=respondent_id, call=call.rsplit("/", 1)[1])
    assert manager.post(f"/campaigns/{campaign.id}/{address}", data=fields).status_code in (200, 303)
    at(40)
    refused_alike(seat, call, sentence)


def test_a_colleague_who_has_the_client_ends_the_correction(
    seat: Seat, session: Session, campaign: Campaign, at: At, login: Callable[..., FlaskClient]
) -> None:
    one_client(session, campaign)
    call = talk(seat, campaign, at)
    settled(seat, call, "technical", at)
    at(50)
    colleague = Seat(login(belova(session, campaign)))
    start(colleague, campaign)
    assert colleague.state() == "ready"
    refused_alike(seat, call, "уже работает Белова")


def test_a_colleague_on_the_same_number_ends_the_correction(
    seat: Seat, session: Session, campaign: Campaign, at: At, login: Callable[..., FlaskClient]
) -> None:
    one_client(session, campaign, phones=("+79170000010",))
    call = busy(seat, campaign)
    one_client(session, campaign, phones=("+79170000010",))
    at(30)
    colleague = Seat(login(belova(session, campaign)))
    start(colleague, campaign)
    assert colleague.state() == "ready"
    refused_alike(seat, call, "По номеру этого клиента сейчас работает Белова")
    at(30 + 16 * 60)
    assert "panel=correct" in seat.client.get("/desk").text, "a card whose lease is over is nobody's"
    assert seat.client.post(call + "/reopen", headers=HTMX).status_code == 200

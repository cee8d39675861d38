"""What the desk does not do, with the sentence it says instead: every rule is asked again at the press itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.models import (
    Answer,
    CallAttempt,
    Campaign,
    CampaignMember,
    Contract,
    Pause,
    Respondent,
    RespondentPhone,
    Shift,
    StopList,
    User,
)
from tests import factories
from tests.factories import NOW
from tests.web.test_desk import HTMX, STEP, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]


def change(session: Session, table: type, *where: Any, **values: Any) -> None:
    """Somebody else was first."""
    factories.fresh(session)
    session.execute(update(table).where(*where).values(**values))
    session.commit()


def read(session: Session, client_id: int) -> Respondent:
    factories.fresh(session)
    return session.get_one(Respondent, client_id, populate_existing=True)


def only_call(session: Session) -> CallAttempt:
    factories.fresh(session)
    return session.scalars(select(CallAttempt), execution_options={"populate_existing": True}).one()


def shown(seat: Seat, session: Session, campaign: Campaign, **fields: Any) -> Respondent:
    """A client whose card is on the desk before the dial."""
    client = factories.respondent(session, campaign, **fields)
    start(seat, campaign)
    assert seat.state() == "ready"
    return client


def talk(seat: Seat, session: Session, campaign: Campaign) -> Respondent:
    client = shown(seat, session, campaign)
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    assert seat.state() == "talk"
    return client


def stop(session: Session, campaign: Campaign, **what: str) -> None:
    factories.fresh(session)
    customer_id = session.get_one(Contract, campaign.contract_id).customer_id
    by = factories.user(session, "manager").id
    session.add(StopList(customer_id=customer_id, reason="Просили", by=by, at=NOW, **what))
    session.commit()


def pause_campaign(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Campaign, paused_at=NOW)


def stop_number(session: Session, campaign: Campaign, client: Respondent) -> None:
    stop(session, campaign, e164=session.scalars(select(RespondentPhone.e164)).one())


def stop_organisation(session: Session, campaign: Campaign, client: Respondent) -> None:
    stop(session, campaign, inn=str(client.inn))


def leave_to_manager(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Respondent, state="manager", queue_class=None, next_call_at=None)


def lose_region(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Respondent, region_code=None)


def kill_numbers(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, RespondentPhone, state="dead", is_next=False)


def spend_minutes(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Contract, budget_s=59)


def spend_most_minutes(session: Session, campaign: Campaign, client: Respondent) -> None:
    other = factories.respondent(session, campaign, state="surveyed", queue_class=None, next_call_at=None)
    operator = factories.member(session, campaign)
    for days in range(1, 20):
        factories.attempt(session, other, operator, "surveyed", at=NOW - timedelta(days=days), talk_ms=60_000)
    change(session, Contract, budget_s=1200)


def end_campaign(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Campaign, starts_on=NOW.date() - timedelta(days=9), ends_on=NOW.date() - timedelta(days=1))


def end_shift(session: Session, campaign: Campaign, client: Respondent) -> None:
    change(session, Shift, ended_at=NOW)


def speak_on_another_row(session: Session, campaign: Campaign, client: Respondent) -> None:
    """The client's number was spoken on today as another client's."""
    number = session.scalars(select(RespondentPhone.e164)).one()
    other = factories.respondent(session, campaign, phones=(number,), next_call_at=None)
    operator = factories.member(session, campaign)
    factories.attempt(session, other, operator, "hung_up", at=NOW - timedelta(hours=1), local_day=NOW.date())


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (pause_campaign, "Проект приостановлен руководителем"),
        (stop_number, "в стоп-листе: звонить нельзя"),
        (stop_organisation, "Организация в стоп-листе: звонить нельзя"),
        (leave_to_manager, "У клиента уже есть итог"),
        (lose_region, "Регион клиента неизвестен"),
        (kill_numbers, "У клиента нет действующего номера"),
        (spend_minutes, "Лимит минут исчерпан"),
        (spend_most_minutes, "новых клиентов не начинаем"),
        (end_campaign, "Окно звонков закрыто: у клиента 15:15."),
        (end_shift, "Смена в этом проекте закончена"),
        (speak_on_another_row, "сегодня уже говорили по другой записи базы"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whoever_may_not_be_dialled_goes_back_to_the_queue_and_the_desk_says_why(
    seat: Seat, session: Session, campaign: Campaign, happens: Callable[..., None], sentence: str
) -> None:
    client = shown(seat, session, campaign)
    happens(session, campaign, client)
    answer = seat.post("/desk/dial")
    assert answer.status_code in (409, 422)
    assert sentence in answer.text and "Откроется" not in answer.text
    assert read(session, client.id).held_by is None
    seat.post("/desk/dial")
    assert session.scalars(select(CallAttempt.id).where(CallAttempt.respondent_id == client.id)).all() == []


def test_a_client_who_is_called_already_is_not_dialled_again(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = shown(seat, session, campaign)
    page = seat.page
    seat.post("/desk/dial")
    seat.page = page
    answer = seat.post("/desk/dial", form_key="another")
    assert answer.status_code == 409 and "Этому клиенту вы уже звоните" in answer.text
    assert only_call(session).respondent_id == client.id


def test_presses_that_come_late_move_no_time(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    talk(seat, session, campaign)
    at(5)
    seat.post(seat.call + "/ringing")
    seat.post(seat.call + "/answered")
    call = only_call(session)
    assert (call.ringing_at, call.answered_at) == (None, NOW)
    seat.post(seat.call + "/hang-up")
    at(9)
    seat.post(seat.call + "/hang-up", form_key="another")
    seat.post(seat.call + "/ringing")
    seat.post(seat.call + "/break-in/question")
    late = seat.client.post(f"/desk/calls/{call.id}/answered", data={"form_key": "late"}, headers=HTMX)
    assert late.status_code == 409 and "Звонок уже завершён" in late.text
    call = only_call(session)
    assert (call.ringing_at, call.ended_at, call.break_since) == (None, NOW + timedelta(seconds=5), None)


def test_at_the_first_step_there_is_no_step_back(seat: Seat, session: Session, campaign: Campaign) -> None:
    talk(seat, session, campaign)
    assert seat.field("expect_step") == "greeting"
    assert seat.post(seat.call + "/back", STEP).status_code == 200
    assert seat.field("expect_step") == "greeting"


def test_marks_and_words_save_themselves_without_moving_the_talk_on(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    talk(seat, session, campaign)
    for answer in ("yes", "7"):
        seat.post(seat.call + "/answer", STEP, answer=answer)
    draft = {"prompts": ["stock"], "words": "я" * 2000, "comment": "перебивает"}  # Saves itself without a key.
    assert seat.post(seat.call + "/comment", STEP, **draft, form_key="").status_code == 204
    assert seat.field("expect_step") == "reasons"
    factories.fresh(session)
    kept = session.scalars(select(Answer.value).where(Answer.step == "reasons", Answer.replaced_at.is_(None))).one()
    assert kept == {**draft, "draft": True}
    late = seat.post(seat.call + "/comment", STEP, **draft, expect_step="rating", form_key="")
    assert late.status_code == 204, "what it said came with the answer"


def test_a_break_before_the_consent_takes_nothing_off_the_survey(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    talk(seat, session, campaign)
    seat.post(seat.call + "/break-in/question")
    at(30)
    seat.post(seat.call + "/resume")
    call = only_call(session)
    assert (call.break_since, call.break_ms) == (None, 0)


@pytest.mark.parametrize(
    ("code", "fields", "sentence"),
    [
        ("gone", {}, "Такого итога нет"),
        ("surveyed", {}, "Оценки ещё нет"),
        ("partial", {}, "Оценки ещё нет"),
        ("not_client", {}, "напишите пояснение"),
        ("callback", {}, "Выберите день и время"),
        ("new_contact", {"note": "Дали"}, "Запишите новый номер или имя"),
        ("new_contact", {"note": "Дали", "phone": "12"}, "не хватает цифр"),
    ],
)
def test_a_result_that_lacks_what_it_needs_is_not_taken(
    seat: Seat, session: Session, campaign: Campaign, code: str, fields: dict[str, str], sentence: str
) -> None:
    talk(seat, session, campaign)
    answer = seat.post(seat.call + "/outcome", code=code, **fields)
    assert answer.status_code == 422 and sentence in answer.text
    assert only_call(session).closed_at is None


def test_a_low_rating_needs_its_reason_and_a_talk_that_breaks_off_after_it_is_an_interview_in_part(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    client = talk(seat, session, campaign)
    for answer in ("yes", "7"):
        seat.post(seat.call + "/answer", STEP, answer=answer)
    refused = seat.post(seat.call + "/outcome", code="surveyed")
    assert refused.status_code == 422 and "нужна причина" in refused.text
    seat.post(seat.call + "/outcome", code="hung_up")
    assert only_call(session).disposition == "partial"
    assert read(session, client.id).state == "surveyed"


def test_another_person_alone_takes_the_clients_place_and_leaves_it_with_the_result(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    client = talk(seat, session, campaign)
    seat.post(seat.call + "/outcome", code="new_contact", note="Теперь он", contact="Иванов Пётр Сергеевич")
    assert read(session, client.id).contact == "Иванов Пётр Сергеевич"
    change(session, Respondent, contact="Сидоров Олег Ильич")
    seat.post(f"/desk/calls/{only_call(session).id}/reopen")
    assert read(session, client.id).contact == "Сидоров Олег Ильич", "what was decided since stays"


def test_a_number_that_was_erased_meanwhile_is_not_missed_when_its_result_is_taken_back(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    client = talk(seat, session, campaign)
    seat.post(seat.call + "/outcome", code="new_contact", note="Дали", phone="8 912 345-67-89")
    factories.fresh(session)
    given = session.scalars(select(RespondentPhone).where(RespondentPhone.e164 == "+79123456789")).one()
    session.delete(given)
    session.commit()
    seat.post(f"/desk/calls/{only_call(session).id}/reopen")
    assert read(session, client.id).held_by is not None and seat.state() == "ended"


def test_a_slip_after_a_hang_up_becomes_a_talk_that_has_ended(
    seat: Seat, session: Session, campaign: Campaign, at: Callable[[float], None]
) -> None:
    shown(seat, session, campaign)
    seat.post("/desk/dial")
    at(9)
    seat.post(seat.call + "/hang-up")
    at(12)
    seat.post(seat.call + "/outcome", code="busy")
    call = only_call(session)
    seat.post(f"/desk/calls/{call.id}/reopen", answered="1")
    call = only_call(session)
    assert (call.answered_at, call.ended_at) == (NOW, NOW + timedelta(seconds=9))
    seat.post(f"/desk/calls/{call.id}/outcome", code="hung_up")
    seat.post(f"/desk/calls/{call.id}/reopen", answered="1")
    assert only_call(session).answered_at == NOW, "it was an answered call already"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"closed_at": NOW}, "Проект закрыт"),
        ({"admission": "required"}, "Вы ещё не допущены"),
    ],
)
def test_a_shift_needs_an_open_campaign_and_an_admission(
    seat: Seat, session: Session, campaign: Campaign, values: dict[str, Any], sentence: str
) -> None:
    change(session, Campaign, **values)
    change(session, CampaignMember, admitted_at=None)
    refused = seat.post("/desk/shift", campaign_id=campaign.id, spoken_name="Ольга")
    assert refused.status_code in (409, 422) and sentence in refused.text
    assert session.scalars(select(Shift.id)).all() == []


def test_a_shift_is_begun_in_an_own_campaign_and_goes_on_where_it_is(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    foreign = factories.campaign(session, title="Чужая")
    assert seat.post("/desk/shift", campaign_id=foreign.id, spoken_name="Ольга").status_code in (404, 422)
    for name in ("Ольга", "Оля"):
        seat.post("/desk/shift", campaign_id=campaign.id, spoken_name=name)
    factories.fresh(session)
    assert session.scalars(select(Shift.spoken_name)).all() == ["Оля"]


def test_a_shift_elsewhere_ends_the_one_before_unless_its_call_has_no_result(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    wave = factories.campaign(session, title="Следующая волна", contract_id=campaign.contract_id)
    operator = session.get_one(User, session.scalars(select(CampaignMember.user_id)).one())
    factories.member(session, wave, operator)
    talk(seat, session, campaign)
    for path, fields in (
        ("/desk/shift", {"campaign_id": wave.id, "spoken_name": "Ольга"}), ("/desk/shift/end", {}), ("/desk/pause", {}),
    ):  # fmt: skip
        refused = seat.post(path, **fields)
        assert refused.status_code == 409 and "итог" in refused.text, path
    seat.post(seat.call + "/outcome", code="refused")
    seat.post("/desk/shift", campaign_id=wave.id, spoken_name="Ольга")
    factories.fresh(session)
    shifts = session.execute(select(Shift.campaign_id, Shift.ended_at).order_by(Shift.id)).all()
    assert [(row.campaign_id, row.ended_at is None) for row in shifts] == [(campaign.id, False), (wave.id, True)]


def test_without_a_shift_there_is_no_pause_and_nothing_to_end(seat: Seat, session: Session) -> None:
    assert seat.post("/desk/pause").status_code == 409
    assert seat.post("/desk/resume").status_code == seat.post("/desk/shift/end").status_code == 200
    assert session.scalars(select(Pause.id)).all() == []


def test_a_pause_has_a_reason_of_the_list(seat: Seat, session: Session, campaign: Campaign) -> None:
    start(seat, campaign)
    refused = seat.post("/desk/pause", reason="nap")
    assert refused.status_code == 422 and "Выберите причину паузы" in refused.text
    assert session.scalars(select(Pause.id)).all() == []


@pytest.mark.parametrize(
    ("table", "values", "sentence"),
    [
        (Campaign, {"closed_at": NOW}, "Проект закрыт"),
        (Respondent, {"state": "withdrawn", "queue_class": None, "next_call_at": None}, "исключил этого клиента"),
    ],
)
def test_who_calls_us_is_not_taken_where_no_survey_can_be(
    seat: Seat, session: Session, campaign: Campaign, table: type, values: dict[str, Any], sentence: str
) -> None:
    start(seat, campaign)
    caller = factories.respondent(session, campaign, next_call_at=None)
    change(session, table, **values)
    refused = seat.post("/desk/inbound", respondent_id=caller.id)
    assert refused.status_code == 409 and sentence in refused.text
    assert session.scalars(select(CallAttempt.id)).all() == []


def test_a_caller_without_any_number_is_entered_by_the_manager_first(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    start(seat, campaign)
    caller = factories.respondent(session, campaign, next_call_at=None)
    session.delete(session.scalars(select(RespondentPhone)).one())
    session.commit()
    refused = seat.post("/desk/inbound", respondent_id=caller.id)
    assert refused.status_code == 409 and "нет ни одного номера" in refused.text


def test_a_call_that_is_not_there_is_nobodys(seat: Seat, session: Session, campaign: Campaign) -> None:
    start(seat, campaign)
    for act in ("answered", "hang-up", "outcome", "reopen", "note"):
        answer = seat.post(f"/desk/calls/{UUID(int=1)}/{act}", code="busy", note="Слова")
        assert answer.status_code in (404, 409), act


def test_empty_words_are_not_kept_for_the_author(seat: Seat, session: Session, campaign: Campaign) -> None:
    talk(seat, session, campaign)
    refused = seat.post(seat.call + "/comment", STEP, kind="unsuitable", text=" ")
    assert refused.status_code == 422 and "Запишите, что сказал клиент" in refused.text

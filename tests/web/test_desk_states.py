"""What the desk says in each of its states: why nobody can be called and when, pauses, minutes, the survey's clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from nps.domain.state import QueueClass
from nps.models import Appointment, CallAttempt, Campaign, Contract, Pause, Respondent, Shift, User
from tests import factories
from tests.factories import NOW
from tests.web.test_desk import HTMX, STEP, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]

Move = Callable[[float], None]
HOUR = 3600


def words(page: str) -> str:
    """The text of a page as it is read, with one kind of space."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u202f", " ").split())


def arrive(login: Callable[..., FlaskClient], session: Session, campaign: Campaign) -> Seat:
    """Somebody who comes and starts his shift at the moment the clock shows."""
    seat = Seat(login(factories.member(session, campaign)))
    start(seat, campaign)
    return seat


def reload(seat: Seat) -> str:
    seat.page = seat.client.get("/desk").text
    return words(seat.page)


def change(session: Session, statement: Update) -> None:
    factories.fresh(session)
    session.execute(statement)
    session.commit()


def limit(session: Session, minutes: int) -> None:
    change(session, update(Contract).values(budget_s=minutes * 60))


# -- the pause


def test_a_pause_says_why_since_when_and_what_becomes_of_the_own_callback(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    start(seat, campaign)
    session.rollback()
    owner = session.get_one(User, session.scalars(select(Shift.user_id)).one())
    client = factories.respondent(session, campaign, organisation="ООО «Теплосервис»", region="perm", next_call_at=None)
    call = factories.attempt(session, client, owner, "callback", at=NOW - timedelta(days=5), answered_at=NOW)
    due = NOW + timedelta(minutes=15)
    promise = {"at": due, "reserved_until": due + timedelta(minutes=10), "state": "open"}
    session.add(Appointment(respondent_id=client.id, attempt_id=call.id, owner_id=owner.id, **promise))
    session.commit()
    seat.post("/desk/pause")
    assert "Вы на паузе с 15:15: перерыв" in words(seat.page)
    assert f'data-since="{int(NOW.timestamp() * 1000)}"' in seat.page
    at(60)
    seat.post("/desk/pause", reason="lunch")
    seat.post("/desk/pause")
    seen = words(seat.page)
    assert "Вы на паузе с 15:15: обед" in seen
    assert "В 15:30 у вас перезвон: ООО «Теплосервис», у клиента будет 16:30." in seen
    assert "Если в 15:30 вы ещё на паузе, клиента сразу предложим другому оператору." in seen
    at(16 * 60)
    assert "Пока вы на паузе, его может сделать любой оператор." in reload(seat)
    session.rollback()
    pause = session.scalars(select(Pause)).one()
    assert (pause.reason, pause.ended_at) == ("lunch", None)


# -- the survey's clock and the call's facts (R14)


def talk(seat: Seat, session: Session, campaign: Campaign, at: Move) -> None:
    """The client has agreed, 20 seconds after the dial."""
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    at(10)
    seat.post(seat.call + "/answered")
    at(20)
    seat.post(seat.call + "/answer", STEP, answer="yes")


def clock(seat: Seat) -> str:
    found = re.search(r'<span class="clock[^>]*>([^<]*)</span>', seat.page)
    assert found
    return found.group(1)


def test_the_clock_of_the_survey_stands_in_a_break_and_from_the_farewell_on(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    talk(seat, session, campaign, at)
    at(30)
    seat.post(seat.call + "/break-in/question", STEP)
    at(55)
    assert "Опрос прерван: в его время это не входит" in reload(seat)
    assert clock(seat) == "0:10"
    seat.post(seat.call + "/resume", STEP)
    # Ten seconds of survey so far: as if it had begun ten seconds ago.
    assert f'data-since="{int((NOW + timedelta(seconds=45)).timestamp() * 1000)}"' in seat.page
    at(70)
    seat.post(seat.call + "/answer", STEP, answer="9")
    at(80)
    seat.post(seat.call + "/break-in/complaint", STEP)
    at(120)
    assert "0:25" in reload(seat) and clock(seat) == "0:25"
    seat.post(seat.call + "/resume", STEP)
    seat.post(seat.call + "/answer", answer="end")
    assert clock(seat) == "1:50"
    assert "Разговор, в нём опрос 0:25 · после звонка" in words(seat.page)
    session.rollback()
    assert session.scalars(select(CallAttempt.survey_ms)).one() == 25_000


def test_a_call_that_is_over_keeps_its_figures(seat: Seat, session: Session, campaign: Campaign, at: Move) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/dial")
    at(40)
    seat.post(seat.call + "/hang-up")
    at(70)
    assert "Звонок закончился в 15:15, итога ещё нет" in reload(seat)
    seat.post(seat.call + "/outcome", code="no_answer")
    assert clock(seat) == "0:32"
    assert "Гудки, разговора не было" in words(seat.page)
    assert f'data-since="{int((NOW + timedelta(seconds=40)).timestamp() * 1000)}"' in seat.page


# -- the contract's minutes (R6)


@pytest.mark.parametrize(
    ("limit_min", "sentence"),
    [
        (100, ""),
        (60, "осталось из 60 мин контракта: звоним как обычно"),
        (52, "осталось из 52 мин контракта: только перезвоны и повторы"),
    ],
)
def test_the_desk_warns_of_the_end_of_the_minutes(
    seat: Seat, session: Session, campaign: Campaign, limit_min: int, sentence: str
) -> None:
    spend(session, campaign, 50)
    limit(session, limit_min)
    factories.respondent(session, campaign, queue_class=int(QueueClass.REPEAT), misses=1)
    start(seat, campaign)
    assert seat.state() == "ready"
    assert sentence in words(seat.page)
    assert ("мин контракта" in seat.page) is bool(sentence)


def test_a_new_client_on_the_screen_is_not_dialled_when_the_minutes_have_run_short_since(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    spend(session, campaign, 50)
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    assert seat.state() == "ready"
    limit(session, 52)
    answer = seat.post("/desk/dial")
    assert "Минуты контракта заканчиваются: новых клиентов не начинаем" in words(answer.text)
    session.expire_all()
    assert (client.held_by, client.state) == (None, "waiting")


def spend(session: Session, campaign: Campaign, minutes: int) -> None:
    """So many calls of a minute each, on another day."""
    operator = factories.user(session)
    client = factories.respondent(session, campaign, state="surveyed", next_call_at=None)
    for n in range(minutes):
        day = NOW - timedelta(days=5, minutes=5 * n)
        factories.attempt(session, client, operator, "hung_up", at=day, answered_at=day, talk_ms=60_000)


def test_near_the_end_new_clients_wait_and_the_desk_says_so(seat: Seat, session: Session, campaign: Campaign) -> None:
    spend(session, campaign, 50)
    limit(session, 52)
    factories.respondent(session, campaign)
    start(seat, campaign)
    seen = words(seat.page)
    assert seat.state() == "idle"
    assert "Минуты на исходе: новых клиентов не начинаем, а перезвонов и повторов сейчас нет." in seen
    assert "Удмуртия 15:15 новых не начинаем — — 1" in seen


def test_without_minutes_the_desk_says_how_many_were_used(seat: Seat, session: Session, campaign: Campaign) -> None:
    spend(session, campaign, 50)
    limit(session, 50)
    start(seat, campaign)
    assert seat.state() == "budget_used"
    assert "Минуты контракта закончились: использовано 50 из 50." in words(seat.page)


# -- nobody to call (R7)


def test_each_region_says_why_by_its_own_clock(
    at: Move, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    for region in ("udmurtia", "perm"):
        factories.respondent(session, campaign, region=region)
    for hours, lines in [
        (-7.25, ["Пермский край 09:00 ещё рано, с 10:00 сегодня в 10:00 09:00 1", "Удмуртия 08:00 ещё рано, с 10:00"]),
        (-2.5, ["Пермский край 13:45 перерыв до 14:00 сегодня в 14:00 13:00 1", "Удмуртия 12:45 перерыв до 14:00"]),
        (7, ["Пермский край 23:15 на сегодня всё завтра в 10:00 09:00 1"]),
        (2.5 * 24, ["Удмуртия 03:15 сегодня не звоним вт 24 ноября в 10:00 10:00 1"]),
    ]:
        at(hours * HOUR)
        seen = words(arrive(login, session, campaign).page)
        assert [line for line in lines if line not in seen] == [], seen


def test_a_card_that_lapsed_leaves_the_word_that_there_is_somebody(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    factories.respondent(session, campaign)
    factories.respondent(session, campaign)
    start(seat, campaign)
    at(16 * 60)
    assert "Пора звонить Есть клиенты: Удмуртия. Нажмите «Проверить сейчас»" in reload(seat)
    assert 'data-signal-text="Пора звонить"' in seat.page
    # A page that was opened before anybody could be called is drawn anew by its poll.
    assert 'id="desk"' in seat.client.get("/desk/tick?state=idle&attempt=&client=", headers=HTMX).text
    assert 'id="desk"' not in seat.client.get("/desk/tick?state=idle_due&attempt=&client=", headers=HTMX).text
    seat.post("/desk/next")
    assert seat.state() == "ready"


def test_an_empty_base_and_a_base_that_is_called_through_are_two_things(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    start(seat, campaign)
    seen = words(seat.page)
    assert "База ещё не загружена В проекте пока нет клиентов: их загружает специалист." in seen
    factories.respondent(session, campaign, state="manager", next_call_at=None)
    seen = reload(seat)
    assert "В этом проекте больше некому звонить. Решения руководителя ждёт 1 клиент." in seen
    assert "Закончите смену, чтобы выбрать другой проект" in seen


def test_a_paused_campaign_and_a_closed_one_are_two_things(seat: Seat, session: Session, campaign: Campaign) -> None:
    start(seat, campaign)
    change(session, update(Campaign).values(paused_at=NOW))
    seen = reload(seat)
    assert seat.state() == "campaign_paused"
    assert "приостановлен сегодня в 15:15." in seen and "Когда проект возобновят, знает руководитель" in seen
    change(session, update(Campaign).values(closed_at=NOW))
    seen = reload(seat)
    assert seat.state() == "campaign_closed"
    assert "закрыт сегодня в 15:15." in seen and "Звонков в этом проекте больше не будет" in seen
    seat.post("/desk/shift/end")
    assert "Ваши проекты закрыты Попросите руководителя назначить вас в новый." in words(seat.page)


def test_a_pause_takes_the_card_off_the_desk_and_gives_it_back(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    """The operator learns of it by the next beat, not when he presses «Позвонить»."""
    factories.respondent(session, campaign, organisation="ООО «Хлебокомбинат»")
    start(seat, campaign)
    assert seat.state() == "ready"
    beat = f"/desk/tick?state=ready&attempt=&client={seat.field('expect_client')}"
    assert 'id="desk"' not in seat.client.get(beat, headers=HTMX).text

    change(session, update(Campaign).values(paused_at=NOW))
    at(20)
    told = seat.client.get(beat, headers=HTMX).text
    assert 'data-state="campaign_paused"' in told and "Хлебокомбинат" not in told
    reload(seat)
    assert seat.post("/desk/next").status_code == 200
    assert seat.state() == "campaign_paused"

    change(session, update(Campaign).values(paused_at=None))
    at(40)
    told = seat.client.get("/desk/tick?state=campaign_paused&attempt=&client=", headers=HTMX).text
    assert 'data-state="ready"' in told and "Хлебокомбинат" in told


def test_a_client_left_to_the_manager_is_nobodys_to_call(
    seat: Seat, session: Session, campaign: Campaign, at: Move
) -> None:
    factories.respondent(session, campaign, organisation="ООО «Хлебокомбинат»", inn="1835000011")
    start(seat, campaign)
    seat.post("/desk/dial")
    at(400)
    back = Seat(seat.client)
    back.post(back.call + "/hand-over", note="Пропало электричество")
    found = words(seat.client.post("/desk/search", data={"q": "хлебоком"}, headers=HTMX).text)
    assert "решает руководитель" in found and "пора звонить" not in found
    factories.respondent(session, campaign, inn="1835000011")
    back.post("/desk/next")
    assert "решает руководитель Кузнецова Светлана Ильинична" in words(back.page)


# -- names and rights


def test_who_has_no_name_for_the_greeting_is_asked_for_it(seat: Seat, session: Session, campaign: Campaign) -> None:
    change(session, update(User).values(spoken_name=""))
    assert "Напишите имя, которое услышит клиент" in reload(seat)
    refused = seat.post("/desk/shift", campaign_id=campaign.id, spoken_name=" ")
    assert refused.status_code == 422 and "Напишите, как вы представляетесь клиенту." in refused.text
    start(seat, campaign)
    assert seat.state() != "no_shift"


def test_without_a_campaign_or_a_right_the_desk_says_whom_to_ask(
    at: Move, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    stranger = Seat(login(factories.user(session)))
    assert "Вас ещё не назначили в проект Попросите руководителя назначить вас." in words(stranger.page)
    factories.respondent(session, campaign)
    seat = arrive(login, session, campaign)
    change(session, update(User).where(User.role == "operator").values(role="manager"))
    refused = seat.client.post("/desk/next", data={"form_key": "f"}, headers=HTMX)
    assert refused.status_code == 403 and 'id="desk"' not in refused.text
    assert "На это действие у вас нет прав. Обратитесь к руководителю или администратору." in words(refused.text)
    session.rollback()
    assert session.scalars(select(Respondent.held_by)).one() is not None

"""Once and only once: whatever is pressed twice, sent again or pressed on an old page leaves one row and one letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import func, select

from nps.extensions import db
from nps.models import (
    Answer,
    Appointment,
    AttemptOutcome,
    CallAttempt,
    CaseEvent,
    Escalation,
    Interview,
    Journal,
    Outbox,
    TelephonyEvent,
)
from tests import factories
from tests.e2e.people import Operator
from tests.e2e.system import System

CAMPAIGN = "Волна"
QUESTION = "Есть ли кабель ВВГ 3х2,5?"
TABLES = (
    CallAttempt,
    AttemptOutcome,
    CaseEvent,
    Answer,
    Interview,
    Appointment,
    Escalation,
    Outbox,
    TelephonyEvent,
    Journal,
)
#: Far less than the page waits for the rest of a double press, and far more than it takes to see what came of one.
PAUSE_MS = 1000


@pytest.fixture
def logins(system: System) -> list[str]:
    """Two operators of a campaign with two clients; it is ten past two, in the middle of a window."""
    system.clock.forward(5 * 3600 + 600)
    with system.app.app_context():
        campaign = factories.campaign(db.session(), title=CAMPAIGN)
        for name in ("ООО «Первый»", "ООО «Второй»"):
            factories.respondent(db.session(), campaign, organisation=name)
        return [factories.member(db.session(), campaign).login for _ in range(2)]


@pytest.fixture
def operator(logins: list[str], visit: Callable[..., Any]) -> Operator:
    """At the first client's card."""
    operator: Operator = visit(Operator)
    operator.log_in(logins[0], factories.PASSWORD)
    operator.start_shift(CAMPAIGN)
    operator.state_is("ready")
    return operator


def rows(system: System) -> dict[str, int]:
    """How many rows each table of what happens to a client has."""
    with system.app.app_context():
        return {
            table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES
        }


def given(system: System) -> list[tuple[str, Any]]:
    """All answers ever given, in their order; drafts are none."""
    with system.app.app_context():
        answers = db.session.execute(select(Answer.step, Answer.value).order_by(Answer.id)).all()
    return [(step, value) for step, value in answers if not (isinstance(value, dict) and value.get("draft"))]


def posts_of(page: Page) -> list[Request]:
    """What the page sends from here on, but for texts that save themselves."""
    sent: list[Request] = []

    def keep(request: Request) -> None:
        if request.method == "POST" and not request.url.endswith("/comment"):
            sent.append(request)

    page.on("request", keep)
    return sent


def what(sent: list[Request]) -> list[str]:
    """The last word of each address: what was asked for."""
    return [request.url.rpartition("/")[2] for request in sent]


def stop_time(page: Page) -> None:
    """Nothing happens on the page by itself from here on: no poll comes, what is pressed again is pressed at once."""
    page.clock.install(time=factories.NOW)
    page.clock.pause_at(factories.NOW.replace(minute=59))


def fall_asleep(page: Page) -> None:
    """The page learns of nothing that happens elsewhere."""
    page.route("**/desk/tick*", lambda route: route.fulfill(status=204))


def rest(operator: Operator) -> None:
    """The finger has left the key for a moment."""
    operator.page.clock.run_for(PAUSE_MS)


def double_click(button: Locator, comes: Callable[[], None]) -> None:
    """Click once, and when the answer has come, the second half of the same double click at the same place."""
    button.scroll_into_view_if_needed()
    box, mouse = button.bounding_box(), button.page.mouse
    assert box is not None
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for click in (1, 2):
        mouse.down(click_count=click)
        mouse.up(click_count=click)
        comes()


def strike(operator: Operator, key: str, comes: Callable[[], None]) -> None:
    """Five fast presses of one key, some of them when the answer has come already."""
    for again in (3, 2):
        for _ in range(again):
            operator.page.keyboard.press(key)
        comes()
    rest(operator)


# -- pressed twice


def test_double_clicks_and_keys_struck_five_times_count_once(operator: Operator) -> None:
    """The button or key that the answer brings to the same place is not pressed by the rest of them."""
    page, system = operator.page, operator.system
    stop_time(page)
    operator.open("/desk")
    operator.state_is("ready")
    sent = posts_of(page)

    double_click(operator.button("Позвонить"), lambda: operator.state_is("ringing"))
    strike(operator, "Enter", lambda: operator.step_is("Приветствие"))
    strike(operator, "Digit1", lambda: operator.step_is("Оценка"))
    strike(operator, "Digit3", lambda: operator.step_is("Причина оценки, оценка 3"))
    expect(page.locator("#step input:checked")).to_have_count(0)
    strike(operator, "KeyC", lambda: operator.step_is("О чём спрашивает клиент?"))
    strike(operator, "Digit2", lambda: operator.step_is("Передать специалисту"))
    page.locator("#e-text").fill(QUESTION)
    double_click(operator.button("Передать и вернуться"), lambda: operator.step_is("Причина оценки, оценка 3"))
    page.locator("#words").fill("Ждали неделю")
    strike(operator, "Enter", lambda: operator.step_is("Прощание"))
    double_click(operator.button("Сохранить анкету"), lambda: operator.state_is("done"))
    strike(operator, "Enter", lambda: operator.state_is("ready"))
    assert what(sent) == [*("dial", "answered", "answer", "answer", "question", "escalate", "answer", "answer", "next")]

    strike(operator, "Enter", lambda: operator.state_is("ringing"))
    operator.time_passes(40)
    double_click(operator.button("Не отвечает"), lambda: operator.state_is("done"))
    operator.sees("Не отвечает", "#step")

    assert what(sent[9:]) == ["dial", "outcome"]
    assert [(step, value) for step, value in given(system) if step != "reasons"] == [("greeting", "yes"), ("rating", 3)]
    counted = rows(system)
    counted = {name: counted[name] for name in ("call_attempt", "attempt_outcome", "interview", "escalation", "outbox")}
    assert counted == {"call_attempt": 2, "attempt_outcome": 2, "interview": 1, "escalation": 1, "outbox": 1}
    system.work()
    system.sweep()
    assert len(system.smtp.taken) == 1


# -- sent again


def test_every_form_of_a_call_that_is_sent_again_in_the_next_one_changes_nothing(operator: Operator) -> None:
    page, system = operator.page, operator.system
    sent = posts_of(page)
    operator.dial()
    operator.is_answered()
    operator.agrees()
    operator.press("Digit9")
    operator.step_is("Прощание")
    operator.press("KeyC")
    operator.step_is("О чём спрашивает клиент?")
    operator.press("Digit2")
    operator.step_is("Передать специалисту")
    page.locator("#e-text").fill(QUESTION)
    operator.press("Control+Enter")
    operator.step_is("Прощание")
    operator.press("Enter")
    operator.next_client()
    operator.dial()
    before, statuses = rows(system), []
    for request in list(sent):
        headers = {name: request.headers[name] for name in ("content-type", "x-csrftoken", "hx-request", "hx-target")}
        answer = operator.context.request.post(request.url, data=request.post_data, headers=headers)
        statuses.append(answer.status)
        assert "Идёт дозвон" in answer.text(), request.url
    # The first result again, whatever the form did: each has its key.
    assert list(zip(what(sent), statuses, strict=True)) == [
        ("dial", 200),
        ("answered", 200),
        ("answer", 200),
        ("answer", 200),
        ("question", 200),
        ("escalate", 200),
        ("answer", 200),
        ("next", 200),
        ("dial", 200),
    ]
    # The same key with other words is another form.
    body = (sent[3].post_data or "").replace("answer=9", "answer=2")
    assert operator.context.request.post(sent[3].url, data=body, headers=headers).status == 409
    assert rows(system) == before
    page.reload()
    operator.state_is("ringing")


def test_a_reload_and_the_back_button_send_nothing_twice_without_javascript(
    system: System, logins: list[str], visit: Callable[..., Any]
) -> None:
    operator: Operator = visit(Operator, scripts=False)
    page = operator.page
    operator.log_in(logins[0], factories.PASSWORD)
    operator.open("/desk")
    page.get_by_role("radio", name=CAMPAIGN).check()
    page.get_by_role("button", name="Начать смену").click()
    operator.button("Позвонить").click()
    operator.state_is("ringing")
    with operator.expecting(422):
        operator.button("Не отвечает").click()
        operator.sees("ещё", "#step")
    # The page on the screen is the answer of a form: the browser sends the form again.
    system.clock.forward(60)
    page.reload()
    operator.state_is("done")
    before = rows(system)
    assert (before["call_attempt"], before["attempt_outcome"]) == (1, 1)
    page.reload()
    operator.state_is("done")
    with operator.expecting(422, 409):
        page.go_back()
        operator.state_is("done")
    assert rows(system) == before


# -- pressed on an old page


@pytest.mark.parametrize("where", ["another tab", "another computer"])
def test_a_press_on_an_old_page_shows_what_is_true(
    operator: Operator, logins: list[str], visit: Callable[..., Any], where: str
) -> None:
    """Two pages of one operator: he acts on one, then on the other, which still shows what was."""
    system = operator.system
    other: Operator = visit(Operator)
    if where == "another tab":
        other.page = operator.context.new_page()
    else:
        other.log_in(logins[0], factories.PASSWORD)
    fall_asleep(other.page)

    def looks(state: str) -> None:
        other.open("/desk")
        other.state_is(state)

    def is_told(words: str, state: str, rows_before: dict[str, int]) -> None:
        other.sees(words, "#step")
        other.state_is(state)
        assert rows(system) == rows_before

    with other.expecting(409):
        looks("ready")
        operator.dial()
        before = rows(system)
        other.button("Позвонить").click()
        is_told("Этому клиенту вы уже звоните", "ringing", before)

        operator.is_answered()
        operator.agrees()
        looks("talk")
        operator.press("Digit9")
        operator.step_is("Прощание")
        before = rows(system)
        other.press("Digit2")
        is_told("Этот шаг уже пройден", "talk", before)
        other.step_is("Прощание")

        operator.press("Enter")
        operator.next_client()
        operator.state_is("ready")
        before = rows(system)
        other.press("Enter")
        is_told("У этого звонка уже есть итог", "ready", before)
        assert other.card() == operator.card()
    with system.app.app_context():
        assert db.session.scalars(select(Interview.rating)).all() == [9]
    other.check()


# -- two hours later


def test_a_card_of_two_hours_ago_is_not_dialled_when_somebody_else_has_the_client(
    operator: Operator, logins: list[str], visit: Callable[..., Any]
) -> None:
    system, card = operator.system, operator.card()
    stop_time(operator.page)
    operator.open("/desk")
    colleague: Operator = visit(Operator)
    colleague.log_in(logins[1], factories.PASSWORD)
    colleague.start_shift(CAMPAIGN)
    assert colleague.card() != card

    # No sign of life from either desk: both clients are free again, and the colleague asks first.
    system.clock.forward(2 * 3600)
    colleague.open("/desk")
    colleague.state_is("idle")
    colleague.press("Enter")
    colleague.state_is("ready")
    assert colleague.card() == card
    before = rows(system)
    with operator.expecting(409):
        operator.press("Enter")
        operator.sees("Этот клиент уже не у вас", "#step")
    operator.state_is("idle")
    assert rows(system) == before
    colleague.dial()
    assert colleague.card() == card

"""The last result is corrected by keyboard: the same keys in the same places as in the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from nps.extensions import db
from nps.models import AttemptOutcome, CallAttempt, Respondent, StopList
from tests import factories
from tests.e2e.people import Operator
from tests.e2e.system import System

CAMPAIGN = "Волна"


def at_work(system: System, visit: Callable[..., Any]) -> Operator:
    """An operator with a client's card; it is ten past two, in the middle of a window."""
    system.clock.forward(5 * 3600 + 600)
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title=CAMPAIGN, starts_on=factories.NOW.date())
        login = factories.member(session, campaign, factories.user(session)).login
        for _ in range(2):
            factories.respondent(session, campaign, loaded_at=factories.NOW)
    operator: Operator = visit(Operator)
    operator.log_in(login, factories.PASSWORD)
    operator.start_shift(CAMPAIGN)
    return operator


def words(system: System) -> list[str]:
    with system.app.app_context():
        return list(db.session().scalars(select(AttemptOutcome.disposition).order_by(AttemptOutcome.id)))


def test_any_slip_of_a_talk_is_mended_by_the_keys_of_the_talk(system: System, visit: Callable[..., Any]) -> None:
    operator = at_work(system, visit)
    operator.dial()
    operator.is_answered()
    operator.press("KeyJ")
    operator.step_is("Отказ от опроса")
    operator.press("Digit2")
    operator.state_is("done")
    for keys, panel, result in (
        (("KeyG",), "Перезвонить", "callback"),
        (("KeyF",), "Что не так с номером?", "dead_number"),
        (("KeyT", "Digit3"), "", "hung_up"),
    ):
        operator.press("Backspace")
        operator.step_is("Каким должен быть итог?")
        expect(operator.page.locator("#outcomes h2")).to_have_text("Верный итог")
        operator.press(keys[0])
        operator.step_is(panel or "Чем закончился звонок?")
        operator.press(*(("Enter",) if result == "callback" else keys[1:] or ("Digit1",)))
        operator.state_is("done")
        expect(operator.page.locator("#step h2").first).not_to_contain_text("Каким должен быть итог")
        expect(operator.page.locator(".result")).to_be_visible()
        assert words(system)[-1] == result
    operator.press("Backspace")
    operator.step_is("Каким должен быть итог?")
    operator.press("Escape")
    operator.step_is("Положил трубку")
    expect(operator.page.locator("#outcomes h2")).to_have_text("Итог звонка")
    expect(operator.page.locator("#outcomes [data-key='KeyG']")).to_be_disabled()


def test_a_busy_line_becomes_a_talk_by_two_keys(system: System, visit: Callable[..., Any]) -> None:
    operator = at_work(system, visit)
    operator.dial()
    operator.press("KeyP")
    operator.state_is("done")
    operator.press("Backspace")
    operator.step_is("Каким должен быть итог?")
    operator.press("Enter")
    operator.state_is("talk")
    operator.agrees()
    with system.app.app_context():
        call = db.session().scalars(select(CallAttempt)).one()
        assert (call.answered_at, call.ended_at) == (call.dialled_at, None)


def test_do_not_call_is_taken_back_whole(system: System, visit: Callable[..., Any]) -> None:
    operator = at_work(system, visit)
    operator.dial()
    operator.is_answered()
    operator.press("KeyJ")
    operator.step_is("Отказ от опроса")
    operator.press("Digit4")
    operator.page.get_by_role("button", name="Да, больше не звонить").click()
    operator.state_is("done")
    operator.press("Backspace")
    operator.step_is("Каким должен быть итог?")
    operator.press("KeyG")
    operator.step_is("Перезвонить")
    operator.press("Enter")
    expect(operator.page.locator(".result")).to_contain_text("Следующий звонок")
    with system.app.app_context():
        session = db.session()
        assert session.scalars(select(StopList.lifted_at)).one() is not None
        assert "waiting" in session.scalars(select(Respondent.state).order_by(Respondent.id)).all()

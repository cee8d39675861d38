"""Every state of the desk, one after another."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import update

from nps.extensions import db
from nps.models import Contract
from nps.services.transaction import write
from tests.e2e.filled import EMPTY, NOW, PAUSED
from tests.e2e.people import Operator

PANELS_OF_A_TALK = (
    "question", "complaint", "contacts", "escalation", "inactive", "callback", "refusal", "other_person", "new_contact",
    "not_client", "unsuitable", "more",
)  # fmt: skip


def desk_states(operator: Operator, campaign: str) -> Iterator[str]:
    """Lead an operator through the states of the desk; each name is yielded while its state is on the screen.

    Leaves the system in the evening of its day, with the minutes of the contract used up.
    """
    page, clock = operator.page, operator.system.clock
    operator.open("/desk")
    operator.state_is("no_shift")
    yield "no_shift"
    operator.start_shift(campaign)
    operator.state_is("ready")
    yield "ready"
    operator.press("KeyG")
    operator.step_is("Почему не звоним сейчас?")
    yield "return"
    operator.press("Escape")
    operator.step_is("Следующий клиент")
    operator.dial()
    yield "ringing_before_20"
    operator.time_passes(30)
    yield "ringing_after_20"
    operator.is_answered()
    yield "greeting"
    for name in PANELS_OF_A_TALK:
        operator.open(f"/desk?panel={name}")
        yield f"panel_{name}"
    operator.open("/desk")
    operator.press("Digit2")
    operator.step_is("Перезвон")
    yield "callback"
    operator.press("Backspace")
    operator.step_is("Приветствие")
    operator.agrees()
    yield "rating"
    operator.press("Digit6")
    operator.step_is("Причина оценки")
    operator.press("Digit2", "Digit3")
    yield "reasons"
    page.locator("#words").fill("Ждали кабель две недели")
    clock.forward(70)
    operator.press("Enter")
    operator.step_is("Прощание")
    yield "farewell"
    operator.press("F8")
    operator.state_is("ended")
    yield "ended"
    operator.press("Enter")
    operator.step_is("Прощание")
    yield "ended_continued"
    operator.press("Enter")
    operator.state_is("done")
    yield "done"
    operator.press("Backspace")
    operator.step_is("Каким должен быть итог?")
    yield "correct"
    operator.press("Escape")
    operator.step_is("Анкета сохранена")
    operator.press("Slash")
    page.locator("#help").wait_for()
    yield "help"
    operator.press("Escape")
    page.locator("#desk-q").fill("куз")
    page.locator("#search-results a, #search-results li").first.wait_for()
    yield "search"
    operator.open("/desk")
    operator.press("Enter")
    operator.state_is("ready")
    page.locator("header details.menu summary").click()
    yield "menu"
    operator.button("Пауза: перерыв").click()
    operator.state_is("paused")
    yield "paused"
    operator.press("Enter")
    operator.state_is("ready")
    operator.end_shift()
    operator.start_shift(EMPTY)
    operator.state_is("idle")
    yield "idle_nobody_left"
    operator.end_shift()
    operator.start_shift(PAUSED)
    operator.state_is("campaign_closed")
    yield "campaign_paused"
    operator.end_shift()
    clock.set(NOW.replace(hour=8, minute=30))
    operator.start_shift(campaign)
    operator.state_is("ready")
    clock.set(NOW.replace(hour=16, minute=0))
    operator.open("/desk")
    operator.state_is("idle")
    yield "idle"
    operator.end_shift()
    with operator.system.app.app_context(), write(db.session) as s:
        s.execute(update(Contract).values(budget_s=60))
    operator.start_shift(campaign)
    operator.state_is("budget_used")
    yield "budget_used"
    operator.end_shift()

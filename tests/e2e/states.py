"""Every state of the desk, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from playwright.sync_api import expect
from sqlalchemy import Executable, delete, select, update

from nps.extensions import db
from nps.models import Appointment, CallAttempt, Campaign, CampaignMember, Respondent, User
from nps.queries import campaigns
from nps.services.transaction import write
from tests.e2e.filled import EMPTY, NOW, PAUSED
from tests.e2e.people import Operator

PANELS_OF_A_TALK = (
    "question", "complaint", "contacts", "escalation", "inactive", "callback", "refusal", "other_person", "new_contact",
    "not_client", "unsuitable", "more",
)  # fmt: skip


def desk_states(operator: Operator, campaign: str) -> Iterator[str]:
    """Lead an operator through the states of the desk; each name is yielded while its state is on the screen.

    Leaves the system in the evening of its day: the minutes of the contract are used up, and the operator has no
    campaign any more.
    """
    yield from _before_the_call(operator, campaign)
    yield from _talk(operator)
    yield from _after_the_call(operator)
    yield from _without_answer(operator)
    yield from _pauses(operator)
    yield from _other_campaigns(operator)
    yield from _minutes(operator, campaign)
    yield from _no_right(operator, campaign)


def _before_the_call(operator: Operator, campaign: str) -> Iterator[str]:
    _set(operator, update(User).where(User.login == "maxim").values(spoken_name=""))
    operator.open("/desk")
    operator.state_is("no_shift")
    yield "no_shift_no_name"
    _set(operator, update(User).where(User.login == "maxim").values(spoken_name="Максим"))
    operator.open("/desk")
    yield "no_shift"
    operator.start_shift(campaign)
    operator.state_is("ready")
    yield "ready"
    operator.press("KeyG")
    operator.step_is("Почему не звоним сейчас?")
    yield "return"
    # Nobody came back to the card: it was given away, and there is somebody to call.
    operator.system.clock.forward(300)
    operator.open("/desk")
    operator.state_is("idle")
    operator.sees("Пора звонить")
    yield "idle_due"
    operator.press("Enter")


def _talk(operator: Operator) -> Iterator[str]:
    page = operator.page
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
    operator.system.clock.forward(9)
    operator.press("KeyC")
    operator.step_is("О чём спрашивает клиент")
    yield "break_in"
    operator.press("Escape")
    operator.step_is("Оценка")
    operator.press("Digit6")
    operator.step_is("Причина оценки")
    operator.press("Digit2", "Digit3")
    yield "reasons"
    page.locator("#words").fill("Ждали кабель две недели")
    operator.system.clock.forward(70)
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


def _after_the_call(operator: Operator) -> Iterator[str]:
    page = operator.page
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


def _without_answer(operator: Operator) -> Iterator[str]:
    operator.dial()
    operator.time_passes(40)
    operator.press("KeyY")
    operator.state_is("done")
    yield "done_no_answer"
    operator.press("Enter")
    operator.dial()
    operator.system.clock.forward(400)
    operator.open("/desk")
    operator.state_is("unfinished")
    yield "unfinished"
    organisation = operator.text("section.client .organisation")
    operator.button("Решит руководитель").click()
    operator.state_is("ready")
    operator.page.locator("#desk-q").fill(organisation)
    operator.sees("решает руководитель", "#search-results")
    yield "search_handed_over"
    operator.open("/desk")


def _pauses(operator: Operator) -> Iterator[str]:
    promised = NOW.replace(hour=11, minute=30)
    _promise(operator, promised)
    operator.open("/desk")
    operator.page.locator("header details.menu summary").click()
    yield "menu"
    operator.button("Пауза: перерыв").click()
    operator.state_is("paused")
    operator.system.clock.forward(125)
    operator.open("/desk")
    yield "paused"
    operator.press("Digit2")
    operator.step_is("обед")
    operator.system.clock.set(promised + timedelta(minutes=6))
    operator.open("/desk")
    operator.sees("Время вашего перезвона наступило")
    yield "paused_callback_due"
    operator.press("Enter")
    operator.state_is("ready")
    operator.end_shift()


def _other_campaigns(operator: Operator) -> Iterator[str]:
    operator.start_shift(EMPTY)
    operator.state_is("idle")
    operator.step_is("База ещё не загружена")
    yield "idle_no_base"
    operator.end_shift()
    operator.start_shift(PAUSED)
    operator.state_is("campaign_paused")
    yield "campaign_paused"
    paused = update(Campaign).where(Campaign.title == PAUSED)
    _set(operator, paused.values(closed_at=NOW))
    operator.open("/desk")
    operator.state_is("campaign_closed")
    yield "campaign_closed"
    _set(operator, paused.values(closed_at=None))
    operator.end_shift()


def _minutes(operator: Operator, campaign: str) -> Iterator[str]:
    clock = operator.system.clock
    operator.start_shift(campaign)
    for share in (81, 96):
        _use(operator, campaign, share)
        operator.open("/desk")
        operator.state_is("ready")
        operator.sees("мин контракта", "#callbar")
        yield f"ready_minutes_{share}"
    clock.set(NOW.replace(hour=16, minute=0))
    operator.open("/desk")
    operator.state_is("idle")
    yield "idle_minutes_96"
    _use(operator, campaign, 1)
    operator.open("/desk")
    yield "idle"
    _set(operator, update(Respondent).where(Respondent.state == "waiting").values(state="manager", next_call_at=None))
    operator.open("/desk")
    operator.sees("больше некому звонить")
    yield "idle_nobody_left"
    _use(operator, campaign, 100)
    operator.open("/desk")
    operator.state_is("budget_used")
    yield "budget_used"
    operator.end_shift()


def _no_right(operator: Operator, campaign: str) -> Iterator[str]:
    """The person is no operator any more, then one without a campaign."""
    operator.start_shift(campaign)
    maxim = update(User).where(User.login == "maxim")
    _set(operator, maxim.values(role="manager"))
    with operator.expecting(403):
        operator.press("Enter")
        expect(operator.page.locator("#netbar")).to_contain_text("нет прав")
        yield "no_right"
    _set(operator, maxim.values(role="operator"))
    operator.open("/desk")
    operator.end_shift()
    mine = select(User.id).where(User.login == "maxim").scalar_subquery()
    _set(operator, delete(CampaignMember).where(CampaignMember.user_id == mine))
    operator.open("/desk")
    operator.sees("Вас ещё не назначили в проект")
    yield "no_campaign"


def _set(operator: Operator, statement: Executable) -> None:
    """What nobody at a desk can do."""
    with operator.system.app.app_context(), write(db.session) as s:
        s.execute(statement)


def _promise(operator: Operator, at: datetime) -> None:
    """The client who did not answer has been promised another call at this time."""
    with operator.system.app.app_context(), write(db.session) as s:
        mine = select(CallAttempt).join(User, User.id == CallAttempt.operator_id).where(User.login == "maxim")
        call = s.scalars(
            mine.where(CallAttempt.disposition == "no_answer").order_by(CallAttempt.dialled_at.desc()).limit(1)
        ).one()
        s.add(
            Appointment(
                respondent_id=call.respondent_id, attempt_id=call.id, at=at, owner_id=call.operator_id,
                reserved_until=at + timedelta(minutes=10), state="open",
            )
        )  # fmt: skip


def _use(operator: Operator, campaign: str, percent: int) -> None:
    """So much of the contract's minutes is used: one call takes what the others leave."""
    with operator.system.app.app_context(), write(db.session) as s:
        row = campaigns.campaign_row(s, s.scalars(select(Campaign.id).where(Campaign.title == campaign)).one())
        talk = s.scalars(
            select(CallAttempt)
            .where(CallAttempt.campaign_id == row.id, CallAttempt.talk_ms > 0)
            .order_by(CallAttempt.id)
        ).first()
        assert talk is not None
        others = campaigns.budget(s, row).used_s - -(-talk.talk_ms // 1000)
        talk.talk_ms = max(1000, (row.budget_s * percent // 100 - others) * 1000)

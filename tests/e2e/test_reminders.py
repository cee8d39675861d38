"""The owner of a callback is told of it whatever is on his screen: in words, and by a quiet sound he can turn off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import expect

from nps.extensions import db
from nps.models import Appointment, Campaign, User
from tests import factories
from tests.e2e.people import Operator
from tests.e2e.system import System

#: How many sounds were begun on this page stands where a test can wait for it.
_COUNT_TONES = """
window.AudioContext = class extends AudioContext {
  constructor() {
    super();
    const page = document.documentElement.dataset;
    page.tones = Number(page.tones ?? 0) + 1;
  }
};
"""


def promise(system: System, minutes: int) -> None:
    """A client of the operator's has been promised a call in so many minutes."""
    with system.app.app_context():
        session = db.session()
        owner = session.query(User).filter_by(role="operator").one()
        client = factories.respondent(session, session.query(Campaign).one(), next_call_at=None)
        call = factories.attempt(session, client, owner, "callback")
        at = system.clock.at + timedelta(minutes=minutes)
        reserved = at + timedelta(minutes=10)
        session.add(
            Appointment(
                respondent_id=client.id, attempt_id=call.id, at=at, owner_id=owner.id, reserved_until=reserved,
                state="open",
            )
        )  # fmt: skip
        session.commit()


def test_a_callback_is_told_twice_in_words_and_sound_and_the_sound_can_be_turned_off(
    system: System, visit: Callable[..., Any]
) -> None:
    system.clock.set(factories.NOW)
    with system.app.app_context():
        campaign = factories.campaign(db.session(), title="Волна")
        login = factories.member(db.session(), campaign).login
        factories.respondent(db.session(), campaign)
    operator: Operator = visit(Operator)
    page, figures, live = operator.page, operator.page.locator("#desk-figures"), operator.page.locator("#live")
    page.add_init_script(_COUNT_TONES)
    operator.log_in(login, factories.PASSWORD)
    operator.start_shift("Волна")
    page.clock.install()
    operator.open("/desk")
    # Browsers let no page sound before somebody has touched it.
    operator.dial()

    def polled() -> None:
        """The next poll brings what there is to be told of."""
        system.sweep()
        with page.expect_response("**/desk/tick*") as polled:
            page.clock.run_for(16_000)
        polled.value.finished()

    def hears(tones: int, words: str) -> None:
        expect(figures).to_contain_text(words)
        expect(page.locator("html")).to_have_attribute("data-tones", str(tones))
        page.clock.run_for(100)
        expect(live).to_contain_text(words)

    promise(system, 5)
    polled()
    hears(1, "Перезвон через 5 минут")
    polled()
    system.clock.forward(300)
    polled()
    hears(2, "Пора перезвонить")
    expect(figures).not_to_contain_text("Перезвон через")
    operator.button("Убрать напоминание").click()
    expect(figures).not_to_contain_text("Пора перезвонить")

    operator.press("Slash")
    page.get_by_label("Тихий звук").click()
    operator.press("Escape")
    promise(system, 5)
    polled()
    hears(2, "Перезвон через 5 минут")
    page.reload()
    operator.press("Slash")
    expect(page.get_by_label("Тихий звук")).not_to_be_checked()

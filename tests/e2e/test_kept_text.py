"""Text an operator was typing when its place went away stays to be copied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from playwright.sync_api import expect

from nps.extensions import db
from nps.models import CallAttempt
from nps.services import supervision
from nps.services.desk import Result
from tests import factories
from tests.e2e.people import Operator
from tests.e2e.system import System


def test_words_typed_while_the_manager_settles_the_call_are_shown(system: System, visit: Callable[..., Any]) -> None:
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title="Волна")
        login = factories.member(session, campaign).login
        manager = factories.user(session, "manager").id
        factories.respondent(session, campaign)
    operator: Operator = visit(Operator)
    operator.log_in(login, factories.PASSWORD)
    operator.system.clock.forward(3600 * 2)
    operator.start_shift("Волна")
    operator.dial()
    operator.is_answered()
    operator.press("KeyJ")
    operator.step_is("Отказ от опроса")
    operator.press("KeyR")
    operator.page.keyboard.type("Сказал, что занят до весны")
    with system.app.app_context():
        session = db.session()
        call = session.query(CallAttempt.id).scalar()
        now = system.clock.now(UTC)
        supervision.settle_for_operator(session, manager, call, Result("hung_up"), now)
    with operator.expecting(409):
        operator.press("Escape")
        operator.press("Digit2")
        expect(operator.page.locator("#kept")).to_contain_text("Сказал, что занят до весны")
    operator.page.reload()
    expect(operator.page.locator("#kept")).to_contain_text("Сказал, что занят до весны")
    operator.page.locator("#kept-close").click()
    expect(operator.page.locator("#kept")).to_be_hidden()
    operator.page.reload()
    expect(operator.page.locator("#kept")).to_be_hidden()

"""The desk on a laptop at 150 % zoom: 1366 x 768 becomes 911 x 512 (WCAG 1.4.4, 1.4.10)."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests import factories
from tests.e2e import filled
from tests.e2e.filled import Filled
from tests.e2e.people import Operator
from tests.e2e.states import desk_states
from tests.e2e.system import System
from tests.e2e.test_pages_axe import faults, full, system  # noqa: F401

ZOOMED = {"width": 911, "height": 512}
#: The states of a call; in each of them what is read aloud and every way on stand on the first screen.
CALL = {
    "ready", "ringing_before_20", "ringing_after_20", "greeting", "callback", "rating", "reasons", "farewell", "ended",
    "ended_continued", "done", "done_no_answer",
}  # fmt: skip
#: What of the step does not lie whole inside its card and inside the window.
OUT_OF_SIGHT = """() => {
  const seen = (el) => el.getClientRects().length && !el.closest('.vh, .break-ins');
  const box = document.querySelector('.script').getBoundingClientRect();
  const parts = '.say, .lead, .result, .btn[type="submit"], .btn[data-key], .chips label, #words, #comment';
  return [...document.querySelectorAll('#step')].flatMap((step) => [...step.querySelectorAll(parts)]).filter((el) => {
    const at = el.getBoundingClientRect();
    return seen(el) && (at.top < Math.max(0, box.top) || at.bottom > Math.min(innerHeight, box.bottom) + 1);
  }).map((el) => `${el.className} ${el.textContent.trim().slice(0, 40)}`);
}"""
SCROLLED = "scrollY + document.querySelector('.script').scrollTop + document.querySelector('.client').scrollTop"
TALLER = "document.documentElement.scrollHeight > innerHeight"


def test_the_rest_of_the_card_is_one_press_away(browser: Browser, system: System, full: Filled) -> None:  # noqa: F811
    assert full.survey
    operator = Operator(browser, system, **ZOOMED)
    operator.log_in("olga", factories.PASSWORD)
    operator.open("/desk")
    operator.start_shift(filled.SURVEY)
    operator.state_is("ready")
    facts, more = operator.page.locator(".client .facts"), operator.page.locator(".card-more summary")
    expect(facts).to_be_hidden()
    expect(more).to_have_text("Вся карточка")
    more.click()
    expect(facts).to_be_visible()
    assert faults(operator) == []
    more.click()
    expect(facts).to_be_hidden()
    operator.page.set_viewport_size({"width": 1366, "height": 768})
    expect(more).to_be_hidden()
    expect(facts).to_be_visible()
    operator.end_shift()
    operator.leave()


def test_the_line_and_its_answers_stand_on_the_first_screen(browser: Browser, system: System, full: Filled) -> None:  # noqa: F811
    assert full.survey
    operator = Operator(browser, system, **ZOOMED)
    operator.log_in("maxim", factories.PASSWORD)
    found: list[str] = []
    met = set()
    for state in desk_states(operator, filled.SURVEY):
        met.add(state)
        page = operator.page
        page.evaluate("document.fonts.ready")
        assert not page.evaluate(TALLER), f"{state}: the page scrolls"
        if state in CALL:
            assert page.locator("#step h2").count(), state
            found += [f"{state}: {part}" for part in page.evaluate(OUT_OF_SIGHT)]
            assert page.evaluate(SCROLLED) == 0, f"{state}: a step by key has scrolled the desk"
            found += [f"{state}: {fault}" for fault in faults(operator)]
    operator.leave()
    assert found == []
    assert met >= CALL

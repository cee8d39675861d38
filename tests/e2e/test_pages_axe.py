"""Every page of every role and every state of the desk in a real browser: nothing on the console, no violation of the
security policy, none of WCAG 2.2 A and AA as far as axe-core sees, no scrolling sideways."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import factories
from tests.conftest import make_app
from tests.e2e import filled
from tests.e2e.filled import Filled
from tests.e2e.people import Operator, Person
from tests.e2e.places import Places
from tests.e2e.states import desk_states
from tests.e2e.system import System, running

AXE = (Path(__file__).resolve().parent.parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target} ${node.failureSummary}`));
}"""
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SET_LARGE_TEXT = "(on) => { document.querySelector('#large-text').checked = on; }"
#: Words that are cut off at the edge of their place or run over it. Titles and answers that end in «…» do so by design.
CROWDED = """() => {
  const places = '.card, .btn, .tag, .alert, .break-in, .chip label, dialog, p, h1, h2, td, dd, li';
  return [...document.querySelectorAll(places)].filter((el) => el.scrollWidth > el.clientWidth + 1 &&
    !el.closest('.vh') && getComputedStyle(el).textOverflow !== 'ellipsis'
  ).map((el) => `cuts: ${el.className} ${el.textContent.trim().slice(0, 50)}`);
}"""
#: What is to be read and pressed is on the screen at once.
TALL = "document.querySelector('.script').scrollHeight > document.querySelector('.script').clientHeight"

SHARED = (
    "/campaigns", "/campaigns/{survey}", "/campaigns/{survey}/method", "/campaigns/{survey}/compare",
    "/campaigns/{survey}/answers", "/campaigns/{survey}/escalations", "/campaigns/{survey}/files",
    "/escalations/{escalation}", "/campaigns/{survey}/frozen", "/campaigns/{survey}/frozen/{frozen}",
    "/campaigns/{survey}/letter",
)  # fmt: skip
PREPARED = (
    "/campaigns/{survey}/base", "/campaigns/{survey}/base/{checked_load}",
    "/campaigns/{survey}/base/{checked_load}/missing", "/campaigns/{survey}/clients",
    "/campaigns/{survey}/clients/{client}", "/campaigns/{survey}/escalations/address",
    "/campaigns/{survey}/escalations/terms",
    "/campaigns/{survey}/settings/branches", "/campaigns/{survey}/settings/contacts",
    "/campaigns/{survey}/script", "/campaigns/{survey}/script?step=complaint", "/campaigns/{survey}/script/versions",
    "/campaigns/{survey}/script/difference", "/campaigns/{survey}/script/preview",
    "/campaigns/{survey}/settings/stop-list", "/campaigns/{survey}/settings/unsuitable", "/mail", "/mail/{letter}",
)  # fmt: skip
#: What each role opens, and for one of them what it may not.
PAGES: dict[str, tuple[str, ...]] = {
    "manager": (
        *SHARED, *PREPARED, "/campaigns/new", "/campaigns/{empty}", "/campaigns/{survey}/answers?group=detractor",
        "/campaigns/{survey}/base/{checked_load}?show=rejected", "/campaigns/{survey}/calls",
        "/campaigns/{survey}/clients?view=surveyed", "/campaigns/{empty}/clients", "/campaigns/{empty}/escalations",
        "/campaigns/{survey}/operators", "/campaigns/{survey}/operators/quality",
        "/campaigns/{survey}/operators/quality/{recorded_call}", "/campaigns/{paused}/operators",
        "/campaigns/{survey}/settings",
        "/campaigns/{survey}/settings/members", "/campaigns/{survey}/settings/windows",
        "/calls/{recorded_call}/recording", "/calls/{plain_call}/recording", "/campaigns/{survey}/recordings",
        "/campaigns/{survey}/recordings?check=missing", "/campaigns/{empty}/recordings",
        "/campaigns/{survey}/recordings/match", "/campaigns/{survey}/recordings/match?show=aside",
        "/campaigns/{survey}/recordings/match?show=extra&day=2026-11-17",
        "/campaigns/{survey}/recordings/nobodys", "/campaigns/{survey}/recordings/nobodys?show=aside",
        "/campaigns/{survey}/recordings/days", "/campaigns/{empty}/recordings/days",
        "/campaigns/{survey}/settings/personal-data", "/acts/1",
    ),
    "admin": (
        "/admin", "/admin/users", "/admin/users/new", "/admin/users/1", "/admin/exchange", "/admin/customers",
        "/admin/customers/1", "/admin/contracts/1", "/admin/journal", "/campaigns/{survey}",
    ),
    "specialist": (*SHARED, *PREPARED, "/campaigns/{empty}/base"),
    "customer": (*SHARED, "/campaigns/{empty}", "/password", "/sessions"),
    "operator": (
        "/desk/search", "/desk/day", "/training", "/training/calls/{practice_call}",
        "/calls/{recorded_call}/recording", "/campaigns", "/nowhere",
    ),
}  # fmt: skip
#: The pages that say no.
REFUSED = {("operator", "/campaigns"): 403, ("operator", "/nowhere"): 404}
#: Addresses that answer GET with something else than a page of their own, or that the states of the desk cover; the
#: receipt of a stop list is there only for who has sent one (see below).
NO_PAGES = frozenset(
    {
        "static", "script_module", "auth.home", "health.alive", "health.health", "health.metrics", "hooks.zadarma_echo",
        "admin.journal_export", "reports.panel", "reports.workbook",
        "campaigns.messages", "reports.answer_rows", "reports.call_rows", "recordings.play", "recordings.workbook",
        "letters.body", "desk.page", "desk.help_words", "desk.panel", "desk.tick", "sample.progress", "sample.marked",
        "personal_data.workbook", "reports.file", "reports.forms_workbook", "scripts.download",
        "campaigns.export_stops", "campaigns.stops_of_file", "reports.base_workbook",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def system(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    with running(folder / "data", f"sqlite:///{folder}/nps.sqlite3", filled.NOW) as system:
        yield system


@pytest.fixture(scope="module")
def full(system: System) -> Filled:
    return filled.fill(system)


def faults(person: Person) -> list[str]:
    """What is wrong with the page on the screen."""
    assert not person.page.evaluate(WIDE), f"{person.page.url} is wider than {person.page.viewport_size}"
    if person.page.evaluate("typeof axe === 'undefined'"):
        person.page.evaluate(AXE)
    return [f"{person.page.url}: {fault}" for fault in person.page.evaluate(RUN_AXE)]


@pytest.mark.parametrize("role", sorted(PAGES))
def test_the_pages_of_a_role(role: str, browser: Browser, system: System, full: Filled) -> None:
    person = Person(browser, system)
    person.log_in("olga" if role == "operator" else role, factories.PASSWORD)
    found = []
    for page in PAGES[role]:
        path = page.format(**vars(full))
        refused = REFUSED.get((role, page))
        with person.expecting(*filter(None, (refused,))):
            answer = person.open(path)
        assert answer.status == (refused or 200), path
        found += faults(person)
        person.page.set_viewport_size({"width": 768, "height": 1024})
        if person.page.evaluate(WIDE):
            found.append(f"{path} is wider than 768 pixels")
        person.page.set_viewport_size({"width": 1366, "height": 768})
    person.check()
    person.leave()
    assert found == []


def test_the_states_of_the_desk(browser: Browser, system: System, full: Filled) -> None:
    operator = Operator(browser, system)
    operator.log_in("maxim", factories.PASSWORD)
    found, places = [], Places(operator.page)
    for state in desk_states(operator, filled.SURVEY):
        found += [f"{state}: {fault}" for fault in faults(operator)]
        for width, height in ((768, 1024), (1024, 768), (1920, 1080), (1366, 640)):
            operator.page.set_viewport_size({"width": width, "height": height})
            found += [f"{state}, {width} pixels {fault}" for fault in operator.page.evaluate(CROWDED)]
            if operator.page.evaluate(WIDE):
                found.append(f"{state} is wider than {width} pixels")
        if operator.page.evaluate(TALL):
            found.append(f"{state} has to be scrolled on a laptop")
        places.look(state)
        operator.page.evaluate(SET_LARGE_TEXT, True)
        found += [f"{state}, large text: {fault}" for fault in faults(operator) + operator.page.evaluate(CROWDED)]
        operator.page.evaluate(SET_LARGE_TEXT, False)
        operator.page.set_viewport_size({"width": 1366, "height": 768})
    operator.check()
    operator.leave()
    assert not found, "\n".join(found)
    assert places.moved() == {}


def test_the_desk_of_training(browser: Browser, system: System, full: Filled) -> None:
    trainee = Operator(browser, system)
    trainee.log_in("vera", factories.PASSWORD)
    trainee.open("/training")
    found = faults(trainee)
    trainee.press("Enter")
    for state in ("ready", "ringing", "talk"):
        trainee.state_is(state)
        found += [f"{state}: {fault}" for fault in faults(trainee) + trainee.page.evaluate(CROWDED)]
        trainee.page.set_viewport_size({"width": 768, "height": 1024})
        found += [f"{state}, 768 pixels: {fault}" for fault in trainee.page.evaluate(CROWDED)]
        trainee.page.set_viewport_size({"width": 1366, "height": 768})
        trainee.press("Enter")
    trainee.check()
    trainee.leave()
    assert found == []


def test_the_receipt_of_a_stop_list(browser: Browser, system: System, full: Filled) -> None:
    person = Person(browser, system)
    person.log_in("specialist", factories.PASSWORD)
    person.open(f"/campaigns/{full.survey}/settings/stop-list")
    rows = "ИНН;Телефон\n1851884479;\n;8 912 000-00-02\n;8 912\n".encode()
    person.page.locator('input[type="file"]').set_input_files({"name": "s.csv", "mimeType": "text/csv", "buffer": rows})
    person.button("Прочитать файл").click()
    person.sees("Что вносить")
    found = faults(person)
    person.page.get_by_role("link", name="И номера, и организации").click()
    person.sees("Внести 1 запись")
    found += faults(person) + person.page.evaluate(CROWDED)
    person.check()
    person.leave()
    assert found == []


def test_the_login_page(browser: Browser, system: System) -> None:
    person = Person(browser, system)
    person.open("/login")
    found = faults(person)
    person.page.locator("#f-login").fill("nobody")
    person.page.locator("#f-password").fill("wrong")
    with person.expecting(422):
        person.press("Enter")
        person.page.get_by_role("alert").wait_for()
    found += faults(person)
    person.check()
    person.leave()
    assert found == []


def test_no_page_is_forgotten(tmp_path: Path, full: Filled) -> None:
    app = make_app(tmp_path, f"sqlite:///{tmp_path}/nps.sqlite3")
    router = app.url_map.bind("")
    opened = {
        router.match(page.format(**vars(full)).partition("?")[0], method="GET")[0]
        for pages in PAGES.values()
        for page in pages
        if page != "/nowhere"
    }
    there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert there - NO_PAGES - {"auth.login"} == opened - NO_PAGES

"""A real browser for the tests here: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import factories
from tests.e2e import people
from tests.e2e.people import Person
from tests.e2e.system import System, running
from tests.switches import leave_out

HERE = Path(__file__).parent
SWITCH = "NPS_TEST_WITHOUT_CHROMIUM"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser these tests fail, unless somebody has switched them off by hand; then it is said."""
    leave_out(config, items, HERE, SWITCH, "in a real browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=people.PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = people.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def system(database_url: str, tmp_path: Path) -> Iterator[System]:
    """The system on a database of its own, on the morning of Tuesday 17 November 2026."""
    with running(tmp_path / "data", database_url, factories.NOW.replace(hour=5, minute=0)) as system:
        yield system


@pytest.fixture
def visit(browser: Browser, system: System) -> Iterator[Callable[..., Any]]:
    """`visit(Person)`: somebody new at a browser; all that came are asked for complaints at the end."""
    came: list[Person] = []

    def arrive(kind: type[Person] = Person, **how: Any) -> Person:
        came.append(kind(browser, system, **how))
        return came[-1]

    yield arrive
    try:
        for person in came:
            person.check()
    finally:
        for person in came:
            person.leave()

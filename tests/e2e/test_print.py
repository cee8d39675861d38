"""Reports on paper, as Chromium prints them: A4, nothing wider than the page, no row or drawing in two pieces."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests import factories
from tests.e2e import filled
from tests.e2e.filled import Filled
from tests.e2e.people import Person
from tests.e2e.system import System, running

#: A4 in points, standing and lying, with its width between the margins in CSS pixels.
UPRIGHT, ACROSS = ((595, 842), round((210 - 2 * 12) / 25.4 * 96)), ((842, 595), round((297 - 2 * 12) / 25.4 * 96))
Sheet = tuple[tuple[int, int], int]
#: How each report lies, and how many pages it takes at most.
PAPER: dict[str, tuple[Sheet, int]] = {
    "/campaigns/{survey}": (UPRIGHT, 4),
    "/campaigns/{survey}/method": (UPRIGHT, 2),
    "/campaigns/{survey}/compare": (UPRIGHT, 2),
    "/campaigns/{survey}/frozen/{frozen}": (UPRIGHT, 3),
    "/campaigns/{survey}/answers": (ACROSS, 4),
    "/campaigns/{survey}/calls": (ACROSS, 5),
}
READERS = [
    (role, address)
    for address in PAPER
    for role in ("manager", "customer")
    if (role, address[-5:]) != ("customer", "calls")
]
#: What runs over the edge of the paper.
WIDE = """(width) => [...document.querySelectorAll('main *')].filter((el) => {
  const box = el.getBoundingClientRect();
  return box.width && !el.closest('.vh, svg') && (box.right > width + 1 || box.left < -1);
}).map((el) => `${el.tagName} ${el.className} ${el.textContent.trim().slice(0, 40)}`)"""
#: What is for a screen only.
PRESSED = """() => [...document.querySelectorAll('.topbar, .btn, button, select, input:not([type=hidden]), summary')]
  .filter((el) => el.checkVisibility()).map((el) => el.outerHTML.slice(0, 80))"""
#: The words of each thing that must stay in one piece: rows, drawings, counters.
PIECES = """() => [...document.querySelectorAll('main tbody tr, main svg, main .count-card')]
  .filter((el) => el.checkVisibility() && !el.closest('.vh')).map((el) =>
    [...(el.matches('svg') ? el.querySelectorAll('text') : el.querySelectorAll('th, td, b'))]
      .map((part) => [...part.querySelectorAll('.vh')].reduce(
        (text, aside) => text.replace(aside.innerText, ''), part.innerText ?? part.textContent))
  ).filter((words) => words.length)"""
#: Each heading with the first row of its table.
HEADINGS = """() => [...document.querySelectorAll('main h2')].filter((el) => el.checkVisibility()).map((el) => {
  const row = el.parentElement.closest('section')?.querySelector('tbody tr');
  return [el.innerText, row && row.checkVisibility() ? row.innerText : ''];
})"""


@pytest.fixture(scope="module")
def system(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("print")
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    with running(folder / "data", f"sqlite:///{folder}/nps.sqlite3", filled.NOW) as system:
        yield system


@pytest.fixture(scope="module")
def full(system: System) -> Filled:
    return filled.fill(system, 60)


def bare(words: str) -> str:
    """Without spaces, which a PDF sets as it likes."""
    return re.sub(r"\s+", "", words)


def whole_on(pages: list[str], words: list[str]) -> bool:
    return any(all(bare(part) in page for part in words) for page in pages)


@pytest.mark.parametrize(("role", "address"), READERS)
def test_a_report_on_paper(role: str, address: str, browser: Browser, system: System, full: Filled) -> None:
    ((size, width), most) = PAPER[address]
    person = Person(browser, system)
    person.log_in(role, factories.PASSWORD)
    person.open(address.format(**vars(full)))
    page = person.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate("document.fonts.ready")
    assert page.evaluate(WIDE, width) == []
    assert page.evaluate(PRESSED) == []
    pieces, headings = page.evaluate(PIECES), page.evaluate(HEADINGS)
    title = page.locator("h1").inner_text()

    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))

    pages = [bare(each.extract_text()) for each in printed.pages]
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in printed.pages} == {size}
    assert 1 <= len(pages) <= most
    for number, text in enumerate(pages, start=1):
        assert f"Страница{number}из{len(pages)}" in text
    assert bare(title) in pages[0] and bare(filled.SURVEY) in pages[0]
    assert size == ACROSS[0] or bare("на 19 ноября, 11:20") in pages[0], "how old the data are"
    assert [words for words in pieces if not whole_on(pages, words)] == []
    assert [words for words in headings if not whole_on(pages, words)] == [], "no heading at the foot of a page alone"
    person.leave()

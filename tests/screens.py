"""Pictures of every page and every state of the desk: `python -m tests.screens FOLDER` (bin/screens)."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

from nps.extensions import db
from nps.models import SampleImport
from tests import factories
from tests.conftest import migrate
from tests.e2e import filled, people
from tests.e2e.filled import DATA, Filled
from tests.e2e.people import Operator, Person
from tests.e2e.states import desk_states
from tests.e2e.system import System, running
from tests.e2e.test_pages_axe import PAGES

#: The desk must stand still at each of them; pages scroll and are taken whole.
DESK_SIZES = ((1366, 768), (1366, 640), (1920, 1080), (768, 1024))
PAGE_SIZES = ((1366, 768), (1920, 1080), (768, 1024))
CALLS = 150


class Camera:
    """Writes pictures into a folder, numbered in the order they were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = 0

    def take(self, person: Person, name: str, sizes: tuple[tuple[int, int], ...], *, whole: bool) -> None:
        """The page on the screen at these sizes; `whole` from top to bottom."""
        for width, height in sizes:
            person.page.set_viewport_size({"width": width, "height": height})
            person.page.evaluate("document.fonts.ready")
            size = f"{width}x{height}" if (width, height) == (1366, 640) else str(width)
            file = self.folder / f"{name}_{size}.png"
            person.page.screenshot(path=file, full_page=whole, animations="disabled")
            self.taken += 1
        person.page.set_viewport_size({"width": 1366, "height": 768})


def main() -> None:
    """Take all pictures."""
    about = "Снимает каждую страницу и каждое состояние рабочего места."
    parser = argparse.ArgumentParser(prog="bin/screens", description=about)
    parser.add_argument("folder", type=Path, help="куда положить картинки PNG")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    camera = Camera(folder)
    with _system() as system, sync_playwright() as playwright:
        browser = people.launch(playwright)
        full = filled.fill(system, CALLS)
        _strangers(browser, system, camera)
        _pages(browser, system, full, camera)
        _loading(browser, system, full, camera)
        _desk(browser, system, camera)
        browser.close()
    print(f"{camera.taken} картинок: {folder}")


@contextmanager
def _system() -> Iterator[System]:
    data = Path(tempfile.mkdtemp(prefix="nps-screens-"))
    try:
        migrate(f"sqlite:///{data}/nps.sqlite3", data)
        with running(data / "data", f"sqlite:///{data}/nps.sqlite3", filled.NOW) as system:
            yield system
    finally:
        shutil.rmtree(data)


def _strangers(browser: Browser, system: System, camera: Camera) -> None:
    person = Person(browser, system)
    person.open("/login")
    camera.take(person, "login", PAGE_SIZES, whole=True)
    person.page.locator("#f-login").fill("nobody")
    person.page.locator("#f-password").fill("wrong")
    person.press("Enter")
    person.page.get_by_role("alert").wait_for()
    camera.take(person, "login_error", PAGE_SIZES, whole=True)
    person.leave()


def _pages(browser: Browser, system: System, full: Filled, camera: Camera) -> None:
    for role, pages in PAGES.items():
        person = Person(browser, system)
        person.log_in("olga" if role == "operator" else role, factories.PASSWORD)
        for page in pages:
            person.open(page.format(**vars(full)))
            name = page.strip("/").translate(str.maketrans("/?=&{}", "______")).replace("__", "_").strip("_")
            camera.take(person, f"{role}_{name}", PAGE_SIZES, whole=True)
        person.leave()


def _loading(browser: Browser, system: System, full: Filled, camera: Camera) -> None:
    """The steps of a load that are not there to be opened: what is read, what was understood, the receipt."""
    person = Person(browser, system)
    person.log_in("specialist", factories.PASSWORD)
    person.open(f"/campaigns/{full.empty}/base")
    person.page.locator('input[type="file"]').set_input_files(DATA / "base_messy.xlsx")
    person.button("Прочитать файл").click()
    person.sees("Читаем книгу")
    camera.take(person, "load_1_progress", PAGE_SIZES, whole=True)
    system.work()
    person.sees("Как мы поняли столбцы")
    camera.take(person, "load_2_columns", PAGE_SIZES, whole=True)
    person.page.locator('select[name="branch"]').select_option("outside")
    person.button("Проверить 213 строк").click()
    person.sees("Проверяем строки")
    _half_way(system)
    person.sees("осталось примерно")
    camera.take(person, "load_3_checking", PAGE_SIZES, whole=True)
    system.work()
    person.sees("приняты как есть")
    camera.take(person, "load_4_receipt", PAGE_SIZES, whole=True)
    person.button("Загрузить 203 клиента").click()
    system.work()
    person.sees("В базу добавлены")
    camera.take(person, "load_5_published", PAGE_SIZES, whole=True)
    _top_up(person, system, full, camera)
    _sheets(person, system, full, camera)
    _no_table(person, system, full, camera)
    _stop_list(person, full, camera)
    person.leave()


def _no_table(person: Person, system: System, full: Filled, camera: Camera) -> None:
    """A text that could not be read: its encoding can be said."""
    file = camera.folder / "spisok.csv"
    file.write_text("Организация\nООО «Проба»\n", encoding="cp1251")
    person.open(f"/campaigns/{full.empty}/base")
    person.page.locator('input[type="file"]').set_input_files(file)
    person.button("Прочитать файл").click()
    system.work()
    person.sees("иначе")
    camera.take(person, "load_9_no_table", PAGE_SIZES, whole=True)
    file.unlink()


def _stop_list(person: Person, full: Filled, camera: Camera) -> None:
    """A stop list from a file: what is asked, row by row, and how it is entered."""
    file = camera.folder / "stop.csv"
    rows = ["ИНН;Телефон;Причина", "1897309111;8 912 000-00-01;просил не звонить", ";8 912 000-00-02, приёмная;"]
    rows += [";8 (912) 000-00-1;письмо от 12.11", "163190845240;;банкрот", ";8 912 000-00-02;", ";;без номера"]
    file.write_text("\n".join(rows), encoding="cp1251")
    person.open(f"/campaigns/{full.empty}/settings/stop-list")
    person.page.locator('input[type="file"]').set_input_files(file)
    person.button("Прочитать файл").click()
    person.sees("Что вносить")
    camera.take(person, "stop_file_1_asks", PAGE_SIZES, whole=True)
    person.page.get_by_role("link", name="И номера, и организации").click()
    person.sees("Внести 4 записи")
    camera.take(person, "stop_file_2_receipt", PAGE_SIZES, whole=True)
    person.button("Внести 4 записи").click()
    person.sees("По списку заказчика")
    camera.take(person, "stop_file_3_entered", PAGE_SIZES, whole=True)
    file.unlink()


def _half_way(system: System) -> None:
    """A worker that has checked half of the rows in four seconds."""
    with system.app.app_context():
        load = db.session.scalars(select(SampleImport).where(SampleImport.state == "checking")).one()
        began = system.clock.at - timedelta(seconds=4)
        load.rows_done, load.understood = 107, replace(load.understood, step_at=began)
        db.session.commit()


def _sheets(person: Person, system: System, full: Filled, camera: Camera) -> None:
    """The columns of a base of several sheets, groups and hidden rows, one choice redrawn."""
    for name in (
        "18_sheet_per_branch_no_op", "74_archive_sheet_longer", "16_hidden_filtered_rows", "03_branch_as_group_rows",
    ):  # fmt: skip
        person.open(f"/campaigns/{full.empty}/base")
        person.page.locator('input[type="file"]').set_input_files(DATA / "base_cases" / f"{name}.xlsx")
        person.button("Прочитать файл").click()
        person.sees("Читаем книгу")
        system.work()
        person.sees("Как мы поняли столбцы")
        camera.take(person, f"load_7_{name}", PAGE_SIZES, whole=True)
    person.page.locator('select[name^="column-"]').last.select_option("")
    person.sees("без почты")
    camera.take(person, "load_8_redrawn", PAGE_SIZES, whole=True)


def _top_up(person: Person, system: System, full: Filled, camera: Camera) -> None:
    """A later base in which three known clients have another name or number, and one is new."""
    book = load_workbook(DATA / "base_messy.xlsx")
    sheet = book.worksheets[0]
    sheet.delete_rows(12, 207)
    sheet["E5"], sheet["F6"], sheet["G7"] = "Зорин Николай Петрович", "8 904 000-58-99", "novaya@example.com"
    sheet.append((8, "Уфа", "ООО «Новый клиент»", "0284726717", "Галеева Алсу Петровна", "8 904 000-11-22"))
    file = camera.folder / "later.xlsx"
    book.save(file)
    person.open(f"/campaigns/{full.empty}/base")
    person.page.locator('input[type="file"]').set_input_files(file)
    person.button("Прочитать файл").click()
    system.work()
    person.sees("Как мы поняли столбцы")
    person.button("Проверить 8 строк").click()
    system.work()
    person.sees("о прежних клиентах")
    camera.take(person, "load_6_changes", PAGE_SIZES, whole=True)
    file.unlink()


def _desk(browser: Browser, system: System, camera: Camera) -> None:
    operator = Operator(browser, system)
    operator.log_in("maxim", factories.PASSWORD)
    for state in desk_states(operator, filled.SURVEY):
        camera.take(operator, f"desk_{state}", DESK_SIZES, whole=False)
        if state == "rating":
            _connection_lost(operator, camera)
    operator.leave()


def _connection_lost(operator: Operator, camera: Camera) -> None:
    operator.context.set_offline(True)
    operator.press("Digit7")
    operator.page.locator("#netbar").wait_for()
    camera.take(operator, "desk_connection_lost", DESK_SIZES, whole=False)
    operator.context.set_offline(False)
    # The answer goes out again by itself.
    operator.step_is("Причина оценки")
    operator.press("Backspace")
    operator.step_is("Оценка")


if __name__ == "__main__":
    main()

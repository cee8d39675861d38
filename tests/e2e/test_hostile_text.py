"""Whatever people type is shown as text: markup, templates and formulas in every field of the database, on every page
of every role, in the letter and in the workbook (ASVS 1.2.1, 1.2.10, 1.3.7, 3.4.3)."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser
from sqlalchemy import String, cast, literal, update

from nps.domain.actor import Actor
from nps.domain.default_script import DEFAULT_SCRIPT
from nps.extensions import Base, db
from nps.models import Escalation, Script, ScriptVersion, User
from nps.services import escalations
from nps.services.transaction import write
from tests import factories
from tests.e2e import filled
from tests.e2e.filled import Filled
from tests.e2e.people import Operator, Person
from tests.e2e.system import System, running
from tests.e2e.test_pages_axe import PAGES, REFUSED

HOSTILE = "=1+1\"><img src=x onerror=window.hacked=1><script>window.hacked=2</script>{{7*7}}'%s"
#: Long text that no person types: keys, folds, hashes, paths, what the program itself fills in.
MACHINES = {
    "audio.path", "branch_alias.alias_fold", "campaign.dial_link", "campaign.escalation_email",
    "disposition.label", "import_row.branch_fold",
    "import_row.identity", "import_row.search_fold", "job_run.file", "login_attempt.key", "outbox.dedupe",
    "outbox.message_id", "outbox.recipient", "region.name", "respondent.identity", "respondent.search_fold",
    "sample_import.file_path", "telephony_event.dedup", "user_account.login", "user_account.login_fold",
    "user_account.password_hash",
}  # fmt: skip
TRACES = "() => [window.hacked ?? null, document.querySelectorAll('img[src=\"x\"], main script').length]"


def _hostile_script(value: Any) -> Any:
    """The script with the hostile text after each of its sentences; ids and codes stay."""
    if isinstance(value, dict):
        return {key: _hostile_script(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hostile_script(item) for item in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) and not value.isascii() else value


@pytest.fixture(scope="module")
def system(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    with running(folder / "data", f"sqlite:///{folder}/nps.sqlite3", filled.NOW) as system:
        yield system


@pytest.fixture(scope="module")
def full(system: System) -> Filled:
    """The filled system, its texts overwritten; the next campaign calls by a hostile script."""
    full = filled.fill(system)
    with system.app.app_context(), write(db.session) as s:
        for table in Base.metadata.sorted_tables:
            texts = [column for column in table.columns if isinstance(column.type, String) and _is_text(column)]
            for column in texts:
                # Short names are unique here and there: the row's number at the end keeps them so.
                text = literal(HOSTILE) + cast(table.c.id, String) if column.type.length < 300 else literal(HOSTILE)
                s.execute(update(table).where(column != "").values({column: text}))
        script = s.query(Script).one()
        body = _hostile_script(DEFAULT_SCRIPT)
        version = ScriptVersion(script_id=script.id, no=2, body=body, sha256="0" * 64, published_at=filled.NOW)
        s.add(version)
        s.flush()
        s.execute(update(Base.metadata.tables["campaign"]).values(script_version_id=version.id))
    return full


def _is_text(column: Any) -> bool:
    return (column.type.length or 0) >= 100 and f"{column.table.name}.{column.name}" not in MACHINES


def _unharmed(person: Person, where: str) -> None:
    assert person.page.evaluate(TRACES) == [None, 0], where


@pytest.mark.parametrize("role", sorted(PAGES))
def test_pages_show_it_as_text(role: str, browser: Browser, system: System, full: Filled) -> None:
    person = Person(browser, system)
    person.log_in("olga" if role == "operator" else role, factories.PASSWORD)
    shown = 0
    for page in PAGES[role]:
        path = page.format(**vars(full))
        with person.expecting(*filter(None, (REFUSED.get((role, page)),))):
            person.open(path)
        _unharmed(person, path)
        shown += HOSTILE[:60] in person.page.content() or "{{7*7}}" in person.page.locator("body").inner_text()
    person.check()
    person.leave()
    assert shown >= 1, "the texts were not on the pages at all"


def test_the_desk_reads_it_aloud_as_text(browser: Browser, system: System, full: Filled) -> None:
    operator = Operator(browser, system)
    operator.log_in("maxim", factories.PASSWORD)
    operator.open("/desk")
    operator.page.get_by_role("radio").first.check()
    operator.press("Enter")
    operator.state_is("ready")
    operator.dial()
    operator.is_answered()
    operator.sees("{{7*7}}", "#step")
    for panel in ("question", "complaint", "contacts", "escalation", "callback", "unsuitable", "more"):
        operator.open(f"/desk?panel={panel}")
        _unharmed(operator, panel)
    operator.open("/desk")
    operator.agrees()
    operator.press("Digit3")
    operator.step_is("Причина оценки")
    _unharmed(operator, "reasons")
    operator.page.locator("#desk-q").fill("куз")
    operator.page.locator("#search-results").get_by_text("hacked").first.wait_for()
    _unharmed(operator, "search")
    operator.check()
    operator.leave()


def test_the_letter_carries_it_as_text(system: System, full: Filled) -> None:
    with system.app.app_context():
        case = db.session.query(Escalation).order_by(Escalation.id).first()
        assert case is not None and case.attempt_id is not None
        fields = {"organisation": HOSTILE, "inn": "", "contact": HOSTILE, "phone": HOSTILE[:40], "email": "a@b.ru"}
        user = db.session.get_one(User, case.raised_by)
        operator = Actor(user.id, user.role, user.full_name, user.customer_id, user.spoken_name, user.gender)
        escalations.raise_escalation(
            db.session,
            operator,
            fields=fields | {"text": f"{HOSTILE}\r\nBcc: all@example.com", "wished_time": HOSTILE},
            now=filled.NOW,
            attempt_id=case.attempt_id,
        )
        db.session.remove()
        system.smtp.taken.clear()
        system.work()
    (letter,) = (taken for taken in system.smtp.taken if taken.recipients == ("k.service@u-energo.ru",))
    assert letter.message["Bcc"] is None
    html = letter.message.get_body(("html",))
    plain = letter.message.get_body(("plain",))
    assert html is not None and plain is not None
    assert "<img" not in html.get_content() and "<script" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content() and HOSTILE in plain.get_content()


def test_the_workbook_holds_no_formula_of_theirs(browser: Browser, system: System, full: Filled) -> None:
    person = Person(browser, system)
    person.log_in("manager", factories.PASSWORD)
    answer = person.context.request.get(f"/campaigns/{full.survey}/report.xlsx")
    assert answer.status == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.body()))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(cell.value == HOSTILE and cell.data_type == "s" for cell in cells)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" and "1+1" in str(cell.value)]
    assert not [cell.coordinate for cell in cells if cell.hyperlink and "hacked" in str(cell.hyperlink.target)]
    person.leave()

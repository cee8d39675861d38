"""The desk by keyboard: what each key does, in the Russian layout, and how many presses a call takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from nps.extensions import db
from tests import factories
from tests.e2e.people import Operator, plain
from tests.e2e.places import Places
from tests.e2e.system import System, running

#: What a key types in the Russian layout; the tests strike keys by their place, as fingers do.
RUSSIAN = {
    "KeyC": "с", "KeyF": "а", "KeyG": "п", "KeyH": "р", "KeyJ": "о", "KeyL": "д", "KeyN": "т", "KeyP": "з", "KeyR": "к",
    "KeyT": "е", "KeyU": "г", "KeyY": "н", "Quote": "э", "Semicolon": "ж", "Slash": ".",
    **{f"{block}{n}": str(n) for block in ("Numpad", "Digit") for n in range(10)},
}  # fmt: skip
#: Keys that type nothing: their names, and their numbers on Windows.
OTHERS = {
    "Enter": ("Enter", 13), "NumpadEnter": ("Enter", 13), "Escape": ("Escape", 27), "Backspace": ("Backspace", 8),
    "F8": ("F8", 119),
}  # fmt: skip

QUESTION, COMPLAINT, CONTACTS = "talk: О чём спрашивает клиент", "talk: Жалоба или негатив", "talk: Контакты филиалов"
READY, RINGING, GREETING = "ready: Следующий клиент", "ringing: Идёт дозвон", "talk: Приветствие"
RATING, REASONS, FAREWELL = "talk: Оценка", "talk: Причина оценки", "talk: Прощание"
#: The keyboard map: what is on the screen, the key, what is on the screen then.
MAP = (
    (READY, "KeyG", "ready: Почему не звоним сейчас"),
    ("ready: Почему не звоним сейчас", "Escape", READY),
    (READY, "Enter", RINGING),
    (RINGING, "KeyU", RINGING),
    (RINGING, "KeyF", "ringing: Что не так с номером"),
    ("ringing: Что не так с номером", "Escape", RINGING),
    (RINGING, "KeyT", "ringing: Чем закончился звонок"),
    ("ringing: Чем закончился звонок", "Escape", RINGING),
    (RINGING, "NumpadEnter", GREETING),
    (GREETING, "Digit2", "talk: Перезвон"),
    ("talk: Перезвон", "Backspace", GREETING),
    (GREETING, "Numpad1", RATING),
    (RATING, "KeyC", QUESTION),
    (QUESTION, "Escape", RATING),
    (RATING, "Semicolon", COMPLAINT),
    (COMPLAINT, "KeyN", CONTACTS),
    (CONTACTS, "Escape", RATING),
    (RATING, "KeyH", RATING),
    (RATING, "KeyG", "talk: Перезвонить"),
    ("talk: Перезвонить", "Escape", RATING),
    (RATING, "KeyJ", "talk: Отказ от опроса"),
    ("talk: Отказ от опроса", "Escape", RATING),
    (RATING, "Digit0", FAREWELL),
    (FAREWELL, "Backspace", RATING),
    (RATING, "Numpad7", REASONS),
    (REASONS, "Numpad2", REASONS),
    (REASONS, "KeyR", REASONS),
    (REASONS, "Escape", REASONS),
    (REASONS, "Enter", FAREWELL),
    (FAREWELL, "F8", "ended: У этого звонка нет итога"),
    ("ended: У этого звонка нет итога", "Quote", "ended: Передать специалисту"),
    ("ended: Передать специалисту", "Escape", "ended: Передать специалисту"),  # the field is left first
    ("ended: Передать специалисту", "Escape", "ended: У этого звонка нет итога"),
    ("ended: У этого звонка нет итога", "Enter", "ended: Прощание"),
    ("ended: Прощание", "Enter", "done: Анкета сохранена"),
    ("done: Анкета сохранена", "Backspace", "done: Каким должен быть итог"),
    ("done: Каким должен быть итог", "Escape", "done: Анкета сохранена"),
    ("done: Анкета сохранена", "Enter", READY),
    (READY, "Backspace", "done: Анкета сохранена"),  # the next card goes back
    ("done: Анкета сохранена", "Enter", READY),
    (READY, "Enter", RINGING),
    (RINGING, "KeyP", "done: Занято"),
)  # fmt: skip
VISIBLE_KEYS = """() => [...document.querySelectorAll('[data-key]')].filter((el) => el.getClientRects().length)
  .flatMap((el) => el.dataset.key.split(' '))"""
COUNT_PRESSES = """addEventListener('keydown', () => {
  sessionStorage.setItem('presses', Number(sessionStorage.getItem('presses')) + 1);
}, true);"""


class Typist(Operator):
    """An operator whose keyboard is in the Russian layout."""

    keyboard: CDPSession | None = None

    def strike(self, code: str, held: bool = False, shift: str = "") -> None:
        """The key at this place, held down until it repeats, or with Shift, which types `shift`."""
        self.lets_go(code.replace("NumpadEnter", "Enter").replace("Numpad", "Digit"))
        self.keyboard = self.keyboard or self.context.new_cdp_session(self.page)
        key, number = OTHERS.get(code, (shift or RUSSIAN.get(code, ""), 0))
        text = "\r" if number == 13 else "" if number else key
        event = {"code": code, "key": key, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
        for repeat in (False, True) if held else (False,):
            down = {"type": "keyDown", **event, "text": text, "autoRepeat": repeat}
            self.keyboard.send("Input.dispatchKeyEvent", down)
        self.keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def is_at(self, place: str) -> None:
        """Wait for «state: heading»."""
        state, heading = place.split(": ")
        self.state_is(state)
        self.step_is(heading)


@pytest.fixture(scope="module")
def system(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("keyboard")
    shutil.copy(sqlite_template, folder / "nps.sqlite3")
    with running(folder / "data", f"sqlite:///{folder}/nps.sqlite3", factories.NOW) as system:
        yield system


@pytest.fixture
def typist(system: System, visit: Callable[..., Any]) -> Typist:
    """On shift, with clients of his own to call."""
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title="Волна")
        login = factories.member(session, campaign).login
        for _ in range(4):
            factories.respondent(session, campaign)
    typist: Typist = visit(Typist, height=640)
    typist.context.add_init_script(COUNT_PRESSES)
    system.clock.set(factories.NOW)
    typist.log_in(login, factories.PASSWORD)
    typist.start_shift("Волна")
    return typist


def test_every_key_does_what_the_help_says(typist: Typist) -> None:
    page, live = typist.page, typist.page.locator("#live")
    names = {"⌫": "Backspace", "Esc": "Escape", "?": "Slash"} | {typed.upper(): code for code, typed in RUSSIAN.items()}
    seen = set()
    for before, code, after in MAP:
        typist.is_at(before)
        seen |= set(page.evaluate(VISIBLE_KEYS))
        typist.strike(code)
        typist.is_at(after)
        # A reader hears the new question, and what has changed; Tab goes on from there.
        pressed = code.replace("Numpad", "Digit")
        focused = page.locator(f"#step :is(h2, [data-focus], [data-key={pressed}]):focus")
        expect(focused).to_be_attached()
        if before.partition(":")[0] != after.partition(":")[0]:
            expect(live).not_to_be_empty()
    typist.strike("Slash")
    rows = [plain(row).split() for row in page.locator("#help td:first-child").all_inner_texts()]
    typist.strike("Slash")
    expect(page.locator("#help")).to_be_hidden()
    listed = {names.get(cap, cap) for row in rows if row != ["Ctrl", "Enter"] for cap in row}
    assert listed - {"…"} == seen - {f"Digit{n}" for n in range(2, 9)}
    # «Набрать» would leave the page for a telephone program; «Не отвечает» opens after 20 seconds.
    assert {code for _, code, _ in MAP} >= listed - {"…", "KeyL", "KeyY", "Slash", "Digit1", "Digit9"}


def test_what_no_key_does(typist: Typist) -> None:
    """A held key counts once, «?» gives no answer, and typing is typing; letters and digits can be turned off."""
    page = typist.page
    typist.dial()
    typist.is_answered()
    typist.strike("Digit7", shift="?")
    expect(page.locator("#help")).to_be_visible()
    typist.strike("KeyJ")
    page.get_by_label("Буквы и цифры включены").click()
    typist.strike("Escape")
    expect(page.locator("#help")).to_be_hidden()
    typist.strike("KeyJ")
    typist.strike("Digit1")
    page.get_by_role("button", name="Список клавиш").click()
    page.get_by_label("Буквы и цифры включены").click()
    typist.strike("Enter")
    expect(page.locator("#help")).to_be_hidden()
    typist.is_at(GREETING)
    typist.strike("Digit1")
    typist.is_at(RATING)
    typist.strike("Digit5")
    typist.is_at(REASONS)
    typist.strike("Digit3", held=True)
    expect(page.locator("#reasons :checked")).to_have_count(1)
    typist.strike("KeyR")
    for code in ("KeyJ", "KeyN", "Digit1", "Numpad2", "Slash"):
        typist.strike(code)
    expect(page.get_by_label("Слова клиента")).to_have_value("от12.")
    typist.is_at(REASONS)
    assert page.locator("#reasons :checked").count() == 1


def test_large_text_is_kept_for_the_workplace(typist: Typist) -> None:
    page = typist.page
    size = "() => parseFloat(getComputedStyle(document.querySelector('#step .say')).fontSize)"
    usual = page.evaluate(size)
    typist.strike("Slash")
    page.get_by_label("Крупный текст").click()
    typist.strike("Escape")
    assert page.evaluate(size) >= usual * 1.2
    page.reload()
    typist.is_at(READY)
    assert page.evaluate(size) >= usual * 1.2
    typist.strike("Enter")
    typist.is_at(RINGING)
    assert page.evaluate(size) >= usual * 1.2


def test_how_many_presses_a_call_takes(typist: Typist, record_property: Callable[[str, object], None]) -> None:
    """From «Позвонить» to the saved record, as the browser counts them."""
    stories = {
        "9-10": (5, (RINGING, "Enter", GREETING, "Digit1", RATING, "Digit9", FAREWELL, "Enter")),
        "1-8 with two reasons": (
            8, (RINGING, "Enter", GREETING, "Digit1", RATING, "Digit8", REASONS, "Digit2", REASONS, "Digit3", REASONS,
                "Enter", FAREWELL, "Enter"),
        ),
        "no answer": (3, (RINGING, "KeyY")),
    }  # fmt: skip
    for name, (limit, story) in stories.items():
        typist.is_at(READY)
        typist.page.evaluate("sessionStorage.removeItem('presses')")
        typist.strike("Enter")
        typist.is_at(RINGING)
        typist.time_passes(30)
        for place, code in zip(story[::2], story[1::2], strict=True):
            typist.is_at(place)
            typist.strike(code)
        typist.state_is("done")
        presses = int(typist.page.evaluate("sessionStorage.getItem('presses')"))
        record_property(f"key presses, {name}", f"{presses} (at most {limit})")
        assert presses <= limit, name
        typist.sees("Не отвечает" if name == "no answer" else "Анкета сохранена", "#step")
        typist.strike("Enter")


def test_nothing_moves_from_step_to_step(typist: Typist) -> None:
    """On a laptop: the first answer, each result and the call bar keep their places."""
    places = Places(typist.page)

    def look(heading: str) -> None:
        typist.step_is(heading)
        places.look(heading)

    look("Следующий клиент")
    typist.strike("Enter")
    look("Идёт дозвон")
    typist.time_passes(30)
    look("Идёт дозвон")
    for code, heading in (
        ("Enter", "Приветствие"), ("Digit1", "Оценка"), ("Digit8", "Причина оценки"),
        ("Digit1", "Причина оценки"), ("Enter", "Прощание"), ("Backspace", "Причина оценки"), ("Backspace", "Оценка"),
        ("Backspace", "Приветствие"), ("Digit2", "Перезвон"), ("KeyJ", "Отказ"),
    ):  # fmt: skip
        typist.strike(code)
        look(heading)
    assert places.moved() == {}
    assert len(places.seen) > 20

"""People at their browsers: a person opens pages and presses keys; whatever a page complains about fails the test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Response, expect

from tests.e2e.system import System

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ru",
)
#: Long enough for a busy machine; nothing waits for its end unless something is wrong.
PATIENCE_MS = 20_000

_TELL_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
#: What the console says of requests: of a refused one the browser's sentence (the requests themselves are looked at
#: instead), of one that was given up for a newer one (`hx-sync`) the names of htmx's events.
_SAID_OF_REQUESTS = (
    "Failed to load resource: the server responded with a status of",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendAbort",
)
#: What it says of requests that did not arrive.
_SAID_OF_LOST_REQUESTS = ("Failed to load resource: net::", "htmx:sendError", "htmx:timeout")


def chromium_path() -> str | None:
    """Where Debian's Chromium is, None when it is not installed."""
    usual = Path("/usr/bin/chromium")
    return shutil.which("chromium") or (str(usual) if usual.exists() else None)


def launch(playwright: Playwright) -> Browser:
    """A browser. Raises RuntimeError with what to do when there is none."""
    path = chromium_path()
    if path is None:
        raise RuntimeError("Chromium is not installed: bin/test installs it, or set NPS_TEST_WITHOUT_CHROMIUM=1")
    return playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS])


class Person:
    """Somebody with a browser of his own."""

    def __init__(
        self, browser: Browser, system: System, width: int = 1366, height: int = 768, scripts: bool = True
    ) -> None:
        self.system = system
        self.complaints: list[str] = []
        self._expected: set[int] = set()
        self._ignored = _SAID_OF_REQUESTS
        self.context = browser.new_context(
            base_url=system.url,
            viewport={"width": width, "height": height},
            locale="ru-RU",
            timezone_id="Europe/Samara",
            accept_downloads=True,
            java_script_enabled=scripts,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(self._ignored):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Refusals with these statuses belong to the story inside the block."""
        self._expected = set(statuses)
        yield
        self._expected = set()

    @contextmanager
    def losing_requests(self) -> Iterator[None]:
        """Requests that do not arrive belong to the story inside the block."""
        self._ignored += _SAID_OF_LOST_REQUESTS
        yield
        self._ignored = _SAID_OF_REQUESTS

    def check(self) -> None:
        """Fail for whatever the browser or the server complained about so far."""
        assert not self.complaints, "\n".join(self.complaints)
        assert not self.system.errors, self.system.errors

    def log_in(self, login: str, password: str) -> None:
        """Through the form, with the keyboard."""
        self.page.goto("/login")
        expect(self.page.locator("#f-login")).to_be_focused()
        self.page.keyboard.type(login)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        with self.page.expect_navigation(url=re.compile(r"^(?!.*/login)")):
            self.page.keyboard.press("Enter")

    def open(self, path: str) -> Response:
        """Go to an address of the site."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer

    def press(self, *keys: str) -> None:
        """Press keys by their place on the keyboard."""
        for key in keys:
            self.lets_go(key)
            self.page.keyboard.press(key)

    def lets_go(self, key: str) -> None:
        """Wait until the page takes this key for a new press: struck again at once it counts as the same one."""
        expect(self.page.locator(f'html[data-struck="{key}"]')).to_have_count(0)

    def sees(self, text: str | re.Pattern[str], where: str = "main") -> None:
        """Wait until the text stands in that part of the page."""
        expect(self.page.locator(where).first).to_contain_text(text, timeout=PATIENCE_MS)

    def text(self, selector: str) -> str:
        """The words of a part of the page, spaces made plain."""
        return plain(self.page.locator(selector).first.inner_text())

    def button(self, name: str) -> Locator:
        """The button of this name."""
        return self.page.get_by_role("button", name=name)

    def leave(self) -> None:
        """Close the browser."""
        self.context.close()


class Operator(Person):
    """Somebody on the desk. What happens on it is waited for by the desk's own state."""

    def state_is(self, state: str) -> None:
        """Wait for a state of the desk."""
        expect(self.page.locator(f'#desk[data-state="{state}"]')).to_be_visible(timeout=PATIENCE_MS)

    def step_is(self, heading: str) -> None:
        """Wait for a step of the script, or for a panel over it, by its heading."""
        expect(self.page.locator("#step h2").first).to_contain_text(heading, timeout=PATIENCE_MS)

    def start_shift(self, campaign: str) -> None:
        """Choose the campaign on the first screen of the desk, by its key."""
        self.open("/desk")
        self.state_is("no_shift")
        key = self.page.get_by_role("radio", name=campaign).get_attribute("data-key")
        assert key is not None
        self.press(key, "Enter")
        expect(self.page.locator('#desk:not([data-state="no_shift"])')).to_be_visible()

    def end_shift(self) -> None:
        """Through the menu of the person."""
        self.page.locator("header details.menu summary").click()
        self.page.locator("header").get_by_role("button", name="Закончить смену").click()
        self.state_is("no_shift")

    def card(self) -> dict[str, str]:
        """The client on the desk: contact, phone, and the facts by their names."""
        return {
            "contact": self.text("section.client h1"),
            "phone": self.text("section.client .phone"),
            "organisation": self.text("section.client .organisation"),
            **dict(
                zip(
                    map(plain, self.page.locator("section.client dt").all_inner_texts()),
                    map(plain, self.page.locator("section.client dd").all_inner_texts()),
                    strict=True,
                )
            ),
        }

    def dial(self) -> None:
        """Enter on «Позвонить»."""
        self.state_is("ready")
        self.press("Enter")
        self.state_is("ringing")

    def time_passes(self, seconds: float) -> None:
        """So long later; the page is loaded anew and shows the same call (R8)."""
        before = self.page.locator("#desk").get_attribute("data-attempt")
        self.system.clock.forward(seconds)
        self.page.reload()
        assert self.page.locator("#desk").get_attribute("data-attempt") == before

    def is_answered(self, after_s: float = 9) -> None:
        """The client takes the phone."""
        self.system.clock.forward(after_s)
        self.press("Enter")
        self.state_is("talk")
        self.step_is("Приветствие")

    def agrees(self, after_s: float = 6) -> None:
        """«Да, удобно»: the minute of the survey begins."""
        self.system.clock.forward(after_s)
        self.press("Digit1")
        self.step_is("Оценка")

    def next_client(self) -> None:
        """Enter on «Следующий клиент»."""
        self.state_is("done")
        self.press("Enter")
        expect(self.page.locator('#desk:not([data-state="done"])')).to_be_visible()


def plain(text: str) -> str:
    """Words as a person reads them: one kind of space."""
    return " ".join(text.split())

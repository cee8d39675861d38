"""What a page offers to somebody without JavaScript: its buttons, and how their forms can be filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random

PHONES = ("+7 917 000-00-01", "8 917 000 00 03", "+7 917 000-00-77", "12")
DAYS, TIMES = ("05.11.2026", "10.11.2026", "12.11.2026"), ("10:30", "15:00")


@dataclass
class Form:
    """A form that posts. `fixed` goes along as it is; of each list in `choices` one value goes, or none."""

    action: str
    fixed: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)

    def filled(self, random: Random) -> list[tuple[str, str]]:
        """The form as somebody sends it; a time comes with its day."""
        said = {name: random.choice(values) for name, values in self.choices.items() if values}
        if "at" in said and "day" in said:
            said["day"] = said["at"][:10]
        said |= {name: value or _typed(name, random) for name, value in self.typed.items()}
        return [*self.fixed, *said.items()]


@dataclass
class Button:
    """One that can be pressed."""

    form: Form
    name: str = ""
    value: str = ""
    action: str = ""

    def sent(self, random: Random) -> tuple[str, list[tuple[str, str]]]:
        """Where a press of it sends what."""
        pressed = [(self.name, self.value)] if self.name else []
        return self.action or self.form.action, [*self.form.filled(random), *pressed]


def _typed(name: str, random: Random) -> str:
    match name:
        case "phone":
            return random.choice(PHONES)
        case "talk_minutes" | "talk_s":
            return random.choice(("0", "2", "9"))
        case "callback_day":
            return random.choice(DAYS)
        case "callback_time":
            return random.choice(TIMES)
        case _:
            return random.choice(("Сказал сам", "Сказал сам", ""))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.pressable: list[tuple[Form | str, dict[str, str]]] = []
        self.links: list[str] = []
        self.state = ""
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.state = said.get("data-state", self.state) if said.get("id") == "desk" else self.state
        if tag == "form":
            self._form = Form(said.get("action", "")) if said.get("method") == "post" else None
            if self._form is not None:
                self.by_id[said.get("id", "")] = self._form
        elif tag == "a" and "panel=" in said.get("href", ""):
            self.links.append(said["href"])
        elif "disabled" in said:
            return
        elif tag == "button" and said.get("type", "submit") == "submit":
            owner = said.get("form") or self._form
            if owner is not None:
                self.pressable.append((owner, said))
        elif self._form is not None:
            self._field(self._form, tag, said)

    def _field(self, form: Form, tag: str, said: dict[str, str]) -> None:
        name, value = said.get("name", self._select), said.get("value", "")
        match tag, said.get("type", ""):
            case "input", "hidden":
                form.fixed.append((name, value))
            case ("input", "radio" | "checkbox") | ("option", _):
                form.choices.setdefault(name, []).append(value)
            case (("input" | "textarea"), _):
                form.typed[name] = value
            case "select", _:
                self._select = name

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


@dataclass(frozen=True)
class Offer:
    """A page: its state of the desk, the buttons that can be pressed, the panels that can be opened."""

    state: str
    buttons: list[Button]
    panels: list[str]


def offered(page: str) -> Offer:
    """What this page offers, without leaving the work."""
    reader = _Reader()
    reader.feed(page)
    buttons = []
    for owner, said in reader.pressable:
        form = reader.by_id.get(owner) if isinstance(owner, str) else owner
        if form is not None and form.action not in ("/login", "/logout"):
            buttons.append(Button(form, said.get("name", ""), said.get("value", ""), said.get("formaction", "")))
    return Offer(reader.state, buttons, reader.links)

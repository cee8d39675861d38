"""Operators at work over real HTTP: each press of a survey with time to think before it, and the page's own polls.

On loopback only; driver, web workers and database share the cores, so the figures are those of the whole house on them.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import mean, median, quantiles
from urllib.parse import urlencode

from bench.data import Base
from nps.extensions import db
from nps.models import Campaign, Contract
from tests import factories, live

#: Operators, seconds each thinks, and the 99th percentile of a press in ms that is aimed at.
LOADS = ((64, 1.0, 50), (300, 10.0, 100))
#: The memory of the web workers at the end against that after the first minute.
MEMORY_BOUND = 1.05
#: What is pressed while everything is loaded for the first time counts for nothing; then memory is looked at.
_COLD_S, _FIRST_MINUTE_S = 10.0, 60.0
#: As the page's scripts do it (static/js/app/polls.js).
_BEAT_S = 2.0
#: Stands for the status of an answer that did not come.
_NO_ANSWER = 599
_HIDDEN = ("form_key", "csrf_token", "expect_attempt", "expect_client", "expect_step")
_FIELDS = re.compile(rf'name="({"|".join(_HIDDEN)})" value="([^"]*)"'.encode())
_STATE = re.compile(rb'data-state="(\w+)" data-tick="(\d+)"')
_TICK, _BEAT = (re.compile(rf'hx-get="(/desk/{place}[^"]*)"'.encode()) for place in ("tick", "help"))
_ANSWERS = {"greeting": "yes", "rating": "10", "farewell": "end"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as its operator saw it: ms until all of the answer was there."""

    name: str
    begun: float
    ms: float
    status: int
    statements: int


@dataclass
class Operator:
    """One browser: a connection that stays, its cookies, what the desk shows, and what its requests took."""

    port: int
    login: str
    think_s: float
    seen: list[Request] = field(default_factory=list)
    state: str = ""

    def __post_init__(self) -> None:
        self._random = Random(self.login)
        self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._rings, self._tick_s, self._tick, self._beat = False, 15.0, "/desk/tick", "/desk/help"

    def enter(self) -> None:
        """Sign in and open the desk."""
        self._ask("login", "GET", "/login")
        self._ask("login", "POST", "/login", {"login": self.login, "password": factories.PASSWORD})
        self._ask("page", "GET", "/desk")
        if not self.state:
            raise RuntimeError(f"{self.login} has no desk: {self.seen[-1]}")

    def work(self, until: float) -> None:
        """Press after press, with the polls in between."""
        begun = time.monotonic()
        press_at = begun + self._random.uniform(0, self.think_s)
        ticked, beat_at = begun - self._random.uniform(0, self._tick_s), begun + self._random.uniform(0, _BEAT_S)
        while (due := min(press_at, tick_at := ticked + self._tick_s, beat_at)) < until:
            time.sleep(max(0.0, due - time.monotonic()))
            if due == press_at:
                self._press()
                press_at = time.monotonic() + self.think_s * self._random.uniform(0.5, 1.5)
            elif due == tick_at:
                ticked = time.monotonic()
                self._ask("tick", "GET", self._tick)
            else:
                beat_at = time.monotonic() + _BEAT_S
                self._ask("beat", "GET", self._beat)

    def _press(self) -> None:
        call = f"/desk/calls/{self._shown.get('expect_attempt', '')}"
        step = self._shown.get("expect_step", "")
        if self.state == "ready":
            self._rings = False
            self._ask("dial", "POST", "/desk/dial", {})
        elif self.state == "ringing" and not self._rings:
            self._rings = True
            self._ask("ringing", "POST", f"{call}/ringing", {})
        elif self.state == "ringing":
            self._ask("answered", "POST", f"{call}/answered", {})
        elif self.state == "talk" and step in _ANSWERS:
            name, target = ("result", "desk") if step == "farewell" else ("answer", "step")
            self._ask(name, "POST", f"{call}/answer", {"answer": _ANSWERS[step]}, target)
        else:
            self._ask("next", "POST", "/desk/next", {})

    def _ask(self, name: str, method: str, path: str, form: dict[str, str] | None = None, target: str = "desk") -> None:
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self._cookies.items())}
        if name not in ("login", "page"):
            headers |= {"HX-Request": "true", "HX-Target": target}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(self._shown | form)
        begun = time.monotonic()
        try:
            self._line.request(method, path, body, headers)
            answer = self._line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._line.close()
            self.seen.append(Request(name, begun, (time.monotonic() - begun) * 1000, _NO_ANSWER, 0))
            return
        ms = (time.monotonic() - begun) * 1000
        self.seen.append(Request(name, begun, ms, answer.status, int(answer.headers.get("X-Statements") or 0)))
        for line in answer.headers.get_all("Set-Cookie") or ():
            key, _, value = line.partition(";")[0].partition("=")
            self._cookies[key] = value
        if name not in ("tick", "beat") or b'id="desk"' in text:
            self._read(text)
        if answer.status >= 400:
            self._ask("page", "GET", "/desk")

    def _read(self, text: bytes) -> None:
        for name, value in reversed(_FIELDS.findall(text)):
            self._shown[name.decode()] = value.decode()
        if found := _STATE.search(text):
            self.state, self._tick_s = found[1].decode(), float(found[2])
        if found := _TICK.search(text):
            self._tick = found[1].decode().replace("&amp;", "&")
        if found := _BEAT.search(text):
            self._beat = found[1].decode().replace("&amp;", "&")


def measure(base: Base, folder: Path, number: int, think_s: float, aim_ms: int, minutes: float) -> list[str]:
    """So many operators for so long. Prints what it is; returns what is over its bound."""
    logins = _operators(base, number)
    server = live.WebServer(folder, str(db.engine.url.render_as_string(hide_password=False)), app="bench.served:app")
    db.session.remove()
    try:
        server.start()
        people = [Operator(int(server.address.rpartition(":")[2]), login, think_s) for login in logins]
        with ThreadPoolExecutor(4) as few:
            list(few.map(Operator.enter, people))
        for person in people:
            person.seen.clear()
        began = time.monotonic()
        threads = [threading.Thread(target=person.work, args=(began + minutes * 60,), daemon=True) for person in people]
        for thread in threads:
            thread.start()
        time.sleep(min(_FIRST_MINUTE_S, minutes * 30))
        first = _memory_mib(server.pid)
        for thread in threads:
            thread.join()
        last = _memory_mib(server.pid)
    finally:
        server.stop()
    seen = [request for person in people for request in person.seen if request.begun - began > _COLD_S]
    return _told(base.engine, number, think_s, aim_ms, minutes, seen, (first, last))


def _operators(base: Base, number: int) -> list[str]:
    """Their logins; the contract's minutes last for all of them."""
    session = db.session()
    campaign = session.get_one(Campaign, base.campaign_id)
    session.get_one(Contract, campaign.contract_id).budget_s = 10**9
    session.commit()
    return [factories.on_shift(session, campaign).login for _ in range(number)]


def _memory_mib(pid: int) -> float:
    """What the workers of this process hold, what they share counted once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = [line for child in children for line in Path(f"/proc/{child}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _told(
    engine: str,
    number: int,
    think_s: float,
    aim_ms: int,
    minutes: float,
    seen: Sequence[Request],
    memory: tuple[float, float],
) -> list[str]:
    polls = [request for request in seen if request.name in ("tick", "beat")]
    presses = [request for request in seen if request.name not in ("tick", "beat", "page")]
    name = f"{engine} {number} operators thinking {think_s:g} s"
    per_s = len(presses) / (minutes * 60 - _COLD_S)
    print(f"{name}: {per_s:.1f} presses a second, {_percentiles(presses)} (aim p99 {aim_ms} ms)")
    print(f"    {'polls':9} {len(polls):>7,}: {_percentiles(polls)}")
    by_name: dict[str, list[Request]] = defaultdict(list)
    for request in (*presses, *polls):
        by_name[request.name].append(request)
    for kind, requests in by_name.items():
        statements = mean(request.statements for request in requests)
        print(f"    {kind:9} {len(requests):>7,}: {_percentiles(requests)}, {statements:.1f} statements")
    statuses = Counter(request.status for request in seen)
    broken = sum(count for status, count in statuses.items() if status >= 500)
    refused = sum(count for status, count in statuses.items() if 400 <= status < 500)
    growth = memory[1] / memory[0]
    print(f"    5xx {broken}, refused {refused}; memory of the workers {memory[0]:.0f} MiB after the first minute, "
          f"{memory[1]:.0f} at the end = {growth:.2f} x (bound {MEMORY_BOUND:g})", flush=True)  # fmt: skip
    failed = [f"{name}: {broken} answers of 5xx"] if broken else []
    failed += [f"{name}: {refused} presses refused"] if refused else []
    return failed + ([f"{name}: memory {growth:.2f}"] if growth > MEMORY_BOUND else [])


def _percentiles(requests: Sequence[Request]) -> str:
    times = [request.ms for request in requests]
    if len(times) < 2:
        return "too few"
    worst = quantiles(times, n=100, method="inclusive")[98]
    return f"p50 {median(times):.1f} ms, p99 {worst:.1f} ms, most {max(times):.0f} ms"

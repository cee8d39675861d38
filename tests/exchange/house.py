"""The exchange as the product's own command sets it up, and an operator who calls through it."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import time as clock
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from nps.adapters.asterisk import AmiSettings
from nps.extensions import db
from nps.jobs.exchange import Holder
from nps.models import CallAttempt, CallingWindow, Campaign, CampaignDay, Respondent, User
from nps.queries.telephony import exchange
from nps.services import recordings
from tests import factories
from tests.exchange.peer import PATIENCE_S, Peer, Plays
from tests.live import ROOT
from tests.redis_server import LEASH
from tests.web.test_desk import Seat

NUMBER = "74951234567"
USERNAME, SECRET = "nps", "exchange-secret"
EXTENSIONS = ("op1", "op2")
Login = Callable[..., FlaskClient]
LOOK_EVERY_S = 0.01


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installed:
    """An Asterisk with its files in `folder`; runs between `start` and `kill`, any number of times."""

    folder: Path
    ami_port: int
    sip_port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def call_log(self) -> Path:
        return self.folder / "home/log/cel-custom/nps.csv"

    def environ(self) -> dict[str, str]:
        """The settings of the product for this exchange, as `.env` has them."""
        return {
            "AMI_HOST": "127.0.0.1", "AMI_PORT": str(self.ami_port), "AMI_USERNAME": USERNAME, "AMI_SECRET": SECRET,
            "AMI_CALL_LOG": str(self.call_log), "RECORDINGS_INBOX": str(self.recordings),
        }  # fmt: skip

    def configure(self, app: Flask, carrier: Peer) -> dict[str, str]:
        """Let the product write the files; the telephones' passwords."""
        runner = app.test_cli_runner()
        told = runner.invoke(args=[
            "nps", "exchange", "config", "--to", str(self.folder / "config"), "--carrier", f"127.0.0.1:{carrier.port}",
            "--number", NUMBER, "--sip", f"127.0.0.1:{self.sip_port}", "--rtp", "20000", "20999", "--json",
        ])  # fmt: skip
        assert told.exit_code == 0, told.output
        return {row["extension"]: row["secret"] for row in json.loads(told.output)["handsets"]}

    def start(self) -> None:
        """Return when its manager interface takes connections."""
        command = [*LEASH, str(ROOT / "bin/exchange"), "run", str(self.folder / "config"), str(self.folder / "home")]
        with (self.folder / "output.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        pause = threading.Event()
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "output.log").read_text(errors="replace")[-2000:]
            pause.wait(0.05)

    def kill(self) -> None:
        """At once, as `kill -9` does."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ami_port), 1) as link:
            return link.recv(100).startswith(b"Asterisk Call Manager")
        return False

    def sign_in(self, phone: Peer, extension: str, secret: str) -> None:
        phone.register(("127.0.0.1", self.sip_port), extension, secret)


class Lateness:
    """How late this machine wakes whoever has asked for a moment, all the time."""

    def __init__(self) -> None:
        self._found: deque[tuple[float, float]] = deque(maxlen=20_000)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        asked = clock() + LOOK_EVERY_S
        while not self._over.wait(LOOK_EVERY_S):
            woken = clock()
            self._found.append((asked, max(0.0, woken - asked)))
            asked = woken + LOOK_EVERY_S

    def at(self, moment: float) -> float:
        """The greatest lateness, in seconds, around this moment (epoch seconds)."""
        return max((late for asked, late in self._found if abs(asked - moment) < 1), default=0.0)

    def close(self) -> None:
        self._over.set()
        self._thread.join()


class House:
    """An operator with a telephone at the exchange, and the process that holds the link."""

    def __init__(
        self, app: Flask, session: Session, login: Login, installed: Installed, carrier: Peer, phone: Peer
    ) -> None:
        self.session, self.installed, self.carrier, self.phone = session, installed, carrier, phone
        self.operator, campaign_id = _at_any_hour(session)
        self.seat = Seat(login(self.operator))
        self.seat.post("/desk/shift", campaign_id=campaign_id, spoken_name="Ольга")
        self.campaign_id = campaign_id
        self.dialled = len(carrier.dialogs)
        self._app = app
        self.lateness = Lateness()
        self.link()

    def link(self) -> None:
        """Start the process that holds the link."""
        settings = AmiSettings("127.0.0.1", self.installed.ami_port, USERNAME, SECRET)
        self._stop = threading.Event()
        holder = Holder(settings, self._app.app_context, self.installed.call_log, recordings=self.installed.recordings)
        self._thread = threading.Thread(target=holder.run, args=(self._stop,))
        self._thread.start()
        self.until(self.is_linked)

    def close(self) -> None:
        """End it, as a restart of the system does: calls go on."""
        self._stop.set()
        self._thread.join()

    def leave(self) -> None:
        self.close()
        self.lateness.close()

    def is_linked(self) -> bool:
        return exchange(self.session, datetime.now(UTC)).is_alive

    def call(self, number: str, plays: Plays) -> UUID:
        """Press «Позвонить» on a client of that number, whose line does what `plays` says."""
        self.carrier.plays[number.removeprefix("+")] = plays
        now = datetime.now(UTC)
        self.session.rollback()
        # Whoever was called before waits: this client is the one who is shown.
        waiting = update(Respondent).where(Respondent.next_call_at.is_not(None))
        self.session.execute(waiting.values(next_call_at=now + timedelta(days=1)))
        self.session.commit()
        campaign = self.session.get_one(Campaign, self.campaign_id)
        factories.respondent(self.session, campaign, phones=(number,), next_call_at=now)
        self.seat.post("/desk/next")
        answer = self.seat.post("/desk/dial")
        assert answer.status_code == 200, answer.text
        return UUID(self.seat.field("expect_attempt"))

    def follow(self) -> list[str]:
        """What the desk says of the call, each word once, as its poll brings it; until the line is down."""
        seen: list[str] = []

        def is_over() -> bool:
            page = self.seat.client.get("/desk").text
            title = re.search(r'class="state">.*?<b>(.*?)</b>', page, re.S)
            assert title
            if title[1] not in seen:
                seen.append(title[1])
            self.seat.page = page
            return self.seat.state() == "ended"

        self.until(is_over)
        return seen

    def collect(self) -> None:
        """What the worker does when the files have been quiet for a while."""
        self.session.rollback()
        recordings.collect(db.session, datetime.now(UTC) + timedelta(seconds=15))
        self.session.rollback()

    def attempt(self, call_id: UUID) -> CallAttempt:
        self.session.rollback()
        return self.session.get_one(CallAttempt, call_id)

    def ended(self, call_id: UUID) -> CallAttempt:
        """The call when its line is down."""
        self.until(lambda: self.attempt(call_id).ended_at is not None)
        return self.attempt(call_id)

    def until(self, holds: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(int(PATIENCE_S / 0.05)):
            self.session.rollback()
            if holds():
                return
            pause.wait(0.05)
        raise AssertionError("it did not come to that")


def _at_any_hour(session: Session) -> tuple[User, int]:
    """A campaign that calls day and night, whatever day the tests run on, and its operator."""
    today = datetime.now(UTC).date()
    campaign = factories.campaign(
        session, windows=False, starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=30)
    )
    for weekday in range(7):
        session.add(
            CallingWindow(
                campaign_id=campaign.id, region_code="udmurtia", weekday=weekday, opens=time(0), closes=time.max
            )
        )
    for days in (-1, 0, 1):
        session.add(CampaignDay(campaign_id=campaign.id, day=today + timedelta(days=days), is_open=True))
    session.commit()
    operator = factories.user(session, extension=EXTENSIONS[0])
    return factories.member(session, campaign, operator), campaign.id

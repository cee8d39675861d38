"""A machine that dies or freezes in the middle of a press stops the others for a moment, not for hours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from nps.config import PROJECT_ROOT
from nps.services import call_queue
from nps.services.call_queue import Taken
from tests import factories
from tests.conftest import ENGINES
from tests.factories import NOW
from tests.redis_server import LEASH

pytestmark = pytest.mark.parametrize("engine_name", [name for name in ENGINES if name == "postgres"], indirect=True)

#: Another machine: takes the claim lock as every press does, says so, and then hears nothing more.
_HOLDER = """
import sys
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from nps import extensions
from nps.services.transaction import lock_claims
from nps.services.transaction import write

extensions.SILENT_WRITER_S = 1
with write(Session(create_engine(sys.argv[1]))) as session:
    lock_claims(session)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def frozen_holder(url: str) -> Iterator[subprocess.Popen[str]]:
    command = (*LEASH, sys.executable, "-X", "utf8", "-c", _HOLDER, url)
    holder = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT_ROOT
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGSTOP)
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_the_lock_of_a_frozen_holder_is_given_to_the_others(database_url: str, session: Session) -> None:
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    factories.respondent(session, campaign)
    with frozen_holder(database_url):
        taken = call_queue.take_next(session, operator.id, campaign.id, NOW)
    assert isinstance(taken, Taken)


def test_connections_compile_nothing_and_ask_after_silent_clients(app: Flask, session: Session) -> None:
    shown = {name: session.scalar(text(f"SHOW {name}")) for name in ("jit", "lock_timeout")}
    assert shown == {"jit": "off", "lock_timeout": "7s"}
    # Over the socket of the tests the server knows no TCP: what it was asked for stands in its list.
    asked = "SELECT name FROM pg_settings WHERE source = 'session' AND name LIKE 'tcp%' ORDER BY name"
    assert list(session.scalars(text(asked))) == [
        "tcp_keepalives_count",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_user_timeout",
    ]

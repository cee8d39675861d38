"""Who the exchange lets in, what it lets him do, and what people are told when it does not (docs/telephony.md)."""

from __future__ import annotations

import configparser
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from nps.adapters.asterisk import AmiSettings, line_event
from nps.config import PROJECT_ROOT
from nps.extensions import db
from nps.queries.telephony import call_line, exchange
from nps.services import telephony
from tests import ami_server
from tests.domain.test_telephony import OUTCOMES
from tests.factories import NOW
from tests.jobs.test_exchange import Desk, house, replay, server  # noqa: F401

ANSWERED = next(iter(OUTCOMES))


def sample() -> configparser.SectionProxy:
    """The user of `manager.conf` as docs/telephony.md has it."""
    text = (PROJECT_ROOT / "docs" / "telephony.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^`manager.conf`:\n\n```ini\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    config = configparser.ConfigParser()
    config.read_string(block)
    return config["nps"]


def rights(of: str) -> frozenset[str]:
    return frozenset(sample()[of].replace(" ", "").split(","))


def test_the_documented_user_may_read_and_do_all_that_is_needed() -> None:
    """Classes of the events that a real exchange sent and that mean something here, and of our actions."""
    used = {
        name
        for file in sorted(ami_server.CAPTURED.glob("*.jsonl"))
        for message in ami_server.captured(file.name)
        if message.get("Event") and line_event(message, NOW)
        for name in message["Privilege"].split(",")
    }
    assert used - {"all"} <= rights("read") and "call" in used
    assert all(needed & rights("write") for needed in ami_server.AUTHORITY.values())
    assert (rights("read"), rights("write")) == (ami_server.READ, ami_server.WRITE)


@pytest.mark.parametrize("read", [{"call"}, {"call", "cdr", "dialplan", "user"}, {"system", "call"}])
@pytest.mark.parametrize("is_booted", [True, False])
def test_a_call_goes_through_whether_or_not_the_exchange_says_that_it_has_booted(
    house: Desk,  # noqa: F811
    read: set[str],
    is_booted: bool,
) -> None:
    """Only a user with `system` in read is told `FullyBooted`."""
    house.server.read, house.server.is_booted = frozenset(read), is_booted
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")
    house.server.say(replay(ANSWERED, attempt_id))
    house.until(lambda: house.attempt(attempt_id).ended_at is not None)
    assert house.attempt(attempt_id).answered_at is not None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Authentication failed", "Станция не пускает: логин или пароль AMI, или адрес"),
        ("Asterisk is shutting down", "Станция не пускает и говорит: «Asterisk is shutting down»"),
        ("", "Станция не пускает"),
    ],
)
def test_a_refused_login_is_said_with_its_cause_and_the_link_is_dead(
    house: Desk,  # noqa: F811
    words: str,
    told: str,
) -> None:
    house.server.login_words = words
    house.holder.settings = AmiSettings("127.0.0.1", house.server.port, "nps", "wrong")
    house.thread.start()
    house.until(lambda: bool(exchange(house.session, NOW).problem))

    known = exchange(house.session, NOW)
    assert known.is_set and not known.is_alive and told in known.problem
    house.end()
    telephony.forget_link(db.session)
    assert not exchange(house.session, NOW).is_set


def test_a_user_who_may_not_act_is_said_and_the_link_is_dead(house: Desk) -> None:  # noqa: F811
    house.server.write = frozenset({"originate"})
    house.thread.start()
    house.until(lambda: bool(exchange(house.session, NOW).problem))
    known = exchange(house.session, NOW)
    assert not known.is_alive and "write = originate,call" in known.problem


def test_a_call_that_the_exchange_refuses_is_given_back_to_the_operator(house: Desk) -> None:  # noqa: F811
    house.server.write = frozenset({"call"})
    house.begin()
    attempt_id = house.dial()
    house.server.asked("Originate")

    def problem() -> str:
        found = call_line(house.session, attempt_id)
        return found.problem if found is not None else ""

    house.until(lambda: bool(problem()))
    assert "write = originate,call" in problem()


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server that takes connections and is no AMI."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_answers_but_is_no_ami_is_told_from_an_exchange_that_is_away(
    house: Desk,  # noqa: F811
    stranger: int,
    app: Flask,
    session: Session,
) -> None:
    house.holder.settings = AmiSettings("127.0.0.1", stranger, "nps", ami_server.SECRET)
    house.thread.start()
    house.until(lambda: bool(exchange(house.session, NOW).problem))
    assert "AMI_PORT" in exchange(house.session, NOW).problem

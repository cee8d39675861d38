"""Web workers killed a hundred times while operators and a manager press: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from tests import factories, live
from tests.faults.load import Floor, Manager, open_campaign
from tests.infra.conftest import descendants

KILLS, OPERATORS = 100, 12


def test_killed_workers_cost_no_answer(
    database_url: str, session: Session, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    campaign_id, logins = open_campaign(session, operators=OPERATORS)
    manager = factories.user(session, "manager").login
    session.rollback()
    server, chance = live.WebServer(tmp_path / "web", database_url), random.Random(4)
    killed: list[int] = []
    try:
        server.start()
        floor, beside = Floor([server.address], campaign_id, logins), Manager(server.address, campaign_id, manager)
        with floor.working(), beside.working():
            while len(killed) < KILLS and not floor.problems:
                # A press between two kills: each meets a server at work.
                floor.await_presses(1)
                fresh = [pid for pid in descendants(server.pid) if pid not in killed]
                if fresh:
                    killed.append(chance.choice(fresh))
                    os.kill(killed[-1], signal.SIGKILL)
            floor.await_presses(8)
    finally:
        server.stop()
    floor.nothing_is_lost_or_doubled(session)
    beside.nothing_is_lost_or_doubled(session)
    assert floor.lost > 0, "no request was cut off at all"
    record_property("kills of a web worker", len(killed))
    record_property("requests cut off and sent again", floor.lost)
    record_property("acknowledged ratings, all found", len(floor.ratings))
    record_property("acknowledged acts of the manager, all found", len(beside.stopped))

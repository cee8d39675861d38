"""Web workers killed a hundred times while operators press: what was acknowledged is there, others whole or absent."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from tests import live
from tests.faults.load import Floor, open_campaign
from tests.infra.conftest import descendants

KILLS = 100


def test_killed_workers_cost_no_answer(
    database_url: str, session: Session, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    campaign_id, logins = open_campaign(session, operators=4)
    server, chance = live.WebServer(tmp_path / "web", database_url), random.Random(4)
    killed: list[int] = []
    try:
        server.start()
        floor = Floor([server.address], campaign_id, logins)
        with floor.working():
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
    assert floor.lost > 0, "no request was cut off at all"
    record_property("kills of a web worker", len(killed))
    record_property("requests cut off and sent again", floor.lost)
    record_property("acknowledged ratings, all found", len(floor.ratings))

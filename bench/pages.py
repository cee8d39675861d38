"""The page with the next client over real HTTP: the press on «Следующий клиент» until the whole page is there."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median, quantiles

from bench.claims import give_back
from bench.data import Base
from nps.extensions import db
from tests import factories, live

#: One operator, the whole page, 100,000 cases: queXS at commit 9f84c31f on the reference machine
#: (reference/performance.md §1a).
QUEXS_MS = 710


def next_client_ms(base: Base, folder: Path, rounds: int) -> tuple[float, float]:
    """Median and 99th percentile of the milliseconds from the POST to the whole page with the card."""
    db.session.remove()
    times = []
    with live.web_server(folder, str(db.engine.url.render_as_string(hide_password=False))) as address:
        person = live.Person(address)
        person.log_in(base.login, factories.PASSWORD)
        person.get("/desk")
        person.post("/desk/shift", campaign_id=str(base.campaign_id), spoken_name="Ольга")
        for n in range(rounds + 5):
            give_back(base)
            person.get("/desk")
            started = time.perf_counter()
            page = person.post("/desk/next")
            took = time.perf_counter() - started
            if 'data-state="ready"' not in page.text:
                raise RuntimeError(f"no client: {page.status} {page.text[:300]}")
            if n >= 5:
                times.append(took * 1000)
    return median(times), quantiles(times, n=100)[98]

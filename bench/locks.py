"""How long the longest claim waits while somebody does long work: saves windows, closes a wave, erases, withdraws."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from datetime import time as clock

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bench import claims
from bench.data import Base, add_clients
from nps.domain.calling_window import Window
from nps.extensions import db
from nps.models import Campaign, Respondent, SampleImport
from nps.services import call_queue, campaigns, cases, personal_data
from nps.services.personal_data.files import folders
from nps.services.recordings.places import places
from tests import factories

#: Letters in the folder and files of the recorder that an act of erasing has to look through.
_FILES = 3_000


def measure(base: Base, clients: int) -> None:
    """Print the longest wait beside each act; `clients` have its campaign."""
    acts: dict[str, Callable[[int, int], object]] = {
        "windows are saved": _save_windows,
        "a wave is closed": _close,
        "a person is erased": _erase_person,
        "twice as many withdrawn": _withdraw,
    }
    for what, act in acts.items():
        size = clients * 2 if act is _withdraw else clients
        manager, campaign = _campaign(base, size)
        if act is _erase_person:
            _fill_folders()
        longest, took = _longest_wait(base, lambda act=act, c=campaign, m=manager: act(m, c))  # type: ignore[misc]
        told = f"{what} in {took:6.2f} s, longest claim or return meanwhile {longest * 1000:7.0f} ms"
        print(f"{base.engine:9} {size:>9,} clients: {told}", flush=True)


def _longest_wait(base: Base, act: Callable[[], object]) -> tuple[float, float]:
    def in_its_own_context() -> float:
        with base.app.app_context():
            started = time.perf_counter()
            act()
            return time.perf_counter() - started

    longest = 0.0
    with ThreadPoolExecutor(1) as pool:
        running: Future[float] = pool.submit(in_its_own_context)
        while not running.done():
            started = time.perf_counter()
            # Refused after `BUSY_TIMEOUT_MS`: a wait all the same.
            with suppress(OperationalError):
                call_queue.take_next(db.session, base.operator_id, base.campaign_id, datetime.now(UTC))
                longest = max(longest, time.perf_counter() - started)
                started = time.perf_counter()
                claims.give_back(base)
            longest = max(longest, time.perf_counter() - started)
        return longest, running.result()


def _campaign(base: Base, clients: int) -> tuple[int, int]:
    """A manager, and a survey of the base's customer with so many clients, all of them still to call."""
    session = db.session()
    today = datetime.now(UTC).date()
    contract_id = session.scalars(select(Campaign.contract_id).where(Campaign.id == base.campaign_id)).one()
    starts_on, ends_on = today - timedelta(days=30), today + timedelta(days=30)
    campaign = factories.campaign(session, contract_id=contract_id, starts_on=starts_on, ends_on=ends_on)
    campaign_id, manager_id = campaign.id, factories.user(session, "manager").id
    add_clients(session, campaign_id, base.customer_id, clients)
    return manager_id, campaign_id


def _save_windows(manager: int, campaign_id: int) -> None:
    days = [Window(day, clock(9), clock(20)) for day in range(5)]
    regions = ("udmurtia", "tatarstan", "bashkiria", "chuvashia", "perm")
    campaigns.set_windows(db.session(), manager, campaign_id, dict.fromkeys(regions, days), datetime.now(UTC))


def _close(manager: int, campaign_id: int) -> None:
    cases.close_campaign(db.session(), manager, campaign_id, datetime.now(UTC))


def _fill_folders() -> None:
    places().inbox.mkdir(parents=True, exist_ok=True)
    folders().letters.mkdir(parents=True, exist_ok=True)
    for n in range(_FILES):
        (places().inbox / f"out-7926{n:07d}-101-20261117-141500-{n}.wav").touch()
        (folders().letters / f"{n}.eml").write_bytes(b"Message-ID: <%d@nps>\r\n\r\n" % n + b"x" * 8000)


def _erase_person(manager: int, campaign_id: int) -> None:
    session = db.session()
    whose = select(Respondent.id).where(Respondent.campaign_id == campaign_id).limit(1)
    client = session.scalars(whose).one()
    order = personal_data.Order(manager, "отзыв согласия", False, datetime.now(UTC))
    personal_data.erase_person(session, campaign_id, order, shown=None, respondent_id=client)


def _withdraw(manager: int, campaign_id: int) -> None:
    session = db.session()
    count = session.execute(select(func.count()).where(Respondent.campaign_id == campaign_id)).scalar_one()
    load = SampleImport(
        campaign_id=campaign_id, uploaded_by=manager, created_at=datetime.now(UTC), file_name="База.xlsx",
        file_path="uploads/base.xlsx", sha256="0" * 64, size=1, state="checked",
    )  # fmt: skip
    session.rollback()
    session.add(load)
    session.commit()
    cases.withdraw_missing(
        session, manager, campaign_id, load.id, letter="12", reason="письмо заказчика", expected=count,
        now=datetime.now(UTC),
    )  # fmt: skip

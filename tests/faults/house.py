"""Workers and sweepers that can be stopped at a named point, to be killed there; their clocks run a minute a second.

`python -m tests.faults.house` loads the application once and forks from itself whatever a line on its standard input
asks for: {"name": "letters" or "sweeper", "environ": {…}, "folder": …, "point": …}. It answers with the process' id.
A process that comes to its `point` writes `<folder>/reached`, once in the life of the folder, and waits for
`<folder>/go`. The lease of a letter is one second; what RQ notices in a minute it notices in a second here.
"""

from __future__ import annotations

import ctypes
import json
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from rq import Queue
from sqlalchemy import event
from sqlalchemy.orm import Session

from nps import jobs, runner
from nps.adapters import queue
from nps.jobs import sweeper, worker
from nps.services import letters, mail_server

MAIL_TIMEOUT_S = 5
LEASE = timedelta(seconds=1)
FAILURE_TTL_S = 1
#: The transactions of one try, in their order.
COMMITS = ("claim", "data", "record")
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Fork what is asked for until the input ends; then end all that is left."""
    # Orphans come to this process instead of init; nobody waits for any of them.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for module in pkgutil.walk_packages(jobs.__path__, f"{jobs.__name__}."):
        import_module(module.name)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    log = os.open(f"{order['folder']}/{order['name']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order["environ"])
    _quicken()
    _hold_at(order["point"], Path(order["folder"]))
    sys.argv = ["runner", order["name"]]
    os._exit(runner.main())


def _quicken() -> None:
    """Seconds instead of minutes, in every waiting that a fault makes necessary."""
    longest = timedelta(seconds=MAIL_TIMEOUT_S * 3)
    letters.LEASE_SLACK = LEASE - longest
    letters.DELAY_AFTER_DOUBT = timedelta(seconds=0.3)
    letters.DELAYS_MIN = (0.01,) * len(letters.DELAYS_MIN)  # type: ignore[assignment]
    mail_server.PROBE_EVERY = timedelta(seconds=0.3)
    sweeper.EVERY_S = 0.2
    queue.FAILURE_TTL_S = FAILURE_TTL_S
    worker.MAINTENANCE_S = 1
    worker.WORKER_TTL_S = 16
    worker.ContextWorker.get_heartbeat_ttl = lambda *_, **__: 1  # type: ignore[method-assign]


def _hold_at(point: str, folder: Path) -> None:
    def hold() -> None:
        try:
            with (folder / "reached").open("x") as file:
                file.write(f"{os.getpid()}")
        except FileExistsError:
            return
        while not (folder / "go").exists():
            time.sleep(0.005)

    where, _, what = point.partition(" ")
    if where in COMMITS and what:
        _hold_at_commit(COMMITS.index(where) + 1, f"{what}_commit", hold)
    elif where == "sweeper":
        Queue.enqueue_call = _held(Queue.enqueue_call, what, hold)  # type: ignore[method-assign]
    elif where == "redis":
        worker.ContextWorker.handle_job_success = _held(  # type: ignore[method-assign]
            worker.ContextWorker.handle_job_success, what, hold
        )


def _hold_at_commit(number: int, name: str, hold: Callable[[], None]) -> None:
    seen = 0

    def committing(_session: Session) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            hold()

    event.listen(Session, name, committing)


def _held(act: Callable[..., Any], when: str, hold: Callable[[], None]) -> Callable[..., Any]:
    @wraps(act)
    def held(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            hold()
        result = act(*args, **kwargs)
        if when == "after":
            hold()
        return result

    return held


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()

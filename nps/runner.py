"""`python -m nps.runner letters|bulk|sweeper|exchange`: one working process with the application.

It stands beside the supervisor, above `jobs`: jobs know nothing of Flask, so whoever runs them makes the application.
The parent opens no database connection: a forked child would share it.
"""

import argparse
import importlib
import os
import pkgutil
import signal
import sys
from threading import Event

from nps import jobs, logs
from nps.adapters.asterisk import AmiSettings
from nps.adapters.queue import QUEUES
from nps.app import create_app
from nps.config import ConfigError, Settings
from nps.extensions import db
from nps.jobs import sweeper, worker
from nps.jobs.exchange import Holder
from nps.services import telephony

SWEEPER, EXCHANGE = "sweeper", "exchange"


def main() -> int:
    """Run the named process until it is told to stop; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nps.runner", description=__doc__)
    parser.add_argument("name", choices=(*QUEUES, SWEEPER, EXCHANGE))
    name = parser.parse_args().name
    os.umask(0o077)
    try:
        settings = Settings.from_env()
        logs.configure(name, as_json=settings.log_format == "json", requests=False)
        app = create_app(settings)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if name in (SWEEPER, EXCHANGE):
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if name == SWEEPER:
            if settings.exchange is None:
                with app.app_context():
                    telephony.forget_link(db.session)
            sweeper.run(app.app_context, stop)
        elif settings.exchange is not None:
            asked, log = AmiSettings.of(settings.exchange), settings.exchange.call_log
            Holder(asked, app.app_context, log, recordings=settings.recordings_inbox).run(stop)
        return 0
    # Everything a job needs is loaded once, before the fork, not again for each job.
    for module in pkgutil.walk_packages(jobs.__path__, f"{jobs.__name__}."):
        importlib.import_module(module.name)
    return worker.run(name, app.config["REDIS_URL"], app.app_context)


if __name__ == "__main__":
    sys.exit(main())

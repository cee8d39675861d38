"""The application factory: configuration, extensions, web, command line."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from flask import Flask

# The tables must be known before the first query: a foreign key names its table by text.
from nps import cli, models, web  # noqa: F401
from nps.adapters import mail as mail_adapter
from nps.adapters import queue
from nps.adapters.recordings import S3Settings, S3Store
from nps.config import PROJECT_ROOT, Settings
from nps.extensions import csrf, db, give_back_connection, login_manager, mail, migrate
from nps.services import personal_data, recordings, sample


def create_app(settings: Settings | None = None) -> Flask:
    """Make an application.

    Without `settings` they come from the environment; a wrong one raises `nps.config.ConfigError`.
    """
    app = Flask("nps", root_path=str(PROJECT_ROOT), template_folder="templates", static_folder="static")
    app.config.from_mapping((settings or Settings.from_env()).flask_config())
    db.init_app(app)
    app.teardown_appcontext(give_back_connection)
    migrate.init_app(app, db, directory=str(PROJECT_ROOT / "migrations"))
    mail.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    hand_down(app.config)
    web.init_app(app)
    cli.init_app(app)
    return app


def hand_down(config: Mapping[str, Any]) -> None:
    """Give the parts that know no Flask their settings."""
    queue.connect(config["REDIS_URL"])
    mail_adapter.configure(config)
    sample.keep_uploads_in(config["DATA_FOLDER"])
    personal_data.connect(
        personal_data.Folders(config["DATA_FOLDER"], config["RECORDINGS_FOLDER"], config["MAIL_FOLDER"])
    )
    remote = config["S3"]
    recordings.connect(
        recordings.Places(
            config["RECORDINGS_FOLDER"],
            config["RECORDINGS_INBOX"],
            config["OFFICE_ZONE"],
            shutil.which("ffprobe"),
            S3Store(S3Settings(*remote)) if remote else None,
        )
    )

"""Entry point of the web server and of the `flask` command."""

import sys

from nps import logs
from nps.app import create_app
from nps.config import Settings

settings = Settings.from_env()
logs.configure(
    "web" if "gunicorn" in sys.modules else "flask",
    as_json=settings.log_format == "json",
    requests=settings.log_requests,
)
app = create_app(settings)

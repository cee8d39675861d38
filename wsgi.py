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
if "gunicorn" in sys.modules:
    # Before the workers fork: else each of them compiles the desk's pages (0.3 s) while its first operator waits.
    for name in app.jinja_env.list_templates(extensions=["html"]):
        if name.startswith(("base.", "desk/", "_macros/")):
            app.jinja_env.get_template(name)

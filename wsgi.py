"""Entry point of the web server and of the `flask` command."""

from nps.app import create_app

app = create_app()

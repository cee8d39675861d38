"""What may stand in the place of a number in an address."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

from nps.web.forms import NUMBER


class IdConverter(IntegerConverter):
    """`<int:…>`: what no row can have as its id is no address of ours, and so 404 for every method."""

    regex = NUMBER


def init_app(app: Flask) -> None:
    """Read the numbers of every route so; before routes are added."""
    app.url_map.converters["int"] = IdConverter

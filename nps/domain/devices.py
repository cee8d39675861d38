"""What a browser calls itself, in the words a person knows his devices by."""

from __future__ import annotations

#: Names by marks in the order that tells them apart: each browser carries the names of those it is like.
_BROWSERS = (
    ("YaBrowser/", "Яндекс Браузер"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """«Chrome, Windows» for a User-Agent header (RFC 9110, 10.1.5); it can be forged and only helps the memory."""
    found = [next((name for mark, name in names if mark in agent), "") for names in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, found)) or "неизвестное устройство"

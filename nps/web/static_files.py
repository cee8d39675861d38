"""Static files: an address changes with the contents, so a browser may keep what it got for ever."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request, url_for

from nps.web.access import public

#: Flask's own view, and that of the script's modules.
ENDPOINTS = frozenset({"static", "script_module"})
_MODULES = "js/app"

#: The path of a file and when it was changed: what is changed under a running server is read anew.
_Stamped = tuple[str, int]


def init_app(app: Flask) -> None:
    """Version the addresses that `url_for` makes, and give the templates those of the script's modules."""
    app.url_defaults(_versioned)
    app.add_url_rule(f"/static/{_MODULES}/<version>/<name>", "script_module", _script_module)
    app.jinja_env.globals["script_modules"] = lambda: _addresses(_modules())


def is_current() -> bool:
    """Whether the address of this request never means anything else than what it is answered with."""
    version: str | None = (request.view_args or {}).get("version")
    return "v" in request.args if version is None else version == _contents_hash(_modules())


@public
def _script_module(version: str, name: str) -> Response:
    """A module of the script. What it imports by a relative address (`./dom.js`) has its version in the path too."""
    return current_app.send_static_file(f"{_MODULES}/{name}")


def _versioned(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "script_module":
        values.setdefault("version", _contents_hash(_modules()))
    elif endpoint == "static" and "v" not in values:
        file = _folder() / values["filename"]
        if file.is_file():
            values["v"] = _contents_hash(((str(file), file.stat().st_mtime_ns),))


def _folder() -> Path:
    return Path(current_app.root_path, "static")


def _modules() -> tuple[_Stamped, ...]:
    with os.scandir(_folder() / _MODULES) as files:
        return tuple(sorted((file.path, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=1)
def _addresses(modules: tuple[_Stamped, ...]) -> list[str]:
    return [url_for("script_module", name=os.path.basename(path)) for path, _ in modules]


@lru_cache(maxsize=256)
def _contents_hash(files: tuple[_Stamped, ...]) -> str:
    digest = hashlib.sha256()
    for path, _ in files:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:12]

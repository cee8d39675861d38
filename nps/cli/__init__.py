"""`flask nps …`: what can be done without a browser. Each module here adds its commands in `register(group)`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask
from flask.cli import AppGroup


def init_app(app: Flask) -> None:
    group = AppGroup("nps", help="Сотрудники, базы, отчёты, копии и демонстрация из командной строки.")
    for found in iter_modules(__path__):
        if not found.name.startswith("_"):
            import_module(f"{__name__}.{found.name}").register(group)
    app.cli.add_command(group)

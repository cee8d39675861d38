"""Everything that speaks HTTP."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from nps.web import addresses, envelope, errors, filters, request_log, security, static_files

#: Blueprints, each `nps.web.<name>.bp`.
FEATURES = (
    "auth", "desk", "sample", "escalations", "reports", "campaigns", "recordings", "personal_data", "admin", "letters",
    "training", "scripts", "quality", "day", "health", "answer_terms", "hooks",
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Put routes, error pages, filters and headers on an application."""
    addresses.init_app(app)
    request_log.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    static_files.init_app(app)
    for feature in FEATURES:
        app.register_blueprint(import_module(f"nps.web.{feature}").bp)
    envelope.init_app(app)

"""«Связь»: whether the exchange answers, and a trial of it step by step."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, current_app

from nps.domain.errors import DomainError
from nps.extensions import db
from nps.queries import telephony as telephony_queries
from nps.services.telephony.trial import Step, try_exchange
from nps.web import access, forms, htmx
from nps.web.admin import bp
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on


@bp.get("/exchange")
@access.roles("admin")
def exchange(error: DomainError | None = None, steps: Sequence[Step] = ()) -> Response:
    """How the link stands, the telephones of people, and what a trial has shown."""
    return htmx.render(
        "admin/exchange.html",
        "admin/_exchange.html",
        status=status_of(error),
        known=telephony_queries.exchange(db.session(), now()),
        telephones=telephony_queries.telephones(db.session()),
        typed=forms.typed(),
        error=error,
        steps=steps,
    )


@bp.post("/exchange/trial")
@access.roles("admin")
@told_on(exchange)
def try_the_exchange() -> Response:
    """Try it now: the answer waits for the telephone to be picked up, half a minute at most."""
    extension = forms.text("extension", 40, label="Телефон на станции")
    config = current_app.config
    actor = access.current_actor()
    steps = try_exchange(db.session, actor, config["EXCHANGE"], config["RECORDINGS_INBOX"], extension, now())
    return exchange(steps=steps)

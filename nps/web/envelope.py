"""Around each view: a form counts once whatever its route, and one that lost a race is carried out once more.

A form that came before is answered as the first time, also where the service never looks at its key. What two presses
at once do to each other in the database (a deadlock, a row that somebody else has just written) is tried again once:
the second time the services see what the other one wrote and say so in their own words.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from nps.domain.errors import DomainError, StaleError
from nps.extensions import db
from nps.services import form_keys, trouble
from nps.services.form_keys import Form, SentAgain
from nps.services.transaction import begin_act, has_committed, write
from nps.web import forms, htmx
from nps.web.access import is_local_path, known_session
from nps.web.clock import now

View = TypeVar("View", bound=Callable[..., Any])

_FORM = "nps_form"
_AGAIN = "Эта форма уже была принята. Показано то, что записано."
_LOST_RACE = "Это только что записал кто-то другой. Обновите страницу: на ней то, что записано."


def init_app(app: Flask) -> None:
    """Put every view that is registered by now into its envelope."""
    app.register_error_handler(SentAgain, _again)
    app.after_request(_remember)
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _enveloped(view)


def _enveloped(view: View) -> View:
    @wraps(view)
    def carry_out(**values: Any) -> Any:
        if request.method != "POST":
            return view(**values)
        form = _sent()
        begin_act(db.session())
        try:
            return _act(view, values, form)
        except Exception as error:
            # What was committed would be done twice.
            if not trouble.is_lost_race(error) or has_committed(db.session):
                raise
        db.session.rollback()
        for sent in _files():
            sent.seek(0)
        try:
            return _act(view, values, form)
        except Exception as error:
            if not trouble.is_taken(error):
                raise
            db.session.rollback()
            raise StaleError("taken", _LOST_RACE) from error

    return carry_out  # type: ignore[return-value]


def _act(view: Callable[..., Any], values: dict[str, Any], form: Form | None) -> Response:
    try:
        # On the desk nothing is done outside the act's transaction.
        with form_keys.counting(db.session(), form, now(), looks_first=request.blueprint != "desk"):
            response = current_app.make_response(view(**values))
    except (DomainError, HTTPException):
        _look_again(form)
        raise
    if response.status_code >= 400:
        _look_again(form)
    return response


def _look_again(form: Form | None) -> None:
    """Refused before anything was written: perhaps by what this very form has done, sent a moment earlier."""
    if form is not None and not has_committed(db.session):
        db.session.rollback()
        form_keys.refuse_kept(db.session(), form)


def _sent() -> Form | None:
    """The form of this request as it is kept; None without a key (a search, a text that saves itself) or a person.

    What it said, its files by their contents, is kept as a code that nobody can guess it from: there may be names and
    numbers in it.
    """
    person = known_session()
    # What a stranger sends is not read here: an exchange's notification has a limit of its own.
    key = forms.sent_key() if person is not None else ""
    if not key or person is None:
        return None
    files = [[sent.name, sent.filename, _digest(sent)] for sent in _files()]
    said = json.dumps([request.path, forms.fields(), files], sort_keys=True, ensure_ascii=False).encode()
    code = hmac.digest(str(current_app.secret_key).encode(), said, "sha256").hex()
    form = Form(key, person.actor.id, f"web:{request.endpoint}", {"code": code})
    setattr(g, _FORM, form)
    return form


def _files() -> list[FileStorage]:
    return [sent for name in request.files for sent in request.files.getlist(name)]


def _digest(sent: FileStorage) -> str:
    found = hashlib.file_digest(sent.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    sent.seek(0)
    return found


def leads_to(url: str) -> None:
    """Where this form leads when it comes again; its answer is no redirect (a password shown once, say)."""
    g.nps_leads_to = url


def _again(error: SentAgain) -> Response:
    """The answer of the first time: the page it led to, else the one the form stands on."""
    if request.blueprint == "desk" and not htmx.wants_fragment():
        return htmx.go(url_for("desk.page"))
    if request.blueprint == "desk":
        from nps.queries.desk import Asked
        from nps.web.desk.common import show, view_now

        view, asked = view_now(), request.view_args or {}
        if "name" in asked and view.call is not None and view.call.id == asked.get("attempt_id"):
            # A panel that the form opened is opened again, in its own call.
            view = view_now(Asked(asked["name"]))
        return show(view)
    flash(_AGAIN, "ok")
    return htmx.go(str(error.result.get("go") or _page_of_form()))


def _page_of_form() -> str:
    shown = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    address = f"{shown.path}?{shown.query}" if shown.query else shown.path
    return address if address and is_local_path(address) else url_for("auth.home")


def _remember(response: Response) -> Response:
    """Keep where the first time led to: a page the form itself does not stand on, a new client's say."""
    form: Form | None = g.pop(_FORM, None)
    go = g.pop("nps_leads_to", "") or response.headers.get("HX-Redirect")
    go = go or (response.location if response.status_code == 303 else None)
    if form is not None and go and request.blueprint != "desk" and has_committed(db.session):
        try:
            with write(db.session) as s:
                form_keys.remember(s, form, {"go": go})
        except Exception as error:
            # The act is done: a database that is busy by now makes no failure of it, a repeat leads to the form itself.
            if trouble.sentence(error) is None:
                raise
    return response

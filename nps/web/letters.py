"""Letters that stayed on this machine, and sending one again by hand."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, current_app, flash, make_response, url_for

from nps.extensions import db
from nps.queries import letters as queries
from nps.services import escalations, letters, mail_server
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.refusals import told_on
from nps.web.security import CONTENT_SECURITY_POLICY

bp = Blueprint("letters", __name__)

#: The page of a letter frames the letter; nothing else frames anything.
_FRAMING_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
#: The letter itself: inline style as mail programs need it, no script, no request to anywhere, an origin of its own.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@bp.get("/mail")
@access.roles(*queries.READERS)
def index() -> Response:
    """The caught letters."""
    found = queries.caught(db.session(), access.current_actor(), _folder())
    return htmx.render(
        "letters/index.html", "letters/_index.html", letters=found, caught=current_app.config["MAIL_CAUGHT"]
    )


@bp.get("/mail/<name>")
@access.roles(*queries.READERS)
def one(name: str) -> Response:
    """One caught letter with its headers."""
    response = htmx.render("letters/one.html", "letters/_one.html", caught=_seen_letter(name))
    response.headers["Content-Security-Policy"] = _FRAMING_POLICY
    return response


@bp.get("/mail/<name>/body")
@access.roles(*queries.READERS)
def body(name: str) -> Response:
    """The letter as a document of its own, sandboxed by its policy whoever opens it. Its links open beside the page."""
    response = make_response(_seen_letter(name).html.replace("<head>", '<head><base target="_blank">', 1))
    response.headers["Content-Security-Policy"] = _LETTER_POLICY
    return response


@bp.post("/letters/<int:letter_id>/again")
@access.roles(*letters.SENDERS)
@told_on(lambda error, letter_id: _back(error.message, "bad"))
def again(letter_id: int) -> Response:
    """Send a letter again: it failed, is in doubt, or was only caught."""
    letters.send_again(db.session(), access.current_actor(), letter_id, now=now())
    return _back("Письмо отправляется. Обновите страницу через минуту, чтобы увидеть ответ сервера.", "ok")


@bp.post("/letters/probe")
@access.roles(*letters.SENDERS)
def probe() -> Response:
    """Try the mail server now: what kept it from taking letters has been put right."""
    letter_id = mail_server.probe_now(db.session(), access.current_actor(), now())
    if letter_id is None:
        return _back("Проверять нечего: почтовый сервер отвечает или писем нет.", "info")
    letters.nudge(letter_id)
    return _back("Проверяем почтовый сервер одним письмом. Если он примет его, остальные уйдут сами.", "ok")


def _back(words: str, kind: str) -> Response:
    flash(words, kind)
    back = forms.text("back")
    return htmx.go(back if back and access.is_local_path(back) else url_for("letters.index"))


def _folder() -> Path:
    return Path(current_app.config["MAIL_FOLDER"])


def _seen_letter(name: str) -> queries.CaughtLetter:
    """The letter, once it is written down who sees it: nothing shows one otherwise."""
    actor = access.current_actor()
    found = queries.caught_letter(db.session(), actor, _folder(), name)
    if found is None:
        abort(404)
    escalations.seen_letter(db.session(), actor, name, address=access.client_address(), now=now())
    return found

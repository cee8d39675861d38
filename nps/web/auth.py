"""The entrance: logging in and out, the own password, and where each role begins."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as AnyResponse

from nps.domain.devices import device
from nps.domain.errors import DomainError
from nps.domain.roles import ROLES
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.queries import campaigns
from nps.services import accounts
from nps.services.accounts import LoginThrottled
from nps.web import access, forms, htmx
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.forms import FormError
from nps.web.refusals import told_on

bp = Blueprint("auth", __name__)


@bp.get("/")
@access.roles(*ROLES)
def home() -> AnyResponse:
    """Where a person's work begins (requirements §3)."""
    actor = access.current_actor()
    begin = {"operator": "/desk", "admin": "/admin"}.get(actor.role, "/campaigns")
    if actor.role == "customer":
        seen = campaigns.campaigns_of(db.session(), actor)
        if len(seen) == 1:
            begin = f"/campaigns/{seen[0].id}"
    return redirect(begin, 303)


@bp.get("/login")
@access.public
def login(error: DomainError | None = None) -> Response:
    """The form. The dialog of a page whose session is over reads it too, though another tab may have logged in."""
    wanted = _wanted()
    if error is None and access.current_session() and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        return make_response(redirect(wanted, 303))
    typed, told = forms.secret("login").strip()[:200], error.message if error else ""
    response = make_response(render_template("auth/login.html", next=wanted, login=typed, error=told), status_of(error))
    if isinstance(error, LoginThrottled):
        response.headers["Retry-After"] = str(error.wait_s)
    return response


@bp.post("/login")
@access.public
@told_on(login)
def sign_in() -> AnyResponse:
    """Open a session, or say why not; what was typed stays, except the password."""
    opened = accounts.log_in(
        db.session(),
        login=forms.secret("login").strip()[:200].replace("\0", ""),
        password=forms.secret("password"),
        address=access.client_address(),
        agent=request.user_agent.string,
        now=now(),
    )
    _end_present_session()
    _begin(opened.token)
    return redirect(_wanted(), 303)


@bp.post("/logout")
@access.roles(*ROLES)
def logout() -> Response:
    """End the session everywhere its cookie lies, and let the browser forget what pages kept."""
    _end_present_session()
    session.clear()
    response = htmx.go(url_for("auth.login"))
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@bp.get("/password")
@access.roles(*ROLES)
def password(error: DomainError | None = None) -> Response:
    """The form for the own password; the first stop after a password given by an administrator."""
    first = access.own_session().must_change_password
    page = render_template("auth/password.html", first=first, next=_wanted(), errors=_by_field(error))
    return make_response(page, status_of(error))


@bp.post("/password")
@access.roles(*ROLES)
@told_on(password)
def save_password() -> Response:
    """Change the own password; every other session of this person ends."""
    row, new = access.own_session(), forms.secret("password")
    if new != forms.secret("repeat"):
        raise FormError("repeat", "Пароли не совпали. Введите новый пароль ещё раз.")
    current = forms.secret("current")
    accounts.change_password(
        db.session(), user_id=row.actor.id, current=current, new=new, keep_session_id=row.session_id, now=now()
    )
    flash("Пароль изменён. На других устройствах придётся войти заново.", "ok")
    return htmx.go(_wanted())


@bp.get("/sessions")
@access.roles(*ROLES)
def sessions() -> Response:
    """Where this person is logged in (ASVS 7.5.2)."""
    own = access.own_session()
    found = account_queries.open_sessions(db.session(), own.actor.id, now())
    return htmx.render("auth/sessions.html", "auth/_sessions.html", rows=found, own_id=own.session_id, device=device)


@bp.post("/sessions/<int:session_id>/close")
@access.roles(*ROLES)
def close_session(session_id: int) -> Response:
    """End one of the own sessions; that of this browser logs out."""
    own = access.own_session()
    if own.session_id == session_id:
        return logout()
    _close(session_id, own.actor.id)
    flash("Вход на том устройстве закончен.", "ok")
    return htmx.go(url_for("auth.sessions"))


@bp.post("/sessions/close-others")
@access.roles(*ROLES)
def close_other_sessions() -> Response:
    own, address = access.own_session(), access.client_address()
    accounts.close_other_sessions(
        db.session(), keep_id=own.session_id, user_id=own.actor.id, address=address, now=now()
    )
    flash("На других устройствах вход закончен.", "ok")
    return htmx.go(url_for("auth.sessions"))


def _wanted() -> str:
    target = request.values.get("next", "")
    return target if access.is_local_path(target) else url_for("auth.home")


def _begin(token: str) -> None:
    # A fresh cookie at each login: nothing that was planted into the old one lives on (ASVS 7.2.4).
    session.clear()
    row = account_queries.session_by_token(db.session(), token, now())
    if row is not None:
        login_user(access.SignedIn(token, row))


def _end_present_session() -> None:
    row = access.current_session()
    if row is not None:
        _close(row.session_id, row.actor.id)


def _close(session_id: int, user_id: int) -> None:
    address = access.client_address()
    accounts.close_session(db.session(), session_id=session_id, user_id=user_id, address=address, now=now())


def _by_field(error: DomainError | None) -> dict[str, str]:
    if error is None:
        return {}
    field = error.field if isinstance(error, FormError) else "current" if error.code == "current" else "password"
    return {field: error.message}

"""The entrance: logging in and out, the own password, and where each role begins."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as AnyResponse

from nps.domain.devices import device
from nps.domain.errors import DomainError
from nps.domain.password import PasswordError
from nps.domain.roles import ROLES
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.queries import campaigns
from nps.services import accounts
from nps.services.accounts import LoginRefused, LoginThrottled
from nps.web import access, forms, htmx
from nps.web.clock import now

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
def login() -> AnyResponse:
    """The form. The dialog of a page whose session is over reads it too, though another tab may have logged in."""
    wanted = _wanted(request.args.get("next", ""))
    if access.current_session() and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        return redirect(wanted, 303)
    return make_response(render_template("auth/login.html", next=wanted, login="", error=""))


@bp.post("/login")
@access.public
def sign_in() -> AnyResponse:
    """Open a session, or say why not; what was typed stays, except the password."""
    wanted = _wanted(forms.secret("next"))
    typed = forms.secret("login").strip()[:200]
    try:
        opened = accounts.log_in(
            db.session(),
            login=typed.replace("\0", ""),
            password=forms.secret("password"),
            address=access.client_address(),
            agent=request.user_agent.string,
            now=now(),
        )
    except (LoginRefused, LoginThrottled) as refusal:
        return _login_again(refusal, wanted, typed)
    _end_present_session()
    _begin(opened.token)
    return redirect(wanted, 303)


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
def password() -> Response:
    """The form for the own password; the first stop after a password given by an administrator."""
    return _password_form(_wanted(request.args.get("next", "")), {})


@bp.post("/password")
@access.roles(*ROLES)
def save_password() -> AnyResponse:
    """Change the own password; every other session of this person ends."""
    row = access.current_session()
    wanted = _wanted(forms.secret("next"))
    new = forms.secret("password")
    if row is None or new != forms.secret("repeat"):
        return _password_form(wanted, {"repeat": "Пароли не совпали. Введите новый пароль ещё раз."}, 422)
    try:
        accounts.change_password(
            db.session(),
            user_id=row.actor.id,
            current=forms.secret("current"),
            new=new,
            keep_session_id=row.session_id,
            now=now(),
        )
    except PasswordError as error:
        return _password_form(wanted, {"password": error.message}, 422)
    except DomainError as error:
        return _password_form(wanted, {"current" if error.code == "current" else "password": error.message}, 422)
    flash("Пароль изменён. На других устройствах придётся войти заново.", "ok")
    return htmx.go(wanted)


@bp.get("/sessions")
@access.roles(*ROLES)
def sessions() -> Response:
    """Where this person is logged in (ASVS 7.5.2)."""
    actor, row = access.current_actor(), access.current_session()
    found = account_queries.open_sessions(db.session(), actor.id, now())
    return htmx.render(
        "auth/sessions.html", "auth/_sessions.html", rows=found, own_id=row.session_id if row else 0, device=device
    )


@bp.post("/sessions/<int:session_id>/close")
@access.roles(*ROLES)
def close_session(session_id: int) -> AnyResponse:
    """End one of the own sessions; that of this browser logs out."""
    row = access.current_session()
    if row is not None and row.session_id == session_id:
        return logout()
    accounts.close_session(
        db.session(),
        session_id=session_id,
        user_id=access.current_actor().id,
        address=access.client_address(),
        now=now(),
    )
    flash("Вход на том устройстве закончен.", "ok")
    return htmx.go(url_for("auth.sessions"))


@bp.post("/sessions/close-others")
@access.roles(*ROLES)
def close_other_sessions() -> Response:
    """End all own sessions but this one."""
    row = access.current_session()
    accounts.close_other_sessions(
        db.session(),
        keep_id=row.session_id if row else 0,
        user_id=access.current_actor().id,
        address=access.client_address(),
        now=now(),
    )
    flash("На других устройствах вход закончен.", "ok")
    return htmx.go(url_for("auth.sessions"))


def _wanted(target: str) -> str:
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
        accounts.close_session(
            db.session(), session_id=row.session_id, user_id=row.actor.id, address=access.client_address(), now=now()
        )


def _login_again(refusal: LoginRefused | LoginThrottled, wanted: str, typed: str) -> Response:
    page = render_template("auth/login.html", next=wanted, login=typed, error=refusal.message)
    if isinstance(refusal, LoginThrottled):
        response = make_response(page, 429)
        response.headers["Retry-After"] = str(refusal.wait_s)
        return response
    return make_response(page, 422)


def _password_form(wanted: str, errors: dict[str, str], status: int = 200) -> Response:
    row = access.current_session()
    first = row is not None and row.must_change_password
    return make_response(
        render_template("auth/password.html", first=first, next=wanted, errors=errors, error=""), status
    )

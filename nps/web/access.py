"""Who may open what (requirements §3). Denied by default: a view carries `@roles(...)` or `@public`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, make_response, redirect, request, url_for
from flask_login import UserMixin, current_user
from werkzeug.exceptions import HTTPException, Unauthorized

from nps.domain.actor import Actor
from nps.domain.roles import ROLES
from nps.extensions import csrf, db, login_manager
from nps.queries import accounts as account_queries
from nps.services import accounts
from nps.web import htmx
from nps.web.clock import now

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "nps_access"
_PUBLIC = "public"
_TOUCH_EVERY = timedelta(minutes=1)
#: What somebody with a password that was given to him may still open before he has changed it.
_BEFORE_OWN_PASSWORD = frozenset({"auth.password", "auth.save_password", "auth.logout"})


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's user: one row of `user_session`. The cookie holds the session's random token, not the user's id."""

    def __init__(self, token: str, row: account_queries.SessionRow) -> None:
        self.token = token
        self.row = row

    def get_id(self) -> str:
        return self.token


def roles(*allowed: str) -> Callable[[View], View]:
    """Let these roles open the view; everybody signed in with `@roles(*ROLES)`."""
    unknown = set(allowed) - set(ROLES)
    if unknown or not allowed:
        raise ValueError(f"no such roles: {sorted(unknown)}")

    def mark(view: View) -> View:
        setattr(view, _MARK, frozenset(allowed))
        return view

    return mark


def public(view: View) -> View:
    """Let everybody open the view, signed in or not."""
    setattr(view, _MARK, _PUBLIC)
    return view


def current_actor() -> Actor:
    """The signed-in person; see `own_session`."""
    return own_session().actor


def own_session() -> account_queries.SessionRow:
    """The session behind this request; 401 without one, which the guard has made impossible in a view with roles."""
    row = current_session()
    if row is None:
        raise Unauthorized
    return row


def current_session() -> account_queries.SessionRow | None:
    """The session behind this request, or None for an anonymous one."""
    return current_user.row if current_user.is_authenticated else None


def known_session() -> account_queries.SessionRow | None:
    """The session of this request when it was loaded already; for what must not ask the database, which may be away."""
    # Flask-Login keeps it there; `current_user` would load it.
    known = g.get("_login_user")
    return known.row if isinstance(known, SignedIn) else None


def client_address() -> str:
    """The address the request came from; behind a proxy only what a trusted one says (`nps.web.security`)."""
    return (request.remote_addr or "")[:64]


def is_local_path(target: str) -> bool:
    """Whether a `next` stays on this host: one leading slash, nothing a browser reads as another (`/\\evil`, tab)."""
    return target.startswith("/") and not target.startswith("//") and "\\" not in target and min(map(ord, target)) > 32


def may_open(path: str, role: str) -> bool:
    """Whether the guard would let this role read the page at `path`; False when there is no such page."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return False
    allowed = getattr(current_app.view_functions[endpoint], _MARK, ())
    return allowed == _PUBLIC or role in allowed


def init_app(app: Flask) -> None:
    """Load the person of each request and stand in front of each view."""
    # The session row decides; Flask-Login's own mark of address and browser would rewrite the cookie for nothing.
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    # The guard checks the token itself, after the session: a form sent when the session is over must hear 401, not 400.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.before_request(_guard)


def _load(token: str) -> SignedIn | None:
    row = account_queries.session_by_token(db.session(), token, now())
    return SignedIn(token, row) if row else None


def _guard() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    allowed = getattr(current_app.view_functions[request.endpoint], _MARK, None)
    if allowed is None:
        abort(403)
    if allowed != _PUBLIC:
        refusal = _refusal(allowed)
        if refusal is not None:
            return refusal
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect(apply_exemptions=True)
    return None


def _refusal(allowed: frozenset[str]) -> Response | None:
    row = current_session()
    if row is None:
        return _sign_in_first()
    if now() - row.last_seen_at >= _TOUCH_EVERY:
        accounts.touch_session(db.session(), row.session_id, now())
    if row.must_change_password and request.endpoint not in _BEFORE_OWN_PASSWORD:
        return htmx.go(url_for("auth.password"))
    if row.actor.role not in allowed:
        abort(403)
    return None


def _sign_in_first() -> Response:
    # A script hears the status (it asks for the password and sends the form again); a person is led to the form.
    if htmx.wants_fragment() or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise Unauthorized
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return make_response(redirect(url_for("auth.login", next=wanted), 303))

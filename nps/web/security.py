"""Headers, hosts and proxies: what every response carries and whom the application believes about an address."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature
from werkzeug.middleware.proxy_fix import ProxyFix

from nps.web import access, static_files

#: The one policy of all pages: own origin only, nothing inline, no frames (design/desk_and_pages.md §0).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser hides the origin of our own forms as well.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_YEAR_S = 365 * 24 * 3600
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OWN_SITES = frozenset({"same-origin", "none"})


class _SessionCookie(SecureCookieSessionInterface):
    """A cookie whose age nobody looks at: the row it names says how long a session lives (`queries.accounts`).

    Flask's own takes a cookie that was signed in the future for a spoilt one: when the clock of the machine is set
    back, everybody would be logged out in the middle of a call.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a request; an empty one when its cookie is absent or not ours."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            return self.session_class(serializer.loads(request.cookies.get(self.get_cookie_name(app), "")))
        except BadSignature:
            return self.session_class()


def init_app(app: Flask) -> None:
    """Put the fences on an application, in the order in which a request meets them."""
    _trust_proxies(app)
    app.session_interface = _SessionCookie()
    app.before_request(_refuse_other_sites)
    access.init_app(app)
    app.after_request(_add_headers)


def _trust_proxies(app: Flask) -> None:
    """Believe forwarded headers only behind our own proxy: a client could invent its address (ASVS 4.1.3)."""
    proxies: int = app.config["TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
        # A monitor asks each machine by its own address.
        own = ("localhost", "127.0.0.1", app.config["BIND"])
        app.config["TRUSTED_HOSTS"] = [urlsplit(app.config["PUBLIC_URL"]).hostname, *own]


def _refuse_other_sites() -> None:
    """A second fence beside the token: a browser says which site a POST comes from, and only our own may send one."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method in _CHANGES and site not in _OWN_SITES:
        raise CSRFError("the form came from another site")
    if request.method == "TRACE":
        abort(405)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        # A view may have set a policy of its own: a letter is shown as a sandboxed document.
        response.headers.setdefault(name, value)
    if current_app.config["PUBLIC_URL"].startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
    if request.endpoint not in static_files.ENDPOINTS:
        response.headers["Cache-Control"] = "no-store"
    elif response.status_code in (200, 206, 304) and static_files.is_current():
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return response

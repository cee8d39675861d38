"""Headers, hosts, proxies, the fence against other sites, caching, and what is shown when something breaks."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask import Flask
from sqlalchemy import text

from nps.config import PROJECT_ROOT
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.services.transaction import write
from nps.web import access, security
from tests import factories
from tests.conftest import make_app

MODULES = PROJECT_ROOT / "static" / "js" / "app"


@pytest.fixture
def make(database_url: str, tmp_path: Path):
    """An application with other settings on the same database."""

    def build(**environ: str) -> Flask:
        return make_app(tmp_path / "other", database_url, **environ)

    return build


@pytest.mark.parametrize("path", ["/login", "/", "/no/such/page", "/static/css/base.css", "/static/no-such.css"])
def test_every_response_carries_the_headers(client, path):
    headers = client.get(path, buffered=True).headers
    assert headers["Content-Security-Policy"] == security.CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers, "this installation speaks http"


def test_the_policy_allows_nothing_inline_and_no_other_host():
    for directive in security.CONTENT_SECURITY_POLICY.split("; "):
        name, *values = directive.split()
        assert set(values) <= {"'self'", "'none'"}, name


def test_pages_are_kept_by_nobody_and_versioned_static_files_for_ever(client):
    page = client.get("/login")
    assert page.headers["Cache-Control"] == "no-store"
    address = re.search(r"/static/css/base\.css\?v=[0-9a-f]{12}", page.text)
    assert address, "url_for puts the hash of the contents into the address"
    versioned = client.get(address[0], buffered=True)
    assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in versioned.headers
    assert "immutable" not in client.get("/static/css/base.css", buffered=True).headers["Cache-Control"]


def test_modules_of_the_script_are_kept_for_ever_with_what_they_import(client):
    page = client.get("/login").text
    addresses = re.findall(r'<link rel="modulepreload" href="(/static/js/app/[0-9a-f]{12}/\w+\.js)">', page)
    assert [Path(address).name for address in addresses] == sorted(file.name for file in MODULES.glob("*.js"))
    assert f'<script type="module" src="{addresses[0]}"' in page
    for address in addresses:
        answer = client.get(address, buffered=True)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        imported = re.findall(r"(?:from|import) '(.+)';", answer.text)
        assert {urljoin(address, name) for name in imported} <= set(addresses), address
    other = client.get("/static/js/app/0123456789ab/dom.js", buffered=True)
    assert other.status_code == 200
    assert "immutable" not in other.headers["Cache-Control"], "a page of another version may have asked"
    assert client.get(addresses[0].replace("app.js", "absent.js")).status_code == 404


def test_https_brings_hsts_and_a_cookie_bound_to_the_host(make):
    client = make(PUBLIC_URL="https://nps.example.ru").test_client()
    answer = client.get("/login", base_url="https://nps.example.ru")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-nps=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_the_cookie_over_http_is_not_secure_but_closed_to_scripts(client):
    cookie = client.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("nps=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def _address_seen_by(app: Flask, **headers: str) -> str:
    seen = []

    @app.get("/seen")
    @access.public
    def view() -> str:
        seen.append(access.client_address())
        return ""

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    assert app.test_client().get("/seen", headers=names).status_code == 200
    return seen[0]


def test_a_client_cannot_invent_its_address(make):
    assert _address_seen_by(make(), X_Forwarded_For="203.0.113.7") == "127.0.0.1"


def test_behind_a_trusted_proxy_the_last_hop_counts(make):
    app = make(TRUSTED_PROXIES="1", PUBLIC_URL="http://nps.example.ru")
    assert _address_seen_by(app, X_Forwarded_For="198.51.100.1, 203.0.113.7") == "203.0.113.7"


def test_behind_a_trusted_proxy_a_foreign_host_is_refused(make):
    client = make(TRUSTED_PROXIES="1", PUBLIC_URL="https://nps.example.ru", BIND="10.0.0.11").test_client()
    assert client.get("/healthz", base_url="http://10.0.0.11:8000").status_code == 200, "a monitor asks the machine"
    assert client.get("/healthz", base_url="http://10.0.0.12:8000").status_code == 400
    forwarded = {"X-Forwarded-Proto": "https"}
    assert client.get("/login", headers=forwarded | {"X-Forwarded-Host": "nps.example.ru"}).status_code == 200
    assert client.get("/login", headers=forwarded | {"X-Forwarded-Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 400), ("same-site", 400), ("same-origin", 303), ("none", 303)]
)
def test_a_form_from_another_site_is_refused_even_with_a_token(client, session, site, status):
    user = factories.user(session, "operator")
    form = {"login": user.login, "password": factories.PASSWORD}
    assert client.post("/login", data=form, headers={"Sec-Fetch-Site": site}).status_code == status


def test_a_token_of_an_earlier_hour_is_still_good(app, login):
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None
    assert login("operator").post("/logout").status_code == 303


@pytest.fixture
def broken(own_app: Flask) -> Flask:
    """An application with views that fail in each known way."""
    errors = {
        "stale": StaleError("stale", "Клиент уже занят."),
        "absent": NotFoundError("Такого звонка нет."),
        "refused": DomainError("rule", "Так нельзя, потому что рано."),
        "bug": ZeroDivisionError("secret detail"),
    }
    own_app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(kind: str) -> str:
        raise errors[kind]

    own_app.add_url_rule("/broken/<kind>", "broken", access.public(fail))
    return own_app


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [("stale", 409, "Клиент уже занят."), ("absent", 404, "Такого звонка нет."), ("refused", 422, "Так нельзя")],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_rule_that_says_no_is_shown_with_its_sentence(broken, kind, status, words, headers):
    answer = broken.test_client().get(f"/broken/{kind}", headers=headers)
    assert answer.status_code == status
    assert words in answer.text
    assert ("<html" in answer.text) is not bool(headers)


def test_a_bug_shows_an_id_that_the_log_knows_and_no_trace(broken, caplog):
    with caplog.at_level(logging.ERROR):
        answer = broken.test_client().get("/broken/bug")
    assert answer.status_code == 500
    error_id = answer.headers["X-Error-Id"]
    assert error_id in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert error_id in caplog.text
    assert "secret detail" in caplog.text


def test_a_page_of_an_error_is_drawn_without_the_database(login, session):
    client = login("manager")
    with write(session) as s:
        s.execute(text("ALTER TABLE user_session RENAME TO lost"))
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "<html" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/no/such/page", 404), ("delete", "/login", 405), ("trace", "/login", 405), ("get", "/logout", 405)],
)
def test_refusals_are_russian_pages_without_codes(login, method, path, status):
    answer = getattr(login("manager"), method)(path)
    assert answer.status_code == status
    assert re.search("[а-я]{5}", answer.text)
    assert f">{status}<" not in answer.text
    assert "Werkzeug" not in answer.text


def test_a_405_says_what_is_allowed(client):
    assert "POST" in client.get("/logout").headers["Allow"]


def test_an_upload_over_the_limit_is_refused_with_a_sentence(make):
    client = make(MAX_CONTENT_LENGTH="2048").test_client()
    answer = client.post("/login", data={"login": "x" * 4096})
    assert answer.status_code == 413
    assert "Файл слишком большой" in answer.text


def test_text_from_people_is_shown_as_text(login, session):
    user = factories.user(session, "operator", full_name="<img src=x onerror=alert(1)>")
    page = login("admin").get(f"/admin/users/{user.id}").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page

"""What people type about a person stands in no address, of which history and proxies keep logs (R20, ASVS 14.2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.web import sealed
from tests import factories

NAME, PHONE = "Зырянов", "79170001107"


@pytest.fixture
def clients(session: Session) -> str:
    """The address of a list that takes two pages, with one Зырянов in it."""
    campaign = factories.campaign(session)
    for n in range(60):
        contact = f"{NAME} Пётр" if n == 7 else f"Клиент {n}"
        factories.respondent(session, campaign, contact=contact, phones=(f"+7917000{1100 + n:04d}",))
    return f"/campaigns/{campaign.id}/clients"


@pytest.mark.parametrize("typed", [NAME, PHONE[-7:], "пётр зыр", "100%", "зыр_нов", "' OR 1=1--", "🙂"])
def test_a_search_leads_to_an_address_that_does_not_hold_what_was_typed(
    login: Callable[..., FlaskClient], clients: str, typed: str
) -> None:
    manager = login("manager")
    answer = manager.post(f"{clients}/search", data={"text": typed, "view": "waiting", "region": ""})
    assert answer.status_code == 303
    assert re.fullmatch(clients + r"\?view=waiting&find=[A-Za-z0-9_%=-]+", answer.location), answer.location
    page = manager.get(answer.location).text
    assert f'value="{typed.replace(chr(39), "&#39;")}"' in page
    assert (NAME + " Пётр" in page) is (typed in (NAME, PHONE[-7:], "пётр зыр"))


def test_pages_of_a_search_keep_it(login: Callable[..., FlaskClient], clients: str) -> None:
    manager = login("manager")
    first = manager.get(manager.post(f"{clients}/search", data={"text": "клиент"}).location).text
    following = re.findall(r'href="([^"]*page=2[^"]*)"', first)
    assert following
    second = manager.get(following[0].replace("&amp;", "&")).text
    assert 'value="клиент"' in second and second.count('<th scope="row">') == 10


def test_an_address_nobody_sealed_shows_everybody(app: Flask, login: Callable[..., FlaskClient], clients: str) -> None:
    manager = login("manager")
    foreign = Fernet(Fernet.generate_key()).encrypt(NAME.encode()).decode()
    for given in (foreign, NAME, "", "%00", "x" * 5000):
        page = manager.get(f"{clients}?find={given}")
        assert page.status_code == 200
        assert "60 клиентов" in page.text, given[:20]
    with app.test_request_context():
        assert sealed.seal("") == ""
        assert sealed.seal(NAME) != sealed.seal(NAME), "the same search twice can't be recognised"


def test_no_form_that_takes_a_name_or_a_phone_is_a_get(app: Flask) -> None:
    """Every text field of every template stands in a form that is posted; days, lists and numbers may be addressed."""
    assert app.jinja_env.loader is not None
    for name in app.jinja_env.list_templates(extensions=["html"]):
        source, _, _ = app.jinja_env.loader.get_source(app.jinja_env, name)
        for form in re.findall(r'<form[^>]*method="get".*?</form>', source, re.DOTALL):
            assert not re.search(r'type="(search|text|tel|email)"|<textarea|forms\.textarea', form), name
        assert not re.search(r'<input[^>]*hx-get="', source, re.DOTALL), name

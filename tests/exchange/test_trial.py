"""The page «Связь» against a real exchange: what works is said so, and what does not is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nps.config import Settings
from tests.exchange.house import EXTENSIONS, Installed
from tests.exchange.peer import TONE, Peer, Plays

Login = Callable[..., FlaskClient]


@pytest.fixture
def admin(app: Flask, login: Login, installed: tuple[Installed, dict[str, str]], tmp_path: object) -> FlaskClient:
    exchange = installed[0]
    environ = {"NPS_DATA": str(app.config["DATA_FOLDER"]), **exchange.environ()}
    app.config["EXCHANGE"] = Settings.from_env(environ).exchange
    app.config["RECORDINGS_INBOX"] = exchange.recordings
    return login("admin")


def tried(admin: FlaskClient, extension: str) -> dict[str, str]:
    """What each step has come to: its tag and its words."""
    page = admin.post("/admin/exchange/trial", data={"extension": extension})
    assert page.status_code == 200, page.text
    steps = page.text.split('id="trial-title"')[1].split("</section>")[0]
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", steps, re.S)
    return {title: re.sub(r"<[^>]+>", "", words).strip() for title, words in found}


def test_a_telephone_that_is_picked_up_is_heard_and_recorded(
    admin: FlaskClient, phone: Peer, installed: tuple[Installed, dict[str, str]]
) -> None:
    phone.otherwise = Plays(then=0.1, sound=TONE)
    steps = tried(admin, EXTENSIONS[0])
    assert list(steps) == ["Вход", "Права", "Часы", "Журнал станции", "События", "Звонок", "Запись"]
    assert {words.split(" ")[0] for title, words in steps.items() if title != "Журнал станции"} == {"в"}, steps
    assert not list(installed[0].recordings.glob(".test-*")), "the trial's sound is nobody's"
    assert "проверена связь со станцией" in admin.get("/admin/journal").text


def test_a_telephone_that_is_not_registered_and_one_that_rejects_are_told(admin: FlaskClient, phone: Peer) -> None:
    assert "не ответил" in tried(admin, "nobody")["Звонок"]
    phone.otherwise = Plays(final=486)
    assert "не ответил" in tried(admin, EXTENSIONS[0])["Звонок"]


def test_a_wrong_password_is_told_with_its_cause(app: Flask, admin: FlaskClient) -> None:
    app.config["EXCHANGE"] = replace(app.config["EXCHANGE"], secret="wrong")
    steps = tried(admin, "")
    assert list(steps) == ["Вход"] and "не пускает" in steps["Вход"]


def test_without_a_telephone_nobody_is_called(admin: FlaskClient) -> None:
    assert list(tried(admin, "")) == ["Вход", "Права", "Часы", "Журнал станции"]


def test_what_is_no_telephone_and_no_exchange_at_all_is_refused_in_words(app: Flask, admin: FlaskClient) -> None:
    refused = admin.post("/admin/exchange/trial", data={"extension": "op 1"})
    assert refused.status_code == 422 and 'value="op 1"' in refused.text
    app.config["EXCHANGE"] = None
    refused = admin.post("/admin/exchange/trial", data={"extension": ""})
    assert refused.status_code == 422 and "AMI_HOST" in refused.text

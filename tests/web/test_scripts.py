"""The studio's pages over HTTP: a draft full of mistakes can be looked at from every side, typed text is kept (R18)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.script import Script
from nps.models import Campaign, Contract
from nps.services import scripts
from tests import factories

Login = Callable[..., FlaskClient]
PAGES = ("", "?step=rating", "?step=question", "?step=complaint", "/difference", "/versions", "/preview")


@pytest.fixture
def studio(session: Session, login: Login) -> tuple[FlaskClient, str]:
    """A specialist logged in, and the address of the script."""
    campaign = factories.campaign(session)
    customer = session.get_one(Contract, campaign.contract_id).customer_id
    address = f"/campaigns/{campaign.id}/script"
    return login("specialist", customer_id=customer), address


def upload(author: FlaskClient, address: str, text: str) -> int:
    file = (io.BytesIO(text.encode()), "script.yaml")
    answer = author.post(f"{address}/file", data={"revision": "0", "file": file}, content_type="multipart/form-data")
    return answer.status_code


BROKEN = (
    ("start: greeting", "start: nowhere"),
    ("next: rating", "next: nowhere"),
    ("next: callback", "next: greeting"),
    ("disposition: surveyed", "disposition: ''"),
    ("kind: reasons", "kind: end"),
)


@pytest.mark.parametrize(("whole", "broken"), BROKEN)
def test_a_broken_draft_opens_everywhere_and_is_not_published(
    studio: tuple[FlaskClient, str], whole: str, broken: str
) -> None:
    author, address = studio
    text = scripts.as_file(Script.from_dict(DEFAULT_SCRIPT), "Опрос").decode()
    assert whole in text
    assert upload(author, address, text.replace(whole, broken)) == 303
    for page in PAGES:
        assert author.get(address + page).status_code == 200, page
    for step in DEFAULT_SCRIPT["steps"]:
        assert author.get(f"{address}/preview", query_string={"step": step["id"]}).status_code == 200, step["id"]
    assert "Опубликовать нельзя" in author.get(address).text
    answer = author.post(f"{address}/publish", data={"revision": "1"})
    assert answer.status_code == 422
    assert "сначала исправьте" in answer.text


def test_a_repair_is_a_form_of_its_own_and_is_made_once(studio: tuple[FlaskClient, str]) -> None:
    author, address = studio
    text = scripts.as_file(Script.from_dict(DEFAULT_SCRIPT), "Опрос").decode()
    assert upload(author, address, text.replace("next: callback", "next: nowhere")) == 303
    page = author.get(address).text
    assert "Вести сюда: «Приветствие», «неудобно»" in page
    key = re.findall(r'name="repair" value="(leads_nowhere-greeting[^"]*)"', page)[0]
    sent = {"revision": "1", "repair": key, "step": "greeting", "form_key": "k" * 22}
    for _ in range(2):
        assert author.post(f"{address}/repair", data=sent).status_code == 303
    page = author.get(address).text
    assert "проблем нет" in page and "Отменить последнюю правку" in page
    answer = author.post(f"{address}/repair", data={**sent, "revision": "2", "form_key": "m" * 22})
    assert answer.status_code == 409 and "исправили иначе" in answer.text
    assert author.post(f"{address}/undo", data={"revision": "2"}).status_code == 303
    assert "ведёт на «nowhere»" in author.get(address).text


def test_a_refused_publishing_keeps_the_ticks(studio: tuple[FlaskClient, str], session: Session) -> None:
    author, address = studio
    real = session.scalars(select(Campaign)).one()
    same = {"contract_id": real.contract_id, "script_version_id": real.script_version_id}
    real_id, other_id = real.id, factories.campaign(session, title="Декабрь 2026", **same).id
    upload(author, address, scripts.as_file(Script.from_dict(DEFAULT_SCRIPT), "Опрос").decode())
    assert ticks(author.get(address).text) == {real_id: True, other_id: True}
    answer = author.post(f"{address}/publish", data={"revision": "1", "campaign": [str(other_id)]})
    assert answer.status_code == 422 and "публиковать нечего" in answer.text
    assert ticks(answer.text) == {real_id: False, other_id: True}


def ticks(page: str) -> dict[int, bool]:
    """The campaigns to choose from, and whether each is ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]*name="campaign" value="(\d+)"([^>]*)>', page)
    return {int(campaign_id): "checked" in rest for campaign_id, rest in boxes}


def test_a_refused_save_keeps_what_was_typed(studio: tuple[FlaskClient, str]) -> None:
    author, address = studio
    long = "Скажите, " * 300
    answer = author.post(f"{address}/step/farewell", data={"revision": "0", "say": long, "title": "Прощание"})
    assert answer.status_code == 422
    assert "Сократите его" in answer.text and long.strip() in answer.text
    # Nothing was begun by it.
    assert "Черновик версии" not in author.get(address).text


def test_rows_without_words_are_left_out_and_new_ones_get_a_name(studio: tuple[FlaskClient, str]) -> None:
    author, address = studio
    rows = {
        "answer_id": ["yes", "no", ""],
        "answer_label": ["Да, удобно", "", "Кто это?"],
        "answer_trail": ["удобно", "неудобно", ""],
        "answer_next": ["rating", "callback", "greeting"],
    }
    saved = author.post(
        f"{address}/step/greeting", data={"revision": "0", "title": "Приветствие", "say": "Добрый день!", **rows}
    )
    assert saved.status_code == 303
    text = author.get(f"{address}/file?version=draft").text
    assert "id: a1" in text and "Кто это?" in text and "Нет, неудобно" not in text

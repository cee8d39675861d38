"""A call is listened to, judged, and read by its operator, at real browsers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import factories
from tests.e2e import filled
from tests.e2e.people import Person
from tests.e2e.system import System, running

Visit = Callable[..., Person]


@pytest.fixture
def system(sqlite_template: Path, tmp_path: Path) -> Iterator[System]:
    shutil.copy(sqlite_template, tmp_path / "nps.sqlite3")
    with running(tmp_path / "data", f"sqlite:///{tmp_path}/nps.sqlite3", filled.NOW) as system:
        yield system


def test_a_review_reaches_its_operator_and_his_answer_the_manager(system: System, visit: Visit) -> None:
    full = filled.fill(system)
    manager, olga = visit(), visit()
    manager.log_in("manager", factories.PASSWORD)
    manager.open(f"/campaigns/{full.survey}/operators/quality")
    manager.sees("новый оператор")
    manager.open(f"/campaigns/{full.survey}/operators/quality/{full.recorded_call}")
    manager.page.locator("[data-seek]").nth(1).click()
    manager.page.wait_for_function("document.querySelector('#heard').currentTime >= 9")
    with manager.expecting(422):
        manager.button("Отправить разбор").click()
        manager.sees("Отметьте хотя бы один пункт листа")
    manager.page.get_by_text("Исправить итог", exact=True).first.click()
    with manager.expecting(422):
        manager.page.get_by_label("Верный итог").select_option("surveyed")
        manager.page.get_by_label("Причина").fill("Клиент отказался, слышно в записи")
        manager.button("Исправить итог").click()
        manager.sees("Итог «Опрошен» уже записан")
    manager.page.get_by_label("Верный итог").select_option("refused")
    manager.button("Исправить итог").click()
    manager.sees("Отказ от опроса — проверка звонка, Нина Руководова. «Клиент отказался, слышно в записи»")
    manager.page.get_by_role("link", name="Проверка звонков").click()
    manager.sees("Не отправлены: 1")
    manager.page.get_by_role("region", name="Звонки на проверку").wait_for()
    manager.page.get_by_role("link", name="Ольга Маркова, вт 17 ноября в 10:05").click()
    for number, words in ((0, "Да"), (1, "Частично"), (4, "Да")):
        manager.page.locator(".criterion").nth(number).get_by_role("radio", name=words, exact=True).check()
    manager.page.get_by_label("Что сказать оператору").fill("В оценке пропустили «где 1 очень ужасно»")
    manager.button("Отправить разбор").click()
    manager.sees("5 из 6")

    olga.log_in("olga", factories.PASSWORD)
    olga.open("/desk/day")
    olga.sees("В оценке пропустили «где 1 очень ужасно»")
    olga.sees("Оценка без подсказки: частично")
    olga.sees("Отказ от опроса — проверка звонка, Нина Руководова: «Клиент отказался, слышно в записи»")
    olga.page.get_by_text("Ответить", exact=True).click()
    olga.page.get_by_label("Ответ на разбор звонка").fill("Поняла, буду дочитывать")
    olga.button("Отправить ответ").click()
    olga.sees("Ваш ответ")
    manager.page.reload()
    manager.sees("Ответ оператора: «Поняла, буду дочитывать»")

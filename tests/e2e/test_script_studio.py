"""The specialist edits and publishes at a browser; an open call keeps its version, the next one has the new (R18)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from nps.extensions import db
from nps.models import Campaign, Contract
from tests import factories
from tests.e2e.people import Operator, Person
from tests.e2e.system import System

Visit = Callable[..., Person]
SURVEY = "Уралэнерго, ноябрь 2026"
OLD, NEW = "Будем рады дальнейшему сотрудничеству! Всего доброго!", "Спасибо, что уделили время! Всего доброго!"


def prepare(system: System) -> int:
    """A survey with two clients, an operator, and two specialists of its customer."""
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title=SURVEY)
        campaign_id = campaign.id
        customer = session.get_one(Contract, campaign.contract_id).customer_id
        factories.member(session, campaign, factories.user(session, "operator", login="olga", spoken_name="Ольга"))
        for _ in range(2):
            factories.respondent(session, session.get_one(Campaign, campaign_id))
        for login, name in (("irina", "Ирина Кузнецова"), ("petr", "Пётр Иванов")):
            factories.user(session, "specialist", login=login, full_name=name, customer_id=customer)
        db.session.remove()
    return campaign_id


def says_goodbye(operator: Operator, words: str) -> None:
    operator.system.clock.forward(10)
    operator.press("Digit0")
    operator.step_is("Прощание")
    operator.sees(words, "#step")
    operator.press("Enter")
    operator.state_is("done")


def test_an_edit_is_published_while_a_call_goes_on(system: System, visit: Visit) -> None:
    studio = f"/campaigns/{prepare(system)}/script"
    system.clock.set(factories.NOW)
    olga = visit(Operator)
    assert isinstance(olga, Operator)
    olga.log_in("olga", factories.PASSWORD)
    olga.start_shift(SURVEY)
    olga.dial()
    olga.is_answered()
    olga.agrees()

    irina = visit()
    irina.log_in("irina", factories.PASSWORD)
    irina.open(studio)
    irina.sees("проблем нет")
    # The drawing is for the keyboard too.
    irina.page.get_by_role("link", name="Прощание итог: Опрошен").focus()
    irina.page.keyboard.press("Enter")
    expect(irina.page.get_by_label("Что читает оператор")).to_have_value(OLD)
    irina.page.get_by_label("Что читает оператор").fill(NEW)
    irina.button("Сохранить шаг").click()
    irina.sees("Черновик версии 2")

    # A mistake locks publishing, and the problem leads to its step.
    irina.page.get_by_label("Итог звонка").select_option("")
    irina.button("Сохранить шаг").click()
    irina.sees("Опубликовать нельзя: 1 проблема")
    expect(irina.button("Опубликовать версию 2")).to_be_disabled()
    irina.open(studio)
    irina.page.get_by_role("link", name="У последнего шага «Прощание» нет итога").click()
    expect(irina.page.get_by_label("Итог звонка")).to_be_in_viewport()
    # One press mends it, one takes that back.
    irina.button("Итог «Опрошен»").focus()
    irina.page.keyboard.press("Enter")
    irina.sees("проблем нет")
    irina.button("Отменить последнюю правку").click()
    irina.sees("Опубликовать нельзя: 1 проблема")
    irina.button("Итог «Опрошен»").click()
    irina.sees("проблем нет")

    irina.page.get_by_role("link", name="Сравнить", exact=True).click()
    expect(irina.page.locator("ins").first).to_contain_text("Спасибо, что уделили время!")
    irina.page.get_by_role("link", name="Предпросмотр", exact=True).click()
    irina.page.get_by_role("link", name="удобно → Оценка").click()
    irina.sees("где 1 очень ужасно и 10 превосходно.", "#step")
    irina.open(studio)
    irina.button("Опубликовать версию 2").click()
    irina.sees("Звонки идут по версии 2")

    says_goodbye(olga, OLD)
    olga.next_client()
    olga.dial()
    olga.is_answered()
    olga.agrees()
    says_goodbye(olga, NEW)


def test_a_campaign_without_a_tick_keeps_its_version_until_it_is_moved(system: System, visit: Visit) -> None:
    campaign_id = prepare(system)
    studio = f"/campaigns/{campaign_id}/script"
    with system.app.app_context():
        campaign = db.session().get_one(Campaign, campaign_id)
        same = {"contract_id": campaign.contract_id, "script_version_id": campaign.script_version_id}
        factories.campaign(db.session(), title="Декабрь 2026", **same)
        db.session.remove()
    irina = visit()
    irina.log_in("irina", factories.PASSWORD)
    irina.open(f"{studio}?step=farewell")
    irina.page.get_by_label("Что читает оператор").fill(NEW)
    irina.button("Сохранить шаг").click()
    irina.page.get_by_label("Декабрь 2026").focus()
    irina.page.keyboard.press("Space")
    irina.button("Опубликовать версию 2").click()
    irina.sees("Опубликована версия 2", ".flashes")

    irina.open(f"{studio}/versions")
    irina.sees("Проекты на прежних версиях")
    irina.button("Перевести на версию 2").click()
    irina.sees("На последнюю версию проект перешёл: 1", ".flashes")
    expect(irina.page.get_by_text("Проекты на прежних версиях")).to_have_count(0)


def test_the_second_of_two_authors_sees_what_the_first_has_saved(system: System, visit: Visit) -> None:
    studio = f"/campaigns/{prepare(system)}/script?step=farewell"
    irina, petr = visit(), visit()
    for person, login in ((irina, "irina"), (petr, "petr")):
        person.log_in(login, factories.PASSWORD)
        person.open(studio)
    for person, words in ((irina, "Первая: спасибо!"), (petr, "Второй: спасибо!")):
        person.page.get_by_label("Что читает оператор").fill(words)
    irina.button("Сохранить шаг").click()
    irina.sees("Шаг сохранён", ".flashes")
    with petr.expecting(409):
        petr.button("Сохранить шаг").click()
        petr.sees("черновик сохранил другой человек: Ирина Кузнецова")
    expect(petr.page.locator("ins").first).to_contain_text("Первая:")
    expect(petr.page.get_by_label("Что читает оператор")).to_have_value("Второй: спасибо!")
    petr.button("Сохранить шаг").click()
    petr.sees("Шаг сохранён", ".flashes")
    expect(petr.page.get_by_label("Что читает оператор")).to_have_value("Второй: спасибо!")


def test_a_script_goes_out_as_a_file_and_comes_back(system: System, visit: Visit) -> None:
    campaign_id = prepare(system)
    irina = visit()
    irina.log_in("irina", factories.PASSWORD)
    irina.open(f"/campaigns/{campaign_id}/script/versions")
    with irina.page.expect_download() as download:
        irina.page.get_by_role("link", name="Файл версии 1").click()
    text = download.value.path().read_text(encoding="utf-8").replace(OLD, NEW)
    file = {"name": "скрипт.yaml", "mimeType": "application/yaml", "buffer": text.encode()}
    irina.page.locator('input[type="file"]').set_input_files(file)  # type: ignore[arg-type]
    irina.button("Загрузить в черновик").click()
    irina.sees("Скрипт из файла лежит в черновике", ".flashes")
    irina.open(f"/campaigns/{campaign_id}/script/versions")
    bad = {"name": "скрипт.yaml", "mimeType": "application/yaml", "buffer": b"steps: [{id: a, kind: shell}]"}
    irina.page.locator('input[type="file"]').set_input_files(bad)  # type: ignore[arg-type]
    with irina.expecting(422):
        irina.button("Загрузить в черновик").click()
        irina.sees("поле «kind» прочитать нельзя")

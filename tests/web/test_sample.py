"""The pages of a base's load, as a person sees them, with and without the worker's part done between."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from nps.adapters.sample_sheet import marking
from nps.adapters.sample_sheet.limits import MAX_MARKED_ROWS
from nps.adapters.sample_sheet.marking_child import FAULTY, MENDED
from nps.domain.sample import MARK_TITLE
from nps.jobs import sample as jobs
from nps.models import Campaign, Contract, Respondent, RespondentPhone
from tests import factories
from tests.services.loading import ROW, workbook

DATA = Path(__file__).parent.parent / "data"
CLEAN, MESSY = (DATA / "base_clean.xlsx").read_bytes(), (DATA / "base_messy.xlsx").read_bytes()
Login = Callable[..., FlaskClient]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def base(campaign: Campaign) -> str:
    return f"/campaigns/{campaign.id}/base"


@pytest.fixture
def manager(login: Login) -> FlaskClient:
    return login("manager")


def send(client: FlaskClient, base: str, content: bytes, name: str = "база.xlsx") -> TestResponse:
    return client.post(base, data={"file": (BytesIO(content), name)})


def uploaded(client: FlaskClient, base: str, content: bytes) -> str:
    """The address of a load whose columns are asked about."""
    answer = send(client, base, content)
    assert answer.status_code == 303, answer.text
    work(answer.location)
    return str(answer.location)


def work(address: str) -> None:
    jobs.check(int(address.rsplit("/", 1)[1]))


def as_shown(page: str) -> dict[str, list[str]]:
    """What the mapping form sends when nothing in it is touched."""
    form = page[page.index('<form id="mapping"') :]
    fields: dict[str, list[str]] = {}
    for tag in re.finditer(r'<input type="hidden" name="(?P<name>[^"]+)" value="(?P<value>[^"]*)"', form):
        fields.setdefault(tag["name"], []).append(tag["value"])
    for select_tag in re.finditer(r'<select [^>]*name="(?P<name>[^"]+)".*?</select>', form, re.DOTALL):
        selected = re.search(r'value="([^"]*)" selected', select_tag[0])
        fields.setdefault(select_tag["name"], []).append(selected[1] if selected else "")
    fields.pop("csrf_token", None)
    return fields


def clients(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(Respondent)).scalar_one()


def test_the_clean_base_is_loaded_by_taking_what_is_suggested(
    manager: FlaskClient, base: str, session: Session
) -> None:
    answer = send(manager, base, CLEAN)
    address = answer.location
    assert "Читаем книгу" in manager.get(address).text

    work(address)
    mapping = manager.get(address).text
    assert "Проверить 1\u202f200 строк" in mapping
    answer = manager.post(f"{address}/columns", data=as_shown(mapping))
    assert answer.status_code == 303
    assert "Проверяем строки" in manager.get(address).text

    work(address)
    assert "Загрузить 1\u202f200 клиентов" in manager.get(address).text
    assert clients(session) == 0
    assert manager.post(f"{address}/publish").status_code == 303
    assert "Добавляем клиентов" in manager.get(address).text

    work(address)
    assert "<b>1\u202f200</b> клиентов" in manager.get(address).text
    assert clients(session) == 1200

    again = uploaded(manager, base, CLEAN)
    manager.post(f"{again}/columns", data=as_shown(manager.get(again).text))
    work(again)
    assert "Новых клиентов в файле нет" in manager.get(again).text
    assert "Загружено раньше" in manager.get(base).text


def test_the_receipt_names_every_row_with_its_reason(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, MESSY)
    fields = as_shown(manager.get(address).text)
    fields["branch"][fields["branch_key"].index("атлантида")] = "outside"
    manager.post(f"{address}/columns", data=fields)
    work(address)

    page = manager.get(address).text
    assert "137 + 66 + 3 + 6 + 1" in page
    assert "Загрузить 203 клиента" in page
    assert "89О40005843" in page and "+7 904 000-58-43" in page
    rejected = manager.get(f"{address}?show=rejected").text
    assert "ОП «Атлантида» вне пяти регионов" in rejected
    assert rejected.count("Не войдёт в базу") == 6
    everything = manager.get(f"{address}?show=all").text
    assert "Страница 1 из 3" in everything
    assert ">217</b>" in manager.get(f"{address}?show=all&page=3").text
    assert "&lt;b&gt;Васильев" in everything and "<b>Васильев" not in everything


def test_an_undecided_branch_is_asked_again_and_the_other_answers_stay(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, MESSY)
    fields = as_shown(manager.get(address).text)
    fields["branch"][0] = "later"
    fields["column-7"] = ["email"]
    fields["column-6"] = [""]
    answer = manager.post(f"{address}/columns", data=fields)
    assert answer.status_code == 422
    assert "Решите, куда отнести ОП «Атлантида»" in answer.text
    kept = as_shown(answer.text)
    assert kept["branch"][0] == "later"
    assert kept["column-7"] == ["email"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Файл пустой"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 600, "не книга Excel"),
        (b'<?xml version="1.0"?><Workbook/>', "таблица XML"),
        (b"<html><table></table></html>", "веб-страница"),
        (b"PK\x03\x04" + b"\0" * 100, "повреждена"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_by_a_sentence(
    manager: FlaskClient, base: str, content: bytes, sentence: str
) -> None:
    answer = send(manager, base, content)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_no_file_is_said(manager: FlaskClient, base: str) -> None:
    answer = manager.post(base, data={})
    assert answer.status_code == 422
    assert "Выберите книгу Excel" in answer.text


def test_a_book_that_can_not_be_read_to_its_end_says_why_on_its_page(manager: FlaskClient, base: str) -> None:
    book = Workbook()
    book.worksheets[0].cell(1, 1, "ОП")
    book.worksheets[0].cell(1_048_576, 16_384, "край")
    file = BytesIO()
    book.save(file)
    page = manager.get(uploaded(manager, base, file.getvalue())).text
    assert "правее 256-го столбца" in page and "XFD1048576" in page


def test_progress_leaves_for_the_page_when_a_person_is_asked(manager: FlaskClient, base: str) -> None:
    address = send(manager, base, CLEAN).location
    fragment = manager.get(f"{address}/progress", headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "<html" not in fragment.text and 'hx-trigger="load delay:1s"' in fragment.text
    work(address)
    done = manager.get(f"{address}/progress", headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == address


def test_a_cancelled_load_is_gone_from_the_list(manager: FlaskClient, base: str, session: Session) -> None:
    address = uploaded(manager, base, CLEAN)
    assert manager.post(f"{address}/cancel").location == base
    assert "база.xlsx" not in manager.get(base).text
    assert "ничего не попало" in manager.get(address).text
    assert clients(session) == 0


def test_a_stale_page_is_answered_with_what_is_true_now(manager: FlaskClient, base: str) -> None:
    address = uploaded(manager, base, CLEAN)
    answer = manager.post(f"{address}/publish")
    assert answer.status_code == 409
    assert "Как мы поняли столбцы" in answer.text


def test_only_people_of_the_campaign_load_a_base(login: Login, base: str, session: Session, campaign: Campaign) -> None:
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    assert login("specialist", customer_id=owner).get(base).status_code == 200
    assert login("specialist").get(base).status_code == 404
    assert login("operator").get(base).status_code == 403
    assert login("customer", customer_id=owner).get(base).status_code == 403


def test_a_load_is_not_shown_under_another_campaign(manager: FlaskClient, base: str, session: Session) -> None:
    number = send(manager, base, CLEAN).location.rsplit("/", 1)[1]
    other = factories.campaign(session)
    assert manager.get(f"/campaigns/{other.id}/base/{number}").status_code == 404
    assert manager.post(f"/campaigns/{other.id}/base/{number}/cancel").status_code == 404


class TestReceipt:
    @pytest.fixture
    def address(self, manager: FlaskClient, base: str) -> str:
        """A checked load of the messy base."""
        address = uploaded(manager, base, MESSY)
        fields = as_shown(manager.get(address).text)
        fields["branch"][fields["branch_key"].index("атлантида")] = "outside"
        manager.post(f"{address}/columns", data=fields)
        work(address)
        return address

    def test_a_row_is_found_by_number_name_inn_or_telephone(self, manager: FlaskClient, address: str) -> None:
        for search, row in (
            ("47", "47"), ("Кривой", "47"), ("0005811", "7"), ("хасанова ирина", "26"), ("1800055762/18", "12"),
        ):  # fmt: skip
            page = manager.get(manager.post(f"{address}/search", data={"text": search, "show": "all"}).location).text
            assert f"<b>{row}</b>" in page, search
            assert len(re.findall(r'<td class="n"><b>', page)) < 6, search
        page = manager.get(manager.post(f"{address}/search", data={"text": "100%_", "show": "all"}).location).text
        assert "Таких строк нет" in page
        assert 'value="100%_"' in page

    def test_the_customers_own_workbook_comes_back_with_marks_and_can_be_loaded_again(
        self, manager: FlaskClient, base: str, address: str, app: Flask
    ) -> None:
        answer = manager.get(f"{address}/marked")
        assert answer.status_code == 200
        assert "UTF-8''%D0%B1%D0%B0%D0%B7%D0%B0" in answer.headers["Content-Disposition"]
        assert list((app.config["DATA_FOLDER"] / "exports").iterdir()) == []
        book = load_workbook(BytesIO(answer.data))
        assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
            ("Выгрузка 1С", "visible"),
            ("Служебный", "hidden"),
        ]
        sheet = book["Выгрузка 1С"]
        assert sheet["A1"].value == "Список клиентов для опроса NPS"
        assert sheet["I4"].value == MARK_TITLE
        assert sheet["C52"].value == "=CMD|' /C calc'!A0" and sheet["C52"].data_type == "s"
        said = {number: sheet.cell(number, 9).value for number in (5, 11, 46, 47, 215)}
        assert said[5] is None
        assert said[11] == "Исправлена. В телефоне буква вместо цифры."
        assert said[46].startswith("Отклонена. Телефон не указан")
        assert said[215].startswith("Дубль. Те же ИНН, телефон и контакт, что в строке 10")
        assert sheet["F46"].fill.fgColor.rgb == FAULTY and sheet["D47"].fill.fgColor.rgb == FAULTY
        assert sheet["F11"].fill.fgColor.rgb == MENDED and sheet["C46"].fill.fgColor.rgb != FAULTY

        sheet["F46"], sheet["D47"] = "8 341 200-80-32", ""
        file = BytesIO()
        book.save(file)
        mapping = manager.get(uploaded(manager, base, file.getvalue())).text
        assert "Проверить 213 строк" in mapping and MARK_TITLE in mapping

    def test_a_book_that_can_not_be_written_back_gives_a_copy_of_its_rows(self, app: Flask, tmp_path: Path) -> None:
        out = tmp_path / "out.xlsx"
        (tmp_path / "base.xlsx").write_bytes("ОП;ИНН".encode())
        place = marking.Place("Выгрузка 1С", 0, 4, MARK_TITLE)
        assert not marking.mark_own(tmp_path / "base.xlsx", out, [place], [])
        assert not out.exists()
        rows = [(["1", "Уфа", "=1+1"], marking.Mark(0, 5, [2], [1], "Отклонена. Почему.")), (["2"], None)]
        marking.write_copy(out, [marking.Copied(place, ["№", "ОП", "ИНН", "Тел."], rows)])
        sheet = load_workbook(out).worksheets[0]
        assert [cell.value for cell in sheet[1]] == ["№", "ОП", "ИНН", "Тел.", MARK_TITLE]
        assert (sheet["C2"].value, sheet["C2"].data_type, sheet["E2"].value) == ("=1+1", "s", "Отклонена. Почему.")
        assert (sheet["C2"].fill.fgColor.rgb, sheet["B2"].fill.fgColor.rgb) == (FAULTY, MENDED)

    def test_a_very_long_base_gives_back_the_rows_that_need_a_look(self, manager: FlaskClient, base: str) -> None:
        rows = MAX_MARKED_ROWS + 1
        book = Workbook(write_only=True)
        sheet = book.create_sheet("База")
        sheet.append(["ОП", "ИНН", "Организация", "Контакт", "Телефон"])
        for n in range(rows):
            faulty = n in (7, rows - 1)
            sheet.append(["Уфа", "0278000109", f"ООО «Клиент-{n}»", "Иванов Пётр", "8 9" if faulty else f"+79{n:09d}"])
        file = BytesIO()
        book.save(file)
        address = uploaded(manager, base, file.getvalue())
        manager.post(f"{address}/columns", data=as_shown(manager.get(address).text))
        work(address)

        marked = load_workbook(BytesIO(manager.get(f"{address}/marked").data), read_only=True)
        found = list(marked["База"].iter_rows(values_only=True))
        marked.close()
        assert found[0] == ("ОП", "ИНН", "Организация", "Контакт", "Телефон", MARK_TITLE)
        assert [row[2] for row in found[1:]] == ["ООО «Клиент-7»", f"ООО «Клиент-{rows - 1}»"]
        assert all(row[4] == "8 9" and row[5].startswith("Отклонена.") for row in found[1:])

    def test_without_its_file_a_load_keeps_its_receipt(self, manager: FlaskClient, address: str, app: Flask) -> None:
        for file in (app.config["DATA_FOLDER"] / "uploads").glob("*.xlsx"):
            file.unlink()
        answer = manager.get(f"{address}/marked")
        assert answer.status_code == 422
        assert "Файла этой загрузки на сервере уже нет" in answer.text and "137 + 66" in answer.text

    def test_a_duplicate_of_a_client_leads_to_him(self, manager: FlaskClient, base: str, address: str) -> None:
        manager.post(f"{address}/publish")
        work(address)
        again = uploaded(manager, base, MESSY)
        fields = as_shown(manager.get(again).text)
        fields["branch"] = ["outside"]
        manager.post(f"{again}/columns", data=fields)
        work(again)
        assert f'{base.replace("/base", "/clients")}/1"' in manager.get(f"{again}?show=duplicate").text


def test_changes_of_known_clients_are_shown_and_decided_one_by_one(
    manager: FlaskClient, base: str, session: Session
) -> None:
    def checked(content: bytes) -> str:
        address = uploaded(manager, base, content)
        manager.post(f"{address}/columns", data=as_shown(manager.get(address).text))
        work(address)
        return address

    first = checked(workbook(ROW, ("Казань", "1689768467", "ООО «Лес»", "Иванов Пётр Ильич", "8 904 000-58-43", "")))
    manager.post(f"{first}/publish")
    work(first)
    again = checked(workbook((*ROW[:4], "8 904 000-58-44", "")))
    page = manager.get(again).text
    assert "строка о прежних клиентах" in page
    assert "Загрузить 1 изменение" in page
    assert "В файле нет 1 прежнего клиента" in page
    assert "+7 341 200-80-32" in page and "+7 904 000-58-44" in page

    answer = manager.post(f"{again}/changes", data={"row": "2", "apply": "0"})
    assert answer.status_code == 303
    page = manager.get(answer.location).text
    assert "Оставляем как было" in page and "Загрузить 1 изменение" not in page
    manager.post(f"{again}/changes", data={"apply": "1"})
    manager.post(f"{again}/publish")
    work(again)
    assert "Изменён <b>1</b> прежний клиент" in manager.get(again).text
    assert manager.post(f"{again}/changes", data={"apply": "0"}).status_code == 409
    session.rollback()
    numbers = select(RespondentPhone.e164).join(Respondent, Respondent.id == RespondentPhone.respondent_id)
    assert "+79040005844" in session.scalars(numbers.where(Respondent.contact == ROW[3])).all()


def test_whether_a_row_means_a_client_is_asked_and_the_answer_can_be_changed(
    manager: FlaskClient, base: str, session: Session
) -> None:
    first = uploaded(manager, base, workbook(ROW))
    manager.post(f"{first}/columns", data=as_shown(manager.get(first).text))
    work(first)
    manager.post(f"{first}/publish")
    work(first)
    address = uploaded(manager, base, workbook((*ROW[:3], "Зорин <b>Николай</b> Петрович", *ROW[4:])))
    manager.post(f"{address}/columns", data=as_shown(manager.get(address).text))
    work(address)
    page = manager.get(address).text
    assert "<b>1 вопрос</b> «это тот же человек?». Без ответа строка не загрузится" in page
    assert "Вахрушев Тимур Ильич" in page and "Зорин Николай Петрович" in page
    assert "Загрузить 1" not in page

    def answered(apply: str, row: str = "2") -> str:
        sent = {"row": row, "apply": apply, "show": "asked"}
        answer = manager.post(f"{address}/changes", data={name: text for name, text in sent.items() if text})
        return manager.get(answer.location).text

    assert "Загрузить 1 изменение" in answered("1")
    assert "Не загружаем." in answered("0", row="")
    page = answered("new", row="")
    assert "Станет новым клиентом." in page and "Загрузить 1 клиента" in page
    manager.post(f"{address}/publish")
    work(address)
    assert "добавлен <b>1</b> клиент" in manager.get(address).text
    session.rollback()
    names = session.scalars(select(Respondent.contact).order_by(Respondent.id)).all()
    assert names == [ROW[3], "Зорин Николай Петрович"]

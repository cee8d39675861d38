"""What a base's columns, branches and rows are taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps.domain.cities import AREA_CODE_OF, REGION_OF, REGION_OF_INN, REGION_OF_PHONE
from nps.domain.errors import DomainError
from nps.domain.local_time import ZONES
from nps.domain.sample import (
    Decision,
    Fate,
    Header,
    KnownClient,
    RowChecker,
    StopEntries,
    Verdict,
    branch_key,
    find_header,
    group_branches,
    guessed_header,
    header_at,
    mapped_by_title,
    mapping_problem,
    profile,
    read_decision,
    signature,
    suggested_area_code,
    suggested_region,
)

TITLES = ("ОП", "ИНН", "Наименование организации", "ФИО контактного лица", "Телефон", "Электронная почта")
HEADER = header_at(1, TITLES)
IZHEVSK = {"ижевск": Decision(region="udmurtia")}
GOOD = ("Ижевск", "1897309111", "ООО «Кабель»", "Вахрушев Тимур Ильич", "8 (341) 200-80-32", "zakaz1@example.com")


def row(**changes: str) -> list[str]:
    cells = list(GOOD)
    for code, text in changes.items():
        cells[HEADER.columns[code][0]] = text
    return cells


def check(*rows: Sequence[str], decisions: dict[str, Decision] | None = None, **fields: object) -> list[Verdict]:
    checker = RowChecker(HEADER, IZHEVSK if decisions is None else decisions, **fields)  # type: ignore[arg-type]
    found = [verdict for number, cells in enumerate(rows, 2) if (verdict := checker.check(number, cells))]
    return sorted([*found, *checker.rest()], key=lambda verdict: verdict.row_no)


def known(client_id: int, verdict: Verdict, **changes: Any) -> KnownClient:
    """The client that a row has become."""
    fixed = verdict.fixed
    phones = tuple(f"{phone['e164']}#{phone['extension']}" for phone in fixed["phones"])
    client = KnownClient(client_id, fixed["identity"], fixed["contact"], fixed["email"], phones)
    return replace(client, **{"organisation": fixed["organisation"], **changes})


class TestHeader:
    @pytest.mark.parametrize(
        ("title", "field"),
        [
            ("ОП", "branch"),
            (" Подразделение ", "branch"),
            ("Филиал (город)", "branch"),
            ("ИНН/КПП", "inn"),
            ("ИНН контрагента (10 цифр)", "inn"),
            ("Контрагент", "organisation"),
            ("Наименование", "organisation"),
            ("Полное название компании", "organisation"),
            ("Ф.И.О.", "contact"),
            ("Контактное лицо", "contact"),
            ("Тел. ", "phone"),
            ("Контактный телефон (с кодом)", "phone"),
            ("Моб.тел.", "phone"),
            ("e-mail", "email"),
            ("Эл. почта:", "email"),
        ],
    )
    def test_titles_are_known_in_many_words(self, title: str, field: str) -> None:
        assert header_at(1, [title]).columns == {field: (0,)}

    @pytest.mark.parametrize("title", ["№ п/п", "Менеджер", "Сумма", "", "Адрес"])
    def test_other_columns_stay_out(self, title: str) -> None:
        assert header_at(1, [title]).columns == {}

    def test_the_plain_word_wins_over_a_longer_title(self) -> None:
        assert header_at(1, ["Телефон бухгалтерии", "Телефон"]).columns == {"phone": (1,)}

    def test_the_row_that_names_most_fields_is_the_header_wherever_it_stands(self) -> None:
        rows = [(1, ["Список клиентов и телефонов"]), (3, ["", "Период"]), (7, ["№", *TITLES]), (8, ["1", *GOOD])]
        found = find_header(rows)
        assert found is not None
        assert (found.row, found.columns["phone"]) == (7, (5,))

    def test_one_known_word_is_no_header_and_a_title_page_may_stand_above_it(self) -> None:
        assert find_header([(1, ["Телефон", "8 341 200-80-32"])]) is None
        found = find_header([*((n, [f"Приложение {n}"]) for n in range(1, 100)), (400, TITLES)])
        assert found is not None and found.row == 400

    def test_a_header_of_two_rows_is_read_as_one(self) -> None:
        upper = ["ОП", "ИНН", "Наименование организации", "Контактные данные", "", ""]
        found = find_header([(3, upper), (4, ["", "", "", "ФИО", "Телефон", "e-mail"]), (5, GOOD)])
        assert found is not None
        assert (found.row, found.titles) == (4, ("ОП", "ИНН", "Наименование организации", "ФИО", "Телефон", "e-mail"))
        assert len(found.columns) == 6

    def test_a_client_below_a_header_is_no_part_of_it(self) -> None:
        found = find_header(
            [(1, ["ОП", "ИНН", "Телефон"]), (2, ["Уфа", "0284726717", "89040006738", "почта@example.com"])]
        )
        assert found is not None and found.row == 1

    def test_a_mapping_is_carried_over_to_other_columns_by_title(self) -> None:
        header = header_at(1, ["№", "Телефон 2", "ОП", "ИНН", "Имя клиента", "Телефон"])
        carried = mapped_by_title(
            ["ОП", "Телефон 2", "Имя клиента"], {"branch": (0,), "phone": (1,), "organisation": (2,)}, header
        )
        assert carried == {"branch": (2,), "phone": (1,), "organisation": (4,), "inn": (3,)}
        assert mapped_by_title(["Группа"], {"branch": (0,)}, header) is None

    def test_the_same_columns_have_the_same_signature_whatever_their_spelling(self) -> None:
        assert signature(["ОП", "Тел."]) == signature([" оп ", "ТЕЛ"])
        assert signature(["ОП", "Тел."]) != signature(["Тел.", "ОП"])

    def test_a_mapping_says_what_it_lacks(self) -> None:
        assert mapping_problem(HEADER) == ""
        bare = Header(1, TITLES, {"organisation": (0,), "phone": (1, 2)})
        assert "«Телефон»" in mapping_problem(replace(bare, columns={"organisation": (0,)}))
        assert "напишите подразделение всей базы" in mapping_problem(bare)
        assert mapping_problem(replace(bare, branch="Ижевск")) == mapping_problem(replace(bare, grouped=True)) == ""
        assert "«ИНН» берётся из одного" in mapping_problem(
            replace(bare, branch="Уфа", columns=bare.columns | {"inn": (3, 4)})
        )


class TestLayouts:
    """Tables as sales departments write them: what stands where is found, and can be put right."""

    def accepted(self, rows: list[tuple[int, list[str]]]) -> list[Verdict]:
        header = find_header(rows) or guessed_header(rows)
        assert header is not None and mapping_problem(header) == ""
        checker = RowChecker(header, {})
        found = [verdict for number, cells in rows if number > header.row and (verdict := checker.check(number, cells))]
        return [one for one in [*found, *checker.rest()] if one.fate in (Fate.ACCEPTED, Fate.CORRECTED)]

    def test_a_branch_in_a_row_of_its_own_is_that_of_the_rows_below(self) -> None:
        titles = TITLES[1:]
        rows = [(1, titles), (2, ["Ижевск"]), (3, GOOD[1:]), (4, ["Уфа ОП", "", ""]), (5, row(inn="276885223")[1:])]
        assert [one.raw["branch"] for one in self.accepted([(n, list(cells)) for n, cells in rows])] == [
            "Ижевск",
            "Уфа ОП",
        ]

    def test_a_name_in_three_columns_and_telephones_in_two_are_put_together(self) -> None:
        titles = ["ОП", "Организация", "Мобильный", "Фамилия", "Имя", "Отчество", "Рабочий телефон"]
        first = ["Ижевск", "ООО «А»", "89120000001", "Вахрушев", "Тимур", "Ильич", "8 (3412) 00-00-02"]
        second = ["Ижевск", "ООО «Б»", "", "Ёлкина", "Анна", "Петровна", "8 (3412) 00-00-03"]
        one, two = self.accepted([(1, titles), (2, first), (3, second)])
        assert one.fixed["contact"] == "Вахрушев Тимур Ильич"
        assert [phone["e164"] for phone in one.fixed["phones"]] == ["+79120000001", "+73412000002"]
        assert [phone["e164"] for phone in two.fixed["phones"]] == ["+73412000003"]

    def test_a_table_without_titles_is_known_by_its_contents(self) -> None:
        rows = [(1, list(GOOD)), (2, row(inn="276885223", phone="8 904 000-58-43", contact="Ёлкина Анна Петровна"))]
        assert [one.row_no for one in self.accepted(rows)] == [1, 2]

    def test_a_second_table_with_its_own_heading_is_read_by_it(self) -> None:
        other = ["Телефон", "ИНН", "Наименование организации", "ОП"]
        below = ["8 904 000-58-43", "276885223", "ООО «Второе»", "Уфа"]
        found = self.accepted([(1, list(TITLES)), (2, list(GOOD)), (4, other), (5, below)])
        assert [one.fixed["phones"][0]["e164"] for one in found] == ["+73412008032", "+79040005843"]

    def test_the_last_words_of_a_report_do_not_hide_its_only_group(self) -> None:
        titles = ["ИНН", "Организация", "Телефон"]
        rows = [
            (1, titles),
            (2, ["Уфа"]),
            (3, ["", "ООО «А»", "89120000001"]),
            (4, ["Исполнитель: Иванова"]),
            (5, ["Отдел"]),
        ]
        found = find_header(rows)
        assert found is not None
        assert found.grouped

    def test_the_same_heading_again_leaves_the_columns_as_they_were_chosen(self) -> None:
        titles = ["ОП", "Организация", "Фамилия", "Имя", "Отчество", "Телефон", "Рабочий телефон"]
        rows = [
            (1, titles),
            (2, ["Уфа", "ООО «А»", "Ёлкина", "Анна", "Петровна", "89120000001", "83412000002"]),
            (3, titles),
            (4, ["Уфа", "ООО «Б»", "Вахрушев", "Тимур", "Ильич", "89120000003", "83412000004"]),
        ]
        _, second = self.accepted(rows)
        assert second.fixed["contact"] == "Вахрушев Тимур Ильич"
        assert [phone["e164"] for phone in second.fixed["phones"]] == ["+79120000003", "+73412000004"]

    def test_a_row_of_titles_that_names_no_telephone_changes_nothing(self) -> None:
        verdicts = check(["ОП", "ИНН", "Организация", "Контактное лицо"], GOOD)
        assert [verdict.fate for verdict in verdicts] == [Fate.REJECTED, Fate.ACCEPTED]

    def test_of_two_columns_of_one_title_the_one_with_such_contents_is_taken(self) -> None:
        titles = ["ОП", "Телефон", "Организация", "Телефон"]
        rows = [(n, ["Ижевск", "-", f"ООО «{n}»", f"8912000000{n}"]) for n in range(2, 6)]
        header = find_header([(1, titles), *rows])
        assert header is not None and header.columns["phone"] == (3,)

    def test_columns_to_the_right_of_the_last_title_can_be_chosen(self) -> None:
        header = find_header([(1, ["ОП", "Организация"]), (2, ["Уфа", "ООО «А»", "", "89120000001"])])
        assert header is not None and len(header.titles) == 4

    def test_a_table_that_looks_like_no_base_is_none(self) -> None:
        assert guessed_header([(1, ["Приложение 1"]), (2, ["к договору"])]) is None

    def test_columns_without_titles_at_the_end_change_no_signature(self) -> None:
        assert signature(["ОП", "Тел.", "", ""]) == signature(["ОП", "Тел."])

    @pytest.mark.parametrize(
        ("changes", "fate", "reason"),
        [
            ({"organisation": "#REF!"}, Fate.REJECTED, "Название: В ячейке ошибка Excel «#REF!»"),
            ({"inn": "#Н/Д"}, Fate.REJECTED, "ИНН: В ячейке ошибка Excel «#Н/Д»"),
            ({"phone": '=CONCATENATE("+","79120000000")'}, Fate.REJECTED, "Телефон: В ячейке формула без значения"),
            ({"contact": "#ИМЯ?"}, Fate.CORRECTED, "Контакт не загружен. В ячейке ошибка Excel"),
        ],
    )
    def test_a_cell_with_an_error_of_excel_is_named_and_never_taken_for_empty(
        self, changes: dict[str, str], fate: Fate, reason: str
    ) -> None:
        (verdict,) = check(row(**changes))
        assert (verdict.fate, reason in verdict.reason) == (fate, True), verdict.reason

    def test_a_name_beside_the_number_is_the_contact_when_there_is_no_other(self) -> None:
        (verdict,) = check(row(contact="", phone="8 912 000 01 22 Петрова Анна"))
        assert verdict.fixed["contact"] == "Петрова Анна"
        (verdict,) = check(row(contact="", phone="8 912 000 01 22 приёмная"))
        assert verdict.fixed["contact"] == ""

    def test_a_row_that_is_a_client_is_not_remembered_as_titles(self) -> None:
        assert not header_at(1, GOOD).may_be_kept
        assert HEADER.may_be_kept


class TestProfile:
    def test_totals_below_the_last_client_are_no_rows_of_the_base(self) -> None:
        found = profile([(1, TITLES), (2, GOOD), (5, row(branch="Казань ОП")), (6, ["Итого:", "", "2"])], HEADER)
        assert (found.first_row, found.last_row, found.rows, found.totals_rows) == (2, 5, 4, (6,))
        assert found.branches == {"Ижевск": 1, "Казань ОП": 1}
        assert found.examples[0] == ("Ижевск", "Казань ОП")

    def test_an_organisation_called_total_is_a_client(self) -> None:
        cells = ["", "1897309111", "Итого Плюс", "", "8 341 200-80-32"]
        assert profile([(2, cells)], HEADER).rows == 1

    def test_a_line_of_words_under_the_table_is_no_branch(self) -> None:
        below = [(4, ["Исполнитель: Иванова А.А."]), (5, ["", "Дата: 30.11.2026"]), (6, ["Уфа", "", "ООО «Б»"])]
        assert profile([(1, TITLES), (2, GOOD), *below], HEADER).branches == {"Ижевск": 1, "": 1, "Уфа": 1}

    def test_a_header_without_rows_has_none(self) -> None:
        assert profile([(1, TITLES)], HEADER).rows == 0

    def test_a_column_with_too_many_branches_is_noticed(self) -> None:
        rows = [(number, row(branch=f"ОП {number}")) for number in range(2, 500)]
        assert profile(rows, HEADER).has_too_many_branches


class TestBranches:
    def test_spellings_of_one_branch_are_one_question(self) -> None:
        groups = group_branches({"Пермь ОП": 3, "г. Пермь": 1, "Пермь": 2, "Казань": 1}, {})
        assert [(group.name, group.rows, group.suggested) for group in groups] == [
            ("Пермь", 6, "perm"),
            ("Казань", 1, "tatarstan"),
        ]

    def test_an_alias_wins_over_the_name(self) -> None:
        known = {"пермь": 1, "пермь оп": 2}
        assert group_branches({"Пермь ОП": 1}, known)[0].branch_id == 2
        assert group_branches({"Пермь": 1}, known)[0].branch_id == 1

    def test_rows_without_a_branch_are_asked_about_too(self) -> None:
        group = group_branches({"": 4}, {"": 7})[0]
        assert (group.key, group.name, group.branch_id, group.suggested) == ("", "", None, None)

    def test_a_name_made_of_a_branch_s_words_only_stays(self) -> None:
        assert branch_key("ОП") == "оп"

    @pytest.mark.parametrize(
        ("name", "region"),
        [
            ("Набережные Челны ОП", "tatarstan"),
            ("ОП Уфа-2", "bashkiria"),
            ("Ижевск/Воткинск", "udmurtia"),
            ("Казань, Уфа", None),
            ("Атлантида", None),
        ],
    )
    def test_a_city_suggests_its_region(self, name: str, region: str | None) -> None:
        assert suggested_region(name) == region

    def test_every_suggested_region_exists(self) -> None:
        for regions in (REGION_OF, REGION_OF_INN, REGION_OF_PHONE):
            assert set(regions.values()) == set(ZONES)

    def test_every_area_code_is_of_the_region_of_its_city(self) -> None:
        assert {REGION_OF_PHONE[code[:3]] for code in AREA_CODE_OF.values()} == set(ZONES)
        assert all(REGION_OF_PHONE[code[:3]] == REGION_OF[city] for city, code in AREA_CODE_OF.items())

    def test_inns_and_telephones_hint_at_the_region_of_an_unknown_name(self) -> None:
        rows = [(2, row(branch="Атлантида")), (3, row(branch="Атлантида", inn="276885223", phone="8 (8352) 00-11-22"))]
        rows += [(4, row(branch="Атлантида", inn="2193999118", phone="8 904 000-58-43")), (5, row(branch="Ижевск"))]
        found = profile(rows, HEADER)
        assert set(found.hints) == {"Атлантида"}
        by_name = {group.name: group for group in group_branches(found.branches, {}, found.hints)}
        assert by_name["Атлантида"].hint is None  # two rows for Udmurtia, two for Chuvashia
        found = profile(rows[1:], HEADER)
        (group, _) = group_branches(found.branches, {}, found.hints)
        assert (group.suggested, group.hint) == (None, ("chuvashia", 1, 1))

    @pytest.mark.parametrize(
        ("name", "code"), [("Пермь ОП", "342"), ("г. Сарапул", "34147"), ("Ижевск/Воткинск", ""), ("Атлантида", "")]
    )
    def test_a_city_suggests_the_code_of_its_local_numbers(self, name: str, code: str) -> None:
        assert suggested_area_code(name) == code

    @pytest.mark.parametrize("code", ["branch:7", "new:perm", "later", "outside"])
    def test_a_decision_reads_back_what_it_writes(self, code: str) -> None:
        assert read_decision(code, "Пермь").code == code

    @pytest.mark.parametrize("code", ["", "new:moscow", "branch:", "branch:x", "branch:-1", "nonsense"])
    def test_no_decision_names_the_branch(self, code: str) -> None:
        with pytest.raises(DomainError) as refused:
            read_decision(code, "Атлантида")
        assert "Атлантида" in refused.value.message


class TestRows:
    def test_a_good_row_is_stored_as_it_is(self) -> None:
        (verdict,) = check(GOOD)
        assert (verdict.fate, verdict.reason) == (Fate.ACCEPTED, "")
        assert verdict.fixed["phones"] == [{"e164": "+73412008032", "extension": "", "guessed": False, "words": ""}]
        assert verdict.fixed["greeting_name"] == "Тимур Ильич"
        assert verdict.fixed["search_fold"] == "ооо «кабель» вахрушев тимур ильич 1897309111 3412008032"

    @pytest.mark.parametrize(
        ("changes", "reason", "field", "stored"),
        [
            ({"inn": "1897309111/183101001"}, "ИНН вместе с КПП", "inn", "1897309111"),
            ({"inn": "276885223"}, "ведущий ноль", "inn", "0276885223"),
            ({"contact": "КУЗНЕЦОВА-ИВАНОВА АННА"}, "прописными", "contact", "Кузнецова-Иванова Анна"),
            ({"email": "nikitin@@example"}, "Почта с ошибкой", "email", ""),
            ({"organisation": "О" * 400}, "обрезан", "organisation", "О" * 300),
        ],
    )
    def test_what_can_be_mended_is_mended_and_said(
        self, changes: dict[str, str], reason: str, field: str, stored: str
    ) -> None:
        (verdict,) = check(row(**changes))
        assert verdict.fate == Fate.CORRECTED
        assert reason in verdict.reason
        assert verdict.changed == (field,)
        assert verdict.fixed[field] == stored
        assert verdict.raw[field] == changes[field]

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("89О40005843", ["+79040005843"]),
            ("+7 347 3ОO 23 43", ["+73473002343"]),
            ("89040007284; +79190000956", ["+79040007284", "+79190000956"]),
            ("89040007284, 8 904 000-72-84, 12345", ["+79040007284"]),
            ("89040007284 89190000956", ["+79040007284", "+79190000956"]),
            ("8 904 000-72-84 и 8 919 000-09-56", ["+79040007284", "+79190000956"]),
            ("8 (341) 200-80-32/33", ["+73412008032", "+73412008033"]),
            ("8-9O4-ООО-58-43", ["+79040005843"]),
            ("8904З7l58б3", ["+79043715863"]),
            ("89040007281; 89040007282; 89040007283; 89040007284", ["+79040007281", "+79040007282", "+79040007283"]),
        ],
    )
    def test_a_phone_cell_is_mended(self, text: str, numbers: list[str]) -> None:
        (verdict,) = check(row(phone=text))
        assert verdict.fate == Fate.CORRECTED
        assert [phone["e164"] for phone in verdict.fixed["phones"]] == numbers

    @pytest.mark.parametrize(
        "text", ["\u202a+7 904 000\u201158\u201143\u202c", "８９０４０００５８４３", "8\xa0904\xa0000\xa05843"]
    )
    def test_marks_that_nobody_sees_and_wide_digits_are_no_fault(self, text: str) -> None:
        (verdict,) = check(row(phone=text))
        assert (verdict.fate, verdict.fixed["phones"][0]["e164"]) == (Fate.ACCEPTED, "+79040005843")

    def test_a_letter_in_an_inn_is_a_digit_only_when_the_sum_then_holds(self) -> None:
        good, bad = check(row(inn="18973О9111"), row(inn="18973О9112"))
        assert (good.fate, good.fixed["inn"], good.changed) == (Fate.CORRECTED, "1897309111", ("inn",))
        assert (bad.fate, bad.faulty) == (Fate.REJECTED, ("inn",))

    def test_markup_of_a_web_page_is_taken_out_of_names(self) -> None:
        (verdict,) = check(row(contact="<b>Васильев</b> Николай Петрович", organisation="ООО «2 < 3»"))
        assert (verdict.fixed["contact"], verdict.changed) == ("Васильев Николай Петрович", ("contact",))
        assert verdict.fixed["organisation"] == "ООО «2 < 3»"

    def test_a_row_says_which_of_its_cells_are_wrong(self) -> None:
        (verdict,) = check(row(email="n@@x", phone="89040007284; +375 29 000-11-22"))
        assert (verdict.fate, verdict.faulty) == (Fate.CORRECTED, ("phone", "email"))
        assert ("phone", "foreign") in verdict.noticed

    def test_the_letters_of_an_extension_stay_letters(self) -> None:
        (verdict,) = check(row(phone="83412003476 доб. 253"))
        assert verdict.fate == Fate.ACCEPTED
        assert verdict.fixed["phones"] == [{"e164": "+73412003476", "extension": "253", "guessed": False, "words": ""}]

    @pytest.mark.parametrize(
        ("contact", "cell", "words"),
        [
            ("Зорин Пётр", "8 912 000-01-22 приёмная", "приёмная"),
            ("Зорин Пётр", "8 912 000-01-22 (до 17:00)", "до 17:00"),
            ("Зорин Пётр", "8 912 000-01-22 Пётр Зорин", ""),
            ("", "8 912 000-01-22 Зорин Пётр", ""),
            ("Зорин Пётр", f"8 912 000-01-22 {'ы' * 300}", "ы" * 200),
        ],
    )
    def test_words_beside_a_number_are_kept_unless_they_are_the_contact(
        self, contact: str, cell: str, words: str
    ) -> None:
        (verdict,) = check(row(contact=contact, phone=cell))
        assert [phone["words"] for phone in verdict.fixed["phones"]] == [words]

    def test_a_local_number_is_completed_by_the_branch_s_area_code_and_marked(self) -> None:
        decisions = {"ижевск": Decision(branch_id=1, region="udmurtia", area_code="3412")}
        (verdict,) = check(row(phone="20-80-32"), decisions=decisions)
        assert verdict.fixed["phones"] == [{"e164": "+73412208032", "extension": "", "guessed": True, "words": ""}]
        assert "Код города" in verdict.reason

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"phone": ""}, "Телефон не указан"),
            ({"phone": "00-11-22"}, "не хватает цифр"),
            ({"phone": "+375 29 000-11-22"}, "не российский"),
            ({"phone": "8.9500003e+10"}, "Excel округлил"),
            ({"inn": "1655000001"}, "Контрольная сумма"),
            ({"organisation": ""}, "Нет названия организации"),
        ],
    )
    def test_what_can_not_be_used_is_rejected_with_its_reason(self, changes: dict[str, str], reason: str) -> None:
        (verdict,) = check(row(**changes))
        assert verdict.fate == Fate.REJECTED
        assert reason in verdict.reason
        assert verdict.fixed == {}

    def test_a_rejected_row_names_all_that_is_wrong(self) -> None:
        (verdict,) = check(row(phone="", inn="1", organisation=""))
        assert all(word in verdict.reason for word in ("организации", "ИНН", "Телефон"))

    def test_a_row_without_inn_is_a_client(self) -> None:
        (verdict,) = check(row(inn=""))
        assert (verdict.fate, verdict.fixed["inn"]) == (Fate.ACCEPTED, "")

    def test_a_branch_outside_is_rejected_and_one_without_region_waits(self) -> None:
        (outside,) = check(GOOD, decisions={"ижевск": Decision(outside=True)})
        assert (outside.fate, "вне пяти регионов" in outside.reason) == (Fate.REJECTED, True)
        (later,) = check(GOOD, decisions={"ижевск": Decision()})
        assert (later.fate, "звонить нельзя" in later.reason) == (Fate.ACCEPTED, True)

    @pytest.mark.parametrize(
        ("cells", "reason"),
        [
            (["", "", ""], "нет данных"),
            (["Итого", "", "213"], "итогов"),
            (list(TITLES), "заголовков"),
            (["Исполнитель: Иванова А.А., тел. 22-33"], "Подпись"),
            (["Пермский край"] * len(TITLES), "Подпись"),
        ],
    )
    def test_what_is_no_client_is_passed_over_with_its_reason(self, cells: list[str], reason: str) -> None:
        (verdict,) = check(cells)
        assert (verdict.fate, reason in verdict.reason) == (Fate.EMPTY, True)

    def test_a_number_or_organisation_of_the_stop_list_is_accepted_as_refused(self) -> None:
        for stop in (StopEntries(phones=frozenset({"+73412008032"})), StopEntries(inns=frozenset({"1897309111"}))):
            (verdict,) = check(GOOD, stop=stop)
            assert (verdict.fate, verdict.fixed["stopped"]) == (Fate.ACCEPTED, True)


class TestDuplicates:
    def test_same_inn_phone_and_contact_is_a_duplicate_of_the_first_row(self) -> None:
        _, again = check(
            GOOD, row(inn="1897309111/1", phone="+73412008032", contact="вахрушев  тимур ильич", branch="Ижевск")
        )
        assert (again.fate, again.same_as_row) == (Fate.DUPLICATE, 2)
        assert "в строке 2" in again.reason

    @pytest.mark.parametrize("contacts", [("Вахрушев Тимур Ильич", ""), ("", "Вахрушев Тимур Ильич"), ("", "")])
    def test_an_empty_contact_is_the_same_contact(self, contacts: tuple[str, str]) -> None:
        _, again = check(*(row(contact=contact) for contact in contacts))
        assert again.fate == Fate.DUPLICATE

    @pytest.mark.parametrize(
        "changes",
        [
            {"contact": "Зорин Николай Петрович"},
            {"inn": "1851884479"},
            {"phone": "8 341 200-80-33"},
            {"phone": "83412008032 доб. 5"},
        ],
    )
    def test_another_contact_inn_or_phone_is_another_client(self, changes: dict[str, str]) -> None:
        assert [verdict.fate for verdict in check(GOOD, row(**changes))] == [Fate.ACCEPTED, Fate.ACCEPTED]

    def test_without_inn_the_organisation_tells_clients_apart(self) -> None:
        rows = (row(inn=""), row(inn="", organisation="ооо «кабель»"), row(inn="", organisation="ООО «Лес»"))
        assert [verdict.fate for verdict in check(*rows)] == [Fate.ACCEPTED, Fate.DUPLICATE, Fate.ACCEPTED]

    def test_a_client_of_the_campaign_is_named_by_his_id(self) -> None:
        (first,) = check(GOOD)
        (again,) = check(GOOD, clients=[known(7, first)])
        assert (again.fate, again.same_as_client, again.same_as_row) == (Fate.DUPLICATE, 7, None)

    def test_a_rejected_row_makes_no_duplicates(self) -> None:
        fates = [verdict.fate for verdict in check(row(organisation=""), GOOD)]
        assert fates == [Fate.REJECTED, Fate.ACCEPTED]

    def test_a_very_long_contact_still_fits_and_still_tells_apart(self) -> None:
        first, second = check(row(contact="Ы" * 299 + "а"), row(contact="Ы" * 299 + "б"))
        assert (first.fate, second.fate) == (Fate.ACCEPTED, Fate.ACCEPTED)
        assert len(first.fixed["identity"]) <= 400


@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_row_gets_a_fate_and_a_rejected_one_a_reason(cells: list[str]) -> None:
    (verdict,) = check(cells)
    assert verdict.fate in Fate
    assert verdict.reason or verdict.fate != Fate.REJECTED
    assert len(verdict.reason) <= 500


@given(st.lists(st.lists(st.sampled_from(["", "ОП", "ИНН", "Итого", *GOOD]), max_size=7), max_size=12))
def test_every_row_of_any_sheet_is_accounted_for(rows: list[list[str]]) -> None:
    numbered = [(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]
    header = find_header(numbered) or Header(0, TITLES, HEADER.columns)
    found = profile(numbered, header)
    below = {number for number, _ in numbered if number > header.row}
    assert below <= set(range(found.first_row, found.last_row + 1)) | set(found.totals_rows)

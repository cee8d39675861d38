"""Which client a row of a later base means, and what is proposed about him."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from nps.domain.sample import Decision, Fate, RowChecker, StopEntries, Verdict
from tests.domain.test_sample import GOOD, HEADER, IZHEVSK, check, known, row


class TestTopUp:
    OTHER: ClassVar = {"contact": "Зорин Николай Петрович", "phone": "8 904 000-58-43"}

    def top_up(self, base: Sequence[Sequence[str]], *rows: Sequence[str], **changes: Any) -> list[Verdict]:
        clients = [known(number, verdict, **changes) for number, verdict in enumerate(check(*base), 1)]
        return check(*rows, clients=clients)

    def test_another_name_at_his_number_is_a_question(self) -> None:
        (verdict,) = self.top_up([GOOD], row(contact="Зорин Николай Петрович"))
        assert (verdict.fate, verdict.same_as_client, verdict.changed) == (Fate.UPDATE, 1, ("contact",))
        assert verdict.asked
        assert verdict.before == {"contact": "Вахрушев Тимур Ильич"}
        assert verdict.reason == "Совпали ИНН и телефон, но имя другое. Это тот же человек? Другое контактное лицо."

    def test_a_name_where_the_base_had_none_is_proposed(self) -> None:
        (verdict,) = self.top_up([row(contact="")], GOOD)
        assert (verdict.fate, verdict.asked, verdict.changed) == (Fate.UPDATE, False, ("contact",))
        assert "совпали ИНН и телефон" in verdict.reason

    def test_inn_and_name_mean_the_client_and_a_new_number_is_proposed(self) -> None:
        base = [GOOD, row(**self.OTHER)]
        same, moved = self.top_up(base, row(**self.OTHER), row(phone="8 341 200-80-99", email=""))
        assert (same.fate, same.same_as_client) == (Fate.DUPLICATE, 2)
        assert (moved.fate, moved.same_as_client, moved.changed) == (Fate.UPDATE, 1, ("phone",))
        assert moved.before == {"phone": "+7 341 200-80-32"}
        assert moved.fixed["phones"][0]["e164"] == "+73412008099"
        assert not moved.asked

    def test_a_number_of_somebody_is_first_his_who_is_known_to_have_moved(self) -> None:
        """Who left his number to another is found by his name before anybody is asked about the number."""
        other, moved = self.top_up([GOOD], row(contact="Зорин Николай Петрович"), row(phone="8 341 200-80-99"))
        assert (other.fate, moved.fate, moved.asked) == (Fate.ACCEPTED, Fate.UPDATE, False)

    def test_by_inn_alone_another_person_is_another_client_of_the_organisation(self) -> None:
        (one,) = self.top_up([GOOD], row(**self.OTHER, email=GOOD[5]))
        assert (one.fate, one.same_as_client) == (Fate.ACCEPTED, None)
        assert one.reason == "У организации уже есть клиент в проекте; это другой контакт, новый клиент."
        two = self.top_up([GOOD], row(**self.OTHER), row(contact="Третий Иван Иванович", phone="89040005844"))
        assert [verdict.fate for verdict in two] == [Fate.ACCEPTED, Fate.ACCEPTED]
        base = [GOOD, row(contact="Третий Иван Иванович", phone="89040005844")]
        assert [verdict.fate for verdict in self.top_up(base, row(**self.OTHER))] == [Fate.ACCEPTED]

    @pytest.mark.parametrize(
        ("had", "comes"),
        [
            ({}, {"contact": "", "phone": "8 904 000-58-43"}),
            ({"contact": ""}, {"phone": "8 904 000-58-43"}),
            ({"contact": "Анна"}, {"contact": "анна", "phone": "8 904 000-58-43"}),
            ({}, {"organisation": "ООО «Лес»", "phone": "8 904 000-58-43"}),
        ],
    )
    def test_what_only_a_person_can_say_is_a_question(self, had: dict[str, str], comes: dict[str, str]) -> None:
        (verdict,) = self.top_up([row(**had)], row(**{**had, **comes}))
        assert (verdict.fate, verdict.same_as_client, verdict.asked) == (Fate.UPDATE, 1, True)
        assert "Это тот же человек?" in verdict.reason

    @pytest.mark.parametrize(
        "comes",
        [
            {"contact": "Зорин Николай Петрович"},
            {"contact": "Зорин Николай Петрович", "phone": "8 904 000-58-43"},
            {"contact": "", "phone": "8 904 000-58-43"},
        ],
    )
    def test_the_inn_of_another_firm_is_never_an_update(self, comes: dict[str, str]) -> None:
        (verdict,) = self.top_up([GOOD], row(organisation="ЗАО «Лес»", **comes))
        assert (verdict.fate, verdict.asked) == (Fate.ACCEPTED, False)
        assert verdict.reason.startswith("Тот же ИНН в проекте у организации с другим названием.")

    def test_another_name_of_the_organisation_is_proposed_and_another_spelling_is_none(self) -> None:
        (renamed,) = self.top_up([GOOD], row(organisation="ООО «Провод»"))
        assert (renamed.fate, renamed.asked, renamed.before) == (Fate.UPDATE, False, {"organisation": GOOD[2]})
        assert "так её назовёт оператор" in renamed.reason
        (spelled,) = self.top_up([GOOD], row(organisation='Кабель,  ооо "'))
        assert spelled.fate == Fate.DUPLICATE
        (by_form,) = self.top_up([GOOD], row(organisation="АО Кабель", **self.OTHER))
        assert by_form.reason.startswith("У организации уже есть клиент")

    @pytest.mark.parametrize(
        ("region", "effect"),
        [
            ("tatarstan", "ОП станет Казань: звонить по времени Татарстана."),
            ("udmurtia", "ОП станет Казань: регион и часы звонков прежние."),
            (None, "ОП станет Казань: регион неизвестен, звонить нельзя, пока его не укажут."),
        ],
    )
    def test_another_branch_is_proposed_with_what_follows_from_it(self, region: str | None, effect: str) -> None:
        (first,) = check(GOOD)
        client = known(1, first, branch="Ижевск", region="udmurtia")
        decisions = {"г. казань": Decision(2, region, name="Казань")}
        (moved,) = check(row(branch="г. Казань"), clients=[client], decisions=decisions)
        assert (moved.fate, moved.asked, moved.before) == (Fate.UPDATE, False, {"branch": "Ижевск"})
        assert moved.reason.endswith(effect)
        (counted,) = check(row(branch="г. Казань"), clients=[replace(client, surveyed=True)], decisions=decisions)
        assert counted.reason.endswith(f"{effect[:-1]}, его ответы в отчётах перейдут туда.")

    def test_without_an_inn_the_organisation_is_named_as_what_is_the_same(self) -> None:
        (moved,) = self.top_up([row(inn="")], row(inn="", phone="8 341 200-80-99"))
        assert "совпали организация и контакт" in moved.reason

    def test_of_a_surveyed_client_the_name_is_never_written(self) -> None:
        (asked,) = self.top_up([GOOD], row(contact="Зорин Николай Петрович"), surveyed=True)
        assert (asked.fate, asked.asked) == (Fate.UPDATE, True)
        assert "ответы под другое имя не переносим" in asked.reason
        (verdict,) = self.top_up([row(contact="")], row(email="new@example.com"), surveyed=True)
        assert verdict.before == {"email": "zakaz1@example.com"}
        assert "Имя не меняем: клиент уже опрошен" in verdict.reason
        (other,) = self.top_up([GOOD], row(**self.OTHER), surveyed=True)
        assert other.fate == Fate.ACCEPTED

    def test_who_is_repeated_word_for_word_is_nobody_elses_match_wherever_his_row_stands(self) -> None:
        newcomer, same = self.top_up([GOOD], row(contact="Зорин Николай Петрович"), GOOD)
        assert (newcomer.fate, same.fate) == (Fate.ACCEPTED, Fate.DUPLICATE)

    def test_a_name_given_in_a_call_is_not_taken_back_by_the_old_base(self) -> None:
        (verdict,) = self.top_up([GOOD], GOOD, contact="Новый Человек")
        assert verdict.fate == Fate.DUPLICATE

    def test_an_empty_cell_takes_nothing_away(self) -> None:
        (verdict,) = self.top_up([GOOD], row(contact="", email=""))
        assert verdict.fate == Fate.DUPLICATE

    def test_a_new_number_says_that_it_brings_an_inactive_client_back(self) -> None:
        (verdict,) = self.top_up([GOOD], row(phone="8 341 200-80-99"), inactive=True)
        assert "снова будет в работе" in verdict.reason

    def test_a_withdrawn_client_stays_withdrawn(self) -> None:
        (verdict,) = self.top_up([GOOD], row(**self.OTHER), withdrawn=True)
        assert verdict.fate == Fate.ACCEPTED  # by INN alone he is not meant: somebody new for this organisation
        (verdict,) = self.top_up([GOOD], row(contact="Другой Человек"), withdrawn=True)
        assert (verdict.fate, "исключил" in verdict.reason) == (Fate.DUPLICATE, True)

    def test_a_stopped_number_is_added_and_refuses_the_client_as_the_receipt_says(self) -> None:
        (first,) = check(GOOD)
        stop = StopEntries(phones=frozenset({"+73412008099"}))
        (verdict,) = check(row(phone="8 341 200-80-99"), clients=[known(1, first)], stop=stop)
        assert (verdict.fate, verdict.before["phone"]) == (Fate.UPDATE, "+7 341 200-80-32")
        assert "+7 341 200-80-99 в стоп-листе: клиент будет считаться отказом" in verdict.reason

    def test_clients_whom_the_base_does_not_name_are_counted(self) -> None:
        other = row(inn="1851884479", **self.OTHER)
        first, second = check(GOOD, other)
        checker = RowChecker(HEADER, IZHEVSK, [known(1, first), known(2, second)])
        checker.check(2, GOOD)
        assert (list(checker.rest()), checker.missing) == ([], 1)


def test_a_person_who_is_known_elsewhere_is_told_about() -> None:
    base = check(row(inn="", organisation="ООО «Без ИНН»"))
    clients = [known(number, verdict) for number, verdict in enumerate(base, 1)]
    (verdict,) = check(row(inn="1851884479", organisation="ООО «Лес»"), clients=clients)
    assert verdict.fate is Fate.ACCEPTED
    assert "уже есть в проекте: ООО «Без ИНН». Проверьте" in verdict.reason
    (other,) = check(row(inn="1851884479", contact="Зорин Николай Петрович"), clients=clients)
    assert "уже есть в проекте" not in other.reason

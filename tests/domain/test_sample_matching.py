"""Which client a row of a later base means, and what is proposed about him."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from nps.domain.sample import Fate, RowChecker, StopEntries, Verdict
from tests.domain.test_sample import GOOD, HEADER, IZHEVSK, check, known, row


class TestTopUp:
    OTHER: ClassVar = {"contact": "Зорин Николай Петрович", "phone": "8 904 000-58-43"}

    def top_up(self, base: Sequence[Sequence[str]], *rows: Sequence[str], **changes: Any) -> list[Verdict]:
        clients = [known(number, verdict, **changes) for number, verdict in enumerate(check(*base), 1)]
        return check(*rows, clients=clients)

    def test_inn_and_phone_mean_the_client_and_a_new_name_is_proposed(self) -> None:
        (verdict,) = self.top_up([GOOD], row(contact="Зорин Николай Петрович"))
        assert (verdict.fate, verdict.same_as_client, verdict.changed) == (Fate.UPDATE, 1, ("contact",))
        assert verdict.before == {"contact": "Вахрушев Тимур Ильич"}
        assert verdict.fixed["phones"] == []
        assert "ИНН и телефон" in verdict.reason

    def test_inn_and_name_mean_the_client_and_a_new_number_is_proposed(self) -> None:
        base = [GOOD, row(**self.OTHER)]
        same, moved = self.top_up(base, row(**self.OTHER), row(phone="8 341 200-80-99", email=""))
        assert (same.fate, same.same_as_client) == (Fate.DUPLICATE, 2)
        assert (moved.fate, moved.same_as_client, moved.changed) == (Fate.UPDATE, 1, ("phone",))
        assert moved.before == {"phone": "+7 341 200-80-32"}
        assert moved.fixed["phones"][0]["e164"] == "+73412008099"

    def test_the_inn_alone_counts_only_when_both_sides_have_one_contact(self) -> None:
        (one,) = self.top_up([GOOD], row(**self.OTHER))
        assert (one.fate, one.changed) == (Fate.UPDATE, ("contact", "phone"))
        two = self.top_up([GOOD], row(**self.OTHER), row(contact="Третий Иван Иванович", phone="89040005844"))
        assert [verdict.fate for verdict in two] == [Fate.ACCEPTED, Fate.ACCEPTED]
        base = [GOOD, row(contact="Третий Иван Иванович", phone="89040005844")]
        assert [verdict.fate for verdict in self.top_up(base, row(**self.OTHER))] == [Fate.ACCEPTED]

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

"""Rows of one base that mean one client: in a new project, and when the project knows the organisation already (R2)."""

from __future__ import annotations

from nps.domain.sample import Fate, RowChecker, StopEntries, Verdict
from tests.domain.test_sample import GOOD, HEADER, IZHEVSK, check, known, row

A, B, C, E = (f"8 904 000-58-1{n}" for n in (1, 2, 3, 5))
ALL = "; ".join((A, B, C))


def e164(*numbers: str) -> list[str]:
    return [f"+7{''.join(filter(str.isdigit, number))[1:]}" for number in numbers]


def numbers(verdict: Verdict) -> list[str]:
    return [phone["e164"] for phone in verdict.fixed["phones"]]


def judged(*rows: list[str], stop: StopEntries | None = None) -> tuple[dict[int, Verdict], RowChecker]:
    """Verdicts by the rows' numbers, 2 and on, after all rows have been seen."""
    checker = RowChecker(HEADER, IZHEVSK, stop=stop)
    found = [checker.check(number, cells) for number, cells in enumerate(rows, 2)]
    return {one.row_no: one for one in (*filter(None, found), *checker.rest())}, checker


def against(base: list[list[str]], *rows: list[str], **changes: object) -> dict[int, Verdict]:
    """The same when the rows of `base` have become clients 1 and on of the project."""
    clients = [known(number, verdict, **changes) for number, verdict in enumerate(check(*base), 1)]
    return {verdict.row_no: verdict for verdict in check(*rows, clients=clients)}


def told(verdict: Verdict) -> tuple[Fate, int | None, int | None]:
    return verdict.fate, verdict.same_as_row, verdict.same_as_client


def test_a_row_with_nothing_in_it_is_no_client() -> None:
    assert judged()[1].empty(7) == Verdict(7, Fate.EMPTY)


def test_a_repeated_row_is_left_out_and_gives_its_further_numbers_to_the_first() -> None:
    found, checker = judged(row(phone=A), row(phone=A), row(phone=f"{A}; {B}"))
    assert [told(found[n]) for n in (2, 3, 4)] == [
        (Fate.ACCEPTED, None, None), (Fate.DUPLICATE, 2, None), (Fate.DUPLICATE, 2, None),
    ]  # fmt: skip
    assert found[3].reason == "Те же ИНН, телефон и контакт, что в строке 2. Оставлена первая строка."
    assert found[4].reason == "Тот же клиент, что в строке 2: к нему добавлено +7 904 000-58-12."
    assert (numbers(found[3]), numbers(found[4]), found[4].fixed["stopped"]) == ([], e164(B), False)
    assert checker.joined == []


def test_a_further_number_on_the_stop_list_refuses_the_client_and_the_receipt_says_so() -> None:
    found, _ = judged(row(phone=A), row(phone=f"{A}; {B}"), stop=StopEntries(phones=frozenset(e164(B))))
    assert found[3].fixed["stopped"] is True
    assert found[3].reason.endswith("Номер +7 904 000-58-12 в стоп-листе: клиент будет считаться отказом.")


def test_a_row_that_shares_numbers_with_two_shows_that_they_are_one() -> None:
    found, checker = judged(row(phone=A), row(phone=B), row(phone=ALL))
    assert [told(found[n])[0] for n in (2, 3)] == [Fate.ACCEPTED] * 2, "they were told before it was known"
    assert (told(found[4]), numbers(found[4])) == ((Fate.DUPLICATE, 2, None), e164(C))
    (joined,) = checker.joined
    assert (joined.row_no, *told(joined)) == (3, Fate.DUPLICATE, 2, None)
    assert joined.reason == "Тот же клиент, что в строке 2: общий номер в строке 4. Номера добавлены."


def test_a_row_that_was_joined_is_of_the_client_who_was_joined_since() -> None:
    _, checker = judged(row(phone=A), row(phone=B), row(phone=C), row(phone=f"{B}; {C}"), row(phone=f"{A}; {C}"))
    assert {one.row_no: one.same_as_row for one in checker.joined} == {4: 2, 3: 2}


class TestKnownOrganisation:
    def test_a_repeat_of_a_clients_row_brings_him_its_further_numbers(self) -> None:
        found = against([row(phone=A)], row(phone=A), row(phone=A), row(phone=f"{A}; {B}"))
        assert [told(found[n]) for n in (2, 3, 4)] == [
            (Fate.DUPLICATE, None, 1), (Fate.DUPLICATE, 2, None), (Fate.UPDATE, None, 1),
        ]  # fmt: skip
        assert (found[4].changed, found[4].before, numbers(found[4])) == (
            ("phone",), {"phone": "+7 904 000-58-11"}, e164(B),
        )  # fmt: skip

    def test_he_is_not_brought_what_he_has_nor_anything_when_he_is_withdrawn(self) -> None:
        had = against([row(phone=f"{A}; {B}")], row(phone=f"{A}; {B}"), row(phone=f"{B}; {A}"))
        assert told(had[3]) == (Fate.DUPLICATE, 2, None)
        gone = against([row(phone=A)], row(phone=A), row(phone=f"{A}; {B}"), withdrawn=True)
        assert told(gone[3]) == (Fate.DUPLICATE, 2, None)
        assert gone[3].reason.startswith("Те же ИНН, телефон и контакт, что в строке 2.")

    def test_a_row_that_waits_gets_the_numbers_of_its_repeat(self) -> None:
        other = row(contact="Зорин Николай Петрович", phone=E)
        found = against([row(phone=A), other], row(phone=B), row(phone=f"{B}; {C}"), other)
        assert told(found[3]) == (Fate.DUPLICATE, 2, None)
        assert (told(found[2]), found[2].changed) == ((Fate.UPDATE, None, 1), ("phone",))
        assert numbers(found[2]) == e164(B, C)
        assert found[2].fixed["search_fold"].endswith(f"{e164(B)[0][2:]} {e164(C)[0][2:]}")

    def test_two_rows_that_wait_and_turn_out_to_be_one_are_one_contact(self) -> None:
        found = against([row(phone=A)], row(phone=B), row(phone=C), row(phone=f"{B}; {C}"))
        assert [told(found[n]) for n in (2, 3, 4)] == [
            (Fate.UPDATE, None, 1), (Fate.DUPLICATE, 2, None), (Fate.DUPLICATE, 2, None),
        ]  # fmt: skip
        assert numbers(found[2]) == e164(B, C)
        assert found[3].reason.startswith("Тот же клиент, что в строке 2: общий номер в строке 4.")
        assert found[3].raw["phone"] == C

    def test_of_a_client_and_a_row_that_waits_the_client_gets_the_numbers(self) -> None:
        for rows, waits in (((row(phone=A), row(phone=B)), 3), ((row(phone=B), row(phone=A)), 2)):
            found = against([row(phone=A)], *rows, row(phone=f"{A}; {B}"))
            assert (told(found[waits]), numbers(found[waits])) == ((Fate.UPDATE, None, 1), e164(B))
            assert told(found[5 - waits]) == (Fate.DUPLICATE, None, 1)

    def test_two_clients_of_the_project_stay_two(self) -> None:
        found = against([row(phone=A), row(phone=B)], row(phone=A), row(phone=B), row(phone=f"{A}; {B}"))
        assert [told(found[n]) for n in (2, 3, 4)] == [
            (Fate.DUPLICATE, None, 1), (Fate.DUPLICATE, None, 2), (Fate.DUPLICATE, 2, None),
        ]  # fmt: skip

    def test_a_client_is_not_found_by_a_number_that_is_dead(self) -> None:
        clients = [
            known(1, check(row(phone=A))[0], dead=frozenset({f"{e164(A)[0]}#"})),
            known(2, check(row(phone=B))[0]),
        ]
        (found,) = check(row(contact="Зорин Николай Петрович", phone=A), clients=clients)
        assert told(found) == (Fate.ACCEPTED, None, None)

    def test_a_client_without_a_name_is_found_by_his_number(self) -> None:
        found = against([row(contact="", phone=A), row(phone=B)], row(phone=A))
        assert (told(found[2]), found[2].changed) == ((Fate.UPDATE, None, 1), ("contact",))

    def test_another_address_of_mail_is_proposed_however_it_is_spelled(self) -> None:
        changed = against([GOOD], row(email="Zakaz2@example.com"))[2]
        assert (changed.fate, changed.changed, changed.before) == (
            Fate.UPDATE,
            ("email",),
            {"email": "zakaz1@example.com"},
        )
        assert against([GOOD], row(email="ZAKAZ1@example.com"))[2].fate == Fate.DUPLICATE

"""Rows of a base that mean one person are one client with all their numbers, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nps.domain.sample.repeats import Repeats

WHO = "1897309111"
NUMBERS = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True)
ROWS = st.lists(st.tuples(st.sampled_from(["", "Анна", "Пётр"]), NUMBERS), min_size=1, max_size=9)


def told(rows: list[tuple[str, list[int]]]) -> dict[int, tuple[str, set[int]]]:
    """The name and the numbers of each client, by the row that made him."""
    repeats = Repeats()
    clients: dict[int, tuple[str, set[int]]] = {}
    for row_no, (contact, own) in enumerate(rows, 1):
        phones = [{"e164": f"+7912000000{n}", "extension": ""} for n in own]
        found = repeats.find({"identity": f"{WHO}|{phones[0]['e164']}#|{contact}", "phones": phones}, row_no)
        if found is None:
            clients[row_no] = contact, set(own)
            continue
        name, numbers = clients[found.owner]
        numbers |= {int(phone["e164"][-1]) for phone in found.extra}
        for joined in found.joined:
            other, theirs = clients.pop(joined)
            assert not name or not other or name == other
            name, numbers = name or other, numbers | theirs
        clients[found.owner] = name, numbers
    return clients


@given(ROWS)
def test_no_two_clients_of_one_name_share_a_number_and_no_number_is_lost(rows: list[tuple[str, list[int]]]) -> None:
    clients = told(rows)
    for one, (name, own) in clients.items():
        assert not [other for other, (its, theirs) in clients.items() if other != one and its == name and own & theirs]
    assert set().union(*(own for _, own in clients.values())) == {n for _, own in rows for n in own}


@given(ROWS.map(lambda rows: [("Анна", own) for _, own in rows]))
def test_of_one_name_the_clients_are_the_groups_that_numbers_hold_together(rows: list[tuple[str, list[int]]]) -> None:
    groups: list[set[int]] = []
    for _, own in rows:
        touched = [group for group in groups if group & set(own)]
        groups = [group for group in groups if group not in touched] + [set(own).union(*touched)]
    assert sorted(sorted(own) for _, own in told(rows).values()) == sorted(map(sorted, groups))


def test_a_number_of_two_names_tells_neither_whose_a_row_without_one_is() -> None:
    """The first who had it, unless he is somebody else by now."""
    assert told([("Анна", [1]), ("Пётр", [1]), ("", [1, 2])]) == {1: ("Анна", {1, 2}), 2: ("Пётр", {1})}
    named = [("", [1]), ("Анна", [2]), ("Анна", [1, 2]), ("Пётр", [1])]
    assert told(named) == {1: ("Анна", {1, 2}), 4: ("Пётр", {1})}

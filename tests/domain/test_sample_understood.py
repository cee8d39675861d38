"""What is known of a load comes back from its JSON as it was; what an older release did not write is not known."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime

from nps.domain.sample import Header, Part, Profile, Sheet, Understood

FULL = Understood(
    sheets=(Sheet("Клиенты", hidden=False, rows=3, unseen=1), Sheet("Черновик", hidden=True, rows=0)),
    sheet=1,
    header=Header(4, ("Клиент", "Телефон", "Моб."), {"organisation": (0,), "phone": (1, 2)}, "Пермь", grouped=True),
    profile=Profile(
        5, 7, (8,), (("Пермь",), ()), (0, 2), {"Пермь": 2, "": 1}, 3, {"": {("inn", "perm"): 1}}, {"client": 3}
    ),
    more=(Part(2, Header(1, ("Клиент",), {"organisation": (0,)}), Profile(2, 3, (), ((),), (1,), {"Уфа": 2})),),
    noticed={"phone": {"letters": 2}},
    is_text=True,
    encoding="cp866",
    separator=";",
    without_unseen=True,
    remembered=True,
    decisions={"пермь": "new:perm"},
    branch_names={"пермь": "Пермь"},
    mark=(3, 4, 5, 6),
    again=True,
    answers=[["skipped", 2, 7, True, {"contact": "Зорин"}, "ООО"]],
    missing=2,
    added=0,
    tries=2,
    step_at=datetime(2026, 11, 18, 9, 30, tzinfo=UTC),
)


def test_everything_comes_back_as_it_was() -> None:
    nothing = Understood()
    assert [one.name for one in fields(FULL) if getattr(FULL, one.name) == getattr(nothing, one.name)] == []
    assert Understood.from_json(json.loads(json.dumps(FULL.as_json()))) == FULL


def test_an_older_release_kept_one_column_a_field() -> None:
    kept = FULL.as_json() | {"columns": {"branch": 0, "phone": 1}}
    assert Understood.from_json(kept).header.columns == {"branch": (0,), "phone": (1,)}


def test_nothing_known_is_an_empty_object() -> None:
    assert Understood().as_json() == {}
    assert Understood.from_json({}) == Understood()


def test_each_name_may_be_missing() -> None:
    kept = FULL.as_json()
    for name in kept:
        older = Understood.from_json({other: value for other, value in kept.items() if other != name})
        assert older != FULL, name

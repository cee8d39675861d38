"""The link that dials a client's number (R8)."""

from __future__ import annotations

import pytest

from nps.domain.dial_link import carries_extension, dial_link, is_dial_link


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("tel:{e164}", "tel:+79170003794"),
        ("sip:{digits}@pbx.example:5070;transport=tcp", "sip:79170003794@pbx.example:5070;transport=tcp"),
        ("callto:9{digits}", "callto:979170003794"),
    ],
)
def test_a_link_has_the_number_in_its_place(text: str, link: str) -> None:
    assert is_dial_link(text)
    assert dial_link(text, "+79170003794") == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tel:",
        "{e164}",
        "javascript:{e164}",
        "https://host/{e164}",
        "tel:{e164}{digits}",
        "tel:{e164} x",
        "sip:{id}@h",
    ],
)
def test_whatever_else_is_no_such_link(text: str) -> None:
    assert not is_dial_link(text)


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("tel:{e164}", "tel:+79170003794;ext=12"),
        ("tel:{e164};phone-context=office", "tel:+79170003794;ext=12;phone-context=office"),
        ("sip:{e164}@pbx.example;user=phone", "sip:+79170003794;ext=12@pbx.example;user=phone"),
        ("sip:{digits}{ext}@pbx.example", "sip:79170003794;ext=12@pbx.example"),
    ],
)
def test_an_extension_goes_behind_the_number_where_the_format_can_carry_it(text: str, link: str) -> None:
    assert is_dial_link(text) and carries_extension(text)
    assert dial_link(text, "+79170003794", "12") == link
    assert ";ext" not in dial_link(text, "+79170003794")


@pytest.mark.parametrize("text", ["sip:{digits}@pbx.example:5070;transport=tcp", "callto:9{digits}"])
def test_a_format_that_says_nothing_of_extensions_dials_the_number_alone(text: str) -> None:
    assert not carries_extension(text)
    assert dial_link(text, "+79170003794", "12") == dial_link(text, "+79170003794")

"""The link that dials a client's number (R8)."""

from __future__ import annotations

import pytest

from nps.domain.dial_link import dial_link, is_dial_link


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

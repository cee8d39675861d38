"""The files of an exchange: the documentation shows what is written, and nothing can be smuggled into them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nps.adapters.asterisk.files import Installation, Telephone, files_of
from tests.live import ROOT

EXAMPLE = Installation(
    ami_username="nps",
    ami_secret="a-long-random-word",
    ami_port=5038,
    product="127.0.0.1",
    context="nps-out",
    transfer_context="nps-transfer",
    carrier="sip.example.ru:5060",
    carrier_login="",
    carrier_secret="",
    number="74951234567",
    sip="0.0.0.0:5060",
    rtp=(10000, 10999),
    recordings=Path("/var/spool/nps-recordings"),
    telephones=(Telephone("op1", "another-random-word"),),
)


def test_the_documentation_shows_the_files_word_for_word() -> None:
    text = (ROOT / "docs/telephony.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`(\w+\.conf)`:\n\n```ini\n(.*?)^```$", text, re.M | re.S))
    assert shown == dict(files_of(EXAMPLE))


def test_a_carrier_with_a_login_is_registered_with() -> None:
    asked = replace(EXAMPLE, carrier_login="74951234567", carrier_secret="word")
    text = files_of(asked)["pjsip.conf"]
    assert "type = registration" in text and "client_uri = sip:74951234567@sip.example.ru:5060" in text
    assert text.count("outbound_auth = trunk") == 2
    assert "registration" not in files_of(EXAMPLE)["pjsip.conf"]


@pytest.mark.parametrize(
    "field, value, name",
    [
        ("carrier", "sip.example.ru\ncontext = all", "--carrier"),
        ("carrier_secret", "a;b", "--carrier-secret"),
        ("number", "+7 495", "--number"),
        ("recordings", Path("/var/a,b"), "RECORDINGS_INBOX"),
        ("ami_username", "nps]", "AMI_USERNAME"),
        ("ami_secret", "two words", "AMI_SECRET"),
        ("product", "0.0.0.0/0", "--product"),
    ],
)
def test_a_value_that_means_something_else_in_a_file_is_refused_by_its_name(
    field: str, value: object, name: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(name)):
        files_of(replace(EXAMPLE, **{field: value}))  # type: ignore[arg-type]

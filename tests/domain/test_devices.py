"""Browsers by what they call themselves."""

from __future__ import annotations

import pytest

from nps.domain.devices import device

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 {}Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME.format("Windows NT 10.0; Win64; x64", ""), "Chrome, Windows"),
        (CHROME.format("Windows NT 10.0; Win64; x64", "YaBrowser/26.10.0 "), "Яндекс Браузер, Windows"),
        (CHROME.format("X11; Linux x86_64", "Edg/156.0 "), "Edge, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.1) Gecko/20100101 Firefox/145.0", "Firefox, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", "неизвестное устройство"),
        ("", "неизвестное устройство"),
    ],
)
def test_a_device_has_a_name_people_know(agent, words):
    assert device(agent) == words

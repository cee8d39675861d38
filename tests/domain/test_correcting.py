"""May the result of a call still be taken back: each reason has its sentence, and nothing else forbids it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nps.domain.correcting import LastCall, Word, why_not_corrected
from nps.domain.desk import CHOICES, OF_PANEL, Heard, contradiction, contradiction_words, is_offered
from nps.domain.disposition import TABLE

OPEN = LastCall(
    is_settled=True, is_last=True, of_shift=True, word=Word.OPERATOR, is_handed_over=False, is_closed=False,
    is_erased=False, is_withdrawn=False, decided=False, called_since=False, holder="", on_phone="",
)  # fmt: skip


def test_the_last_result_may_be_taken_back() -> None:
    assert why_not_corrected(OPEN) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_last": False}, "пока не начат следующий"),
        ({"is_settled": False}, "пока не начат следующий"),
        ({"is_handed_over": True, "is_settled": False}, "передан руководителю"),
        ({"word": Word.MANAGER}, "уже исправил руководитель"),
        ({"is_closed": True}, "Проект закрыт"),
        ({"is_erased": True}, "удалены"),
        ({"is_withdrawn": True}, "исключили из базы"),
        ({"of_shift": False}, "из другой смены"),
        ({"decided": True}, "уже решил"),
        ({"called_since": True}, "говорили ещё раз"),
        ({"holder": "Белова В. И."}, "уже работает Белова В. И.:"),
        ({"on_phone": "Белова В. И."}, "сейчас работает Белова В. И.:"),
    ],
)
def test_each_reason_is_said_in_words(change: dict[str, object], said: str) -> None:
    assert said in why_not_corrected(replace(OPEN, **change))  # type: ignore[arg-type]


def test_a_call_of_somebody_else_is_not_corrected() -> None:
    assert "последний звонок" in why_not_corrected(None)


def test_every_result_fits_a_talk_or_a_ringing() -> None:
    talk, ringing = Heard(True, timedelta(seconds=10)), Heard(False, timedelta(seconds=20))
    fits = {code: (not contradiction(code, talk), not contradiction(code, ringing)) for code in TABLE}
    only_ringing = {code for code, both in fits.items() if both == (False, True)}
    assert only_ringing == {"no_answer", "busy", "rejected", "switched_off"}
    assert {code for code, both in fits.items() if both == (True, True)} == {
        "voicemail", "robot", "technical", "dead_number", "wrong_number",
    }  # fmt: skip
    assert not [code for code, both in fits.items() if both == (False, False)]


def test_twenty_seconds_of_ringing_are_told_to_the_second() -> None:
    assert contradiction("no_answer", Heard(False, timedelta(seconds=20))) == ""
    assert contradiction_words("no_answer", Heard(False, timedelta(seconds=18.4))).endswith("ещё 2 с.")


def test_a_choice_with_a_panel_is_offered_while_one_of_its_results_fits() -> None:
    ringing = Heard(False, timedelta(0))
    offered = {choice.code for choice in CHOICES if is_offered(choice, ringing)}
    assert offered == {"busy", "inactive", "rejected", "switched_off", "voicemail", "robot", "technical"}
    behind = {code for codes in OF_PANEL.values() for code in codes} | {choice.code for choice in CHOICES}
    assert set(TABLE) - behind == {"surveyed", "partial"}, "only the script comes to these"

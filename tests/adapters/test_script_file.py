"""Scripts as YAML files: what we write we read; a hostile file is refused with a sentence, whatever it tries (R18)."""

from __future__ import annotations

import io

import pytest
import yaml

from nps.adapters import script_file
from nps.adapters.script_file import ScriptFileError
from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.script import Script

DEFAULT = Script.from_dict(DEFAULT_SCRIPT)
FILE = script_file.write(DEFAULT, "Опрос клиентов, версия 1").decode()


def read(text: str | bytes) -> Script:
    return script_file.read(io.BytesIO(text.encode() if isinstance(text, str) else text))


def test_a_script_goes_out_and_comes_back_word_for_word() -> None:
    assert FILE.startswith("# Опрос клиентов, версия 1\n")
    assert "Вас приветствует компания" in FILE
    assert read(FILE) == DEFAULT
    assert read(b"\xef\xbb\xbf" + FILE.encode()) == DEFAULT


def test_yes_and_no_are_ids_and_not_truth_values() -> None:
    """YAML 1.1 reads a bare `no` as false; the approved script's own answers are called yes and no."""
    by_hand = FILE.replace("'yes'", "yes").replace("'no'", "no")
    assert by_hand != FILE
    assert read(by_hand) == DEFAULT


def bomb() -> str:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    levels += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join([*levels, "steps: *i"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(bomb(), "ссылки YAML", id="bomb of aliases"),
        pytest.param("steps: !!python/object/apply:os.system ['true']", "не YAML", id="code"),
        pytest.param("steps: !!python/name:os.system", "не YAML", id="name of code"),
        pytest.param("steps: !own {id: a}", "не YAML", id="tag of its own"),
        pytest.param("steps: " + "[" * 5000, "слишком сложен", id="depth"),
        pytest.param("steps: [" + "a, " * 21_000 + "a]", "слишком сложен", id="many nodes"),
        pytest.param("steps: [" + " " * script_file.MOST_BYTES, "больше 256 КБ", id="size"),
        pytest.param("steps: [a\nb: : c", "Строка", id="no YAML"),
        pytest.param(b"steps: \xff\xfe", "UTF-8", id="other encoding"),
        pytest.param("steps: \x00", "не бывает", id="control character"),
        pytest.param("", "нет шагов", id="empty"),
        pytest.param("- a\n- b", "нет шагов", id="list"),
        pytest.param("--- {steps: []}\n--- {steps: []}", "не YAML", id="two documents"),
        pytest.param("start: a\nstart: b\nsteps: [{id: a, kind: end}]", "«start» стоит дважды", id="field twice"),
        pytest.param("? [a, b]\n: c\nsteps: [{id: a, kind: end}]", "неизвестно|не YAML", id="list as a field"),
        pytest.param("steps: [{id: a, kind: end}]\nevil: 1", "«evil»", id="unknown field"),
        pytest.param("steps: [{id: a, kind: shell}]", "kind", id="unknown kind"),
        pytest.param("steps: [1, 2]", "steps", id="numbers for steps"),
        pytest.param(
            "steps: [{id: a, kind: rating, branches: [{low: x, high: 2}]}]", "branches", id="words for numbers"
        ),
        pytest.param("steps: [{id: '<b>', kind: end}]", "не подходит", id="markup for an id"),
        pytest.param("steps: [{id: a, kind: end, say: " + "я" * 2001 + "}]", "длиннее 2000", id="long text"),
    ],
)
def test_a_hostile_file_is_refused_with_a_sentence(text: str | bytes, words: str) -> None:
    with pytest.raises(ScriptFileError, match=words):
        read(text)


@pytest.mark.parametrize(
    ("whole", "broken", "words"),
    [
        ("  kind: rating", "  kind: rating\n  nxet: bye", r"Шаг 2, «Оценка»: поле «nxet» скрипту неизвестно.*next"),
        ("    trail: удобно", "    tail: удобно", r"Шаг 1, «Приветствие»: answers: поле «tail»"),
        ("- low: 1\n", "- low: один\n", r"Шаг 2, «Оценка»: поле «branches» прочитать нельзя"),
        ("kind: rating", "kind: stars", r"Шаг 2, «Оценка»: поле «kind» прочитать нельзя.*choice, rating"),
        ("title: Оценка", "title: 5", r"Шаг 2: поле «title» прочитать нельзя.*в кавычки"),
        ("  ask:", "  asks:", r"Вопрос 1: поле «asks»"),
        ("  reply:", "  answer:", r"поле «answer»"),
        ("complaint:\n  steps:", "complaint:\n  stops:", r"Жалоба: поле «stops»"),
    ],
)
def test_a_slip_in_a_file_is_named_with_its_step_and_what_is_meant(whole: str, broken: str, words: str) -> None:
    assert whole in FILE
    with pytest.raises(ScriptFileError, match=words):
        read(FILE.replace(whole, broken, 1))


def test_a_broken_line_is_named() -> None:
    lines = FILE.splitlines()
    lines[20] = "   - : ["
    with pytest.raises(ScriptFileError, match=r"Строка 2\d"):
        read("\n".join(lines))


def test_a_script_with_mistakes_is_taken_into_the_draft_to_be_mended() -> None:
    body = yaml.safe_load(FILE)
    body["steps"][3]["disposition"] = ""
    script = read(yaml.safe_dump(body, allow_unicode=True))
    assert [problem.step_id for problem in script.problems()] == ["farewell"]

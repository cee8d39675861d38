"""A key keeps its meaning: other words are another answer, and a key that was given up is never given again (R18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from nps.domain.script import Answer, Prompt, Script, Step
from nps.domain.script.editing import free_id

#: (step, key) -> the words that the key has stood for in published versions.
Meanings = Mapping[tuple[str, str], frozenset[str]]


def meanings(published: Iterable[Script]) -> Meanings:
    """What the keys of prompts and answers have meant."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for script in published:
        for step in script.steps:
            parts: tuple[Prompt | Answer, ...] = (*step.prompts, *step.answers)
            for part in parts:
                known = found.get((step.id, part.id), frozenset())
                found[step.id, part.id] = known | {part.label}
    return found


def keep_meaning(script: Script, known: Meanings) -> Script:
    """The script, parts whose words are none that their key has stood for under another key.

    That of the same words where there is one, else a new one. A prompt that says what it `was` keeps its own.
    """
    return replace(script, steps=tuple(_kept(step, known) for step in script.steps))


def _kept(step: Step, known: Meanings) -> Step:
    of_step = {key: words for (step_id, key), words in known.items() if step_id == step.id}
    if not of_step:
        return step
    prompts = [replace(part, id=key) for part, key in zip(step.prompts, _keys(step.prompts, of_step), strict=True)]
    answers = [replace(part, id=key) for part, key in zip(step.answers, _keys(step.answers, of_step), strict=True)]
    return replace(step, prompts=tuple(prompts), answers=tuple(answers))


def _keys(parts: Sequence[Prompt | Answer], known: Mapping[str, frozenset[str]]) -> list[str]:
    kept = {part.id for part in parts if _means_the_same(part, known)}
    taken, keys = kept | known.keys() | {part.id for part in parts}, []
    given = set(kept)
    for part in parts:
        key = part.id
        if key not in kept:
            key = next((old for old, words in known.items() if part.label in words and old not in given), "")
            key = key or free_id(taken, part.id.rstrip("0123456789") or "k")
            given.add(key)
            taken.add(key)
        keys.append(key)
    return keys


def _means_the_same(part: Prompt | Answer, known: Mapping[str, frozenset[str]]) -> bool:
    words = known.get(part.id)
    was = part.was if isinstance(part, Prompt) else ()
    return words is None or part.label in words or not words.isdisjoint(was)


def renamed(before: Script, after: Script) -> list[tuple[str, str]]:
    """Reasons that are called otherwise in `after` and meant to be the same: (words before, words now)."""
    old = {(step.id, prompt.id): prompt.label for step in before.steps for prompt in step.prompts}
    return [
        (old[step.id, prompt.id], prompt.label)
        for step in after.steps
        for prompt in step.prompts
        if old.get((step.id, prompt.id), prompt.label) != prompt.label
    ]


def wordings(newest_first: Iterable[Script]) -> dict[str, str]:
    """Earlier words of a reason -> those that it has now; what has always been called so is left out."""
    now: dict[str, str] = {}
    for script in newest_first:
        for step in script.steps:
            for prompt in step.prompts:
                for words in prompt.was:
                    now.setdefault(words, now.get(prompt.label, prompt.label))
    return {words: label for words, label in now.items() if words != label}

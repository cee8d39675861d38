"""Obvious ways out of a script's problems, one press each; none is offered that does not leave fewer problems (R18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.disposition import TABLE, Kind
from nps.domain.errors import ScriptError, StaleError
from nps.domain.script import Branch, Fault, Problem, Script, Step, StepKind, editing, texts
from nps.domain.script.drawing import Way, ways
from nps.domain.script.limits import check_limits
from nps.domain.script.problems import reachable
from nps.domain.state import State

#: So many problems are looked at, so many ways that lead nowhere, and so many places to lead one to: a hostile draft
#: has hundreds, and each is tried. What is left has its turn when these are mended.
_MOST_PROBLEMS, _MOST_WAYS, _MOST_TARGETS = 12, 6, 10
_LAST_RATING_WITH_REASONS = 8


@dataclass(frozen=True, slots=True)
class Repair:
    """A way out of a problem: `label` is what the button says, `script` what the draft becomes.

    `key` names it among all that are offered for the same draft.
    """

    key: str
    label: str
    script: Script


_Found = texts.Found


def repairs(script: Script, problems: Sequence[Problem]) -> list[list[Repair]]:
    """Return, for each problem of the script, the repairs of it; a repair stands at the first problem that it mends."""
    found: list[list[Repair]] = []
    links = _links(script)
    seen: set[tuple[str, str]] = set()
    for number, problem in enumerate(problems):
        offered = []
        others = _REPAIRS.get(problem.fault, _none)(script, problem) if number < _MOST_PROBLEMS else ()
        for n, (label, mended) in enumerate((*_by_links(links, problem), *others)):
            if (problem.step_id, label) not in seen and _mends(mended, problem, problems):
                seen.add((problem.step_id, label))
                offered.append(Repair(f"{problem.fault}-{problem.step_id}-{number}-{n}", label, mended))
        found.append(offered)
    return found


def repaired(script: Script, key: str) -> Script:
    """The script after the repair of this key. Raises StaleError when it is not offered, or not any more."""
    offered = (repair for row in repairs(script, script.problems()) for repair in row)
    found = next((repair for repair in offered if repair.key == key), None)
    if found is None:
        raise StaleError("repaired", "Эту проблему уже исправили иначе. Показано то, что сохранено.")
    return found.script


def _mends(script: Script, problem: Problem, problems: Sequence[Problem]) -> bool:
    """Whether fewer problems are left; a script without its first step hides all others, so there one less will do."""
    try:
        check_limits(script)
    except ScriptError:
        return False
    left = script.problems()
    return len(left) < len(problems) or (problem.fault is Fault.NO_START and problem not in left)


def _none(_: Script, __: Problem) -> _Found:
    """A problem that only its author can mend: his words are missing."""
    yield from ()


# -- ways


def _first_step(script: Script, _: Problem) -> _Found:
    tried = [(step, replace(script, start=step.id)) for step in script.steps]
    if tried:
        first, mended = min(tried, key=lambda pair: len(pair[1].problems()))
        yield f"Начинать с «{first.title}»", mended


@dataclass(frozen=True, slots=True)
class _Link:
    """A way that leads nowhere, and the step it is best led to."""

    step: Step
    way: Way
    target: Step
    script: Script


def _links(script: Script) -> list[_Link]:
    """The first ways that lead nowhere, each with the place that leaves the fewest problems."""
    found = []
    for step, n, way in _open_ways(script)[:_MOST_WAYS]:
        target, mended = _best(script, step, n, _after(script, step, way))
        if target is not None:
            found.append(_Link(step, way, target, mended))
    return found


def _by_links(links: Sequence[_Link], problem: Problem) -> _Found:
    """The links that mend a step which leads nowhere, and those that lead to a step which nothing leads to."""
    for link in links:
        if problem.fault is Fault.LEADS_NOWHERE and link.step.id == problem.step_id:
            yield _onward(link.way, link.target), link.script
        if problem.fault is Fault.UNREACHABLE and link.target.id == problem.step_id:
            yield f"Вести сюда: {_place(link.step, link.way)}", link.script


def _onward(way: Way, target: Step) -> str:
    return f"«{way.label}» → «{target.title}»" if way.label else f"Направить на «{target.title}»"


def _place(step: Step, way: Way) -> str:
    return f"«{step.title}», «{way.label}»" if way.label else f"«{step.title}»"


def _open_ways(script: Script) -> list[tuple[Step, int, Way]]:
    """Ways that lead nowhere, each with its step and its place among the step's ways."""
    known = {step.id for step in script.steps}
    return [(step, n, way) for step in script.steps for n, way in enumerate(ways(step)) if way.target not in known]


def _best(script: Script, step: Step, n: int, targets: Sequence[Step]) -> tuple[Step | None, Script]:
    """Lead a way to the one of these steps that leaves the fewest problems; of equals to the first."""
    tried = [(target, _led(script, step, n, target.id)) for target in targets[:_MOST_TARGETS]]
    return min(tried, key=lambda pair: len(pair[1].problems()), default=(None, script))


def _after(script: Script, step: Step, way: Way) -> list[Step]:
    """Where a way may be meant to lead, the likeliest first: what nothing leads to, what comes next, an end."""
    others = [other for other in script.steps if other.id != step.id]
    unreached = {problem.step_id for problem in script.problems() if problem.fault is Fault.UNREACHABLE}
    lonely = [other for other in others if other.id in unreached]
    led_to = {target for other in script.steps for target in other.targets()}
    lonely.sort(key=lambda other: other.id in led_to)
    later = [other for other in script.steps[script.steps.index(step) + 1 :] if other.line == step.line]
    ends = [other for other in others if other.kind is StepKind.END]
    if step.kind is StepKind.CALLBACK:
        ends.sort(key=lambda end: not _is_refusal(end))
    reasons = [other for other in others if other.kind is StepKind.REASONS]
    if step.kind is StepKind.RATING and way.label and int(way.label.split("–")[-1]) <= _LAST_RATING_WITH_REASONS:
        ends = [*reasons, *ends]
    elif step.kind is StepKind.RATING:
        later = [other for other in later if other.kind is not StepKind.REASONS]
        ends = [*(other for reason in reasons for other in others if other.id == reason.next), *ends]
    wanted = [*lonely, *later[:1], *ends]
    return list({other.id: other for other in wanted}.values())


def _is_refusal(step: Step) -> bool:
    row = TABLE.get(step.disposition)
    return row is not None and row.kind is Kind.REFUSAL


def _led(script: Script, step: Step, n: int, target: str) -> Script:
    """The script in which the n-th way of a step leads to this one."""
    if step.kind is StepKind.CHOICE:
        answers = tuple(replace(answer, next=target) if k == n else answer for k, answer in enumerate(step.answers))
        return editing.with_step(script, replace(step, answers=answers))
    if step.kind is StepKind.RATING:
        branches = tuple(replace(branch, next=target) if k == n else branch for k, branch in enumerate(step.branches))
        return editing.with_step(script, replace(step, branches=branches))
    return editing.with_step(script, replace(step, next=target))


def _take_out(script: Script, problem: Problem) -> _Found:
    """A step that nothing leads to goes; not the only question of a rating or of its reasons: the script needs it."""
    lonely = script.step(problem.step_id)
    is_needed = lonely.kind in (StepKind.RATING, StepKind.REASONS)
    if not is_needed or sum(step.kind is lonely.kind for step in script.steps) > 1:
        yield "Удалить шаг", editing.without_step(script, lonely.id)


def _way_out(script: Script, problem: Problem) -> _Found:
    """A circle: its last way leads to an end instead."""
    step = script.step(problem.step_id)
    ends = [other for other in script.steps if other.kind is StepKind.END]
    ends.sort(key=lambda end: not _is_refusal(end))
    *_, (n, way) = enumerate(ways(step))
    target, mended = _best(script, step, n, ends)
    if target is not None:
        yield _onward(way, target), mended


# -- ratings


def _share_out(script: Script, problem: Problem) -> _Found:
    """Every rating on its way: 1-8 to the reasons, 9 and 10 to where the reasons lead."""
    low, high = _ways_of_ratings(script)
    if low is not None and high is not None:
        step = replace(script.step(problem.step_id), branches=_branches(low, high))
        yield f"1–8 → «{low.title}», 9–10 → «{high.title}»", editing.with_step(script, step)


def _ways_of_ratings(script: Script) -> tuple[Step | None, Step | None]:
    low = next((step for step in script.steps if step.kind is StepKind.REASONS), None)
    high = next((step for step in script.steps if low is not None and step.id == low.next), None)
    return low, high


def _branches(low: Step, high: Step) -> tuple[Branch, ...]:
    return (Branch(1, _LAST_RATING_WITH_REASONS, low.id), Branch(_LAST_RATING_WITH_REASONS + 1, 10, high.id))


def _approved_rating(script: Script, _: Problem) -> _Found:
    """The approved question of the rating comes back where a way leads nowhere."""
    low, high = _ways_of_ratings(script)
    if low is None or high is None:
        return
    approved = next(step for step in Script.from_dict(DEFAULT_SCRIPT).steps if step.kind is StepKind.RATING)
    rating = replace(approved, id=editing.added_id(script, approved.id), line=low.line, branches=_branches(low, high))
    whole = replace(script, steps=(*script.steps, rating))
    for step, n, way in _open_ways(script)[:_MOST_WAYS]:
        yield f"Вернуть утверждённый: {_place(step, way)} → «{rating.title}»", _led(whole, step, n, rating.id)


def _approved_farewell(script: Script, problem: Problem) -> _Found:
    """The approved end of a survey comes back where nothing else ends one: what leads nowhere behind the rating."""
    rating = next((step for step in script.steps if step.kind is StepKind.RATING), None)
    if rating is None or any(step.disposition == "surveyed" for step in script.steps):
        return
    approved = next(step for step in Script.from_dict(DEFAULT_SCRIPT).steps if step.disposition == "surveyed")
    end = replace(approved, id=editing.added_id(script, approved.id))
    rated = reachable(rating.id, {step.id: step for step in script.steps})
    mended = replace(script, steps=(*script.steps, end))
    for step, n, _ in _open_ways(script):
        if step.id in rated:
            mended = _led(mended, mended.step(step.id), n, end.id)
    yield f"Вернуть утверждённый шаг «{end.title}»", mended


def _one_rating(script: Script, problem: Problem) -> _Found:
    """The second question of a rating goes, and what led to it leads to the first."""
    first = next(step for step in script.steps if step.kind is StepKind.RATING)
    kept = [step for step in script.steps if step.id != problem.step_id]
    mended = replace(script, steps=tuple(kept), start=first.id if script.start == problem.step_id else script.start)
    for step in kept:
        for n, way in enumerate(ways(step)):
            if way.target == problem.step_id and step.id != first.id:
                mended = _led(mended, mended.step(step.id), n, first.id)
    yield f"Удалить, переходы вести на «{first.title}»", mended


def _past_the_rating(script: Script, problem: Problem) -> _Found:
    """What comes to the end of a survey without a rating leads to the question of it instead."""
    rating = next((step for step in script.steps if step.kind is StepKind.RATING), None)
    unrated = reachable(script.start, {step.id: step for step in script.steps}, without=StepKind.RATING)
    if rating is None:
        return
    for step in script.steps:
        for n, way in enumerate(ways(step)):
            if step.id in unrated and way.target == problem.step_id:
                yield f"{_place(step, way)} → «{rating.title}»", _led(script, step, n, rating.id)


# -- results and texts


def _result(script: Script, problem: Problem) -> _Found:
    step = script.step(problem.step_id)
    if step.kind is StepKind.CALLBACK:
        if problem.fault is Fault.RATING_LOST:
            return
        yield f"Итог «{TABLE['callback'].label}»", editing.with_step(script, replace(step, disposition="callback"))
        return
    unrated = reachable(script.start, {other.id: other for other in script.steps}, without=StepKind.RATING)
    code = "soft_refusal" if step.id in unrated else "surveyed"
    yield f"Итог «{TABLE[code].label}»", editing.with_step(script, replace(step, disposition=code))


def _becomes_callback(script: Script, problem: Problem) -> _Found:
    """An end whose result needs a time asks for it; without one the talk ends in a refusal."""
    refusal = next((step for step in script.steps if step.kind is StepKind.END and _is_refusal(step)), None)
    if refusal is not None and TABLE[refusal.disposition].final_state is State.REFUSED:
        step = replace(script.step(problem.step_id), kind=StepKind.CALLBACK, disposition="callback", next=refusal.id)
        yield f"Сделать перезвоном, без времени — «{refusal.title}»", editing.with_step(script, step)


def _own_id(script: Script, problem: Problem) -> _Found:
    """The second of two steps with one name gets a name of its own; nothing leads to it by that."""
    first = next(n for n, step in enumerate(script.steps) if step.id == problem.step_id)
    free = editing.added_id(script)
    steps = [
        replace(step, id=free) if step.id == problem.step_id and n != first else step
        for n, step in enumerate(script.steps)
    ]
    yield f"Назвать второй «{free}»", replace(script, steps=tuple(steps))
    yield (
        "Удалить второй",
        replace(
            script, steps=tuple(step for n, step in enumerate(script.steps) if step.id != problem.step_id or n == first)
        ),
    )


_REPAIRS: Mapping[Fault, Callable[[Script, Problem], _Found]] = MappingProxyType(
    {
        Fault.NO_START: _first_step,
        Fault.LEADS_NOWHERE: _approved_farewell,
        Fault.SAME_ID: _own_id,
        Fault.NO_PROMPTS: texts.further_prompt,
        Fault.EMPTY_LABEL: texts.without_empty_labels,
        Fault.SAME_LABEL: texts.without_same_labels,
        Fault.PLACEHOLDER: texts.known_placeholders,
        Fault.CALLBACK_RESULT: _result,
        Fault.NO_RESULT: _result,
        Fault.RESULT_OF_NO_TALK: _result,
        Fault.RATING_LOST: _result,
        Fault.RESULT_NEEDS_TIME: _becomes_callback,
        Fault.UNREACHABLE: _take_out,
        Fault.ENDLESS: _way_out,
        Fault.NO_RATING: _approved_rating,
        Fault.SECOND_RATING: _one_rating,
        Fault.RATING_WAYS: _share_out,
        Fault.REASONS_SKIPPED: _share_out,
        Fault.REASONS_UNWANTED: _share_out,
        Fault.UNRATED_SURVEY: _past_the_rating,
        Fault.BARE_QUESTION: texts.without_bare_questions,
        Fault.BARE_OBJECTION: texts.without_bare_objections,
        Fault.NO_QUESTIONS: texts.approved_questions,
        Fault.NO_COMPLAINT_STEPS: texts.approved_complaint,
    }
)

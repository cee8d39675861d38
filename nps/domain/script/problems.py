"""What keeps a script from being published: each finding names its step (R18)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nps.domain.disposition import ENDS_OF_TALK, TABLE, Next
from nps.domain.nps_score import RATINGS
from nps.domain.script.parts import Complaint, Question
from nps.domain.script.placeholders import PLACEHOLDERS, dead_placeholders, needs_nameless
from nps.domain.script.steps import Step, StepKind
from nps.domain.state import State

#: So much of a bracket that was not closed is shown.
_SHOWN = 40
_KNOWN = "«(Имя клиента)» и «(имя оператора)»"
# R17: the reason question is asked at a rating of 1 to 8 and not at 9 or 10.
_LAST_RATING_WITH_REASONS = 8


class Fault(StrEnum):
    """What can be wrong with a script; `repairs` knows a way out of most of them."""

    NO_START = "no_start"
    SAME_ID = "same_id"
    SILENT = "silent"
    NO_ANSWERS = "no_answers"
    NO_PROMPTS = "no_prompts"
    LEADS_NOWHERE = "leads_nowhere"
    EMPTY_LABEL = "empty_label"
    SAME_LABEL = "same_label"
    PLACEHOLDER = "placeholder"
    NAMELESS = "nameless"
    CALLBACK_RESULT = "callback_result"
    NO_RESULT = "no_result"
    RESULT_NEEDS_TIME = "result_needs_time"
    RESULT_OF_NO_TALK = "result_of_no_talk"
    UNREACHABLE = "unreachable"
    ENDLESS = "endless"
    NO_RATING = "no_rating"
    SECOND_RATING = "second_rating"
    RATING_WAYS = "rating_ways"
    REASONS_SKIPPED = "reasons_skipped"
    REASONS_UNWANTED = "reasons_unwanted"
    REASONS_PASSED_BY = "reasons_passed_by"
    RATING_LOST = "rating_lost"
    UNRATED_SURVEY = "unrated_survey"
    BARE_QUESTION = "bare_question"
    BARE_OBJECTION = "bare_objection"
    NO_QUESTIONS = "no_questions"
    NO_COMPLAINT_STEPS = "no_complaint_steps"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a step, in a sentence for the script's author. `step_id` may also be `question` or `complaint`."""

    step_id: str
    message: str
    fault: Fault


def find_problems(start: str, steps: Sequence[Step]) -> list[Problem]:
    """Return all problems of the script in the order of its steps; an empty list means that it may be published."""
    by_id = {step.id: step for step in steps}
    if start not in by_id:
        return [Problem(start, "Нет первого шага. Выберите шаг, с которого начинается разговор.", Fault.NO_START)]
    found = [
        *_doubles(steps),
        *(problem for step in steps for problem in _own_problems(step, by_id)),
        *_unreachable(start, steps, by_id),
        *_endless(start, steps, by_id),
        *_rating_problems(start, steps, by_id),
    ]
    order = {step.id: n for n, step in enumerate(steps)}
    return sorted(found, key=lambda problem: order[problem.step_id])


def break_in_problems(questions: Sequence[Question], complaint: Complaint) -> list[Problem]:
    """Return the problems of the lines that break in; their `step_id` is `question` or `complaint`."""
    found = [
        Problem(
            "question",
            f"У вопроса «{part.ask or 'без слов'}» нет {'ответа' if part.ask else 'текста'}. Впишите его.",
            Fault.BARE_QUESTION,
        )
        for part in questions
        if not (part.ask.strip() and part.reply.strip())
    ]
    found += [
        Problem(
            "complaint",
            f"У возражения «{part.complaint or 'без слов'}» нет ответа. Впишите его.",
            Fault.BARE_OBJECTION,
        )
        for part in complaint.objections
        if not (part.complaint.strip() and part.reply.strip())
    ]
    found += _dead_in_break_ins(questions, complaint)
    if not questions:
        message = "Нет ни одного вопроса не по опросу: оператору нечего ответить. Добавьте."
        found.append(Problem("question", message, Fault.NO_QUESTIONS))
    if not complaint.steps:
        message = "У жалобы нет шагов. Опишите, что оператору делать."
        found.append(Problem("complaint", message, Fault.NO_COMPLAINT_STEPS))
    return found


def _dead_in_break_ins(questions: Sequence[Question], complaint: Complaint) -> Iterator[Problem]:
    texts = [("question", text) for part in questions for text in (part.ask, part.reply)]
    texts += [("complaint", text) for part in complaint.objections for text in (part.complaint, part.reply)]
    texts += [("complaint", step.words) for step in complaint.steps]
    for where, text in texts:
        for dead in dead_placeholders(text)[:1]:
            message = f"Стоит «{dead[:_SHOWN]}»: в вопросах и жалобах подстановки не заполняются. Напишите без неё."
            yield Problem(where, message, Fault.PLACEHOLDER)


def _placeholder_problems(step: Step) -> Iterator[Problem]:
    """A placeholder with a slip would be read aloud as it stands, and so would any where none is filled in."""
    for text in (step.say, step.say_no_name):
        for dead in dead_placeholders(text, PLACEHOLDERS)[:1]:
            message = f"В шаге «{step.title}» стоит «{dead[:_SHOWN]}»: такой подстановки нет. Есть {_KNOWN}."
            yield Problem(step.id, message, Fault.PLACEHOLDER)
    labels = [*(answer.label for answer in step.answers), *(prompt.label for prompt in step.prompts)]
    for text in (step.low_label, step.high_label, *labels):
        for dead in dead_placeholders(text)[:1]:
            message = (
                f"В шаге «{step.title}» стоит «{dead[:_SHOWN]}»: в ответах и вариантах подстановки не заполняются."
            )
            yield Problem(step.id, message, Fault.PLACEHOLDER)
    if needs_nameless(step.say) and not step.say_no_name.strip():
        message = f"Шаг «{step.title}» нечем прочитать клиенту без имени. Впишите слова для него."
        yield Problem(step.id, message, Fault.NAMELESS)


def _doubles(steps: Sequence[Step]) -> Iterator[Problem]:
    seen: set[str] = set()
    for step in steps:
        if step.id in seen:
            yield Problem(step.id, f"Два шага называются «{step.id}». Переименуйте один из них.", Fault.SAME_ID)
        seen.add(step.id)


def _own_problems(step: Step, by_id: Mapping[str, Step]) -> Iterator[Problem]:
    if not step.say.strip():
        yield Problem(step.id, f"У шага «{step.title}» нет текста для чтения. Впишите его.", Fault.SILENT)
    if step.kind is StepKind.CHOICE and not step.answers:
        message = f"У шага «{step.title}» нет ответов, разговор на нём обрывается. Добавьте ответы."
        yield Problem(step.id, message, Fault.NO_ANSWERS)
    if step.kind is StepKind.REASONS and not step.prompts:
        message = f"У шага «{step.title}» нет подсказок. Добавьте хотя бы одну."
        yield Problem(step.id, message, Fault.NO_PROMPTS)
    for target in dict.fromkeys(step.targets()):
        if not target:
            message = f"Шаг «{step.title}» никуда не ведёт. Укажите следующий шаг."
            yield Problem(step.id, message, Fault.LEADS_NOWHERE)
        elif target not in by_id:
            message = f"Шаг «{step.title}» ведёт на «{target}», такого шага нет. Выберите другой."
            yield Problem(step.id, message, Fault.LEADS_NOWHERE)
    yield from _label_problems(step, [answer.label for answer in step.answers], "ответ")
    yield from _label_problems(step, [prompt.label for prompt in step.prompts], "вариант")
    yield from _placeholder_problems(step)
    yield from _result_problems(step)


def _label_problems(step: Step, labels: Sequence[str], what: str) -> Iterator[Problem]:
    folded = [label.strip().casefold() for label in labels]
    if "" in folded:
        message = f"В шаге «{step.title}» есть пустой {what}. Впишите текст или уберите его."
        yield Problem(step.id, message, Fault.EMPTY_LABEL)
    elif len(set(folded)) < len(folded):
        message = f"В шаге «{step.title}» дважды стоит один и тот же {what}. Оставьте один."
        yield Problem(step.id, message, Fault.SAME_LABEL)


def _result_problems(step: Step) -> Iterator[Problem]:
    needs_time = {code for code, row in TABLE.items() if row.next is Next.APPOINTMENT}
    if step.kind is StepKind.CALLBACK and step.disposition not in needs_time:
        message = f"У шага «{step.title}» нет итога для назначенного времени. Выберите «Перезвонить»."
        yield Problem(step.id, message, Fault.CALLBACK_RESULT)
    if step.kind is StepKind.END and step.disposition not in TABLE:
        message = f"У последнего шага «{step.title}» нет итога звонка. Выберите итог."
        yield Problem(step.id, message, Fault.NO_RESULT)
    if step.kind is StepKind.END and step.disposition in needs_time:
        message = f"Итогу шага «{step.title}» нужно время. Замените шаг на перезвон."
        yield Problem(step.id, message, Fault.RESULT_NEEDS_TIME)
    elif step.kind is StepKind.END and step.disposition in TABLE and step.disposition not in ENDS_OF_TALK:
        label = TABLE[step.disposition].label
        message = f"Итог «{label}» шага «{step.title}» записать в конце разговора нельзя. Выберите другой."
        yield Problem(step.id, message, Fault.RESULT_OF_NO_TALK)


def reachable(start: str, by_id: Mapping[str, Step], without: StepKind | None = None) -> set[str]:
    """Return the steps a talk can come to from `start`, itself included, not passing through steps of one kind."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        step = by_id.get(ahead.pop())
        if step and step.id not in seen and step.kind is not without:
            seen.add(step.id)
            ahead.extend(step.targets())
    return seen


def _unreachable(start: str, steps: Sequence[Step], by_id: Mapping[str, Step]) -> Iterator[Problem]:
    reached = reachable(start, by_id)
    for step in steps:
        if step.id not in reached:
            message = f"На шаг «{step.title}» ничто не ведёт. Свяжите его или удалите."
            yield Problem(step.id, message, Fault.UNREACHABLE)


def _endless(start: str, steps: Sequence[Step], by_id: Mapping[str, Step]) -> Iterator[Problem]:
    for step in steps:
        ahead = [by_id[step_id] for step_id in reachable(step.id, by_id)]
        has_exit = any(other.kind in (StepKind.END, StepKind.CALLBACK) for other in ahead)
        # A step that leads to a missing one has been named already.
        is_whole = all(target in by_id for other in ahead for target in other.targets())
        if not has_exit and is_whole and step.targets():
            message = f"С шага «{step.title}» разговор ходит по кругу. Добавьте выход к последнему шагу."
            yield Problem(step.id, message, Fault.ENDLESS)


def _rating_problems(start: str, steps: Sequence[Step], by_id: Mapping[str, Step]) -> Iterator[Problem]:
    ratings = [step for step in steps if step.kind is StepKind.RATING]
    if not ratings:
        yield Problem(start, "В скрипте нет вопроса с оценкой. Добавьте один.", Fault.NO_RATING)
    for extra in ratings[1:]:
        message = f"Вопрос с оценкой уже есть, «{extra.title}» лишний. Оставьте один."
        yield Problem(extra.id, message, Fault.SECOND_RATING)
    for step in ratings:
        yield from _branch_problems(step, by_id)
        yield from _after_rating(step, by_id)
    for step_id in sorted(reachable(start, by_id, without=StepKind.RATING)):
        row = TABLE.get(by_id[step_id].disposition)
        if row and row.final_state is State.SURVEYED:
            where = f"К шагу «{by_id[step_id].title}» с итогом «{row.label}»"
            message = f"{where} можно прийти без оценки. Исправьте переходы."
            yield Problem(step_id, message, Fault.UNRATED_SURVEY)


def _branch_problems(step: Step, by_id: Mapping[str, Step]) -> Iterator[Problem]:
    without_reasons, with_reasons = [], []
    for rating in RATINGS:
        ways = [branch for branch in step.branches if branch.low <= rating <= branch.high]
        if len(ways) != 1:
            message = f"Оценка {rating} должна вести на один шаг, сейчас таких шагов {len(ways)}."
            yield Problem(step.id, message, Fault.RATING_WAYS)
            continue
        kinds = {by_id[step_id].kind for step_id in reachable(ways[0].next, by_id)}
        asked = StepKind.REASONS in kinds
        if rating <= _LAST_RATING_WITH_REASONS and not asked:
            without_reasons.append(str(rating))
        elif rating > _LAST_RATING_WITH_REASONS and asked:
            with_reasons.append(str(rating))
    if without_reasons:
        message = f"При оценке {', '.join(without_reasons)} причину не спрашивают, а нужно при 1–8."
        yield Problem(step.id, message, Fault.REASONS_SKIPPED)
    if with_reasons:
        message = f"При оценке {', '.join(with_reasons)} спрашивают причину, а при 9 и 10 не нужно."
        yield Problem(step.id, message, Fault.REASONS_UNWANTED)


def _after_rating(rating: Step, by_id: Mapping[str, Step]) -> Iterator[Problem]:
    """Each way that the talk can take from each rating: it ends with a questionnaire, at 1 to 8 with its reason."""
    unasked: dict[str, list[str]] = {}
    lost: dict[str, list[str]] = {}
    for given in RATINGS:
        for branch in rating.branches:
            if not branch.low <= given <= branch.high:
                continue
            for step, was_asked in _ends_of(branch.next, by_id):
                if step.kind is StepKind.CALLBACK or _is_no_survey(step):
                    lost.setdefault(step.id, []).append(str(given))
                elif given <= _LAST_RATING_WITH_REASONS and not was_asked and _asks(branch.next, by_id):
                    unasked.setdefault(step.id, []).append(str(given))
    for step_id, ratings in unasked.items():
        where = f"К шагу «{by_id[step_id].title}» можно прийти с оценкой {', '.join(dict.fromkeys(ratings))}"
        yield Problem(step_id, f"{where} в обход вопроса о причинах. Исправьте переходы.", Fault.REASONS_PASSED_BY)
    for step_id, ratings in lost.items():
        where = f"Клиент, давший оценку {', '.join(dict.fromkeys(ratings))}, приходит к шагу «{by_id[step_id].title}»"
        yield Problem(step_id, f"{where}: его анкета пропадёт. Ведите к итогу «Опрошен».", Fault.RATING_LOST)


def _is_no_survey(step: Step) -> bool:
    """Whether an end has another result; none at all is told elsewhere. A talk broken off keeps its rating."""
    return step.disposition in TABLE and step.disposition not in ("surveyed", "hung_up")


def _asks(step_id: str, by_id: Mapping[str, Step]) -> bool:
    return any(by_id[found].kind is StepKind.REASONS for found in reachable(step_id, by_id))


def _ends_of(start: str, by_id: Mapping[str, Step]) -> Iterator[tuple[Step, bool]]:
    """Where the talk can end from a step on, and whether reasons were asked for on the way there."""
    seen: set[tuple[str, bool]] = set()
    ahead = [(start, False)]
    while ahead:
        step_id, was_asked = ahead.pop()
        step = by_id.get(step_id)
        if step is None or (step_id, was_asked) in seen:
            continue
        seen.add((step_id, was_asked))
        if step.kind in (StepKind.END, StepKind.CALLBACK):
            yield step, was_asked
        was_asked = was_asked or step.kind is StepKind.REASONS
        ahead.extend((target, was_asked) for target in step.targets())

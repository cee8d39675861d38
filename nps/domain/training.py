"""The training desk (R9): invented clients who behave by scenario, and what is said of a practice call afterwards.

A scenario knows kinds of steps, never their names: it fits whatever script the specialist has published.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S, TABLE
from nps.domain.script import StepKind
from nps.domain.wording import duration

#: A step answered in less than this share of its reading time was not read aloud.
_LEAST_SHARE_READ = 0.4

Says = Mapping[StepKind, str]


@dataclass(frozen=True, slots=True)
class Dial:
    """What one dial of the client comes to: `hears` is what is on the line, `expects` the results that fit."""

    hears: str
    expects: tuple[str, ...]
    answers: bool = True


@dataclass(frozen=True, slots=True)
class Interruption:
    """The client breaks into the script at a step. needs: `question` (an escalation) or `complaint` (its six steps).

    mentions: what the escalation must repeat of his words, folded, so that the specialist need not ask again.
    """

    at: StepKind
    says: str
    needs: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """How an invented client behaves. `is_required`: it belongs to the way to admission."""

    code: str
    title: str
    teaches: str
    dials: tuple[Dial, ...]
    says: Says = field(default_factory=dict)
    rating: int | None = None
    interruption: Interruption | None = None
    #: The client names no reason by himself: the prompts have to be offered.
    needs_prompts: bool = False
    is_required: bool = False

    def dial(self, number: int) -> Dial:
        """Return what the dial of this number, from 1, comes to; after the last one the same again."""
        return self.dials[min(number, len(self.dials)) - 1]


_TAKES_PHONE = "Клиент взял трубку: «Алло, слушаю»"
_LONG_TONES = "Длинные гудки, никто не берёт трубку"
_SURVEYED = (Dial(_TAKES_PHONE, ("surveyed",)),)
_GOODBYE = "До свидания!"
_YES = "Да, удобно. Слушаю вас."

_ALL = (
    Scenario(
        "ready", "Готов говорить, оценка 10", "Самый короткий разговор: вопроса о причинах нет", _SURVEYED,
        {StepKind.CHOICE: _YES, StepKind.RATING: "Десять! Всё нравится, претензий нет.", StepKind.END: _GOODBYE},
        rating=10, is_required=True,
    ),
    Scenario(
        "at_a_loss", "Оценка 6, причины сам не назвал", "Предложить варианты, отметить те, что он выбрал", _SURVEYED,
        {
            StepKind.CHOICE: "Ну давайте, только быстро.",
            StepKind.RATING: "Шесть, наверное.",
            StepKind.REASONS: "Даже не знаю… (Вы читаете варианты.) Вот, срок доставки. И до менеджера не дозвониться.",
            StepKind.END: _GOODBYE,
        },
        rating=6, needs_prompts=True, is_required=True,
    ),
    Scenario(
        "busy", "Занят, просит завтра", "Перезвон только в разрешённое время", (Dial(_TAKES_PHONE, ("callback",)),),
        {
            StepKind.CHOICE: "Неудобно, я на совещании.",
            StepKind.CALLBACK: "Да, завтра после обеда звоните.",
        },
        is_required=True,
    ),
    Scenario(
        "refuses", "Отказывается", "Отказ без уговоров: поблагодарить и проститься",
        (Dial(_TAKES_PHONE, ("refused", "soft_refusal")),),
        {
            StepKind.CHOICE: "Нет, я в опросах не участвую.",
            StepKind.CALLBACK: "Не надо перезванивать, мне это неинтересно.",
            StepKind.END: "Всего доброго.",
        },
        is_required=True,
    ),
    Scenario(
        "cable", "Спрашивает про кабель", "Ответ по скрипту, обращение, вернуться к оценке", _SURVEYED,
        {
            StepKind.CHOICE: _YES,
            StepKind.RATING: "Хорошо, буду ждать звонка. А оценка — восемь.",
            StepKind.REASONS: "Наличие на складе: не всегда есть то, что нужно.",
            StepKind.END: "И вам, до свидания.",
        },
        rating=8,
        interruption=Interruption(
            StepKind.RATING, "Подождите. А кабель ВВГнг 3х2,5 есть в наличии? Мне надо 200 метров, в Березники.",
            "question", ("ввг", "200"),
        ),
        is_required=True,
    ),
    Scenario(
        "angry", "Жалуется: «У вас дорого!»", "Шесть шагов с негативом и возврат к опросу", _SURVEYED,
        {
            StepKind.CHOICE: "Ну говорите.",
            StepKind.RATING: "Ладно, хоть выслушали. Пять.",
            StepKind.REASONS: "Другое. Цены! Я же вам сказал: дорого.",
            StepKind.END: "До свидания.",
        },
        rating=5,
        interruption=Interruption(
            StepKind.RATING, "Оценить? Да у вас дорого! У соседей на треть дешевле, а вы ещё и звоните!", "complaint"
        ),
        is_required=True,
    ),
    Scenario(
        "another", "Ответил другой человек", "Узнать, когда застать нужного", (Dial(_TAKES_PHONE, ("other_person",)),),
        {StepKind.CHOICE: "Его нет на месте, я коллега. Будет завтра после двух."},
    ),
    Scenario(
        "dead", "Номер не существует", "Неактивный номер с причиной",
        (Dial("Автомат: «Набранный вами номер не существует»", ("dead_number",), answers=False),),
    ),
    Scenario(
        "third_call", "Отвечает на третий звонок", "Время перематывается: через час, на следующий день",
        (
            Dial(_LONG_TONES, ("no_answer",), answers=False),
            Dial(_LONG_TONES, ("no_answer",), answers=False),
            Dial(_TAKES_PHONE, ("surveyed",)),
        ),
        {
            StepKind.CHOICE: "Здравствуйте! Вчера был в дороге, не слышал. Давайте.",
            StepKind.RATING: "Девять.",
            StepKind.END: _GOODBYE,
        },
        rating=9,
    ),
    Scenario(
        "endless", "Говорит без остановки", "Вежливо вернуть к вопросу и уложиться в 60 секунд", _SURVEYED,
        {
            StepKind.CHOICE: "Удобно, удобно! Я как раз хотел поговорить, у нас тут такая история со складом…",
            StepKind.RATING: "Как оценю? Вот слушайте, в позапрошлом году мы брали у вас щиты, привезли не те, потом "
            "обменяли, потом ещё раз… Ну семь, пусть будет семь.",
            StepKind.REASONS: "Обмен этот, процедура возврата. Три бумаги подписал! А помню, раньше приедешь, и сразу…",
            StepKind.END: "Погодите, я ещё не рассказал про светильники! Ну ладно, до свидания.",
        },
        rating=7,
    ),
)  # fmt: skip

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.code: scenario for scenario in _ALL})
REQUIRED = tuple(scenario.code for scenario in _ALL if scenario.is_required)


@dataclass(frozen=True, slots=True)
class Persona:
    """Who is called: nobody. The names are those of no real organisation or client."""

    organisation: str
    contact: str


PERSONAS = (
    Persona("ООО «Учебный склад»", "Тренькин Пётр Сергеевич"),
    Persona("ООО «Пример-Монтаж»", "Примерова Алла Викторовна"),
    Persona("ИП Образцов Н. И.", "Образцов Никита Ильич"),
    Persona("АО «Условный завод»", "Условная Дарья Павловна"),
    Persona("ООО «Выдуманный дом»", "Небылицын Олег Юрьевич"),
    Persona("ООО «Тест-Электро»", "Опытова Вера Ивановна"),
)


@dataclass(frozen=True, slots=True)
class StepFact:
    """A step that was answered: its kind and title, the answer, seconds it took and takes to read aloud."""

    kind: StepKind
    title: str
    value: object
    took_s: int
    reading_s: int
    step_id: str = ""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is on record of a settled practice call; `number` is which dial of its client it was, from 1."""

    number: int
    disposition: str
    answered: bool
    ring_s: int
    survey_s: int
    steps: tuple[StepFact, ...] = ()
    escalations: tuple[str, ...] = ()
    broke_in: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do next time; empty when it went well."""

    text: str
    note: str = ""
    advice: str = ""

    @property
    def is_good(self) -> bool:
        return not self.advice


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is said of a practice call. The scenario is done when its last dial went well in everything."""

    findings: tuple[Finding, ...]
    is_last_dial: bool

    @property
    def is_good(self) -> bool:
        return all(finding.is_good for finding in self.findings)

    @property
    def is_passed(self) -> bool:
        return self.is_good and self.is_last_dial

    @property
    def advice(self) -> str:
        """The first thing to do better, '' when there is none."""
        return next((finding.advice for finding in self.findings if finding.advice), "")


def feedback(scenario: Scenario, facts: CallFacts) -> Feedback:
    """Compare a practice call with what its scenario asks for."""
    found = [*_ring(scenario, facts), *_result(scenario, facts)]
    if facts.answered:
        found += [*_reading(scenario, facts), *_interruption(scenario, facts), *_answers(scenario, facts)]
        found += _length(facts)
    return Feedback(tuple(found), facts.number >= len(scenario.dials))


def client_says(
    scenario: Scenario, number: int, kind: StepKind | None, *, answered: bool, ended: bool, interrupted: bool
) -> str:
    """Return what is on the line now; `interrupted`: the client's own question or complaint has been dealt with."""
    if ended:
        return ""
    if not answered:
        return scenario.dial(number).hears
    if kind is None:
        return ""
    breaks_in = scenario.interruption
    if breaks_in is not None and breaks_in.at is kind and not interrupted:
        return breaks_in.says
    return scenario.says.get(kind, "")


def _ring(scenario: Scenario, facts: CallFacts) -> Iterator[Finding]:
    if facts.answered or "no_answer" not in scenario.dial(facts.number).expects:
        return
    said = f"Гудки шли {facts.ring_s} с"
    if facts.ring_s >= LEAST_RING_S:
        yield Finding(said, "Нужно не меньше 20 секунд")
    else:
        yield Finding(said, "Нужно не меньше 20 секунд", "Ждите 20 секунд гудков: раньше звонок не считается.")


def _result(scenario: Scenario, facts: CallFacts) -> Iterator[Finding]:
    given = TABLE[facts.disposition].label
    wanted = scenario.dial(facts.number).expects
    if facts.disposition in wanted:
        yield Finding("Итог выбран верно", given)
        return
    right = " или ".join(f"«{TABLE[code].label}»" for code in wanted)
    yield Finding(f"Итог «{given}» не подходит", f"Здесь нужен {right}", f"Выберите итог {right}.")


def _reading(scenario: Scenario, facts: CallFacts) -> Iterator[Finding]:
    for step in facts.steps:
        breaks_in = scenario.interruption
        if step.kind is StepKind.CALLBACK or (breaks_in is not None and breaks_in.at is step.kind):
            continue
        if step.took_s >= step.reading_s * _LEAST_SHARE_READ:
            yield Finding(f"Шаг «{step.title}» прочитан", f"{step.took_s} с")
        else:
            note = f"Ответ через {step.took_s} с, а вслух это около {step.reading_s} с"
            advice = f"Прочитайте реплику шага «{step.title}» целиком, слово в слово."
            yield Finding(f"Шаг «{step.title}» пропущен", note, advice)


def _interruption(scenario: Scenario, facts: CallFacts) -> Iterator[Finding]:
    breaks_in = scenario.interruption
    if breaks_in is None:
        return
    if breaks_in.needs == "complaint":
        if facts.broke_in:
            yield Finding("Жалобу провели по шагам и вернулись к опросу")
        else:
            advice = "Откройте «Жалоба, негатив» (Ж): шесть шагов и готовые ответы на возражения."
            yield Finding("Жалобу пропустили", "Шаги с негативом не открыты", advice)
        return
    if not facts.escalations:
        advice = "Откройте «Вопрос не по опросу» (С) и запишите обращение: на вопрос ответит специалист."
        yield Finding("Обращение не передано", "Клиент задал вопрос не по опросу", advice)
        return
    text = " ".join(facts.escalations).casefold()
    missing = [word for word in breaks_in.mentions if word not in text]
    if missing:
        advice = f"Запишите вопрос словами клиента: «{breaks_in.says}» Тогда ему ответят с первого раза."
        yield Finding("Обращение записано без слов клиента", "Специалисту нужно: что, сколько, куда", advice)
    else:
        yield Finding("Обращение передано словами клиента")


def _answers(scenario: Scenario, facts: CallFacts) -> Iterator[Finding]:
    by_kind = {step.kind: step.value for step in facts.steps}
    if scenario.rating is not None:
        given = by_kind.get(StepKind.RATING)
        if given is None:
            yield Finding("Оценку не спросили", f"Клиент назвал бы {scenario.rating}", "Дойдите до вопроса об оценке.")
        elif given != scenario.rating:
            note = f"Записано {given}, клиент сказал {scenario.rating}"
            yield Finding("Оценка записана неверно", note, "Нажимайте цифру, которую назвал клиент.")
        else:
            yield Finding("Оценка записана верно", str(given))
    reasons = by_kind.get(StepKind.REASONS)
    if scenario.needs_prompts and isinstance(reasons, Mapping):
        if reasons.get("prompts"):
            yield Finding("Варианты причин предложили")
        else:
            advice = "Клиент затрудняется: прочитайте варианты вслух и отметьте те, с которыми он согласился."
            yield Finding("Варианты причин не предложили", "Клиент затруднялся ответить", advice)


def _length(facts: CallFacts) -> Iterator[Finding]:
    if not any(step.kind is StepKind.RATING for step in facts.steps):
        return
    if facts.survey_s <= MOST_SURVEY_S:
        yield Finding("Опрос короче 60 секунд", duration(facts.survey_s))
    else:
        advice = "Читайте реплики без пауз и мягко возвращайте клиента к вопросу."
        yield Finding("Опрос дольше 60 секунд", duration(facts.survey_s), advice)

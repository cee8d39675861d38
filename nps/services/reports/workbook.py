"""The workbook of the contract: its two forms word for word, then what stands beside them (R4, R5, R11, R15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from nps.adapters.report_sheet import Book, Column, Share, Sheet, Value
from nps.domain.local_time import date_words
from nps.domain.nps_score import Coverage
from nps.domain.wording import signed, span_words
from nps.queries.escalation_figures import Course
from nps.queries.reports import AnswerRow, EscalationRow, OperatorRow, Report
from nps.queries.reports.contract_forms import ANSWERS_FORM, CALLS_FORM, ESCALATIONS_FORM

AUTHOR = "Опрос клиентов"
_BILLING = {"minute": "начатая минута считается целой", "second": "по секундам"}


def book_of(report: Report, answers: Iterable[AnswerRow], escalations: Iterable[EscalationRow]) -> Book:
    """Lay out the workbook. The rows are read while it is written."""
    campaign = report.campaign
    return Book(
        title=campaign.title,
        subject=f"Отчёт об опросе, {data_age(report)}",
        author=AUTHOR,
        created=report.at,
        sheets=(
            Sheet("Звонки", _columns(CALLS_FORM, (28, 28, 28, 28)), [_calls_form(report)]),
            Sheet("Анкета", _columns(ANSWERS_FORM, (20, 14, 34, 30, 20, 20, 46, 40)), map(_answer, answers)),
            _operators(report),
            Sheet("Обращения", _columns(ESCALATIONS_FORM, (34, 14, 30, 20, 28, 60)), map(_escalation, escalations)),
            Sheet("Итоги", _columns(("Показатель", "Значение", "Как считается"), (44, 24, 84)), list(_totals(report))),
        ),
    )


def data_age(report: Report) -> str:
    """«данные на 18 ноября 2026, 15:42 (UTC+4)»."""
    at = report.local_at
    hours = int((at.utcoffset() or timedelta()).total_seconds() // 3600)
    return f"данные на {date_words(at.date())} {at.year}, {at:%H:%M} (UTC+{hours})"


def _columns(titles: Sequence[str], widths: Sequence[int]) -> tuple[Column, ...]:
    return tuple(Column(title, width) for title, width in zip(titles, widths, strict=True))


def _calls_form(report: Report) -> tuple[Value, ...]:
    clients = report.clients
    return report.calls.calls, clients.surveyed, clients.unsuccessful, clients.inactive


def _answer(row: AnswerRow) -> tuple[Value, ...]:
    phone = f"{row.phone} доб. {row.extension}" if row.extension else row.phone
    return row.branch, row.inn, row.organisation, row.contact, phone, row.rating, row.influence, row.comment


def _escalation(row: EscalationRow) -> tuple[Value, ...]:
    return row.organisation, row.inn, row.contact, row.phone, row.email, row.text


def _operators(report: Report) -> Sheet:
    titles = ("Оператор", "Звонки (шт.)", "Успешные", "Неуспешные", "Отказы")
    traffic = ("Исходящий трафик, точно", "Исходящий трафик по договору, мин")
    return Sheet(
        "По операторам",
        _columns(titles + traffic, (34, 14, 14, 14, 14, 20, 22)),
        [_operator(row) for row in report.operators.rows],
        totals=_operator(report.operators.total),
    )


def _operator(row: OperatorRow) -> tuple[Value, ...]:
    exact = timedelta(seconds=row.exact_s)
    return row.name, row.calls, row.surveyed, row.unsuccessful, row.refused, exact, _minutes(row.billed_s)


def _minutes(seconds: int) -> int:
    """Whole minutes, a started one counted: seconds billed by the minute come out even."""
    return -(-seconds // 60)


def _share(part: int, whole: int) -> Value:
    """Cut to tenths of a percent, as on the page: 74,95 % must not read as 75,0 %."""
    return Share(1000 * part // whole / 1000) if whole else "—"


def _coverage(found: Coverage) -> Value:
    return _share(found.surveyed, found.clients)


def _totals(report: Report) -> Iterator[tuple[Value, ...]]:
    campaign = report.campaign
    first_year = f" {campaign.starts_on.year}" if campaign.starts_on.year != campaign.ends_on.year else ""
    wave = f"{date_words(campaign.starts_on)}{first_year} — {date_words(campaign.ends_on)} {campaign.ends_on.year}"
    yield "Проект опроса", campaign.title, f"Заказчик: {campaign.customer_name}; волна {wave}"
    yield "Состояние", "предварительно" if report.is_preliminary else "волна закрыта", data_age(report)
    yield from _clients(report)
    yield from _calls(report)
    yield from _traffic(report)
    yield from _proofs(report)
    yield from _score(report)


def _clients(report: Report) -> Iterator[tuple[Value, ...]]:
    clients, original = report.clients, report.campaign.original_clients
    sums = "Опрошены + отказались + неуспешные + неактивные + не успели + осталось = клиентов в базе"
    yield "Клиентов в базе", clients.clients, sums
    yield "Опрошены", clients.surveyed, "Клиенты, назвавшие оценку"
    yield "Отказались", clients.refused, "Клиенты, отказавшиеся от опроса, и клиенты из стоп-листа"
    yield "Неуспешные", clients.unsuccessful, "Клиенты, не ответившие на три исходящих звонка"
    yield "Неактивные", clients.inactive, "Клиенты, у которых не осталось действующего номера"
    yield "Не действующие номера телефонов", report.base.dead_numbers, "Номера, а не клиенты; каждый один раз"
    yield "Не успели", clients.unreached, "Клиенты, которым до закрытия волны не успели дозвониться"
    yield "Осталось позвонить", clients.to_call, "Клиенты в очереди и ждущие решения руководителя"
    yield "Исключены заказчиком", clients.withdrawn, "В базу не входят"
    rule = "4 × опрошены ≥ 3 × клиентов в базе; доля записана без округления вверх"
    yield "Охват базы", _coverage(clients.coverage), f"Опрошены от всей базы; по договору не менее 75 %: {rule}"
    yield "Порог 75 %", "достигнут" if clients.coverage.reached else "не достигнут", rule
    yield "Охват без неактивных", _coverage(clients.coverage_reachable), "Опрошены от базы без неактивных клиентов"
    if clients.withdrawn:
        initial = "Опрошены от базы, какой она была загружена, вместе с исключёнными"
        yield "Охват исходной базы", _coverage(Coverage(clients.surveyed, original or clients.clients)), initial


def _calls(report: Report) -> Iterator[tuple[Value, ...]]:
    calls = report.calls
    counted = "Исходящие звонки, дошедшие до сети; без технических ошибок и сброшенных гудков короче 20 секунд"
    yield "Звонки", calls.calls, counted
    yield "в том числе ждут итога", calls.without_result, "Оператор ещё не записал, чем кончился звонок"
    yield "Технические ошибки", calls.technical, "Вне числа звонков"
    yield "Гудки короче 20 секунд", calls.short_rings, "Вне числа звонков"
    yield "Входящие", calls.inbound, "Вне числа звонков и минут"


def _traffic(report: Report) -> Iterator[tuple[Value, ...]]:
    traffic = report.traffic
    rule = _BILLING[traffic.billing]
    yield "Лимит исходящего трафика, мин", _minutes(traffic.limit_s), "На все волны договора"
    yield "Трафик договора, точно", timedelta(seconds=traffic.contract_exact_s), "Сумма секунд исходящих разговоров"
    yield "Трафик договора, мин", _minutes(traffic.contract_billed_s), f"По правилу договора: {rule}"
    yield "Трафик этой волны, точно", timedelta(seconds=traffic.campaign_exact_s), "Сумма секунд исходящих разговоров"
    yield "Трафик этой волны, мин", _minutes(traffic.campaign_billed_s), f"По правилу договора: {rule}"


def _proofs(report: Report) -> Iterator[tuple[Value, ...]]:
    times, records = report.times, report.recordings
    survey = "От согласия до прощания, без вопросов не по анкете и соединений; медиана"
    yield "Время опроса", _length(times.median_survey_ms), survey
    over = Share(times.over_limit / times.surveys) if times.surveys else "—"
    yield "Опросы дольше 60 секунд", over, f"Измеренных опросов: {times.surveys}, из них дольше: {times.over_limit}"
    yield "Время разговора", _length(times.median_talk_ms), "От ответа до конца звонка с анкетой; медиана"
    talked = f"{records.conversations_recorded} из {records.conversations}"
    dialled = f"{records.dials_recorded} из {records.dials}"
    yield "Разговоры с записью", _share(records.conversations_recorded, records.conversations), talked
    yield "Звонки с записью", _share(records.dials_recorded, records.dials), dialled
    answered = f"Отвечены или закрыты {report.escalations.answered}, в работе {report.escalations.taken}"
    yield "Обращения", report.escalations.total, answered
    yield from _escalations(report.course)


def _escalations(course: Course) -> Iterator[tuple[Value, ...]]:
    """How far escalations came and how soon, from the operator's press in plain time."""
    steps = (
        (
            "Обращения: письмо доставлено",
            course.delivered,
            course.delivered_s,
            "Письмо принял почтовый сервер",
        ),
        ("Обращения: взяты в работу", course.taken, course.taken_s, "Специалист взял обращение"),
        ("Обращения: отвечены", course.answered, course.answered_s, "Записан ответ или обращение закрыто"),
    )
    for title, number, median_s, meaning in steps:
        after = f"; медиана от записи вопроса: {span_words(median_s)}" if median_s is not None else ""
        yield title, number, meaning + after
    if course.due:
        yield "Обращения: ответ в срок", _share(course.in_time, course.due), f"{course.in_time} из {course.due}"


def _length(milliseconds: int | None) -> Value:
    return "—" if milliseconds is None else timedelta(seconds=milliseconds // 1000)


def _score(report: Report) -> Iterator[tuple[Value, ...]]:
    score = report.score
    note = "По вопросу об опыте в целом, шкала 1–10; с обычным NPS (0–10) не сравнивается"
    yield "NPS", "—" if score.value is None else signed(score.value), f"Доля сторонников минус доля критиков. {note}"
    yield "Сторонники, 9–10", score.promoters, f"Всего анкет: {score.n}"
    yield "Нейтральные, 7–8", score.passives, f"Всего анкет: {score.n}"
    yield "Критики, 1–6", score.detractors, f"Всего анкет: {score.n}"

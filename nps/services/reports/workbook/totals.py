"""The contract's figures in words, and what they mean: the sheets «Итоги» and «Определения»."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from nps.adapters.report_sheet import Share, Value
from nps.domain.local_time import period_words
from nps.domain.nps_score import Coverage
from nps.domain.quality import FEW_REVIEWS
from nps.domain.survey_statistics.intervals import Interval
from nps.domain.wording import signed, span_words
from nps.queries.escalation_figures import Course
from nps.queries.reports import Report
from nps.services.reports.workbook.words import data_age, share, whole_minutes

_BILLING = {"minute": "начатая минута считается целой", "second": "по секундам"}


def _coverage(found: Coverage) -> Value:
    return share(found.surveyed, found.clients)


def totals(report: Report) -> Iterator[tuple[Value, ...]]:
    """Rows of «Итоги»: figure, value, how it is counted."""
    campaign = report.campaign
    wave = period_words(campaign.starts_on, campaign.ends_on)
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
    yield "Лимит исходящего трафика, мин", whole_minutes(traffic.limit_s), "На все волны договора"
    yield "Трафик договора, точно", timedelta(seconds=traffic.contract_exact_s), "Сумма секунд исходящих разговоров"
    yield "Трафик договора, мин", whole_minutes(traffic.contract_billed_s), f"По правилу договора: {rule}"
    yield "Трафик этой волны, точно", timedelta(seconds=traffic.campaign_exact_s), "Сумма секунд исходящих разговоров"
    yield "Трафик этой волны, мин", whole_minutes(traffic.campaign_billed_s), f"По правилу договора: {rule}"


def _proofs(report: Report) -> Iterator[tuple[Value, ...]]:
    times, records = report.times, report.recordings
    survey = "От согласия до прощания, без вопросов не по анкете и соединений; медиана"
    yield "Время опроса", _length(times.median_survey_ms), survey
    over = Share(times.over_limit / times.surveys) if times.surveys else "—"
    yield "Опросы дольше 60 секунд", over, f"Измеренных опросов: {times.surveys}, из них дольше: {times.over_limit}"
    yield "Время разговора", _length(times.median_talk_ms), "От ответа до конца звонка с анкетой; медиана"
    talked = f"{records.conversations_recorded} из {records.conversations}"
    dialled = f"{records.dials_recorded} из {records.dials}"
    yield "Разговоры с записью", share(records.conversations_recorded, records.conversations), talked
    yield "Звонки с записью", share(records.dials_recorded, records.dials), dialled
    answered = f"Отвечены или закрыты {report.escalations.answered}, в работе {report.escalations.taken}"
    yield "Обращения", report.escalations.total, answered
    yield from _escalations(report.course)


def _escalations(course: Course) -> Iterator[tuple[Value, ...]]:
    """How far escalations came and how soon, from the operator's press in plain time."""
    steps = (
        ("Обращения: письмо доставлено", course.delivered, course.delivered_s, "Письмо принял почтовый сервер"),
        ("Обращения: взяты в работу", course.taken, course.taken_s, "Специалист взял обращение"),
        ("Обращения: отвечены", course.answered, course.answered_s, "Записан ответ или обращение закрыто"),
    )
    for title, number, median_s, meaning in steps:
        after = f"; медиана от записи вопроса: {span_words(median_s)}" if median_s is not None else ""
        yield title, number, meaning + after
    if course.due:
        yield "Обращения: ответ в срок", share(course.in_time, course.due), f"{course.in_time} из {course.due}"


def _length(milliseconds: int | None) -> Value:
    return "—" if milliseconds is None else timedelta(seconds=milliseconds // 1000)


def _score(report: Report) -> Iterator[tuple[Value, ...]]:
    score = report.score
    note = "По вопросу об опыте в целом, шкала 1–10; с обычным NPS (0–10) не сравнивается"
    yield "NPS", "—" if score.value is None else signed(score.value), f"Доля сторонников минус доля критиков. {note}"
    yield "Сторонники, 9–10", score.promoters, f"Всего анкет: {score.n}"
    yield "Нейтральные, 7–8", score.passives, f"Всего анкет: {score.n}"
    yield "Критики, 1–6", score.detractors, f"Всего анкет: {score.n}"
    yield "Если ответят все, от", _end(report.finite_interval, "low"), "95 %, прогноз для конечной базы"
    yield "Если ответят все, до", _end(report.finite_interval, "high"), "95 %, прогноз для конечной базы"
    outer = "Если все молчащие — критики или все — сторонники; без предположений"
    yield "Без предположений, от", _end(report.bounds, "low"), outer
    yield "Без предположений, до", _end(report.bounds, "high"), outer


def _end(found: Interval | None, name: str) -> Value:
    return "—" if found is None else round(float(getattr(found, name)), 1)


def definitions(report: Report) -> Iterator[tuple[Value, ...]]:
    """Rows of «Определения»: what the words mean, how old the data are and what is not in them."""
    calls, clients = report.calls, report.clients
    state = "предварительно, волна идёт" if report.is_preliminary else "волна закрыта, итоги окончательные"
    yield "Возраст данных", f"{data_age(report)}; {state}"
    yield "Время", "Звонки и дни — по местному времени клиента; длительности — часы:минуты:секунды"
    yield "Звонок", "Исходящий звонок, дошедший до сети"
    outside = (
        f"технические ошибки {calls.technical}, гудки короче 20 секунд {calls.short_rings}, входящие {calls.inbound}"
    )
    yield "Не вошли в число звонков", f"{outside}; тренировка не входит никуда"
    yield "Не вошли в базу", f"исключены заказчиком: {clients.withdrawn}"
    if report.held_back:
        yield "Не вошли в анкеты", f"ещё проверяет руководитель: {report.held_back}"
    yield "Успешный", "Клиент, назвавший оценку, и тогда, когда разговор после неё прервался"
    yield "Неуспешный", "Клиент, не ответивший на три исходящих звонка"
    yield "Неактивный", "Клиент, у которого не осталось действующего номера"
    yield "Охват", "Опрошены от всей базы; порог проверяется целыми числами: 4 × опрошены ≥ 3 × клиентов"
    yield (
        "NPS",
        "Доля сторонников (9–10) минус доля критиков (1–6), пункты от −100 до 100; половины округляются от нуля",
    )
    yield "Знаменатель NPS", f"Анкеты с оценкой от 1 до 10 и ничто иное: {report.score.n}"
    yield "Шкала", "Вопрос об опыте в целом, шкала 1–10: с обычным NPS (0–10) не сравнивается"
    yield (
        "Интервал строки",
        "95 %, обращение критерия (score) без поправки на базу; у всей волны — прогноз для конечной базы",
    )
    yield "Упоминания", f"Спрошены клиенты с оценкой 1–8 ({report.reasons.asked}); причин может быть несколько"
    yield "Потерянные пункты", "Критик отнимает 2, нейтральный 1, поровну между его причинами; сумма равна 100 − NPS"
    yield "Время опроса", "От согласия до прощания, без вопросов не по анкете и соединений"
    if report.where.with_reviews:
        quality = "Баллы листов оценки от возможных по отправленным разборам звонков; для заказчика не выводится"
        yield "Качество звонков", f"{quality}. Меньше {FEW_REVIEWS} разборов — мало данных"

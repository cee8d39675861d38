"""The sheets in their order. Rows of clients are read while the book is written, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from nps.adapters.report_sheet import Book, Sheet, Value
from nps.domain.disposition import TABLE
from nps.domain.quality import Rate
from nps.queries.campaigns import CampaignRow
from nps.queries.reports import AnswerRow, CallCounts, ClientCounts, EscalationRow, OperatorRow, Report
from nps.queries.reports.calls import ExportedCall
from nps.queries.reports.contract_forms import ANSWERS_FORM, CALLS_FORM, ESCALATIONS_FORM
from nps.queries.reports.frozen import Frozen
from nps.services.reports.workbook.charts import days_sheet, places_sheet, ratings_sheet, reasons_sheet
from nps.services.reports.workbook.closing import closing_sheet
from nps.services.reports.workbook.totals import definitions, totals
from nps.services.reports.workbook.words import AUTHOR, columns, data_age, share, whole_minutes

_SOURCES = {"operator": "исходящий", "exchange": "исходящий", "inbound": "входящий"}


def book_of(
    report: Report,
    answers: Iterable[AnswerRow],
    escalations: Iterable[EscalationRow],
    calls: Iterable[ExportedCall],
    closed: Frozen | None = None,
) -> Book:
    """Lay out the workbook; `closed` is the wave as it was closed, which adds a sheet."""
    campaign = report.campaign
    return Book(
        title=campaign.title,
        subject=f"Отчёт об опросе, {data_age(report)}",
        author=AUTHOR,
        company=campaign.customer_name,
        created=report.at,
        sheets=(
            Sheet("Итоги", columns(("Показатель", "Значение", "Как считается"), (44, 24, 84)), list(totals(report))),
            *_forms(report.calls, report.clients, answers),
            _operators(report),
            Sheet("Обращения", columns(ESCALATIONS_FORM, (34, 14, 30, 20, 28, 60)), map(tuple, escalations)),
            calls_sheet(calls),
            places_sheet("По ОП", "ОП", report.base.branches, report),
            places_sheet("По регионам", "Регион", report.base.regions, report),
            ratings_sheet(report),
            reasons_sheet(report),
            days_sheet(report),
            *((closing_sheet(closed, report),) if closed else ()),
            Sheet("Определения", columns(("Что", "Значение"), (44, 110)), list(definitions(report))),
        ),
    )


def forms_of(
    campaign: CampaignRow, calls: CallCounts, clients: ClientCounts, answers: Iterable[AnswerRow], at: datetime
) -> Book:
    """The two tables of the contract and nothing else, as they are handed over (R4, R5, R11)."""
    return Book(
        title=campaign.title,
        subject="Фиксация звонков и анкета",
        author=AUTHOR,
        company=campaign.customer_name,
        created=at,
        sheets=_forms(calls, clients, answers),
    )


def _forms(calls: CallCounts, clients: ClientCounts, answers: Iterable[AnswerRow]) -> tuple[Sheet, Sheet]:
    numbers = calls.calls, clients.surveyed, clients.unsuccessful, clients.inactive
    return (Sheet("Звонки", columns(CALLS_FORM, (28, 28, 28, 28)), [numbers]), answers_sheet(answers))


def answer_cells(row: AnswerRow) -> tuple[str | int, ...]:
    """The eight columns of R5."""
    phone = f"{row.phone} доб. {row.extension}" if row.extension else row.phone
    return row.branch, row.inn, row.organisation, row.contact, phone, row.rating, row.influence, row.comment


def _operators(report: Report) -> Sheet:
    titles = ("Оператор", "Звонки (шт.)", "Успешные", "Неуспешные", "Отказы")
    traffic = ("Исходящий трафик, точно", "Исходящий трафик по договору, мин")
    reviews = ("Разборы (шт.)", "Качество звонков", "Данных") if report.where.with_reviews else ()
    return Sheet(
        "По операторам",
        columns(titles + traffic + reviews, (34, 14, 14, 14, 14, 20, 22, 14, 14, 14)[: 7 + len(reviews)]),
        [_operator(row) for row in report.operators.rows],
        totals=_operator(report.operators.total),
        fixed=1,
    )


def _operator(row: OperatorRow) -> tuple[Value, ...]:
    exact = timedelta(seconds=row.exact_s)
    counts = row.name, row.calls, row.surveyed, row.unsuccessful, row.refused, exact, whole_minutes(row.billed_s)
    return counts if row.rate is None else (*counts, *_rate(row.rate))


def _rate(rate: Rate) -> tuple[Value, ...]:
    return rate.reviews, share(rate.points, rate.most), "мало данных" if rate.is_few else ""


def answers_sheet(answers: Iterable[AnswerRow]) -> Sheet:
    """The questionnaire of the contract (R5)."""
    return Sheet("Анкета", columns(ANSWERS_FORM, (20, 14, 34, 30, 20, 20, 46, 40)), map(answer_cells, answers))


def calls_sheet(calls: Iterable[ExportedCall]) -> Sheet:
    """Every call with what it counts as."""
    titles = (
        "Время клиента", "Регион", "ОП", "ИНН", "Наименование организации", "ФИО контактного лица", "Телефон",
        "Оператор", "Вид", "Итог", "Гудки", "Разговор", "Запись", "В числе звонков",
    )  # fmt: skip
    widths = (18, 18, 20, 14, 34, 30, 16, 26, 12, 22, 10, 10, 10, 12)
    return Sheet("Все звонки", columns(titles, widths), map(_call, calls), fixed=1)


def _call(row: ExportedCall) -> tuple[Value, ...]:
    moment = datetime.combine(row.day, time(row.minute // 60, row.minute % 60))
    return (
        moment,
        row.region,
        row.branch,
        row.inn,
        row.organisation,
        row.contact,
        row.phone,
        row.operator,
        _SOURCES[row.source],
        TABLE[row.disposition].label if row.disposition else "ждёт итога",
        timedelta(seconds=row.ring_ms // 1000),
        timedelta(seconds=-(-row.talk_ms // 1000)),
        "есть" if row.recorded else "нет",
        "да" if row.counted else "нет",
    )

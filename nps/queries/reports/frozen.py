"""Reports as they stood at a closing, and the same figures of this moment beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from nps.domain.frozen_report import (
    Cell,
    Change,
    Figures,
    Row,
    Table,
    Unit,
    Value,
    changes,
    digest,
    figures_from,
    period_words,
)
from nps.domain.nps_score import NpsScore
from nps.domain.state import State
from nps.domain.survey_statistics import intervals
from nps.domain.survey_statistics.intervals import Interval
from nps.domain.survey_statistics.rounding import half_up
from nps.models import FrozenReport, User
from nps.queries.reports.clients import ClientCounts, Place
from nps.queries.reports.report import Report
from nps.queries.reports.slices import Slice

Line = tuple[str, str, Unit, Value]


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen report as one reader sees it: a whole wave, or the clients' local days from its first to its last."""

    row: FrozenReport
    taken_by: str
    figures: Figures

    @property
    def is_wave(self) -> bool:
        return self.row.first_day is None

    @property
    def is_intact(self) -> bool:
        """What is stored still gives the digest that was written down with it."""
        row = self.row
        known = digest(
            campaign_id=row.campaign_id, kind=row.kind, first=row.first_day, last=row.last_day, at=row.taken_at,
            edition=row.edition, figures=row.figures,
        )  # fmt: skip
        return known == row.digest

    @property
    def words(self) -> str:
        return period_words(self.row.first_day, self.row.last_day)

    @property
    def where(self) -> Slice:
        """The part of the campaign it is about."""
        return Slice(first=self.row.first_day, last=self.row.last_day)

    @property
    def clients(self) -> ClientCounts:
        """The base as it was."""
        return ClientCounts(**{state.value: self.figures.whole("base", state.value) for state in State})

    @property
    def score(self) -> NpsScore:
        """The score as it was."""
        return NpsScore(*(self.figures.whole("score", name) for name in ("promoters", "passives", "detractors")))

    def changes_to(self, report: Report) -> tuple[Change, ...]:
        """What a report of the same part of the campaign, read by the same person, says otherwise."""
        return changes(self.figures, figures_of(report))


def frozen_of(session: Session, campaign_id: int, seen: Slice) -> list[Frozen]:
    """The frozen reports of a campaign: the whole wave first, then periods, the newest first.

    `seen` is what the reader may see of the campaign (`seen_by`).
    """
    order = FrozenReport.kind.desc(), FrozenReport.last_day.desc(), FrozenReport.id.desc()
    return [_frozen(*row, seen) for row in session.execute(_select(campaign_id).order_by(*order))]


def frozen_one(session: Session, campaign_id: int, frozen_id: int, seen: Slice) -> Frozen | None:
    """One of them; None when the campaign has none of this id."""
    found = session.execute(_select(campaign_id).where(FrozenReport.id == frozen_id)).one_or_none()
    return _frozen(*found, seen) if found else None


def frozen_wave(session: Session, campaign_id: int, seen: Slice) -> Frozen | None:
    """The whole wave as it was closed; None for one that is open, or was closed before reports were frozen."""
    found = session.execute(_select(campaign_id).where(FrozenReport.kind == "wave")).one_or_none()
    return _frozen(*found, seen) if found else None


def _select(campaign_id: int) -> Select[FrozenReport, str]:
    whose = select(FrozenReport, User.full_name).join(User, User.id == FrozenReport.taken_by)
    return whose.where(FrozenReport.campaign_id == campaign_id)


def _frozen(row: FrozenReport, by: str, seen: Slice) -> Frozen:
    of = "checked" if seen.checked_only and "checked" in row.figures else "all"
    return Frozen(row, by, figures_from(row.figures[of]))


def figures_of(report: Report) -> Figures:
    """The tables of a report: of a whole wave, or of days of it. Everything comes from the report's own figures.

    In days of a wave nobody is counted by state (`Slice`): the base and the contract stand there as of this moment,
    for information, and are not compared later.
    """
    whole = report.where.keeps_clients
    base = "База" if whole else "База на момент закрытия"
    found = [
        _plain("base", base, _base(report), compared=whole),
        _plain("calls", "Звонки и минуты", _calls(report, whole)),
        _plain("score", "NPS", _score(report, whole)),
        _plain("ratings", "Оценки", _ratings(report), ("Оценка", "Анкет")),
        _reasons(report),
        _plain("proofs", "Записи, время, обращения", _proofs(report, whole)),
        _places("branches", "По ОП", "ОП", report.base.branches, whole),
        _places("regions", "По регионам", "Регион", report.base.regions, whole),
        _plain("contract", "Минуты договора на момент закрытия", _contract(report), compared=False),
    ]
    return Figures(tuple(found))


def _plain(
    code: str,
    title: str,
    lines: Iterator[Line],
    head: tuple[str, str] = ("Показатель", "Значение"),
    *,
    compared: bool = True,
) -> Table:
    rows = tuple(Row(key, label, (Cell(unit, value),)) for key, label, unit, value in lines)
    return Table(code, title, head, rows, compared)


def _base(report: Report) -> Iterator[Line]:
    clients = report.clients
    yield "clients", "Клиентов в базе", Unit.NUMBER, clients.clients
    labels = {
        State.SURVEYED: "Опрошены",
        State.REFUSED: "Отказались",
        State.UNSUCCESSFUL: "Неуспешные, три звонка без ответа",
        State.INACTIVE: "Неактивные",
        State.UNREACHED: "Не успели",
        State.WAITING: "Осталось позвонить",
        State.MANAGER: "Ждут решения руководителя",
        State.WITHDRAWN: "Исключены заказчиком, вне базы",
    }
    for state in State:
        yield state.value, labels[state], Unit.NUMBER, int(getattr(clients, state.value))
    yield "dead_numbers", "Не действующие номера", Unit.NUMBER, report.base.dead_numbers
    reachable = clients.coverage_reachable
    yield "coverage", "Охват базы", Unit.SHARE, (clients.surveyed, clients.clients)
    yield "reachable", "Охват без неактивных", Unit.SHARE, (reachable.surveyed, reachable.clients)


def _calls(report: Report, whole: bool) -> Iterator[Line]:
    calls, traffic, talked = report.calls, report.traffic, report.operators.total
    yield "calls", "Звонки", Unit.NUMBER, calls.calls
    yield "without_result", "в том числе ждут итога", Unit.NUMBER, calls.without_result
    yield "technical", "Технические ошибки, вне числа звонков", Unit.NUMBER, calls.technical
    yield "short_rings", "Гудки короче 20 секунд, вне числа звонков", Unit.NUMBER, calls.short_rings
    yield "inbound", "Входящие, вне числа звонков", Unit.NUMBER, calls.inbound
    exact = traffic.campaign_exact_s if whole else talked.exact_s
    billed = traffic.campaign_billed_s if whole else talked.billed_s
    yield "exact_s", "Исходящий трафик, точно", Unit.TRAFFIC, exact
    yield "billed_s", "Исходящий трафик по договору", Unit.TRAFFIC, billed


def _contract(report: Report) -> Iterator[Line]:
    traffic = report.traffic
    yield "limit_s", "Лимит", Unit.TRAFFIC, traffic.limit_s
    yield "exact_s", "Использовано, точно", Unit.TRAFFIC, traffic.contract_exact_s
    yield "billed_s", "Использовано по договору", Unit.TRAFFIC, traffic.contract_billed_s


def _score(report: Report, whole: bool) -> Iterator[Line]:
    score = report.score
    yield "value", "NPS", Unit.SIGNED, score.value
    yield "n", "Анкет", Unit.NUMBER, score.n
    yield "promoters", "Сторонники, 9–10", Unit.NUMBER, score.promoters
    yield "passives", "Нейтральные, 7–8", Unit.NUMBER, score.passives
    yield "detractors", "Критики, 1–6", Unit.NUMBER, score.detractors
    if whole:
        yield from _ends("finite", "Если ответят все", report.finite_interval)
        yield from _ends("bounds", "Без предположений о молчащих", report.bounds)
    else:
        again = intervals.by_score(score) if score.n else None
        yield from _ends("again", "Такие же клиенты в другой раз", again)


def _ends(key: str, label: str, found: Interval | None) -> Iterator[Line]:
    yield f"{key}_low", f"{label}, от", Unit.POINTS, round(found.low, 4) if found else None
    yield f"{key}_high", f"{label}, до", Unit.POINTS, round(found.high, 4) if found else None


def _ratings(report: Report) -> Iterator[Line]:
    for rating, number in reversed(list(enumerate(report.histogram, start=1))):
        yield str(rating), str(rating), Unit.NUMBER, number


def _reasons(report: Report) -> Table:
    rows = []
    for row in report.reasons.rows:
        points = half_up(10 * row.points) / 10
        key = "none" if row.prompt is None else f"said:{row.prompt}"
        rows.append(Row(key, row.label, (Cell(Unit.NUMBER, row.mentions), Cell(Unit.DECIMAL, points))))
    return Table("reasons", "Причины оценок 1–8", ("Причина", "Упоминаний", "Потерянных пунктов"), tuple(rows))


def _proofs(report: Report, whole: bool) -> Iterator[Line]:
    records, times, escalations = report.recordings, report.times, report.escalations
    yield "talks", "Разговоры", Unit.NUMBER, records.conversations
    talks = records.conversations_recorded, records.conversations
    yield "talks_recorded", "Разговоры с записью", Unit.SHARE, talks
    yield "dials_recorded", "Звонки с записью", Unit.SHARE, (records.dials_recorded, records.dials)
    median_s = None if times.median_survey_ms is None else times.median_survey_ms // 1000
    yield "survey_s", "Время опроса, медиана", Unit.LENGTH, median_s
    yield "over_limit", "Опросы дольше 60 секунд", Unit.SHARE, (times.over_limit, times.surveys)
    if whole:
        yield "escalations", "Обращения", Unit.NUMBER, escalations.total
        yield "answered", "Обращения отвечены", Unit.NUMBER, escalations.answered


def _places(code: str, title: str, label: str, places: tuple[Place, ...], whole: bool) -> Table:
    groups = ("Сторонники", "Нейтральные", "Критики", "Анкет", "NPS")
    head = (label, "Клиентов", "Опрошены", *groups) if whole else (label, *groups)
    return Table(code, title, head, tuple(_place(place, whole) for place in places))


def _place(place: Place, whole: bool) -> Row:
    score = place.score
    numbers = [score.promoters, score.passives, score.detractors, score.n]
    if whole:
        numbers = [place.clients.clients, place.clients.surveyed, *numbers]
    cells = [Cell(Unit.NUMBER, number) for number in numbers]
    return Row(f"place:{place.key}", place.name, (*cells, Cell(Unit.SIGNED, score.value)))

"""What the morning's letter says of a report: its figures in words, and what they were in the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nps.domain.local_time import date_in, date_words
from nps.domain.survey_statistics.rounding import half_up
from nps.domain.wording import NOTHING, number, percent, signed
from nps.queries.reports import Report
from nps.queries.reports.frozen import Frozen
from nps.services.reports.workbook import data_age

_CORRECTIONS = 5


@dataclass(frozen=True, slots=True)
class ReportWords:
    """A report in the words of a letter. `figures` are (code, label, words) in their order."""

    campaign_id: int
    campaign: str
    day: str
    data_age: str
    state: str
    preliminary: bool
    figures: tuple[tuple[str, str, str], ...]
    corrected: tuple[str, ...]

    @property
    def said(self) -> dict[str, str]:
        """What a later letter is compared with: when all of it is the same there is nothing to tell."""
        found = {code: words for code, _, words in self.figures}
        return found | {"state": self.state, "corrected": "; ".join(self.corrected)}

    def payload(self, last: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the letter's templates; `last` is `said` of the letter before, empty for the first."""
        words = {code: text for code, _, text in self.figures}
        return {
            "campaign": self.campaign,
            "path": f"/campaigns/{self.campaign_id}",
            "settings_path": f"/campaigns/{self.campaign_id}/letter",
            "day": self.day,
            "data_age": self.data_age,
            "state": self.state,
            "preliminary": self.preliminary,
            "coverage": words["coverage"],
            "nps": words["nps"],
            "figures": [
                [label, text, str(last[code]) if code in last and last[code] != text else ""]
                for code, label, text in self.figures
            ],
            "corrected": list(self.corrected),
        }


def words_of(report: Report, closing: Frozen | None) -> ReportWords | None:
    """The report in words; `closing` is the wave as it was closed. None for a campaign with nothing in it."""
    if not report.clients.clients and not report.calls.calls:
        return None
    campaign = report.campaign
    running = f"волна идёт до {date_in(campaign.ends_on, report.local_at.year)}"
    return ReportWords(
        campaign_id=campaign.id, campaign=campaign.title, day=date_words(report.local_at.date()),
        data_age=data_age(report), state=running if report.is_preliminary else "итоги окончательные",
        preliminary=report.is_preliminary, figures=tuple(_figures(report)), corrected=_corrected(report, closing),
    )  # fmt: skip


def _figures(report: Report) -> Iterator[tuple[str, str, str]]:
    clients, traffic, records = report.clients, report.traffic, report.recordings
    yield "surveyed", "Опрошены", f"{number(clients.surveyed)} из {number(clients.clients)}"
    yield "coverage", "Охват базы, по договору 75 %", percent(clients.surveyed, clients.clients, down=True)
    yield "minutes", "Минуты договора", f"{number(traffic.used_s // 60)} из {number(traffic.limit_s // 60)}"
    yield "calls", "Звонки", number(report.calls.calls)
    yield "unsuccessful", "Неуспешные, три звонка без ответа", number(clients.unsuccessful)
    yield "refused", "Отказались", number(clients.refused)
    yield "inactive", "Неактивные номера", number(clients.inactive)
    yield "to_call", "Осталось позвонить", number(clients.to_call)
    score, interval = report.score, report.finite_interval
    yield "nps", "NPS, шкала 1–10", NOTHING if score.value is None else signed(score.value)
    yield "answers", "Анкет", number(score.n)
    ends = f"{signed(half_up(interval.low))}…{signed(half_up(interval.high))}" if interval else NOTHING
    yield "interval", "NPS, если ответят все", ends
    if report.held_back:
        yield "held_back", "Анкеты, которые проверяет руководитель", number(report.held_back)
    recorded = percent(records.conversations_recorded, records.conversations, down=True)
    yield "recorded", "Разговоры с записью", recorded
    answered = f"{number(report.escalations.answered)} из {number(report.escalations.total)}"
    yield "escalations", "Обращения отвечены", answered


def _corrected(report: Report, closing: Frozen | None) -> tuple[str, ...]:
    """«NPS: было +34, стало +33» for the first corrections since the closing, and how many more there are."""
    changes = closing.changes_to(report) if closing else ()
    found = [
        f"{change.name}: было {change.was.words if change.was else NOTHING}, "
        f"стало {change.now.words if change.now else NOTHING}"
        for change in changes[:_CORRECTIONS]
    ]
    more = len(changes) - _CORRECTIONS
    return (*found, f"и ещё {more}") if more > 0 else tuple(found)

"""The report of a campaign: everything that page, workbook and command line say, counted once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.domain.forecast import Forecast
from nps.domain.local_time import ZONES, Zone, to_local
from nps.domain.nps_score import NpsScore
from nps.domain.survey_statistics import intervals
from nps.domain.survey_statistics.intervals import Interval
from nps.models import AttemptOutcome, CaseEvent, Escalation, Interview, Journal, TelephonyEvent
from nps.queries.campaigns import CampaignRow, campaign_for, campaign_row
from nps.queries.escalation_figures import Course, course
from nps.queries.reports.answers import (
    AnswerFilter,
    AnswerRow,
    answers,
    histogram_of,
    ratings_by_place,
    score_of_groups,
)
from nps.queries.reports.calls import CallCounts, Times, Traffic, call_counts, times_of
from nps.queries.reports.clients import Base, ClientCounts, base_of
from nps.queries.reports.operators import Operators, operators_of
from nps.queries.reports.proofs import EscalationCounts, RecordingCounts, escalation_counts, recording_counts
from nps.queries.reports.reasons import Reasons, reasons_of
from nps.queries.reports.slices import EVERYTHING, FOR_THE_HOUSE, Slice, seen_by
from nps.queries.reports.trend import TrendPoint, trend_of
from nps.queries.reports.views import respondents
from nps.queries.reports.whole import WholeCampaign, whole_of

#: Below this many questionnaires the page says that the score is a first impression.
FEW_ANSWERS = 30
#: The clock of reports when nobody names another one.
REPORT_ZONE: Zone = ZONES["udmurtia"]
_SAID_ROWS = 6


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one campaign at the instant `at`, told by the clock of `zone`.

    `where` says of which part. Only what stands in `whole` is about all of it: the contract, its traffic, the forecast.
    """

    campaign: CampaignRow
    where: Slice
    at: datetime
    zone: Zone
    mark: str
    whole: WholeCampaign
    base: Base
    calls: CallCounts
    times: Times
    score: NpsScore
    histogram: tuple[int, ...]
    reasons: Reasons
    said: tuple[AnswerRow, ...]
    trend: tuple[TrendPoint, ...]
    operators: Operators
    recordings: RecordingCounts
    escalations: EscalationCounts
    course: Course

    @property
    def clients(self) -> ClientCounts:
        return self.base.total

    @property
    def finite_interval(self) -> Interval | None:
        """Where the score would lie if every client of the base had answered; None when the base is cut apart."""
        return intervals.finite(self.score, self.clients.clients) if self.where.keeps_clients else None

    @property
    def bounds(self) -> Interval | None:
        """Where it could lie whatever the silent think; None when the base is cut apart."""
        return intervals.bounds(self.score, self.clients.clients) if self.where.keeps_clients else None

    @property
    def local_at(self) -> datetime:
        """`at` on the clock of reports."""
        return to_local(self.at, self.zone)

    @property
    def is_preliminary(self) -> bool:
        """The wave is still running: figures will change."""
        return self.campaign.closed_at is None

    @property
    def held_back(self) -> int:
        """Questionnaires that wait for the manager's tick before this reader sees them."""
        return max(0, self.clients.surveyed - self.score.n) if self.where.checked_only else 0

    @property
    def traffic(self) -> Traffic:
        """Of the campaign and its contract, never of a part."""
        return self.whole.traffic

    @property
    def forecast(self) -> Forecast:
        """Of the whole base, never of a part."""
        return self.whole.forecast

    @property
    def has_few_answers(self) -> bool:
        return self.score.n < FEW_ANSWERS


def begin_snapshot(session: Session) -> None:
    """Let the reads that follow see one state of the database, so that their figures agree with each other.

    Ends the transaction that is open. SQLite's read transaction is a snapshot already.
    """
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def report_for(
    session: Session, actor: Actor, campaign_id: int, now: datetime, zone: Zone = REPORT_ZONE, where: Slice = EVERYTHING
) -> Report | None:
    """The report of a campaign, read as one state of the database; None when it is not this person's to see (R10)."""
    begin_snapshot(session)
    campaign = campaign_for(session, actor, campaign_id)
    return campaign_report(session, campaign, now, zone, seen_by(actor, campaign, where)) if campaign else None


def system_report(session: Session, campaign_id: int, now: datetime, zone: Zone = REPORT_ZONE) -> Report:
    """The report of a campaign for the machine's own administrator. Raises NotFoundError."""
    begin_snapshot(session)
    return campaign_report(session, existing_campaign(session, campaign_id), now, zone, FOR_THE_HOUSE)


def existing_campaign(session: Session, campaign_id: int) -> CampaignRow:
    """The campaign, whoever asks. Raises NotFoundError with a sentence."""
    try:
        return campaign_row(session, campaign_id)
    except NoResultFound:
        raise NotFoundError(f"Проекта опроса с номером {campaign_id} нет.") from None


def campaign_report(
    session: Session, campaign: CampaignRow, now: datetime, zone: Zone = REPORT_ZONE, where: Slice = EVERYTHING
) -> Report:
    """Count everything about a campaign; a number of queries that does not depend on its size."""
    base = base_of(session, campaign.id, where)
    ratings = ratings_by_place(session, campaign.id, where)
    score = score_of_groups(ratings)
    all_clients = base if where.is_everything else base_of(session, campaign.id)
    return Report(
        campaign=campaign,
        where=where,
        at=now,
        zone=zone,
        mark=change_mark(session, campaign, now, zone),
        whole=whole_of(session, campaign, all_clients, to_local(now, zone).date()),
        base=base,
        calls=call_counts(session, campaign.id, where),
        times=times_of(session, campaign.id, where),
        score=score,
        histogram=histogram_of(ratings),
        reasons=reasons_of(session, campaign.id, score, where),
        said=answers(session, campaign.id, AnswerFilter(said=True, where=where), 1, _SAID_ROWS).rows,
        trend=trend_of(session, campaign.id, where),
        operators=operators_of(session, campaign, where),
        recordings=recording_counts(session, campaign.id, where),
        escalations=escalation_counts(session, campaign.id, where),
        course=course(session, campaign.id, now, *_raised_in(where)),
    )


def change_mark(session: Session, campaign: CampaignRow, now: datetime, zone: Zone = REPORT_ZONE) -> str:
    """A short text that changes when anything a report shows may have changed: polling compares it.

    The highest keys of what only grows, so it costs a look at the end of a few indexes. It also turns at midnight, when
    the forecast's words do. Another campaign may move it: then a page is drawn once for nothing.
    """
    tables = (AttemptOutcome, TelephonyEvent, Interview, CaseEvent, Escalation)
    last = [select(func.coalesce(func.max(table.id), 0)).scalar_subquery() for table in tables]
    journal = select(func.coalesce(func.max(Journal.id), 0)).scalar_subquery()
    numbers = session.execute(select(journal, *last)).one()
    return ".".join(str(number) for number in (campaign.id, *numbers, f"{to_local(now, zone):%m%d}"))


def _raised_in(where: Slice) -> tuple[ColumnElement[bool], ...]:
    """Conditions on an escalation: its client is of the slice."""
    places = where.of_clients()
    return (Escalation.respondent_id.in_(select(respondents.c.id).where(*places)),) if places else ()

"""Calls: how many (R4), how long (R6, R14), and the list of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from nps.domain.desk import Heard, contradiction
from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S, TABLE
from nps.models import AttemptOutcome, Audio, Branch, Campaign, Interview, Recording, Region, User
from nps.queries.campaigns import CampaignRow
from nps.queries.recordings import MATCHED
from nps.queries.reports.page import Page, page_of
from nps.queries.reports.slices import EVERYTHING, Slice
from nps.queries.reports.views import attempts, respondents
from nps.queries.searching import holds

_CHUNK = 1000
_NETWORK = [code for code, row in TABLE.items() if row.reaches_network]
_RUNG = [code for code, row in TABLE.items() if row.min_ring_s]
_UNANSWERED = [code for code, row in TABLE.items() if row.min_ring_s or not row.reaches_network]
CONVERSATIONS = [code for code, row in TABLE.items() if row.conversation]

_word = aliased(AttemptOutcome)


def _against(heard: Heard) -> list[str]:
    """Results that a call so heard can't have."""
    return [code for code in TABLE if contradiction(code, heard)]


_outbound = attempts.c.source != "inbound"
_recorded = exists().where(Recording.attempt_id == attempts.c.id, MATCHED).correlate(attempts)
#: A ring that was cancelled too early. Rings that nobody measured are 0 and taken at the operator's word.
_cancelled = and_(
    attempts.c.disposition.in_(_UNANSWERED), attempts.c.ring_ms > 0, attempts.c.ring_ms < LEAST_RING_S * 1000
)
#: Column 1 of the contract's form: outbound, reached the network. One that waits for its result counts (§4).
IS_CALL: ColumnElement[bool] = and_(
    _outbound, or_(attempts.c.disposition.is_(None), and_(attempts.c.disposition.in_(_NETWORK), ~_cancelled))
)
_WITHOUT_RESULT = and_(IS_CALL, attempts.c.disposition.is_(None))
_TECHNICAL = and_(_outbound, attempts.c.disposition.is_not(None), attempts.c.disposition.not_in(_NETWORK), ~_cancelled)
_ANY = timedelta(days=1)
#: A manager's word that holds against what was heard (R13), as `nps.domain.desk.contradiction` has it.
AGAINST_HEARD: ColumnElement[bool] = and_(
    exists()
    .where(
        AttemptOutcome.attempt_id == attempts.c.id,
        AttemptOutcome.source.in_(("manager", "review")),
        AttemptOutcome.n > 1,
        AttemptOutcome.n
        == select(func.max(_word.n)).where(_word.attempt_id == attempts.c.id).correlate(attempts).scalar_subquery(),
    )
    .correlate(attempts),
    or_(
        and_(attempts.c.answered_at.is_not(None), attempts.c.disposition.in_(_against(Heard(True, _ANY)))),
        and_(attempts.c.answered_at.is_(None), attempts.c.disposition.in_(_against(Heard(False, _ANY)))),
        and_(attempts.c.disposition.in_(_RUNG), attempts.c.ring_ms < LEAST_RING_S * 1000),
    ),
)
_SHORT_RING = and_(_outbound, _cancelled)
#: Seconds of a talk, a started one counted whole; the contract's seconds are those of outgoing calls.
_SECONDS = (attempts.c.talk_ms + 999) // 1000
#: The calls that use up minutes. Written out, so that SQLite sees the partial index of such calls.
_TALKED = and_(attempts.c.talk_ms > literal_column("0"), attempts.c.source != literal_column("'inbound'"))
EXACT_S: ColumnElement[int] = func.coalesce(func.sum(_SECONDS).filter(_outbound), 0)
STARTED_MINUTES_S: ColumnElement[int] = func.coalesce(func.sum((_SECONDS + 59) // 60 * 60).filter(_outbound), 0)


#: The rows behind a figure, by the code that stands in addresses.
KINDS: Mapping[str, ColumnElement[bool]] = MappingProxyType(
    {
        "counted": IS_CALL,
        "open": _WITHOUT_RESULT,
        "technical": _TECHNICAL,
        "short": _SHORT_RING,
        "inbound": ~_outbound,
        "talks": attempts.c.disposition.in_(CONVERSATIONS),
        "long": and_(
            attempts.c.survey_ms > MOST_SURVEY_S * 1000,
            exists().where(Interview.attempt_id == attempts.c.id, Interview.replaced_at.is_(None)).correlate(attempts),
        ),
        "recorded": _recorded,
        "unrecorded": and_(IS_CALL, ~_recorded),
        "unrecorded_talks": and_(attempts.c.disposition.in_(CONVERSATIONS), ~_recorded),
    }
)


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Dials of a campaign. `calls` is column 1 of R4; the others are counted apart, outside it.

    without_result: of `calls`, those that still wait for the operator's word.
    """

    calls: int
    without_result: int
    technical: int
    short_rings: int
    inbound: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Outgoing seconds, exact and as the contract bills them, of the campaign and of the whole contract (R6)."""

    limit_s: int
    billing: str
    gate: str
    campaign_exact_s: int
    campaign_billed_s: int
    contract_exact_s: int
    contract_billed_s: int

    @property
    def used_s(self) -> int:
        """The contract's seconds in the unit that stops the dialling."""
        return self.contract_billed_s if self.gate == "billed" else self.contract_exact_s

    @property
    def campaign_used_s(self) -> int:
        """The campaign's seconds in the same unit."""
        return self.campaign_billed_s if self.gate == "billed" else self.campaign_exact_s

    @property
    def left_s(self) -> int:
        return max(0, self.limit_s - self.used_s)


@dataclass(frozen=True, slots=True)
class Times:
    """How long surveys and their talks took, in milliseconds (R14); medians are None without one.

    Survey time runs from the consent to the farewell without break-ins and transfers, talk time from the answer to the
    end of the call.
    """

    surveys: int
    median_survey_ms: int | None
    over_limit: int
    talks: int
    median_talk_ms: int | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What to leave in the list of calls; None leaves everything. `kind` is a key of KINDS, `text` part of a client."""

    disposition: str | None = None
    kind: str | None = None
    text: str = ""
    where: Slice = EVERYTHING


_ALL = CallFilter()


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call for the list; day and minute are the client's local time, `disposition` is None before its result."""

    id: UUID
    respondent_id: int
    organisation: str
    contact: str
    phone: str
    operator: str
    source: str
    dialled_at: datetime
    day: date
    minute: int
    ring_ms: int
    talk_ms: int
    disposition: str | None
    recording_id: int | None
    #: Whether it can be heard; one whose time is over is still counted.
    has_sound: bool
    is_against_heard: bool


def call_counts(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> CallCounts:
    """Count the dials of a campaign, or of a slice of it."""
    row = session.execute(
        select(
            func.count().filter(IS_CALL).label("calls"),
            func.count().filter(_WITHOUT_RESULT).label("without_result"),
            func.count().filter(_TECHNICAL).label("technical"),
            func.count().filter(_SHORT_RING).label("short_rings"),
            func.count().filter(~_outbound).label("inbound"),
        ).where(attempts.c.campaign_id == campaign_id, *where.of_calls())
    ).one()
    return CallCounts(**row._mapping)


def traffic_of(session: Session, campaign: CampaignRow) -> Traffic:
    """Add up the talks of the campaign and of all campaigns of its contract."""
    waves = select(Campaign.id).where(Campaign.contract_id == campaign.contract_id)
    sums = {
        campaign_id: (int(exact), int(started))
        for campaign_id, exact, started in session.execute(
            select(attempts.c.campaign_id, EXACT_S, STARTED_MINUTES_S)
            .where(attempts.c.campaign_id.in_(waves), _TALKED)
            .group_by(attempts.c.campaign_id)
        )
    }
    own = sums.get(campaign.id, (0, 0))
    whole = [sum(column) for column in zip((0, 0), *sums.values(), strict=True)]
    rule = 1 if campaign.billing == "minute" else 0
    return Traffic(
        limit_s=campaign.budget_s,
        billing=campaign.billing,
        gate=campaign.gate,
        campaign_exact_s=own[0],
        campaign_billed_s=own[rule],
        contract_exact_s=whole[0],
        contract_billed_s=whole[rule],
    )


def times_of(session: Session, campaign_id: int, where: Slice = EVERYTHING) -> Times:
    """Measure the surveys in force. Durations that nobody measured are 0 and left out."""
    surveys, over, median = _durations(session, campaign_id, attempts.c.survey_ms, where)
    talks, _, median_talk = _durations(session, campaign_id, attempts.c.talk_ms, where)
    return Times(surveys, median, over, talks, median_talk)


def _durations(
    session: Session, campaign_id: int, length: ColumnElement[int], where: Slice
) -> tuple[int, int, int | None]:
    """How many surveys have this length, how many are over the limit, and the median."""

    def surveyed(*columns: Any) -> Select[Any]:
        return (
            select(*columns)
            .select_from(attempts)
            .join(Interview, Interview.attempt_id == attempts.c.id)
            .where(
                attempts.c.campaign_id == campaign_id, Interview.replaced_at.is_(None), length > 0, *where.of_calls()
            )
        )

    over_limit = func.count().filter(length > MOST_SURVEY_S * 1000)
    number, over = session.execute(surveyed(func.count(), over_limit)).one()
    if not number:
        return 0, 0, None
    middle = surveyed(length).order_by(length).offset((number - 1) // 2).limit(2 - number % 2)
    values = session.execute(middle).scalars().all()
    return number, over, sum(values) // len(values)


def calls(session: Session, campaign_id: int, wanted: CallFilter, number: int, size: int = 50) -> Page[CallRow]:
    """One page of all dials of a campaign, technical and inbound ones too, the newest first."""
    conditions = _wanted(campaign_id, wanted)
    page: Page[CallRow] = page_of(number_of_dials(session, campaign_id, wanted), number, size)
    # The page first, by its index, and the names for it then: joined at once, every call is sorted on SQLite.
    shown = (
        select(attempts, AGAINST_HEARD.label("is_against_heard"))
        .where(*conditions)
        .order_by(attempts.c.dialled_at.desc(), attempts.c.id.desc())
        .limit(size)
        .offset(page.skip)
        .subquery("shown")
    )
    found = session.execute(
        select(
            shown.c.id,
            shown.c.respondent_id,
            respondents.c.organisation,
            respondents.c.contact,
            shown.c.e164.label("phone"),
            User.full_name.label("operator"),
            shown.c.source,
            shown.c.dialled_at,
            shown.c.local_day.label("day"),
            shown.c.local_minute.label("minute"),
            shown.c.ring_ms,
            shown.c.talk_ms,
            shown.c.disposition,
            Recording.id.label("recording_id"),
            (func.coalesce(Audio.path, "") != "").label("has_sound"),
            shown.c.is_against_heard,
        )
        .select_from(shown)
        .join(respondents, respondents.c.id == shown.c.respondent_id)
        .join(User, User.id == shown.c.operator_id)
        .outerjoin(Recording, and_(Recording.attempt_id == shown.c.id, MATCHED))
        .outerjoin(Audio, Audio.sha256 == Recording.audio_sha256)
        .order_by(shown.c.dialled_at.desc(), shown.c.id.desc())
    )
    return page.with_rows(CallRow(**row._mapping) for row in found)


@dataclass(frozen=True, slots=True)
class ExportedCall:
    """A dial for the workbook; day and minute are the client's local time. `counted`: it is in column 1 of R4."""

    day: date
    minute: int
    region: str
    branch: str
    inn: str
    organisation: str
    contact: str
    phone: str
    operator: str
    source: str
    disposition: str | None
    ring_ms: int
    talk_ms: int
    recorded: bool
    counted: bool


def all_calls(session: Session, campaign_id: int, wanted: CallFilter = _ALL) -> Iterator[ExportedCall]:
    """Every dial of a campaign as it was made, technical and inbound ones too; read in chunks, memory stays flat."""
    found = session.execute(
        select(
            attempts.c.local_day.label("day"),
            attempts.c.local_minute.label("minute"),
            func.coalesce(Region.name, "").label("region"),
            func.coalesce(Branch.name, "").label("branch"),
            func.coalesce(respondents.c.inn, "").label("inn"),
            respondents.c.organisation,
            respondents.c.contact,
            attempts.c.e164.label("phone"),
            User.full_name.label("operator"),
            attempts.c.source,
            attempts.c.disposition,
            attempts.c.ring_ms,
            attempts.c.talk_ms,
            _recorded.label("recorded"),
            func.coalesce(IS_CALL, false()).label("counted"),
        )
        .select_from(attempts)
        .join(respondents, respondents.c.id == attempts.c.respondent_id)
        .join(User, User.id == attempts.c.operator_id)
        .outerjoin(Region, Region.code == attempts.c.region_code)
        .outerjoin(Branch, Branch.id == attempts.c.branch_id)
        .where(*_wanted(campaign_id, wanted))
        .order_by(attempts.c.dialled_at, attempts.c.id)
        .execution_options(yield_per=_CHUNK)
    )
    for row in found:
        yield ExportedCall(*row)


def number_of_dials(session: Session, campaign_id: int, wanted: CallFilter = _ALL) -> int:
    """Every dial, whatever it counts as."""
    return session.execute(select(func.count()).select_from(attempts).where(*_wanted(campaign_id, wanted))).scalar_one()


def _wanted(campaign_id: int, wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions = [attempts.c.campaign_id == campaign_id, *wanted.where.of_calls()]
    if wanted.disposition is not None:
        conditions.append(attempts.c.disposition == wanted.disposition)
    if wanted.kind is not None:
        conditions.append(KINDS[wanted.kind])
    if wanted.text:
        meant = select(respondents.c.id).where(
            respondents.c.campaign_id == campaign_id, holds(respondents.c.search_fold, wanted.text)
        )
        conditions.append(attempts.c.respondent_id.in_(meant))
    return conditions

"""What is checked of every call and its recording, as conditions: each figure of the reconciliation opens its rows.

Statements that use them select from `with_recordings()`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_

from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S, TABLE
from nps.domain.recording import CLOCK_TOLERANCE_MS, LENGTH_TOLERANCE_MS, MISSING_AFTER
from nps.models import Audio, Campaign, Recording, RecordingAbsence
from nps.queries.recordings.access import MATCHED
from nps.queries.reports.calls import AGAINST_HEARD, CONVERSATIONS, IS_CALL
from nps.queries.reports.views import attempts

_UNANSWERED = [code for code, row in TABLE.items() if row.min_ring_s]
_HAS = Recording.id.is_not(None)
_TALKED = attempts.c.disposition.in_(CONVERSATIONS)
_EMPTY_CAME = (
    exists().where(Recording.named_attempt_id == attempts.c.id, Recording.state == "empty").correlate(attempts)
)
#: A call that has ended so recently that its file may still be on its way.
_line_ms = attempts.c.ring_ms + attempts.c.talk_ms
_length = Audio.duration_ms
_longer_than_line = _length - _line_ms - Campaign.setup_allowance_s * 1000
_DISAGREES = and_(
    _HAS,
    _length.is_not(None),
    or_(attempts.c.ring_ms > 0, attempts.c.talk_ms > 0),
    func.abs(_length - attempts.c.talk_ms) > LENGTH_TOLERANCE_MS,
    case((_length < _line_ms, _line_ms - _length), (_longer_than_line > 0, _longer_than_line), else_=0)
    > LENGTH_TOLERANCE_MS,
)

Columns = TypeVarTuple("Columns")
Condition = ColumnElement[bool]
Check = Callable[[datetime], Condition]


def _always(condition: Condition) -> Check:
    return lambda _now: condition


def _on_its_way(now: datetime) -> Condition:
    recent = or_(attempts.c.ended_at.is_(None), attempts.c.ended_at > now - MISSING_AFTER)
    return and_(IS_CALL, ~_HAS, RecordingAbsence.attempt_id.is_(None), ~_EMPTY_CAME, recent)


def _missing(now: datetime) -> Condition:
    return and_(
        IS_CALL, ~_HAS, RecordingAbsence.attempt_id.is_(None), ~_EMPTY_CAME, attempts.c.ended_at <= now - MISSING_AFTER
    )


#: Code of a check -> its condition at an instant. The words are in nps.web.recordings.words.
CHECKS: dict[str, Check] = {
    "recorded": _always(_HAS),
    "dials": _always(IS_CALL),
    "dials_recorded": _always(and_(IS_CALL, _HAS)),
    "conversations": _always(_TALKED),
    "conversations_recorded": _always(and_(_TALKED, _HAS)),
    "dials_without": _always(and_(IS_CALL, ~_HAS)),
    "conversations_without": _always(and_(_TALKED, ~_HAS)),
    "on_its_way": _on_its_way,
    "missing": _missing,
    "absent": _always(and_(IS_CALL, ~_HAS, RecordingAbsence.attempt_id.is_not(None))),
    "empty": _always(and_(IS_CALL, ~_HAS, RecordingAbsence.attempt_id.is_(None), _EMPTY_CAME)),
    "length": _always(_DISAGREES),
    "cut": _always(and_(_HAS, Audio.is_cut)),
    "late": _always(and_(_HAS, Recording.is_late)),
    "short_ring": _always(
        and_(attempts.c.disposition.in_(_UNANSWERED), attempts.c.source != "inbound",
             attempts.c.ring_ms > 0, attempts.c.ring_ms < LEAST_RING_S * 1000)
    ),
    "against": _always(AGAINST_HEARD),
    "long_survey": _always(attempts.c.survey_ms > MOST_SURVEY_S * 1000),
    "by_exchange": _always(and_(IS_CALL, attempts.c.source == "exchange")),
    "clock": _always(attempts.c.clock_gap_ms > CLOCK_TOLERANCE_MS),
}  # fmt: skip


def with_recordings(chosen: Select[*Columns]) -> Select[*Columns]:
    """Calls of real work with their recording, its file and what was said about a missing one, where there is one."""
    return (
        chosen.select_from(attempts)
        .join(Campaign, Campaign.id == attempts.c.campaign_id)
        .outerjoin(Recording, and_(Recording.attempt_id == attempts.c.id, MATCHED))
        .outerjoin(Audio, Audio.sha256 == Recording.audio_sha256)
        .outerjoin(RecordingAbsence, RecordingAbsence.attempt_id == attempts.c.id)
    )

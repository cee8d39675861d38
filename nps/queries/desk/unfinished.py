"""What an operator who comes back to a call without a result is shown of it (requirements §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nps.domain.local_time import clock, when
from nps.models import CallAttempt
from nps.queries.desk.views import EndView, TrailItem, UnfinishedView


def unfinished_view(
    attempt: CallAttempt, trail: Sequence[TrailItem], office_zone: str, now: datetime
) -> UnfinishedView:
    """The call, what is saved of it and the step it stopped at; times are those of the office's clock."""
    current = next((item.title for item in trail if item.current), "")
    return UnfinishedView(
        began=when(attempt.dialled_at, office_zone, now),
        last=clock(attempt.last_activity_at, office_zone),
        said=[f"{item.title} — {item.value}" if item.value else item.title for item in trail if item.done],
        step=current if attempt.answered_at else "",
        end=end_view(attempt, office_zone),
        on_line=attempt.ended_at is None,
        note=attempt.note,
    )


def end_view(attempt: CallAttempt, office_zone: str) -> EndView:
    """The question when the line went down, preset to the last sign of life."""
    at = attempt.ended_at or attempt.last_activity_at
    return EndView(clock=clock(at, office_zone), answered=attempt.answered_at is not None)

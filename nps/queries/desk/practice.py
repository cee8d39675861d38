"""What an invented client says on the desk (R9)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from nps.domain.script import Step
from nps.queries import training
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import PracticeView


def practice_view(session: Session, seat: Seat, step: Step | None) -> PracticeView | None:
    """The invented client of a training campaign at this step; None for a client who is not invented."""
    if seat.campaign is None or seat.client is None or seat.campaign.purpose != "training":
        return None
    call = None if seat.state == "ready" else seat.call or seat.last
    said = training.says(session, call, seat.client, step.kind if step is not None else None)
    return None if said is None else PracticeView(training.scenario_title(session, seat.client.id), said)

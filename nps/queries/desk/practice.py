"""What an invented client says on the desk (R9)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from nps.domain.script import Step
from nps.models import CallAttempt, Respondent
from nps.queries import training
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.views import PracticeView


def practice_view(
    session: Session, campaign: CampaignRow, client: Respondent, attempt: CallAttempt | None, step: Step | None
) -> PracticeView | None:
    """The invented client of a training campaign at this step; None for a client who is not invented."""
    if campaign.purpose != "training":
        return None
    said = training.says(session, attempt, client, step.kind if step is not None else None)
    return None if said is None else PracticeView(training.scenario_title(session, client.id), said)

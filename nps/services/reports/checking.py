"""The manager's tick on a questionnaire: from then on the customer sees it, where the campaign asks for that."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from nps.models import Interview, Respondent
from nps.services.acting import act
from nps.services.transaction import AnySession


def check_answers(
    session: AnySession,
    actor_id: int,
    campaign_id: int,
    *,
    shown: Collection[int],
    ticked: Collection[int],
    now: datetime,
) -> int:
    """Tick the questionnaires `ticked` and take the tick from the others that were `shown`; how many changed.

    What is not of the campaign, or was replaced by a correction meanwhile, stays as it is. `now` is aware UTC.
    """
    own = (
        Interview.id.in_(shown),
        Interview.replaced_at.is_(None),
        Interview.respondent_id.in_(select(Respondent.id).where(Respondent.campaign_id == campaign_id)),
    )
    with act(session, actor_id, now) as a:
        state = {row.id: row.checked_at for row in a.s.execute(select(Interview.id, Interview.checked_at).where(*own))}
        given = sorted(key for key, at in state.items() if key in ticked and at is None)
        taken = sorted(key for key, at in state.items() if key not in ticked and at is not None)
        for ids, value in ((given, now), (taken, None)):
            a.s.execute(
                update(Interview).where(Interview.id.in_(ids)).values(checked_at=value),
                execution_options={"synchronize_session": False},
            )
        if given or taken:
            a.record(
                "answers_checked", "campaign", campaign_id, campaign_id=campaign_id,
                before={"interviews": taken}, after={"interviews": given},
            )  # fmt: skip
    return len(given) + len(taken)

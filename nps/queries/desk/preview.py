"""A step of a script that is being written, as the desk would show it: nobody is called (R18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.disposition import MOST_SURVEY_S
from nps.domain.script import Script, Step
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.steps import DayPicker, Spoken, step_view, trail
from nps.queries.desk.views import CallView, DeskView, OperatorView

_NOBODY = UUID(int=0)


def preview(
    session: Session, script: Script, step: Step, campaign: CampaignRow, actor: Actor, office_zone: str, now: datetime
) -> DeskView:
    """The desk at this step of a talk with a client of a made-up name; times are those of the first region.

    The script may be a draft with mistakes: one without a first step is shown as if it began here.
    """
    if all(other.id != script.start for other in script.steps):
        script = replace(script, start=step.id)
    calendars = campaigns.calendars(session, campaign)
    picker = DayPicker(session, next(iter(calendars.values()), None), office_zone, actor.id, campaign.id, now)
    spoken = Spoken("Пётр Сергеевич", "Ольга", "female")
    ms = int(now.timestamp() * 1000)
    return DeskView(
        state="talk",
        now_ms=ms,
        operator=OperatorView(spoken.operator, spoken.operator, spoken.gender, ""),
        call=CallView(
            id=_NOBODY, state="talk", since_ms=ms, answered_ms=ms, ring_wait_ms=0, limit_s=MOST_SURVEY_S,
            may_no_answer=False, may_mark_ringing=False, consented=False, asks_end=False, ended_ms=0, ended_text="",
            inbound=False, stands_s=None, in_break=False,
        ),
        trail=trail(script, {}, step),
        step=step_view(session, script, step, {}, None, spoken, picker),
    )  # fmt: skip

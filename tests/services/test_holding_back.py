"""After a restore: which letters a person has to look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Outbox
from nps.services.backup.holding_back import HELD, hold_back
from nps.services.letters import due_ids
from tests import factories
from tests.factories import NOW

LEASE: dict[str, Any] = {"lease_token": "1" * 32, "lease_until": NOW}
#: State and the rest of a letter in the copy, and its state after the restore.
LETTERS: list[tuple[str, dict[str, Any], str]] = [
    ("waiting", {"next_try_at": NOW}, "unknown"),
    ("waiting", {"next_try_at": NOW + timedelta(hours=4), "tries": 9}, "unknown"),
    ("sending", LEASE, "unknown"),
    ("sending", {**LEASE, "phase": "data"}, "unknown"),
    ("unknown", {"next_try_at": NOW, "doubts": 1}, "unknown"),
    ("unknown", {"doubts": 2, "server_said": "kept"}, "unknown"),
    ("sent", {"sent_at": NOW, "server_said": "kept"}, "sent"),
    ("caught", {"sent_at": NOW, "server_said": "kept"}, "caught"),
    ("failed", {"server_said": "kept"}, "failed"),
]


def test_what_could_be_sent_a_second_time_waits_for_a_person(session: Session) -> None:
    survey, demo = factories.campaign(session), factories.campaign(session, purpose="demo")
    for campaign, letters in ((survey, LETTERS), (demo, LETTERS[:1])):
        for number, (state, values, _) in enumerate(letters):
            mark = f"{campaign.id}-{number}"
            session.add(
                Outbox(campaign_id=campaign.id, purpose=campaign.purpose, outside=campaign is survey, kind="test",
                       subject_id=campaign.id, dedupe=mark, recipient="", message_id=mark, created_at=NOW,
                       **{"state": state, **values})
            )  # fmt: skip
    survey_id, demo_id = survey.id, demo.id
    session.commit()

    assert hold_back(session, NOW.isoformat(), NOW) == (5, 0)

    later = NOW + timedelta(days=1)
    inside = session.scalars(select(Outbox.id).where(Outbox.campaign_id == demo_id)).all()
    assert due_ids(session, later) == inside, "a letter that stays in the house is nobody's repeat"
    rows = session.scalars(select(Outbox).where(Outbox.campaign_id == survey_id).order_by(Outbox.id)).all()
    assert [row.state for row in rows] == [state for _, _, state in LETTERS]
    assert [row.server_said for row in rows] == [HELD] * 5 + ["kept"] * 4

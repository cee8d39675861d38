"""A person and the letters' worker have the same letter in hand (R14)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.adapters.mail import MailSettings
from nps.domain.errors import StaleError
from nps.models import Campaign, Outbox
from nps.services import escalations, letters
from tests.factories import NOW
from tests.races.held import meeting, on_postgres
from tests.services.test_letters import campaign, letter, manager, row, server, smtp

__all__ = ["campaign", "server", "smtp"]

pytestmark = on_postgres


def test_a_letter_is_not_sent_again_by_hand_while_the_worker_has_it(
    app: Flask, session: Session, campaign: Campaign, server: MailSettings
) -> None:
    letter_id, actor = letter(session, campaign), manager(session)
    session.rollback()

    def send(s: Session) -> str | None:
        return letters.send(s, letter_id, server=server, clock=lambda: NOW)

    with meeting(app, "SET message_id", send, lambda s: letters.send_again(s, actor, letter_id, now=NOW)) as (
        worker,
        person,
    ):
        worker.goes_on()
        with pytest.raises(StaleError):
            person.result()
        assert worker.result() == "sent"
    assert row(session, letter_id).tries == 1


def test_a_letter_the_worker_has_taken_keeps_the_address_it_goes_to(
    app: Flask, session: Session, campaign: Campaign, server: MailSettings
) -> None:
    letter_id, actor, campaign_id = letter(session, campaign), manager(session), campaign.id
    session.rollback()
    session.execute(update(Outbox).values(kind="reminder"))
    session.commit()
    address = session.scalars(select(Campaign.escalation_email)).one()
    session.rollback()

    def send(s: Session) -> str | None:
        return letters.send(s, letter_id, server=server, clock=lambda: NOW)

    def changes(s: Session) -> int:
        return escalations.change_address(s, actor, campaign_id, email="new@example.com", now=NOW)

    with meeting(app, "SET message_id", send, changes) as (worker, person):
        worker.goes_on()
        assert person.result() == 0
    assert row(session, letter_id).recipient == address

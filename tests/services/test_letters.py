"""The outbox: each letter arrives once, whatever fails between desk and mailbox, and its state tells the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.adapters.mail import MailSettings
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.models import Campaign, Contract, Journal, Outbox
from nps.services import letters, sweep
from nps.services.transaction import write
from tests import factories, smtp_server
from tests.factories import NOW
from tests.smtp_server import FaultyServer

PAYLOAD = {"campaign": "Уралэнерго", "path": "/campaigns/1/escalations/address", "sent_by": "Марина Орлова"}


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


@pytest.fixture
def server(app: Flask, smtp: FaultyServer, tmp_path: Path) -> MailSettings:
    queue.connect(app.config["REDIS_URL"])
    mail.configure(app.config)
    return replace(
        mail.settings(), host=smtp.host, port=smtp.port, caught=False, folder=tmp_path / "mail", timeout_s=5.0
    )


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


def letter(session: Session, campaign: Campaign, now: datetime = NOW, dedupe: str = "test:1") -> int:
    campaign_id = campaign.id
    with write(session) as s:
        return letters.add(
            s,
            campaign=s.get_one(Campaign, campaign_id),
            kind="test",
            subject_id=campaign_id,
            dedupe=dedupe,
            payload=PAYLOAD,
            now=now,
        )


def row(session: Session, letter_id: int) -> Outbox:
    session.rollback()
    return session.get_one(Outbox, letter_id, populate_existing=True)


def send(session: Session, letter_id: int, server: MailSettings, now: datetime = NOW) -> str | None:
    return letters.send(session, letter_id, server=server, clock=lambda: now)


def manager(session: Session) -> Actor:
    person = factories.user(session, "manager")
    return Actor(person.id, "manager", person.full_name)


def test_a_letter_is_sent_once_however_often_it_is_nudged(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    assert [send(session, letter_id, server) for _ in range(3)] == ["sent", None, None]
    found = row(session, letter_id)
    assert (found.state, found.tries, found.server_said, found.sent_at) == ("sent", 1, "250 queued as 1", NOW)
    assert len(smtp.taken) == 1
    assert smtp.taken[0].recipients == ("k.service@u-energo.ru",)


def test_a_letter_that_waits_for_its_time_is_left_alone(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign, NOW + timedelta(minutes=1))
    assert send(session, letter_id, server) is None
    assert smtp.connections == 0


def test_an_outage_is_waited_out_with_growing_delays_under_one_message_id(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    smtp.faults.extend(["cut_banner", "rcpt_450", "text_451", "data_421", "mail_451", "banner_421"])
    now, waits, ids = NOW, [], set()
    while send(session, letter_id, server, now) == "waiting":
        found = row(session, letter_id)
        assert found.next_try_at is not None and found.server_said
        ids.add(found.message_id)
        waits.append((found.next_try_at - now) // timedelta(minutes=1))
        now = found.next_try_at
    assert waits == [1, 2, 5, 10, 15, 30]
    assert row(session, letter_id).state == "sent"
    assert len(ids) == 1 and len(smtp.taken) == 1
    assert smtp.taken[0].message["Message-ID"] == f"<{ids.pop()}>"


def test_an_outage_of_days_ends_with_a_person(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.always = "banner_421"
    letter_id, now = letter(session, campaign), NOW
    while send(session, letter_id, server, now) == "waiting":
        now = row(session, letter_id).next_try_at or now
    found = row(session, letter_id)
    assert (found.state, found.next_try_at) == ("failed", None)
    assert now - NOW > timedelta(days=3)
    assert letters.due_ids(session, now + timedelta(days=30)) == []


def test_a_final_no_fails_at_once_and_is_sent_again_by_hand_only(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    smtp.faults.append("rcpt_550")
    assert send(session, letter_id, server) == "failed"
    assert row(session, letter_id).server_said == "550 the server says no"
    assert send(session, letter_id, server, NOW + timedelta(days=1)) is None
    letters.send_again(session, manager(session), letter_id, now=NOW + timedelta(days=1))
    assert send(session, letter_id, server, NOW + timedelta(days=1)) == "sent"
    assert len(smtp.taken) == 1


def test_sending_again_goes_to_the_address_of_today_and_is_journalled(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    smtp.faults.append("rcpt_550")
    send(session, letter_id, server)
    with write(session) as s:
        s.execute(update(Campaign).values(escalation_email="new@u-energo.ru"))
    letters.send_again(session, manager(session), letter_id, now=NOW)
    send(session, letter_id, server)
    assert smtp.taken[0].recipients == ("new@u-energo.ru",)
    line = session.scalars(select(Journal).where(Journal.action == "letter_again")).one()
    assert line.after == {"state": "waiting", "address_changed": True}


def test_a_doubtful_letter_is_tried_once_more_and_then_a_persons(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    smtp.faults.extend(["cut_text", "cut_text"])
    assert send(session, letter_id, server) == "unknown"
    again_at = row(session, letter_id).next_try_at
    assert again_at is not None and again_at > NOW
    assert send(session, letter_id, server, again_at) == "unknown"
    found = row(session, letter_id)
    assert (found.next_try_at, found.doubts) == (None, 2)
    assert send(session, letter_id, server, again_at + timedelta(days=9)) is None
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == 1


def test_a_sender_that_vanished_before_the_text_is_simply_replaced(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    _leave_leased(session, letter_id, phase="", until=NOW + timedelta(seconds=1))
    assert send(session, letter_id, server) is None
    assert letters.due_ids(session, NOW) == []
    later = NOW + timedelta(seconds=2)
    assert letters.due_ids(session, later) == [letter_id]
    assert send(session, letter_id, server, later) == "sent"


def test_a_sender_that_vanished_after_the_text_leaves_doubt_not_a_blind_copy(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    _leave_leased(session, letter_id, phase="data", until=NOW + timedelta(seconds=1))
    later = NOW + timedelta(seconds=2)
    assert letters.due_ids(session, later) == [letter_id]
    assert send(session, letter_id, server, later) is None
    found = row(session, letter_id)
    assert (found.state, found.doubts) == ("unknown", 1) and found.next_try_at is not None
    assert smtp.connections == 0
    assert send(session, letter_id, server, found.next_try_at) == "sent"


def test_whoever_lost_his_lease_sends_nothing(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)

    def clock() -> datetime:
        # Asked again with sender and recipient accepted: meanwhile another worker has taken the letter over.
        if smtp.connections:
            _leave_leased(session, letter_id, phase="", until=NOW + timedelta(hours=1), token="another")
        return NOW

    assert letters.send(session, letter_id, server=server, clock=clock) is None
    assert smtp.connections == 1 and smtp.taken == []
    assert row(session, letter_id).lease_token == "another"


def test_no_transaction_is_open_while_the_server_is_spoken_to(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id, in_conversation = letter(session, campaign), []

    def clock() -> datetime:
        if smtp.connections and not smtp.taken:
            in_conversation.append(session.in_transaction())
        return NOW

    assert letters.send(session, letter_id, server=server, clock=clock) == "sent"
    assert in_conversation == [False]


@pytest.mark.parametrize("purpose", ["demo", "training"])
def test_letters_of_no_survey_never_leave_the_machine(
    session: Session, server: MailSettings, smtp: FaultyServer, purpose: str
) -> None:
    letter_id = letter(session, factories.campaign(session, purpose=purpose))
    assert send(session, letter_id, server) == "caught"
    assert smtp.connections == 0
    assert len(list(server.folder.glob("*.eml"))) == 1
    with pytest.raises(DomainError):
        letters.send_again(session, manager(session), letter_id, now=NOW)


def test_the_database_refuses_an_outside_letter_of_a_demonstration(session: Session) -> None:
    letter_id = letter(session, factories.campaign(session, purpose="demo"))
    with pytest.raises(IntegrityError), write(session) as s:
        s.execute(update(Outbox).where(Outbox.id == letter_id).values(outside=True))


def test_one_event_has_one_letter(session: Session, campaign: Campaign) -> None:
    letter(session, campaign)
    with pytest.raises(IntegrityError):
        letter(session, campaign)


def test_without_a_mail_server_a_letter_is_caught_and_never_called_sent(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    assert send(session, letter_id, replace(server, caught=True)) == "caught"
    letters.send_again(session, manager(session), letter_id, now=NOW)
    assert send(session, letter_id, server) == "sent"
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == 1


def test_a_campaign_without_an_address_uses_the_default_one(
    session: Session, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, factories.campaign(session, escalation_email=""))
    send(session, letter_id, replace(server, default_recipient="common@u-energo.ru"))
    assert smtp.taken[0].recipients == ("common@u-energo.ru",)
    assert row(session, letter_id).recipient == "common@u-energo.ru"


def test_a_letter_that_cannot_be_written_fails_visibly(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    letter_id = letter(session, campaign)
    with write(session) as s:
        s.execute(update(Outbox).where(Outbox.id == letter_id).values(payload={}))
    assert send(session, letter_id, server) == "failed"
    assert smtp.connections == 0


def test_only_people_of_the_customer_send_again_and_never_what_is_sent(
    session: Session, campaign: Campaign, server: MailSettings
) -> None:
    letter_id = letter(session, campaign)
    stranger = factories.user(session, "specialist")
    with pytest.raises(NotFoundError):
        letters.send_again(session, Actor(stranger.id, "specialist", "", stranger.customer_id), letter_id, now=NOW)
    send(session, letter_id, server)
    own = factories.user(session, "specialist", customer_id=_customer_id(session, campaign))
    with pytest.raises(StaleError):
        letters.send_again(session, Actor(own.id, "specialist", "", own.customer_id), letter_id, now=NOW)


def test_the_sweep_names_letters_that_are_due_and_no_others(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    due, sent, later = (letter(session, campaign, dedupe=f"test:{n}") for n in range(3))
    send(session, sent, server)
    smtp.faults.append("mail_451")
    send(session, later, server)
    nudges = [nudge for nudge in sweep.due(session, NOW) if nudge.job == letters.SEND_JOB]
    assert nudges == [(queue.LETTERS, "nps.jobs.letters.send", due)]


def _customer_id(session: Session, campaign: Campaign) -> int:
    return session.get_one(Contract, campaign.contract_id).customer_id


def _leave_leased(session: Session, letter_id: int, *, phase: str, until: datetime, token: str = "gone") -> None:
    """What a sender leaves behind that was killed."""
    with write(session) as s:
        s.execute(
            update(Outbox)
            .where(Outbox.id == letter_id)
            .values(state="sending", phase=phase, next_try_at=None, lease_token=token, lease_until=until, tries=1)
        )

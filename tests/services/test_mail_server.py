"""A mail server that is down: one letter a minute tries it, the others wait, and all go once it answers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.adapters.mail import MailSettings
from nps.models import Campaign, MailServer, Outbox
from nps.queries import escalations as queries
from nps.services import letters, mail_server
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW
from tests.services.test_letters import campaign, letter, manager, row, send, server, smtp
from tests.smtp_server import FaultyServer

__all__ = ["campaign", "server", "smtp"]

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def many(session: Session, campaign: Campaign, number: int) -> list[int]:
    return [letter(session, campaign, dedupe=f"test:{n}") for n in range(number)]


def test_after_two_failures_one_letter_a_minute_is_tried(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.always = "cut_banner"
    numbers = many(session, campaign, 6)
    assert [send(session, number, server) for number in numbers] == ["waiting", "waiting", None, None, None, None]
    assert letters.due_ids(session, NOW) == []
    assert smtp.connections == 2
    assert letters.due_ids(session, NOW + MINUTE) == [numbers[2]]
    tried = [send(session, number, server, NOW + MINUTE) for number in numbers]
    assert tried == ["waiting", None, None, None, None, None]
    assert smtp.connections == 3
    assert letters.due_ids(session, NOW + MINUTE + SECOND) == []
    assert row(session, numbers[5]).tries == 0


def test_one_failure_alone_holds_nobody(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.faults.extend(["cut_banner", "", "hang_mail"])
    numbers = many(session, campaign, 4)
    answers = [send(session, number, server) for number in numbers[:2]]
    assert answers == ["waiting", "sent"]
    assert queries.server_trouble(session) is None


def test_refusals_and_later_are_no_failure_of_the_server(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.faults.extend(["rcpt_550", "mail_451", "rcpt_550", "banner_421"])
    numbers = many(session, campaign, 5)
    answers = [send(session, number, server) for number in numbers]
    assert answers == ["failed", "waiting", "failed", "waiting", "sent"]


def test_once_the_server_answers_all_that_found_none_go_at_once(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    numbers, at = many(session, campaign, 2), NOW
    smtp.always = "cut_ehlo"
    # Hours pass: each letter waits longer after each try.
    while at < NOW + timedelta(hours=5):
        for number in letters.due_ids(session, at):
            send(session, number, server, at)
        at += MINUTE
    waits = [row(session, number).next_try_at for number in numbers]
    assert all(wait is not None and wait > at + 30 * MINUTE for wait in waits)
    trouble = queries.server_trouble(session)
    assert trouble is not None and trouble.failing_since == NOW and "Нет связи" in trouble.said

    smtp.always = ""
    fresh = letter(session, campaign, at, dedupe="fresh")
    assert send(session, fresh, server, at + MINUTE) == "sent"
    assert sorted(letters.due_ids(session, at + MINUTE)) == numbers
    assert [send(session, number, server, at + MINUTE) for number in numbers] == ["sent", "sent"]
    assert queries.server_trouble(session) is None
    assert len(smtp.taken) == 3


def test_a_silence_after_the_text_counts_as_a_failure_too(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.faults.extend(["cut_text", "cut_text"])
    numbers = many(session, campaign, 3)
    assert [send(session, number, server) for number in numbers] == ["unknown", "unknown", None]


def test_letters_that_stay_in_the_house_need_no_server(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.always = "cut_banner"
    for number in many(session, campaign, 2):
        send(session, number, server)
    inside = letter(session, factories.campaign(session, purpose="demo"), dedupe="inside")
    assert letters.due_ids(session, NOW) == [inside]
    assert send(session, inside, server) == "caught"


def test_a_letter_in_doubt_is_settled_although_the_server_is_down(
    session: Session, campaign: Campaign, server: MailSettings
) -> None:
    lost, _ = many(session, campaign, 2)
    with write(session) as s:
        s.add(MailServer(id=1, failures=5, failing_since=NOW, probe_at=NOW + MINUTE, said="молчит"))
        s.execute(
            update(Outbox)
            .where(Outbox.id == lost)
            .values(state="sending", phase="data", next_try_at=None, lease_token="gone", lease_until=NOW - SECOND)
        )
    assert letters.due_ids(session, NOW) == [lost]
    send(session, lost, server)
    assert row(session, lost).state == "unknown"


def test_recipients_the_server_would_not_take_are_seen_and_can_be_tried_alone(
    session: Session, server: MailSettings, smtp: FaultyServer
) -> None:
    two = factories.campaign(session, escalation_email="k@u-energo.ru, gone@u-energo.ru")
    smtp.refused_recipients = frozenset({"gone@u-energo.ru"})
    number = letter(session, two)
    assert send(session, number, server) == "sent"
    found = row(session, number)
    assert found.refused == "gone@u-energo.ru" and "no such user" in found.server_said
    test = queries.address(session, two.id).test
    assert test is not None and (test.words, test.for_a_person) == ("отправлено не всем", True)

    smtp.refused_recipients = frozenset()
    letters.send_again(session, manager(session), number, now=NOW)
    assert send(session, number, server) == "sent"
    assert [taken.recipients for taken in smtp.taken] == [("k@u-energo.ru",), ("gone@u-energo.ru",)]
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == 1
    assert session.scalars(select(Outbox.refused)).all() == [""]


def test_a_refusal_of_our_house_fails_no_letter_and_all_go_when_it_is_put_right(
    session: Session, campaign: Campaign, server: MailSettings, smtp: FaultyServer
) -> None:
    smtp.always = "mail_553"
    numbers = many(session, campaign, 5)
    assert [send(session, number, server) for number in numbers] == ["waiting", "waiting", None, None, None]
    trouble = queries.server_trouble(session)
    assert trouble is not None and "Сервер не принимает наши письма (шаг MAIL): 553" in trouble.said
    session.rollback()
    # For six hours one letter after the other tries, ever more seldom, and none of them fails.
    at, tried = NOW, 0
    while at < NOW + timedelta(hours=6):
        at += MINUTE
        for number in letters.due_ids(session, at):
            assert send(session, number, server, at) == "waiting"
            tried += 1
    assert 20 < tried < 45
    # It is put right, and somebody presses the button.
    smtp.always = ""
    person = manager(session)
    first = mail_server.probe_now(session, person, at)
    assert first == numbers[0]
    assert send(session, first, server, at) == "sent"
    assert set(letters.due_ids(session, at)) == set(numbers[1:])
    assert [send(session, number, server, at) for number in numbers[1:]] == ["sent"] * 4
    assert mail_server.probe_now(session, person, at) is None

"""Clients that the newest base leaves out: who they are, and their withdrawal by the number of a letter (§4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.models import Campaign, CaseEvent, Journal, Respondent, User
from nps.queries import missing_clients
from nps.services import cases
from nps.services.form_keys import SentAgain
from tests import factories
from tests.pressing import counted
from tests.services.loading import ROW, Loader, workbook

LES = ("Ижевск", "1851884479", "ООО «Лес»", "Щербакова Ирина Дмитриевна", "8 912 000-60-43", "")
VOLGA = ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "Васильев Тимур Алексеевич", "8 950 000-33-53", "")
LATER = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager")


@pytest.fixture
def loader(session: Session, campaign: Campaign, manager: User) -> Loader:
    loader = Loader(session, campaign, manager)
    loader.publish(workbook(ROW, LES, VOLGA))
    loader.now = LATER
    return loader


def states(session: Session) -> dict[str, str]:
    session.rollback()
    session.expire_all()
    return {client.organisation: client.state for client in session.scalars(select(Respondent))}


def withdraw(loader: Loader, load_id: int, expected: int, letter: str = "15-к") -> int:
    who = {"letter": letter, "reason": "Больше не клиенты", "expected": expected, "now": LATER}
    return cases.withdraw_missing(loader.session, loader.user_id, loader.campaign_id, load_id, **who)


def left_out(loader: Loader, session: Session, load_id: int) -> set[str]:
    found = missing_clients.missing(session, loader.campaign_id, load_id, 1)
    assert found is not None
    return {row.organisation for row in found.page.rows}


def test_those_still_to_call_leave_with_the_letters_number_in_their_history(loader: Loader, session: Session) -> None:
    load_id = loader.check(workbook(ROW))
    assert left_out(loader, session, load_id) == {LES[2], VOLGA[2]}

    manager = Actor(loader.user_id, "manager", "")
    with counted(session, manager, "k1"):
        assert withdraw(loader, load_id, 2) == 2
    assert states(session) == {ROW[2]: "waiting", LES[2]: "withdrawn", VOLGA[2]: "withdrawn"}
    events = session.scalars(select(CaseEvent).where(CaseEvent.kind == "withdrawn")).all()
    assert [(event.reason, event.detail, event.by) for event in events] == [
        ("Больше не клиенты", {"letter": "15-к"}, loader.user_id)
    ] * 2
    told = session.scalars(select(Journal).where(Journal.action == "clients_withdrawn")).one()
    assert told.after == {"clients": 2}
    assert left_out(loader, session, load_id) == set()
    with pytest.raises(SentAgain), counted(session, manager, "k1"):
        withdraw(loader, load_id, 2)


def test_who_has_a_result_or_a_call_under_way_stays(loader: Loader, session: Session, campaign: Campaign) -> None:
    operator = factories.member(session, campaign)
    by_name = {client.organisation: client for client in session.scalars(select(Respondent))}
    factories.attempt(session, by_name[LES[2]], operator, None)
    by_name[VOLGA[2]].state = "surveyed"
    by_name[VOLGA[2]].next_call_at = by_name[VOLGA[2]].queue_class = None
    session.commit()
    load_id = loader.check(workbook(ROW))

    assert left_out(loader, session, load_id) == {LES[2], VOLGA[2]}
    assert withdraw(loader, load_id, 0) == 0
    assert states(session)[LES[2]] == "waiting"
    assert states(session)[VOLGA[2]] == "surveyed"


def test_a_shown_client_is_taken_out_of_his_operators_hands(
    loader: Loader, session: Session, campaign: Campaign
) -> None:
    operator = factories.member(session, campaign)
    client = session.scalars(select(Respondent).where(Respondent.organisation == LES[2])).one()
    client.held_by, client.held_token, client.held_until = operator.id, "t" * 32, LATER
    session.commit()
    load_id = loader.check(workbook(ROW, VOLGA))
    assert withdraw(loader, load_id, 1) == 1
    session.refresh(client)
    assert (client.state, client.held_by) == ("withdrawn", None)


def test_without_a_letter_or_for_another_number_of_clients_nobody_leaves(loader: Loader, session: Session) -> None:
    load_id = loader.check(workbook(ROW))
    with pytest.raises(DomainError, match="номер письма"):
        withdraw(loader, load_id, 2, letter="  ")
    with pytest.raises(StaleError, match="список изменился"):
        withdraw(loader, load_id, 1)
    assert set(states(session).values()) == {"waiting"}


def test_a_later_base_takes_the_word_from_an_earlier_one(loader: Loader, session: Session) -> None:
    earlier = loader.check(workbook(ROW))
    loader.now = LATER.replace(hour=10)
    loader.publish(workbook(ROW, LES, VOLGA, (*VOLGA[:3], "Новый Контакт Иванович", "8 950 000-33-54", "")))
    assert missing_clients.missing(session, loader.campaign_id, earlier, 1) is None
    with pytest.raises(StaleError, match="загрузили другой"):
        withdraw(loader, earlier, 2)
    assert "withdrawn" not in states(session).values()


def test_clients_of_the_newest_base_and_withdrawn_ones_are_not_missing(loader: Loader, session: Session) -> None:
    load_id = loader.publish(workbook(ROW, ("Ижевск", "", "ООО «Новая»", "", "8 950 000-11-22", "")))
    assert left_out(loader, session, load_id) == {LES[2], VOLGA[2]}
    withdraw(loader, load_id, 2)
    again = loader.publish(workbook(ROW, LES, ("Ижевск", "", "ООО «Новая-2»", "", "8 950 000-11-23", "")))
    assert left_out(loader, session, again) == {"ООО «Новая»"}
    assert states(session)[LES[2]] == "withdrawn"

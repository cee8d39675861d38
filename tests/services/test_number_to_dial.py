"""The number that the fold names is the one the card shows and the dial dials, on both engines."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from nps.domain.phone import show
from nps.models import Appointment, CallAttempt, Campaign, Respondent, RespondentPhone
from nps.queries import campaigns
from nps.queries.clients import ClientFilter, lines
from nps.queries.clients import card as client_page
from nps.queries.desk.card import client_card
from nps.queries.desk.search import find_clients
from nps.services import cases, desk
from nps.services.call_queue import Taken
from nps.services.transaction import write
from tests import factories
from tests.services.lives import Lives
from tests.services.loading import ROW, Loader, workbook
from tests.services.test_desk import Desk

FIRST, SECOND, THIRD = "+79120000001", "+79120000002", "+79120000003"
MIGRATION = import_module("migrations.versions.0012_number_to_dial")


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    return Desk(session, factories.member(session, campaign), campaign.id)


def client(seat: Desk, *phones: str) -> int:
    campaign = seat.session.get_one(Campaign, seat.campaign_id)
    return factories.respondent(seat.session, campaign, phones=phones).id


def shown(seat: Desk, client_id: int) -> str:
    """The number on the card that lies on the desk before the dial."""
    seat.session.rollback()
    campaign = campaigns.campaign_row(seat.session, seat.campaign_id)
    row = seat.session.get_one(Respondent, client_id, populate_existing=True)
    return client_card(seat.session, row, campaign, None, seat.now, None, "Europe/Moscow").phone_text


def dialled(seat: Desk, client_id: int) -> tuple[UUID, str]:
    """The card's number is that of the lists and pages, and the dial's: this one."""
    taken = seat.take()
    assert taken == Taken(client_id)
    text_shown = shown(seat, client_id)
    page = client_page(seat.session, seat.campaign_id, client_id)
    assert page is not None
    (row,) = [one for one in lines(seat.session, seat.campaign_id, ClientFilter(), 1).rows if one.id == client_id]
    for line in (page.line, row):
        assert show(line.e164, line.extension) == text_shown
    assert [show(one.e164, one.extension) for one in page.phones if one.is_next] == [text_shown]
    (hit,) = find_clients(seat.session, seat.campaign_id, row.organisation, seat.now)
    assert hit.phone_text == text_shown
    attempt = desk.dial(seat.session, seat.actor, client_id, seat.form(), seat.now)
    call = seat.session.get_one(CallAttempt, attempt)
    number = seat.session.get_one(RespondentPhone, call.phone_id)
    assert show(number.e164, number.extension) == text_shown and number.e164 == call.e164
    return attempt, number.e164


def manager_gives(seat: Desk, client_id: int, number: str) -> None:
    manager = factories.user(seat.session, "manager").id
    cases.give_number(seat.session, manager, client_id, number, seat.now)


def says(seat: Desk, attempt: UUID, number: str) -> None:
    """The client answers and gives another number."""
    seat.wait(10)
    desk.answered(seat.session, seat.actor, attempt, seat.form(), seat.now)
    seat.settle(attempt, "new_contact", number=number, note="Дали номер")


def test_a_number_that_the_base_had_is_dialled_next_when_the_client_gives_it(seat: Desk) -> None:
    client_id = client(seat, FIRST, SECOND)
    attempt, number = dialled(seat, client_id)
    assert number == FIRST
    says(seat, attempt, SECOND)
    assert dialled(seat, client_id)[1] == SECOND


def test_a_number_that_the_manager_enters_is_called_first_also_when_it_was_known(seat: Desk) -> None:
    client_id = client(seat, FIRST, SECOND)
    manager_gives(seat, client_id, SECOND)
    assert dialled(seat, client_id)[1] == SECOND


def test_the_client_may_send_us_back_to_his_first_number(seat: Desk) -> None:
    client_id = client(seat, FIRST)
    says(seat, dialled(seat, client_id)[0], SECOND)
    attempt, number = dialled(seat, client_id)
    assert number == SECOND
    says(seat, attempt, FIRST)
    assert dialled(seat, client_id)[1] == FIRST


def test_another_extension_of_a_known_number_is_another_number(seat: Desk) -> None:
    client_id = client(seat, FIRST)
    manager_gives(seat, client_id, f"{FIRST} доб. 12")
    seat.take()
    assert shown(seat, client_id).endswith("доб. 12")


def test_an_inbound_call_of_a_final_client_is_written_to_his_next_number_and_without_one_to_his_first(
    seat: Desk,
) -> None:
    client_id = client(seat, FIRST, SECOND)
    manager_gives(seat, client_id, SECOND)
    attempt = dialled(seat, client_id)[0]
    seat.wait(10)
    desk.answered(seat.session, seat.actor, attempt, seat.form(), seat.now)
    seat.settle(attempt, "refused")
    inbound = desk.take_inbound(seat.session, seat.actor, client_id, seat.form(), seat.now)
    assert seat.session.get_one(CallAttempt, inbound).e164 == SECOND
    seat.settle(inbound, "refused")

    nobody = client(seat, THIRD)
    seat.settle(dialled(seat, nobody)[0], "dead_number", note="Автомат")
    inbound = desk.take_inbound(seat.session, seat.actor, nobody, seat.form(), seat.now)
    assert seat.session.get_one(CallAttempt, inbound).e164 == THIRD


class TestALaterBase:
    """The same INN and name with a new number."""

    NEW = (*ROW[:4], "8 904 000-58-43", "")

    @pytest.fixture
    def loader(self, session: Session, seat: Desk) -> Loader:
        loader = Loader(session, session.get_one(Campaign, seat.campaign_id), factories.user(session, "manager"))
        loader.publish(workbook(ROW))
        return loader

    def known(self, seat: Desk) -> int:
        return seat.session.scalars(select(Respondent.id)).one()

    def test_its_number_is_dialled_next(self, seat: Desk, loader: Loader) -> None:
        client_id = self.known(seat)
        attempt, number = dialled(seat, client_id)
        assert number == "+73412008032"
        seat.wait(30)
        seat.settle(attempt, "no_answer")
        loader.now = seat.now
        loader.publish(workbook(self.NEW))
        assert dialled(seat, client_id)[1] == "+79040005843"

    def test_a_promise_stands_and_is_kept_on_the_new_number(self, seat: Desk, loader: Loader) -> None:
        client_id = self.known(seat)
        attempt = dialled(seat, client_id)[0]
        seat.wait(10)
        desk.answered(seat.session, seat.actor, attempt, seat.form(), seat.now)
        promised = (seat.now + timedelta(minutes=60)).replace(minute=30, second=0, microsecond=0)
        seat.settle(attempt, "callback", callback_at=promised)
        loader.now = seat.now
        loader.publish(workbook(self.NEW))

        standing = seat.session.scalars(select(Appointment)).one()
        assert (standing.state, standing.at) == ("open", promised)
        assert not isinstance(seat.take(), Taken)
        seat.now = promised
        assert dialled(seat, client_id)[1] == "+79040005843"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happened_the_card_shows_and_the_dial_dials_the_number_that_the_fold_names(
    session: Session, seed: int
) -> None:
    lives = Lives(session, seed)
    seat, compared = lives.seat, 0
    for _ in range(30):
        lives.goes_on()
        for client_id in lives.clients:
            named = lives.verdict(client_id).phone_id
            assert [row.id for row in lives.phones(client_id) if row.is_next] == [named] * (named is not None)
            number = session.get(RespondentPhone, named) if named else None
            assert shown(seat, client_id) == (show(number.e164, number.extension) if number else "номера нет")
        taken = seat.take()
        if isinstance(taken, Taken):
            named = lives.verdict(taken.respondent_id).phone_id
            attempt, _ = dialled(seat, taken.respondent_id)
            assert session.get_one(CallAttempt, attempt).phone_id == named
            lives.ends(attempt)
            compared += 1
    assert compared > 3


@pytest.mark.parametrize("seed", range(100, 103))
def test_the_migration_names_the_number_that_the_fold_names(session: Session, seed: int) -> None:
    lives = Lives(session, seed, clients=5)
    for _ in range(60):
        lives.goes_on()
    for client_id in lives.clients:
        lives.verdict(client_id)
    named = select(RespondentPhone.id).where(RespondentPhone.is_next).order_by(RespondentPhone.id)
    before = session.scalars(named).all()
    session.rollback()
    with write(session) as s:
        s.execute(update(RespondentPhone).values(is_next=False))
        s.execute(text(MIGRATION.FILL.format(**MIGRATION.DIALECT[session.get_bind().dialect.name])))
    assert session.scalars(named).all() == before != []

"""Every live number of a client counts, wherever it is asked, on both engines."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, StaleError
from nps.domain.local_time import from_local
from nps.models import CallAttempt, Campaign, ImportRow, Respondent, RespondentPhone, StopList
from nps.services import cases, desk, stop_list, supervision
from nps.services.call_queue import Taken
from nps.services.desk.calling import DialRefused
from tests import factories
from tests.factories import NOW
from tests.services.loading import ROW, Loader, workbook
from tests.services.test_desk import Desk, state

ONE, TWO, THREE = "+79120000001", "+79120000002", "+79120000003"


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    return Desk(session, factories.member(session, campaign), campaign.id)


@pytest.fixture
def manager(session: Session, seat: Desk) -> int:
    return factories.user(session, "manager").id


@pytest.fixture
def loader(session: Session, seat: Desk) -> Loader:
    return Loader(session, session.get_one(Campaign, seat.campaign_id), factories.user(session, "manager"))


def client(seat: Desk, *phones: str, **fields: object) -> int:
    seat.session.rollback()
    campaign = seat.session.get_one(Campaign, seat.campaign_id)
    return factories.respondent(seat.session, campaign, phones=phones, **fields).id  # type: ignore[arg-type]


def stop(seat: Desk, manager: int, phone: str) -> int:
    stop_list.add(seat.session, manager, seat.campaign_id, phone=phone, inn="", reason="Просил", now=seat.now)
    return seat.session.scalars(select(StopList.id).order_by(StopList.id.desc())).first() or 0


def lift(seat: Desk, manager: int, entry: int) -> int:
    return stop_list.lift(seat.session, manager, seat.campaign_id, entry, "Передумал", seat.now)


def finds_dead(seat: Desk, client_id: int) -> None:
    attempt = seat.dial()
    assert seat.session.get_one(CallAttempt, attempt).respondent_id == client_id
    seat.wait(20)
    seat.settle(attempt, "dead_number", note="Автомат")


def numbers(session: Session, client_id: int) -> list[str]:
    session.rollback()
    own = select(RespondentPhone.e164).where(RespondentPhone.respondent_id == client_id)
    return list(session.scalars(own.order_by(RespondentPhone.position)))


def row(phone: str, contact: str = ROW[3]) -> tuple[str, ...]:
    return (*ROW[:3], contact, phone, "")


def receipt(session: Session, load_id: int) -> dict[int, tuple[str, str]]:
    rows = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id).order_by(ImportRow.row_no))
    return {one.row_no: (one.fate, one.reason) for one in rows}


class TestTheStopList:
    def test_any_number_of_a_row_that_is_on_it_refuses_the_client_at_loading(
        self, seat: Desk, session: Session, manager: int, loader: Loader
    ) -> None:
        stop(seat, manager, TWO)
        load_id = loader.publish(workbook(row(f"{ONE}; {TWO}")))
        (only,) = session.scalars(select(Respondent))
        assert (only.state, only.next_reason["code"]) == ("refused", "stop_list")
        assert "Номер +7 912 000-00-02 в стоп-листе" in receipt(session, load_id)[2][1]

    def test_a_listed_number_in_a_repeated_row_refuses_the_client_too(
        self, seat: Desk, session: Session, manager: int, loader: Loader
    ) -> None:
        stop(seat, manager, TWO)
        load_id = loader.publish(workbook(row(ONE), row(f"{ONE}; {TWO}")))
        (only,) = session.scalars(select(Respondent))
        assert only.state == "refused" and numbers(session, only.id) == [ONE, TWO]
        assert "в стоп-листе" in receipt(session, load_id)[3][1]

    def test_a_listed_number_refuses_whoever_gets_it_until_it_is_lifted(self, seat: Desk, manager: int) -> None:
        entry = stop(seat, manager, TWO)
        by_manager, in_call = client(seat, ONE), client(seat, THREE)
        assert not cases.give_number(seat.session, manager, by_manager, TWO, seat.now)
        attempt = seat.answered()
        seat.settle(attempt, "new_contact", number=TWO, note="Дали номер")
        assert [state(seat.session, id).state for id in (by_manager, in_call)] == ["refused"] * 2
        assert lift(seat, manager, entry) == 2
        assert [state(seat.session, id).state for id in (by_manager, in_call)] == ["waiting"] * 2

    def test_a_number_of_a_later_base_refuses_as_its_receipt_says(
        self, seat: Desk, session: Session, manager: int, loader: Loader
    ) -> None:
        loader.publish(workbook(row(ONE)))
        stop(seat, manager, TWO)
        load_id = loader.publish(workbook(row(f"{ONE}; {TWO}")))
        (only,) = session.scalars(select(Respondent).execution_options(populate_existing=True))
        assert only.state == "refused"
        assert "будет считаться отказом" in receipt(session, load_id)[2][1]

    def test_a_dead_number_refuses_nobody_until_a_corrected_result_brings_it_to_life(
        self, seat: Desk, manager: int
    ) -> None:
        client_id = client(seat, ONE, TWO)
        finds_dead(seat, client_id)
        stop(seat, manager, ONE)
        assert state(seat.session, client_id).state == "waiting"
        call = seat.session.scalars(select(CallAttempt.id)).one()
        said = supervision.Correction("no_answer", "Послушали")
        supervision.correct_result(seat.session, manager, call, said, seat.now)
        assert state(seat.session, client_id).state == "refused"

    def test_a_lifted_entry_brings_back_whom_no_other_live_number_names(self, seat: Desk, manager: int) -> None:
        client_id = client(seat, ONE, TWO, THREE)
        finds_dead(seat, client_id)
        dead, two, three = (stop(seat, manager, phone) for phone in (ONE, TWO, THREE))
        assert lift(seat, manager, two) == 0
        assert lift(seat, manager, three) == 1
        assert state(seat.session, client_id).state == "waiting"
        assert dead and isinstance(seat.take(), Taken)

    def test_the_dial_says_which_number_forbids_it(self, seat: Desk, session: Session) -> None:
        client_id = client(seat, ONE, TWO)
        assert seat.take() == Taken(client_id)
        owner = factories.session_customer(session, seat.campaign_id)
        session.add(StopList(customer_id=owner, e164=TWO, reason="Письмо", by=seat.actor.id, at=NOW))
        session.commit()
        with pytest.raises(DialRefused, match=r"Номер \+7 912 000-00-02 в стоп-листе"):
            desk.dial(session, seat.actor, client_id, seat.form(), seat.now)


class TestOnePersonInABase:
    def test_a_repeat_by_any_number_adds_its_others_and_says_so(self, session: Session, loader: Loader) -> None:
        load_id = loader.publish(workbook(row(f"{ONE}; {TWO}"), row(f"{TWO}; {THREE}", contact="")))
        (only,) = session.scalars(select(Respondent))
        assert numbers(session, only.id) == [ONE, TWO, THREE] and "9120000003" in only.search_fold
        fate, reason = receipt(session, load_id)[3]
        assert fate == "duplicate" and "в строке 2: к нему добавлено +7 912 000-00-03" in reason

    def test_two_rows_that_a_third_one_shows_to_be_one_person_become_one_client(
        self, session: Session, loader: Loader
    ) -> None:
        load_id = loader.publish(workbook(row(ONE), row(TWO), row(f"{TWO}; {ONE}; {THREE}")))
        (only,) = session.scalars(select(Respondent))
        assert sorted(numbers(session, only.id)) == [ONE, TWO, THREE]
        assert [fate for fate, _ in receipt(session, load_id).values()] == ["accepted", "duplicate", "duplicate"]

    def test_a_chain_of_rows_ends_in_one_client(self, session: Session, loader: Loader) -> None:
        load_id = loader.publish(workbook(row(ONE), row(TWO), row(THREE), row(f"{THREE}; {TWO}"), row(f"{ONE}; {TWO}")))
        (only,) = session.scalars(select(Respondent))
        assert sorted(numbers(session, only.id)) == [ONE, TWO, THREE]
        assert [fate for fate, _ in receipt(session, load_id).values()] == ["accepted", *["duplicate"] * 4]

    def test_rows_of_a_later_base_add_their_numbers_to_the_client_they_mean(
        self, session: Session, loader: Loader
    ) -> None:
        loader.publish(workbook(row(ONE)))
        loader.now = NOW + timedelta(hours=1)
        loader.publish(workbook(row(ONE), row(f"{ONE}; {TWO}"), row(f"{TWO}; {THREE}")))
        (only,) = session.scalars(select(Respondent))
        assert sorted(numbers(session, only.id)) == [ONE, TWO, THREE]

    def test_a_row_that_a_later_one_shows_to_be_a_known_client_is_no_new_one(
        self, session: Session, loader: Loader
    ) -> None:
        loader.publish(workbook(row(TWO)))
        loader.now = NOW + timedelta(hours=1)
        loader.publish(workbook(row(ONE), row(TWO), row(f"{TWO}; {ONE}; {THREE}")))
        (only,) = session.scalars(select(Respondent))
        assert sorted(numbers(session, only.id)) == [ONE, TWO, THREE]

    def test_another_person_keeps_his_own_row(self, session: Session, loader: Loader) -> None:
        loader.publish(workbook(row(ONE), row(f"{ONE}; {TWO}", contact="Другой Пётр Ильич")))
        assert len(session.scalars(select(Respondent)).all()) == 2


def test_a_caller_whose_dead_number_another_operator_works_on_is_refused_with_a_name(
    session: Session, seat: Desk
) -> None:
    caller = client(seat, ONE)
    finds_dead(seat, caller)
    other = client(seat, ONE)
    assert seat.take() == Taken(other)
    campaign = session.get_one(Campaign, seat.campaign_id)
    colleague = Desk(session, factories.member(session, campaign), seat.campaign_id, seat.now)
    with pytest.raises(StaleError, match="уже работает"):
        desk.take_inbound(session, colleague.actor, caller, colleague.form(), seat.now)


class Wave:
    """Clients of one organisation and another who share a few numbers, operators, a stop list, and chance."""

    POOL = tuple(f"+791200000{n:02d}" for n in range(6))
    INNS = ("7707083893", "1897309111")
    UNANSWERED = ("no_answer", "dead_number", "busy")
    TALKS = ("hung_up", "wrong_number", "new_contact", "other_person", "soft_refusal", "do_not_call", "callback")

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.random = session, Random(seed)
        campaign = factories.campaign(session, soft_refusal_final=False)
        self.seats = [Desk(session, factories.member(session, campaign), campaign.id) for _ in range(3)]
        self.campaign_id, self.manager, self.now = campaign.id, factories.user(session, "manager").id, NOW
        for region in self.random.choices(("udmurtia", "perm", "tatarstan"), k=6):
            phones = tuple(self.random.sample(self.POOL, self.random.randint(1, 3)))
            factories.respondent(session, campaign, phones=phones, region=region, inn=self.random.choice(self.INNS))

    def goes_on(self) -> None:
        self.now += timedelta(minutes=self.random.choice((1, 5, 20)))
        acts = (self.call, self.call, self.call, self.stop, self.lift, self.give, self.correct, self.ring)
        try:
            self.random.choice(acts)()
        except DomainError:
            self.session.rollback()

    def client(self) -> int:
        return self.random.choice(self.session.scalars(select(Respondent.id)).all())

    def seat(self) -> Desk:
        seat = self.random.choice(self.seats)
        seat.now = self.now
        return seat

    def call(self) -> None:
        seat = self.seat()
        taken = seat.take()
        if isinstance(taken, Taken) and self.random.random() < 0.9:
            attempt = desk.dial(self.session, seat.actor, taken.respondent_id, seat.form(), seat.now)
            seat.wait(40)
            self.settle(seat, attempt, self.random.choice((*self.UNANSWERED, *self.TALKS)))

    def ring(self) -> None:
        seat = self.seat()
        self.settle(seat, desk.take_inbound(self.session, seat.actor, self.client(), seat.form(), seat.now), "hung_up")

    def settle(self, seat: Desk, attempt: object, result: str) -> None:
        call = self.session.get_one(CallAttempt, attempt)
        if result in self.TALKS and call.answered_at is None:
            desk.answered(self.session, seat.actor, call.id, seat.form(), seat.now)
        promised = (seat.now + timedelta(days=1)).replace(minute=15, second=0, microsecond=0)
        number = self.random.choice(self.POOL) if result == "new_contact" else ""
        at = promised if result == "callback" else None
        try:
            seat.settle(call.id, result, number=number, note="Сказали", callback_at=at)
        except DomainError:
            self.session.rollback()
            seat.settle(call.id, "technical")

    def stop(self) -> None:
        phone, inn = self.random.choice([*((phone, "") for phone in self.POOL), ("", self.INNS[1])])
        stop_list.add(self.session, self.manager, self.campaign_id, phone=phone, inn=inn, reason="Просил", now=self.now)

    def lift(self) -> None:
        entries = self.session.scalars(select(StopList.id).where(StopList.lifted_at.is_(None))).all()
        if entries:
            entry = self.random.choice(entries)
            stop_list.lift(self.session, self.manager, self.campaign_id, entry, "Передумал", self.now)

    def give(self) -> None:
        cases.give_number(self.session, self.manager, self.client(), self.random.choice(self.POOL), self.now)

    def correct(self) -> None:
        calls = self.session.scalars(select(CallAttempt.id).where(CallAttempt.closed_at.is_not(None))).all()
        said = supervision.Correction(self.random.choice(("no_answer", "dead_number")), "Послушали")
        if calls:
            supervision.correct_result(self.session, self.manager, self.random.choice(calls), said, self.now)

    def work_until_nobody_is_left(self) -> None:
        """Everybody who is given is dialled and refuses; each operator asks in every window to the end."""
        for moment in moments(self.now):
            for seat in self.seats:
                seat.now = moment
                while isinstance(taken := seat.take(), Taken):
                    attempt = desk.dial(self.session, seat.actor, taken.respondent_id, seat.form(), seat.now)
                    desk.answered(self.session, seat.actor, attempt, seat.form(), seat.now)
                    seat.settle(attempt, "refused")


def moments(after: datetime) -> list[datetime]:
    """Two in each calling window of the wave, when all three regions are open."""
    found = [
        from_local(date(2026, 11, day), time(hour, minute), "Europe/Samara")
        for day in (17, 18, 19, 24, 25, 26)
        for hour, minute in ((11, 0), (11, 15), (15, 10), (15, 45))
    ]
    return [moment for moment in found if moment > after]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_stands_waiting_whom_no_operator_can_ever_get(session: Session, seed: int) -> None:
    wave = Wave(session, seed)
    for _ in range(35):
        wave.goes_on()
    wave.work_until_nobody_is_left()
    session.rollback()
    waiting = session.scalars(select(Respondent).where(Respondent.state == "waiting")).all()
    assert [(one.id, one.next_call_at, one.next_reason) for one in waiting if one.next_call_at is not None] == []

"""Raising an escalation with its letter, and the specialist's work on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.escalation import COLUMNS, EscalationError
from nps.models import AccessLog, CallAttempt, Campaign, Contract, Escalation, Journal, Outbox, Respondent, User
from nps.queries import escalation_list
from nps.queries import escalations as queries
from nps.queries.escalation_list import Wanted
from nps.services import escalations
from nps.services.form_keys import KeyReused, SentAgain
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW
from tests.pressing import counted

FIELDS = {
    "organisation": "ООО «Хлебокомбинат»",
    "inn": "5973022713",
    "contact": "Кузнецова Светлана Ильинична",
    "phone": "+7 917 000-75-53",
    "email": "zakaz1198@example.com",
    "text": "Есть ли кабель?\nИ какая цена?",
}


class House:
    """A campaign with an operator in a call, and the people of the customer."""

    def __init__(self, session: Session, purpose: str = "survey") -> None:
        self.session = session
        self.campaign = factories.campaign(session, purpose=purpose)
        self.customer_id = session.get_one(Contract, self.campaign.contract_id).customer_id
        self.operator = factories.member(session, self.campaign)
        self.client = factories.respondent(session, self.campaign)
        self.call = factories.attempt(session, self.client, self.operator, None)
        self.campaign_id, self.client_id, self.call_id = self.campaign.id, self.client.id, self.call.id
        self.as_operator = actor(self.operator)
        self.specialist = actor(factories.user(session, "specialist", customer_id=self.customer_id))
        self.manager = actor(factories.user(session, "manager"))

    def escalate(self, **kwargs: object) -> int:
        fields = FIELDS | kwargs.pop("fields", {})
        values = {"attempt_id": self.call_id, "now": NOW} | kwargs
        return escalations.raise_escalation(self.session, values.pop("who", self.as_operator), fields=fields, **values)

    def case(self, escalation_id: int) -> queries.Case:
        self.session.rollback()
        found = queries.case(self.session, self.manager, escalation_id)
        assert found is not None
        return found

    def count(self, table: type) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(table)) or 0


def actor(user: User) -> Actor:
    return Actor(user.id, user.role, user.full_name, user.customer_id)


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    queue.connect(app.config["REDIS_URL"])
    return House(session)


def test_an_escalation_comes_with_its_letter_in_the_six_columns(house: House) -> None:
    escalation_id = house.escalate()
    row = house.session.get_one(Escalation, escalation_id)
    assert {name: getattr(row, name) for name in FIELDS} == FIELDS
    letter = house.session.scalars(select(Outbox)).one()
    assert (letter.kind, letter.subject_id) == ("escalation", escalation_id)
    assert (letter.state, letter.outside) == ("waiting", True)
    assert letter.recipient == "k.service@u-energo.ru"
    assert letter.payload["columns"] == [[label, FIELDS[name]] for name, label in COLUMNS]
    assert [label for _, label in COLUMNS] == [
        "Наименование организации",
        "ИНН",
        "ФИО контактного лица",
        "Телефон",
        "Электронная почта (при наличии)",
        "Обращение",
    ]


def test_the_call_is_not_touched_by_an_escalation(house: House) -> None:
    house.escalate()
    call = house.session.get_one(CallAttempt, house.call_id)
    assert (call.disposition, call.closed_at) == (None, None)


def test_a_second_press_of_the_same_form_is_the_first_one(house: House) -> None:
    with counted(house.session, house.as_operator.id, "k1"):
        house.escalate()
    with pytest.raises(SentAgain), counted(house.session, house.as_operator.id, "k1"):
        house.escalate()
    assert (house.count(Escalation), house.count(Outbox)) == (1, 1)
    other = {"text": "Другое"}
    with pytest.raises(KeyReused), counted(house.session, house.as_operator.id, "k1", other):
        house.escalate(fields=other)


def test_a_client_may_ask_for_two_things(house: House) -> None:
    numbers = set()
    for key in ("k1", "k2"):
        with counted(house.session, house.as_operator.id, key):
            numbers.add(house.escalate())
    assert len(numbers) == house.count(Outbox) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": " \n "}, "text"),
        ({"text": "х" * 4001}, "text"),
        ({"organisation": ""}, "organisation"),
        ({"email": "не адрес"}, "email"),
        ({"email": "a@example.ru, b@example.ru"}, "email"),
        ({"inn": "12345"}, "inn"),
        ({"phone": "", "email": ""}, "phone"),
    ],
)
def test_what_must_be_put_right_is_named_and_nothing_is_written(
    house: House, wrong: dict[str, str], field: str
) -> None:
    with pytest.raises(EscalationError) as refusal:
        house.escalate(fields=wrong)
    assert list(refusal.value.fields) == [field]
    assert (house.count(Escalation), house.count(Outbox)) == (0, 0)


def test_only_the_question_keeps_its_line_breaks(house: House) -> None:
    escalation_id = house.escalate(fields={"organisation": "ООО\r\nBcc: a@b.ru", "text": "раз\r\nдва\0"})
    case = house.case(escalation_id)
    assert (case.organisation, case.text) == ("ООО Bcc: a@b.ru", "раз\nдва")


def test_a_call_of_somebody_else_cannot_be_escalated(house: House) -> None:
    stranger = factories.member(house.session, house.session.get_one(Campaign, house.campaign_id))
    with pytest.raises(NotFoundError):
        house.escalate(who=actor(stranger))


def test_a_client_can_be_escalated_without_a_call_inside_ones_campaigns(house: House) -> None:
    assert house.escalate(attempt_id=None, respondent_id=house.client_id)
    outsider = actor(factories.user(house.session, "operator"))
    with pytest.raises(NotFoundError):
        house.escalate(who=outsider, attempt_id=None, respondent_id=house.client_id)
    with pytest.raises(NotFoundError):
        house.escalate(attempt_id=None)


@pytest.mark.parametrize("purpose", ["demo", "training"])
def test_practice_never_mails_outside(app: Flask, session: Session, purpose: str) -> None:
    queue.connect(app.config["REDIS_URL"])
    House(session, purpose).escalate()
    letter = session.scalars(select(Outbox)).one()
    assert (letter.purpose, letter.outside) == (purpose, False)


def test_later_changes_of_the_client_do_not_reach_the_escalation(house: House) -> None:
    escalation_id = house.escalate()
    with write(house.session) as s:
        s.execute(update(Respondent).values(organisation="Другая", contact="Другой"))
    assert house.case(escalation_id).organisation == FIELDS["organisation"]


def test_the_specialist_takes_answers_and_closes(house: House) -> None:
    escalation_id, later = house.escalate(), NOW + timedelta(minutes=5)
    who = house.specialist
    escalations.take(house.session, who, escalation_id, now=later)
    escalations.take(house.session, who, escalation_id, now=later + timedelta(minutes=1))
    escalations.note(house.session, who, escalation_id, text="Позвоню после обеда", now=later)
    escalations.answer(house.session, who, escalation_id, text="Кабель есть, счёт выслан", now=later)
    assert house.case(escalation_id).state == "answered"
    escalations.close(house.session, who, escalation_id, text="Клиент доволен", now=later)
    case = house.case(escalation_id)
    assert (case.state, case.taken_at, case.resolution, case.closed_at) == ("closed", later, "Клиент доволен", later)
    assert [note.kind for note in case.notes] == ["note", "answer", "close"]
    done = house.session.scalars(select(Journal.action).where(Journal.object_kind == "escalation").order_by(Journal.id))
    assert list(done) == [f"escalation_{word}" for word in ("raised", "taken", "note", "answer", "close")]


def test_an_escalation_taken_by_another_stays_his(house: House) -> None:
    escalation_id = house.escalate()
    escalations.take(house.session, house.specialist, escalation_id, now=NOW)
    with pytest.raises(StaleError, match=house.specialist.full_name):
        escalations.take(house.session, house.manager, escalation_id, now=NOW)
    assert house.case(escalation_id).taken_by_id == house.specialist.id


def test_a_closed_escalation_takes_no_more_words(house: House) -> None:
    escalation_id = house.escalate()
    escalations.close(house.session, house.specialist, escalation_id, text="Готово", now=NOW)
    for act in (
        lambda: escalations.note(house.session, house.specialist, escalation_id, text="ещё", now=NOW),
        lambda: escalations.answer(house.session, house.specialist, escalation_id, text="ещё", now=NOW),
        lambda: escalations.close(house.session, house.specialist, escalation_id, text="ещё", now=NOW),
        lambda: escalations.take(house.session, house.specialist, escalation_id, now=NOW),
    ):
        with pytest.raises(StaleError):
            act()


def test_answers_and_closing_need_words_and_count_once(house: House) -> None:
    escalation_id = house.escalate()
    with pytest.raises(EscalationError):
        escalations.close(house.session, house.specialist, escalation_id, text=" ", now=NOW)
    with pytest.raises(EscalationError):
        escalations.answer(house.session, house.specialist, escalation_id, text="х" * 2001, now=NOW)
    with counted(house.session, house.specialist.id, "once"):
        escalations.close(house.session, house.specialist, escalation_id, text="Готово", now=NOW)
    with pytest.raises(SentAgain), counted(house.session, house.specialist.id, "once"):
        escalations.close(house.session, house.specialist, escalation_id, text="Готово", now=NOW)
    assert len(house.case(escalation_id).notes) == 1


def test_people_of_another_customer_and_readers_change_nothing(house: House) -> None:
    escalation_id = house.escalate()
    for role in ("specialist", "customer"):
        stranger = actor(factories.user(house.session, role))
        assert queries.case(house.session, stranger, escalation_id) is None
        with pytest.raises(NotFoundError):
            escalations.take(house.session, stranger, escalation_id, now=NOW)
    reader = actor(factories.user(house.session, "customer", customer_id=house.customer_id))
    assert queries.case(house.session, reader, escalation_id) is not None
    with pytest.raises(NotFoundError):
        escalations.take(house.session, reader, escalation_id, now=NOW)


def test_the_list_counts_by_state(house: House) -> None:
    first, second = house.escalate(), house.escalate()
    escalations.take(house.session, house.specialist, first, now=NOW)
    house.session.rollback()
    assert queries.counts(house.session, house.campaign_id) == {"open": 1, "taken": 1, "answered": 0, "closed": 0}
    opened = escalation_list.lines(house.session, house.campaign_id, Wanted("open"), NOW)
    assert [line.id for line in opened] == [second]
    everything = escalation_list.lines(house.session, house.campaign_id, Wanted(), NOW)
    assert [line.id for line in everything] == [second, first]
    assert escalation_list.lines(house.session, house.campaign_id, Wanted(), NOW, page=2) == []


def test_letters_that_need_a_person_are_found(house: House) -> None:
    first, _ = house.escalate(), house.escalate()
    with write(house.session) as s:
        s.execute(update(Outbox).where(Outbox.subject_id == first).values(state="failed", next_try_at=None))
    assert queries.troubled(house.session, house.campaign_id) == 1
    (line,) = escalation_list.lines(house.session, house.campaign_id, Wanted(escalation_list.TROUBLED), NOW)
    assert line.id == first and line.letter is not None and line.letter.for_a_person


def test_an_address_is_confirmed_by_a_test_letter_that_was_sent(house: House) -> None:
    letter_id = escalations.send_test_letter(house.session, house.manager, house.campaign_id, now=NOW)
    house.session.rollback()
    assert queries.address(house.session, house.campaign_id).needs_confirmation
    with pytest.raises(DomainError, match="ещё не отправлено"):
        _confirm(house, letter_id)
    _settle(house, letter_id, "caught")
    with pytest.raises(DomainError, match="осталось на этой машине"):
        _confirm(house, letter_id)
    _settle(house, letter_id, "sent")
    _confirm(house, letter_id)
    address = queries.address(house.session, house.campaign_id)
    assert (address.confirmed_at, address.needs_confirmation) == (NOW, False)


def test_a_changed_address_is_to_be_confirmed_anew(house: House) -> None:
    old = escalations.send_test_letter(house.session, house.manager, house.campaign_id, now=NOW)
    _settle(house, old, "sent")
    _confirm(house, old)
    escalations.change_address(house.session, house.specialist, house.campaign_id, email=" new@u-energo.ru ", now=NOW)
    house.session.rollback()
    assert queries.address(house.session, house.campaign_id).confirmed_at is None
    with pytest.raises(StaleError):
        _confirm(house, old)
    for wrong in ("", "k.service", "a@b.ru, c@d", "a@b.ru\r\nBcc: c@d.ru"):
        with pytest.raises(EscalationError):
            escalations.change_address(house.session, house.manager, house.campaign_id, email=wrong, now=NOW)


def test_test_letters_are_for_those_who_keep_the_address(house: House) -> None:
    for stranger in (house.as_operator, actor(factories.user(house.session, "specialist"))):
        with pytest.raises(NotFoundError):
            escalations.send_test_letter(house.session, stranger, house.campaign_id, now=NOW)
    assert house.count(Outbox) == 0


def test_a_view_is_in_the_access_journal(house: House) -> None:
    escalation_id = house.escalate()
    escalations.seen(house.session, house.manager, escalation_id, address="127.0.0.1", now=NOW)
    line = house.session.scalars(select(AccessLog).where(AccessLog.object_kind == "escalation")).one()
    assert (line.user_id, line.action, line.object_id) == (house.manager.id, "viewed", str(escalation_id))


def _confirm(house: House, letter_id: int) -> None:
    escalations.confirm_address(house.session, house.manager, house.campaign_id, letter_id=letter_id, now=NOW)


def _settle(house: House, letter_id: int, state: str) -> None:
    with write(house.session) as s:
        s.execute(update(Outbox).where(Outbox.id == letter_id).values(state=state, next_try_at=None))


def letters_to(house: House) -> list[str]:
    house.session.rollback()
    return list(house.session.scalars(select(Outbox.recipient).order_by(Outbox.id)))


def test_letters_that_nobody_has_yet_follow_a_changed_address(house: House) -> None:
    for _ in range(4):
        house.escalate()
    with write(house.session) as s:
        first, second, third, _ = s.scalars(select(Outbox).order_by(Outbox.id)).all()
        first.state, first.next_try_at = "sent", None
        second.doubts, second.state = 1, "unknown"
        third.state, third.next_try_at = "failed", None
        before = first.recipient
    moved = escalations.change_address(
        house.session, house.manager, house.campaign_id, email="new@u-energo.ru; a@u-energo.ru", now=NOW
    )
    assert moved == 1
    assert letters_to(house) == [before, before, before, "new@u-energo.ru, a@u-energo.ru"]
    lines = house.session.scalars(select(Journal.object_id).where(Journal.action == "letter_readdressed")).all()
    assert len(lines) == 1


def test_a_branch_may_have_an_address_of_its_own(house: House) -> None:
    house.escalate()
    branch = house.client.branch_id
    change = {"email": "izh@u-energo.ru", "now": NOW}
    assert escalations.change_branch_address(house.session, house.specialist, house.campaign_id, branch, **change) == 1
    house.escalate()
    assert letters_to(house) == ["izh@u-energo.ru"] * 2
    escalations.change_branch_address(house.session, house.specialist, house.campaign_id, branch, email=" ", now=NOW)
    assert letters_to(house) == [house.session.get_one(Campaign, house.campaign_id).escalation_email] * 2
    stranger = factories.branch(house.session, factories.customer(house.session).id).id
    with pytest.raises(NotFoundError):
        escalations.change_branch_address(house.session, house.manager, house.campaign_id, stranger, **change)


@pytest.mark.parametrize(
    "email", ["", "  ", "нет", "a@b.ru, нет", "a@b.ru\r\nBcc: x@y.ru", ", ".join("abcdef@u-energo.ru")]
)
def test_what_is_no_address_is_refused_in_words(house: House, email: str) -> None:
    with pytest.raises(EscalationError) as refused:
        escalations.change_address(house.session, house.manager, house.campaign_id, email=email, now=NOW)
    assert "адрес" in refused.value.fields["email"].lower()


def test_replies_go_to_a_manager_who_has_an_address(house: House) -> None:
    house.escalate()
    factories.user(house.session, "manager", full_name="Марина Орлова", email="orlova@example.ru")
    house.escalate()
    house.session.rollback()
    payloads = house.session.scalars(select(Outbox.payload).order_by(Outbox.id)).all()
    assert [payload["reply_to"] for payload in payloads] == [None, ["Марина Орлова", "orlova@example.ru"]]

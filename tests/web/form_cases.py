"""What each form of the application says, and on what it is pressed: for `test_every_form_at_once`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.sample import FIELDS
from nps.domain.script import editing
from nps.domain.script.repairs import repairs
from nps.models import CallAttempt, Campaign, Outbox, QualityReview, Recording, ShiftMessage, UnsuitableAnswer, User
from nps.queries import missing_clients
from nps.queries import scripts as queries
from nps.services import call_queue, desk, escalations, scripts, shift_messages
from nps.services.reports import exporting
from tests import factories
from tests.factories import NOW
from tests.services.loading import ROW, Loader, workbook
from tests.services.test_scripts import says


@dataclass
class Place:
    """What a form is pressed on: ids for its address and fields, and the two people who press it."""

    ids: dict[str, Any]
    people: list[User]
    fields: dict[str, Any] = field(default_factory=dict)


Prepare = Callable[[Session, Place], None]
PERSON = {"full_name": "Новая Анна", "role": "manager", "gender": "female", "login": "novaya"}
CAMPAIGN = {
    "title": "Зима", "starts_on": "2027-01-11", "ends_on": "2027-01-29", "soft_refusal_final": "1",
    "admission": "warn", "dial_link": "tel:{e164}", "setup_allowance_s": "8",
}  # fmt: skip
CONTRACT = {"number": "7", "minutes": "100", "billing": "minute", "gate": "billed", "signed_on": "2026-11-01"}

#: endpoint -> what the form says. Those that stand here have to do what they are for.
FORMS: dict[str, dict[str, Any]] = {
    "admin.add_customer": {"name": "Новый заказчик"},
    "admin.rename_customer": {"name": "Другое имя"},
    "admin.add_contract": CONTRACT,
    "admin.change_contract": CONTRACT,
    "admin.create_user": PERSON,
    "admin.set_extension": {"extension": "201"},
    "admin.set_role": {"role": "manager"},
    "admin.reset_password": {},
    "admin.set_active": {"active": ""},
    "admin.end_sessions": {},
    "answer_terms.change": {"within_h": "4", "opens": "09:00", "closes": "18:00", "zone": "Europe/Samara"},
    "auth.close_other_sessions": {},
    "campaigns.add_branch": {"name": "Новый ОП", "region": "perm", "area_code": "342"},
    "campaigns.add_contact": {"department": "Склад", "person": "Иванова", "phone": "+73412111111"},
    "campaigns.add_day": {"day": "2026-11-20", "region": "", "is_open": "0"},
    "campaigns.add_stop": {"phone": "8 917 000-00-99", "reason": "просил"},
    "campaigns.act": {"kind": "refused", "reason": "письмо"},
    "campaigns.answer_message": {"text": "Иду"},
    "campaigns.admit": {"all": "1", "reason": "опыт"},
    "campaigns.assign": {"priority": "2"},
    "campaigns.change_contact": {"department": "Склад", "person": "Иванова", "phone": "+73412111111"},
    "campaigns.create": CAMPAIGN | {"purpose": "survey", "escalation_email": ""},
    "campaigns.close": {"sure": "1"},
    "campaigns.free": {},
    "campaigns.give_number": {"phone": "8 917 111-22-33"},
    "campaigns.lift_stop": {"reason": "передумал"},
    "campaigns.pause": {},
    "campaigns.remove_contact": {},
    "campaigns.remove_day": {},
    "campaigns.resume": {},
    "campaigns.save_settings": CAMPAIGN,
    "campaigns.settle": {
        "disposition": "hung_up",
        "reason": "ушёл",
        "ended_day": "2026-11-17",
        "ended_time": "15:15:30",
    },  # fmt: skip
    "campaigns.write_message": {"to": "all", "text": "Обед в 13:00"},
    "campaigns.save_windows": {"lines": "0"},
    "campaigns.seconds": {"talk_s": "60", "reason": "сверка"},
    "campaigns.correct": {"disposition": "hung_up", "reason": "ошибка"},
    "campaigns.set_region": {"region": "perm", "area_code": "342"},
    "campaigns.unassign": {},
    "desk.answer": {"answer": "yes", "expect_step": "greeting"},
    "desk.answered": {},
    "desk.break_in": {"name": "question"},
    "desk.carry_on": {},
    "desk.dial": {},
    "desk.end_shift": {},
    "desk.escalate": {"text": "Есть ли кабель?", "organisation": "ООО «Наше»", "phone": "8 917 000-00-01"},
    "desk.hand_over": {"note": "не помню"},
    "desk.hang_up": {},
    "desk.inbound": {},
    "desk.last": {},
    "desk.next": {},
    "desk.note": {"note": "перезвонить"},
    "desk.outcome": {"code": "technical"},
    "desk.pause": {"reason": "break"},
    "desk.rename": {"greeting_name": "Светлана"},
    "desk.reopen": {},
    "desk.resume": {},
    "desk.resume_script": {},
    "desk.return_client": {"reason": "other"},
    "desk.ringing": {},
    "desk.start_shift": {"spoken_name": "Ольга"},
    "desk.tell_end": {"talk_minutes": "0"},
    "escalations.take": {},
    "escalations.note": {"text": "звонили"},
    "escalations.ask_to_call": {"text": "уточните марку"},
    "escalations.confirm": {},
    "escalations.send_test": {},
    "escalations.answer": {"text": "есть на складе"},
    "escalations.close": {"text": "ответили"},
    "escalations.change_address": {"email": "new@u-energo.ru"},
    "escalations.change_branch_address": {"email": "new@u-energo.ru"},
    "letters.again": {},
    "personal_data.save_terms": {"legal_basis": "договор", "delete_on": "2027-01-01"},
    "quality.correct": {"disposition": "hung_up", "reason": "слышно"},
    "quality.reply": {"reply": "спасибо"},
    "quality.save": {"act": "finish", "mark-0": "2", "note": "хорошо"},
    "quality.save_plan": {"newcomer_calls": "3", "share_percent": "5", "title": "Приветствие", "hint": ""},
    "recordings.absence": {"cause": "lost"},
    "recordings.attach": {},
    "recordings.detach": {},
    "recordings.set_all_aside": {"up_to": "1000000"},
    "recordings.set_aside": {},
    "reports.cancel_file": {},
    "reports.freeze": {"what": "wave"},
    "reports.order_file": {"form": "csv"},
    "reports.set_letter": {"every": "daily", "email": "boss@u-energo.ru"},
    "sample.back": {},
    "sample.cancel": {},
    "sample.confirm": {f"column-{n}": code for n, code in enumerate(FIELDS)},
    "sample.decide": {"apply": "0"},
    "sample.place": {"sheet": "0", "row": "1"},
    "sample.publish": {},
    "sample.withdraw": {"letter": "15-к", "reason": "Договор расторгнут"},
    "scripts.add_step": {"revision": "0", "kind": "end", "title": "Новый шаг"},
    "scripts.adopt": {},
    "scripts.discard": {},
    "scripts.first_step": {"revision": "0"},
    "scripts.publish": {},
    "scripts.remove_step": {"revision": "0"},
    "scripts.repair": {"step": "greeting"},
    "scripts.save_complaint": {"revision": "0", "step_text": "Выслушать", "step_words": "Понимаю вас"},
    "scripts.save_questions": {"revision": "0", "id": "", "ask": "Откуда номер?", "reply": "Вы наш клиент"},
    "scripts.save_step": {"revision": "0", "title": "Приветствие", "say": "Здравствуйте!"},
    "scripts.undo": {},
    "scripts.use_words": {"used_as": "question"},
    "training.begin": {"scenario": "ready"},
}

#: Pressed with nothing in them: what they are for needs a whole wizard, and tests of their own walk through it. They
#: are refused here, four times alike.
BARE = {
    "admin.raise_limit",
    "auth.close_session",
    "auth.save_password",
    "desk.acknowledge",
    "desk.ask_help",
    "desk.back",
    "desk.comment",
    "desk.read_message",
    "desk.transfer",
    "personal_data.erase_campaign",
    "personal_data.erase_person",
    "recordings.upload",
    "reports.check_answers",
    "sample.upload",
    "scripts.upload",
    "training.wait",
}


def started(session: Session, place: Place) -> None:
    for person in place.people:
        desk.start_shift(session, actor_of(person), place.ids["campaign_id"], "Ольга", NOW)


def shown(session: Session, place: Place) -> None:
    started(session, place)
    taken = call_queue.take_next(session, place.people[0].id, place.ids["campaign_id"], NOW)
    assert isinstance(taken, call_queue.Taken)
    place.fields["expect_client"] = place.ids["respondent_id"] = taken.respondent_id
    place.fields["respondent_id"] = taken.respondent_id


def dialled(session: Session, place: Place) -> None:
    shown(session, place)
    call = desk.dial(session, actor_of(place.people[0]), place.ids["respondent_id"], NOW)
    place.fields["expect_attempt"] = place.ids["attempt_id"] = call


def talking(session: Session, place: Place) -> None:
    dialled(session, place)
    person = actor_of(place.people[0])
    desk.answered(session, person, place.ids["attempt_id"], NOW)


def broken_in(session: Session, place: Place) -> None:
    talking(session, place)
    desk.break_in(session, actor_of(place.people[0]), place.ids["attempt_id"], NOW)


def settled(session: Session, place: Place) -> None:
    dialled(session, place)
    person = actor_of(place.people[0])
    result = desk.Result("technical")
    desk.settle(session, person, place.ids["attempt_id"], result, NOW)


def over(session: Session, place: Place) -> None:
    """Settled, and the next client is shown."""
    settled(session, place)
    call_queue.take_next(session, place.people[0].id, place.ids["campaign_id"], NOW)


def paused(session: Session, place: Place) -> None:
    started(session, place)
    for person in place.people:
        desk.pause(session, actor_of(person), "break", NOW)


def handed_out(session: Session, place: Place) -> None:
    """An operator has the client on his desk."""
    operator = factories.on_shift(session, session.get_one(Campaign, place.ids["campaign_id"]))
    taken = call_queue.take_next(session, operator.id, place.ids["campaign_id"], NOW)
    assert isinstance(taken, call_queue.Taken)
    place.ids["respondent_id"] = taken.respondent_id


def left_open(session: Session, place: Place) -> None:
    """A call waits for its result, and its operator has gone."""
    campaign = session.get_one(Campaign, place.ids["campaign_id"])
    call = factories.attempt(
        session, factories.respondent(session, campaign), factories.member(session, campaign), None
    )
    place.ids["attempt_id"] = call.id


def asking_for_help(session: Session, place: Place) -> None:
    operator = factories.on_shift(session, session.get_one(Campaign, place.ids["campaign_id"]))
    shift_messages.ask(session, actor_of(operator), "", NOW)
    place.ids["message_id"] = session.scalars(select(func.max(ShiftMessage.id))).one()


def with_contract(session: Session, place: Place) -> None:
    place.fields["contract_id"] = place.ids["contract_id"]


def asking_for_admission(session: Session, place: Place) -> None:
    campaign = session.get_one(Campaign, place.ids["campaign_id"])
    factories.member(session, campaign, admitted_at=None)


def tested(session: Session, place: Place) -> None:
    """A test letter has left for the campaign's address."""
    person = actor_of(place.people[0])
    place.fields["letter"] = escalations.send_test_letter(session, person, place.ids["campaign_id"], now=NOW)
    factories.fresh(session)
    letter = session.get_one(Outbox, place.fields["letter"])
    letter.state, letter.next_try_at, letter.sent_at = "sent", None, NOW
    session.commit()


def loose(session: Session, place: Place) -> None:
    """The recording has no call, and is nobody's; the call has none."""
    factories.fresh(session)
    recording = session.get_one(Recording, place.ids["recording_id"])
    recording.state, recording.problem, recording.attempt_id = "unmatched", "none", None
    session.commit()
    place.fields["attempt_id"] = str(place.ids["attempt_id"])


def reviewed(session: Session, place: Place) -> None:
    """The call is of the first person, and its review is sent to him."""
    person, reviewer = (person.id for person in place.people)
    factories.fresh(session)
    call = session.get_one(CallAttempt, place.ids["attempt_id"])
    call.operator_id = person
    review = QualityReview(
        attempt_id=call.id, campaign_id=call.campaign_id, operator_id=call.operator_id, reviewer_id=reviewer,
        reason="asked", begun_at=NOW, finished_at=NOW,
    )  # fmt: skip
    session.add(review)
    session.commit()
    place.ids["review_id"] = review.id


def closed(session: Session, place: Place) -> None:
    factories.fresh(session)
    session.get_one(Campaign, place.ids["campaign_id"]).closed_at = NOW
    session.commit()


def ordered(session: Session, place: Place) -> None:
    person = actor_of(place.people[0])
    place.ids["job_id"] = exporting.order(
        session, actor=person, campaign_id=place.ids["campaign_id"], form="csv", zone="Europe/Samara", now=NOW
    )


def understood(session: Session, place: Place) -> None:
    """A base is read, and its one branch waits for a decision."""
    loader = Loader(session, _campaign(session, place), place.people[0])
    place.ids["load_id"] = loader.understand(workbook(ROW))
    for key, code in loader.decisions(place.ids["load_id"]).items():
        place.fields |= {"branch_key": key, "branch": code}


def checked(session: Session, place: Place) -> None:
    """A base has its receipt, and leaves the clients of the house out."""
    loader = Loader(session, _campaign(session, place), place.people[0])
    place.ids["load_id"] = loader.check(workbook(ROW))
    gone = missing_clients.removable(session, place.ids["campaign_id"], place.ids["load_id"])
    place.fields["clients"] = len(gone)


def drafted(session: Session, place: Place) -> None:
    """Somebody has changed a step of the script."""
    _save(session, place, says("До свидания!"))


def broken(session: Session, place: Place) -> None:
    """Steps of the draft lead to one that is not there any more."""
    _save(session, place, partial(editing.without_step, step_id="farewell"))
    script = queries.studio(session, _campaign(session, place).script_version_id).script
    place.fields["repair"] = next(way.key for ways in repairs(script, script.problems()) for way in ways)


def published(session: Session, place: Place) -> None:
    """The campaign has stayed on the version before the last."""
    drafted(session, place)
    version_id = _campaign(session, place).script_version_id
    scripts.publish(session, actor_of(place.people[0]), version_id, 1, set(), NOW)


def _save(session: Session, place: Place, edit: scripts.Edit) -> None:
    version_id = _campaign(session, place).script_version_id
    place.fields["revision"] = scripts.save(session, actor_of(place.people[0]), version_id, 0, edit, NOW)
    place.fields["campaign"] = place.ids["campaign_id"]


def _campaign(session: Session, place: Place) -> Campaign:
    return session.get_one(Campaign, place.ids["campaign_id"])


def said(session: Session, place: Place) -> None:
    """An operator has sent what a client said."""
    campaign = _campaign(session, place)
    operator = factories.member(session, campaign)
    call = factories.attempt(session, factories.respondent(session, campaign), operator, "hung_up")
    told = {"attempt_id": call.id, "script_version_id": call.script_version_id, "by": operator.id, "at": NOW}
    row = UnsuitableAnswer(step="question", words="Есть ли скидки?", **told)
    session.add(row)
    session.commit()
    place.ids["unsuitable_id"] = row.id


STATES: dict[str, Prepare] = {
    "desk.answer": talking,
    "desk.answered": dialled,
    "desk.break_in": talking,
    "desk.carry_on": dialled,
    "desk.dial": shown,
    "desk.end_shift": started,
    "desk.escalate": talking,
    "desk.hand_over": dialled,
    "desk.hang_up": dialled,
    "desk.inbound": shown,
    "desk.last": over,
    "desk.next": started,
    "desk.note": dialled,
    "desk.outcome": dialled,
    "desk.pause": started,
    "desk.rename": shown,
    "desk.reopen": settled,
    "desk.resume": paused,
    "desk.resume_script": broken_in,
    "desk.return_client": shown,
    "desk.ringing": dialled,
    "desk.tell_end": talking,
    "campaigns.free": handed_out,
    "campaigns.admit": asking_for_admission,
    "campaigns.answer_message": asking_for_help,
    "campaigns.create": with_contract,
    "campaigns.settle": left_open,
    "campaigns.write_message": asking_for_help,
    "escalations.confirm": tested,
    "quality.reply": reviewed,
    "recordings.absence": loose,
    "recordings.attach": loose,
    "recordings.set_all_aside": loose,
    "recordings.set_aside": loose,
    "reports.cancel_file": ordered,
    "reports.freeze": closed,
    "sample.back": checked,
    "sample.confirm": understood,
    "sample.decide": checked,
    "sample.place": understood,
    "sample.publish": checked,
    "sample.withdraw": checked,
    "scripts.adopt": published,
    "scripts.discard": drafted,
    "scripts.publish": drafted,
    "scripts.repair": broken,
    "scripts.undo": drafted,
    "scripts.use_words": said,
}


def actor_of(person: User) -> Actor:
    return Actor(person.id, person.role, person.full_name, person.customer_id, spoken_name="Ольга")

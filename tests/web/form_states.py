"""On what each form is pressed, and by whom: for `test_every_form_at_once`. What they say: `form_cases`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.script import editing
from nps.domain.script.repairs import repairs
from nps.models import (
    CallAttempt,
    Campaign,
    Outbox,
    QualityReview,
    Recording,
    Respondent,
    SampleImport,
    ShiftMessage,
    UnsuitableAnswer,
    User,
)
from nps.queries import missing_clients
from nps.queries import scripts as queries
from nps.queries.accounts import session_by_token
from nps.services import accounts, call_queue, desk, escalations, scripts, shift_messages, training
from nps.services.reports import exporting
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.services.loading import ROW, Loader, workbook
from tests.services.test_scripts import says


@dataclass
class Place:
    """What a form is pressed on: ids for its address and fields, and the two people who press it."""

    ids: dict[str, Any]
    people: list[User]
    fields: dict[str, Any] = field(default_factory=dict)


Prepare = Callable[[Session, Place], None]


def actor_of(person: User) -> Actor:
    return Actor(person.id, person.role, person.full_name, person.customer_id, spoken_name="Ольга")


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


def last_step(session: Session, place: Place) -> None:
    """The first one can't be taken out."""
    place.ids["step_id"] = "farewell"


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


def logged_in_elsewhere(session: Session, place: Place) -> None:
    login = place.people[0].login
    opened = accounts.log_in(session, login=login, password=PASSWORD, address="10.0.0.9", agent="tablet", now=NOW)
    row = session_by_token(session, opened.token, NOW)
    assert row is not None
    place.ids["session_id"] = row.session_id


def to_be_erased(session: Session, place: Place) -> None:
    """The campaign is closed, one of its clients has been found, and nothing is under way."""
    campaign = session.get_one(Campaign, place.ids["campaign_id"])
    place.fields["title"], campaign.closed_at = campaign.title, NOW
    place.fields["respondent_id"] = place.fields["shown"] = place.ids["respondent_id"]
    for load in session.scalars(select(SampleImport).where(SampleImport.campaign_id == campaign.id)):
        load.state = "cancelled"
    session.commit()


def waiting_in_training(session: Session, place: Place) -> None:
    person, begun = actor_of(place.people[0]), NOW - timedelta(minutes=1)
    training.begin(session, person, place.ids["campaign_id"], "third_call", begun)
    client = session.scalars(select(Respondent.id).where(Respondent.held_by == person.id)).one()
    call = desk.dial(session, person, client, begun)
    desk.settle(session, person, call, desk.Result("no_answer"), NOW)


STATES: dict[str, Prepare] = {
    "auth.close_session": logged_in_elsewhere,
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
    "personal_data.erase_campaign": to_be_erased,
    "personal_data.erase_person": to_be_erased,
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
    "scripts.remove_step": last_step,
    "scripts.repair": broken,
    "scripts.undo": drafted,
    "scripts.use_words": said,
    "training.wait": waiting_in_training,
}

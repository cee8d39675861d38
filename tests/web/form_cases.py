"""What each form of the application says, and on what it is pressed: for `test_every_form_at_once`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.sample import FIELDS
from nps.models import User


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
    "campaigns.admit",
    "campaigns.answer_message",
    "campaigns.create",
    "campaigns.free",
    "campaigns.settle",
    "campaigns.write_message",
    "desk.acknowledge",
    "desk.answer",
    "desk.answered",
    "desk.ask_help",
    "desk.back",
    "desk.break_in",
    "desk.carry_on",
    "desk.comment",
    "desk.dial",
    "desk.end_shift",
    "desk.escalate",
    "desk.hand_over",
    "desk.hang_up",
    "desk.inbound",
    "desk.last",
    "desk.next",
    "desk.note",
    "desk.outcome",
    "desk.pause",
    "desk.read_message",
    "desk.rename",
    "desk.reopen",
    "desk.resume",
    "desk.resume_script",
    "desk.return_client",
    "desk.ringing",
    "desk.tell_end",
    "desk.transfer",
    "escalations.confirm",
    "personal_data.erase_campaign",
    "personal_data.erase_person",
    "quality.reply",
    "recordings.absence",
    "recordings.attach",
    "recordings.set_all_aside",
    "recordings.set_aside",
    "recordings.upload",
    "reports.cancel_file",
    "reports.check_answers",
    "reports.freeze",
    "sample.back",
    "sample.confirm",
    "sample.decide",
    "sample.place",
    "sample.publish",
    "sample.upload",
    "sample.withdraw",
    "scripts.adopt",
    "scripts.discard",
    "scripts.publish",
    "scripts.repair",
    "scripts.undo",
    "scripts.upload",
    "scripts.use_words",
    "training.wait",
}


def actor_of(person: User) -> Actor:
    return Actor(person.id, person.role, person.full_name, person.customer_id, spoken_name="Ольга")

"""A system in the middle of a survey, with something on every page: for the checks and the pictures of all pages."""

from __future__ import annotations

import io
import os
import wave
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.local_time import OFFICE_ZONE
from nps.extensions import db
from nps.models import Branch, CallAttempt, Campaign, Erasure, Respondent, SampleImport, User
from nps.queries import sample as sample_queries
from nps.services import (
    branches,
    call_queue,
    desk,
    escalations,
    frozen_reports,
    recordings,
    report_letters,
    sample,
    stop_list,
    supervision,
    training,
)
from nps.services.call_queue import Taken
from nps.services.desk import Result
from nps.services.journal import record
from nps.services.personal_data.document import COUNTS
from tests import factories
from tests.e2e.system import System

DATA = Path(__file__).resolve().parent.parent / "data"
#: Thursday 19 November 2026, 11:20 in Izhevsk: open there and in Moscow's zone, the break has begun in Perm and Ufa.
NOW = datetime(2026, 11, 19, 7, 20, tzinfo=UTC)
SURVEY, EMPTY, PAUSED, DEMO = "Уралэнерго, ноябрь 2026", "Декабрь 2026", "Повторная волна", "Демонстрация"
#: Before the last call of the story; the rest of the base still waits.
_DAYS = (datetime(2026, 11, 17, 6, 5, tzinfo=UTC), datetime(2026, 11, 18, 6, 5, tzinfo=UTC), NOW - timedelta(hours=1))

_REGIONS = {
    "udmurtia": ("Ижевск", "Воткинск", "Сарапул", "Глазов"),
    "tatarstan": ("Казань", "Набережные Челны", "Альметьевск"),
    "bashkiria": ("Уфа", "Стерлитамак", "Нефтекамск"),
    "chuvashia": ("Чебоксары",),
    "perm": ("Пермь", "Березники"),
}
#: How calls end, over and over. A number is a rating.
_STORY: tuple[int | str, ...] = (
    10, "no_answer", 7, "busy", 3, 9, "refused", "callback", 8, "other_person", "dead_number", 5, "switched_off", 10,
    "hung_up", 9, "no_answer", "soft_refusal", 6, "technical", 9, "do_not_call", 10, "voicemail", 8, "not_client",
)  # fmt: skip
_PROMPTS = cycle((["stock", "delivery"], ["reply_time"], ["assortment"], ["reachability", "other"], ["delivery"]))
_WORDS = cycle(
    (
        "Ждали кабель две недели, хотя обещали три дня",
        "",
        "Менеджер всегда на связи, но цены выше, чем у соседей",
        "Не дозвонишься после обеда",
        "",
    )
)
#: What was said that no answer fitted: in which panel ('' is the step), by how the call ends.
_UNFITTING: dict[int | str, tuple[str, str]] = {
    "soft_refusal": ("", "Вы из Уралэнерго или из банка? Пришлите письмо, тогда поговорим"),
    3: ("complaint", "Прайс на сайте месяц не обновляли, по нему невозможно заказать"),
    "callback": ("callback", "Звоните секретарю, она знает моё время"),
}
_QUESTIONS = (
    ("Есть ли кабель ВВГнг 3х2,5 на складе в Ижевске и какая на него цена?", "после 15:00"),
    ("Хотят оформить заявку на светильники, 40 штук.", ""),
    ("Просят акт сверки за третий квартал на почту.", "завтра до обеда"),
    ("Не привезли автоматы по счёту 1184, обещали ещё в пятницу.", ""),
)


@dataclass(frozen=True)
class Filled:
    """Where things are. Each role logs in by its own name; the second campaign of the list has no clients yet."""

    survey: int
    empty: int
    paused: int
    demo: int
    checked_load: int
    escalation: int
    client: int
    recorded_call: str
    plain_call: str
    letter: str
    practice_call: str
    frozen: int


def fill(system: System, calls: int = 26) -> Filled:
    """Two days of calls by two operators, and what the others did beside them."""
    with system.app.app_context():
        return _Story(system, db.session()).tell(calls)


class _Story:
    def __init__(self, system: System, session: Session) -> None:
        self.system = system
        self.session = session
        self.people: dict[str, Actor] = {}

    def tell(self, calls: int) -> Filled:
        contract = factories.contract(self.session, number="УЭ-17/2026")
        campaign = factories.campaign(
            self.session, contract_id=contract.id, title=SURVEY, escalation_email="k.service@u-energo.ru"
        )
        others = [
            factories.campaign(
                self.session, contract_id=contract.id, title=title, script_version_id=campaign.script_version_id, **more
            )
            for title, more in [
                (EMPTY, {}),
                (PAUSED, {"paused_at": NOW - timedelta(hours=3)}),
                (DEMO, {"purpose": "demo", "always_open": True}),
            ]
        ]
        ids = [campaign.id, *(other.id for other in others)]
        self._people(contract.customer_id, ids)
        self._branches(contract.customer_id)
        self._load(ids[0], DATA / "base_clean.xlsx", publish=True)
        made = self._calls(ids[0], calls)
        loads = self._load(ids[0], DATA / "base_messy.xlsx", publish=False)
        first = self._escalations(ids[0], made)
        self._record(made[0])
        self._received(made[3:7])
        self._stop_list(ids[0])
        letter = self._caught_letter(ids[3])
        practice_call = self._practice(ids[0])
        self._act(ids[3])
        self._letters_of_reports(ids[0])
        # A repeat that has its reasons, for the card.
        client = self.session.scalars(
            select(Respondent.id).where(Respondent.campaign_id == ids[0], Respondent.misses > 0).limit(1)
        ).one()
        return Filled(
            *ids, loads, first, client, str(made[0]), str(made[2]), letter, practice_call, self._freeze(ids[0])
        )

    def _freeze(self, campaign_id: int) -> int:
        """The manager has closed the survey's first day; later he mended a call of it."""
        first = _DAYS[0].date()
        boss = self.people["manager"].id
        frozen = frozen_reports.freeze_period(
            self.session, boss, campaign_id, first=first, last=first, now=NOW - timedelta(hours=2), zone=OFFICE_ZONE
        )
        call = self.session.scalars(
            select(CallAttempt)
            .where(CallAttempt.campaign_id == campaign_id, CallAttempt.local_day == first, CallAttempt.talk_ms > 0)
            .order_by(CallAttempt.dialled_at)
        ).first()
        assert call is not None
        words = "Секунды по записи разговора"
        supervision.correct_seconds(self.session, boss, call.id, call.talk_ms // 1000 + 75, words, NOW)
        return frozen

    def _letters_of_reports(self, campaign_id: int) -> None:
        """The manager and the customer have asked for the figures; the morning's letter has gone to the manager."""
        for login, every in (("manager", "daily"), ("customer", "weekly")):
            at, email = NOW - timedelta(days=2), f"{login}@example.ru"
            report_letters.subscribe(
                self.session, self.people[login], campaign_id, every=every, email=email, zone=OFFICE_ZONE, now=at
            )
        report_letters.write_due(self.session, campaign_id, now=NOW - timedelta(hours=2))

    def _act(self, campaign_id: int) -> None:
        """The act of a person who was erased last week."""
        at = NOW - timedelta(days=7)
        counts = dict.fromkeys(COUNTS, 1)
        self.session.add(
            Erasure(
                campaign_id=campaign_id, scope="person", at=at, by=self.people["manager"].id, reason="Требование № 7",
                subjects=[[901, 903]], counts=counts, files=[], finished_at=at,
            )
        )  # fmt: skip
        self.session.flush()
        values = {"clients": 3, "subjects": "901–903"}
        common = {"object_kind": "erasure", "object_id": 1, "campaign_id": campaign_id}
        record(self.session, at=at, action="person_erased", actor_id=self.people["manager"].id, after=values, **common)
        self.session.commit()

    # -- the stage

    def _people(self, customer_id: int, campaigns: list[int]) -> None:
        for role, login, name, gender in [
            ("specialist", "specialist", "Ирина Кузнецова", "female"),
            ("customer", "customer", "Павел Сергеевич Заказчиков", "male"),
            ("manager", "manager", "Нина Руководова", "female"),
            ("admin", "admin", "Антон Наладкин", "male"),
            ("operator", "olga", "Ольга Маркова", "female"),
            ("operator", "maxim", "Максим Орлов", "male"),
            ("operator", "vera", "Вера Тихая", "female"),
        ]:
            bound = {"customer_id": customer_id} if role in ("specialist", "customer") else {}
            spoken = name.split()[0] if role == "operator" else ""
            user = factories.user(
                self.session, role, login=login, full_name=name, spoken_name=spoken, gender=gender, **bound
            )
            self.people[login] = Actor(user.id, role, name, user.customer_id, spoken, gender)
            for campaign_id in campaigns if role == "operator" else []:
                factories.member(
                    self.session,
                    self.session.get_one(Campaign, campaign_id),
                    self.session.get_one(User, self.people[login].id),
                    priority=campaigns.index(campaign_id) + 1,
                )

    def _branches(self, customer_id: int) -> None:
        for region, cities in _REGIONS.items():
            for city in cities:
                factories.branch(self.session, customer_id, city, region)
        rows = self.session.execute(select(Branch.name, Branch.id).where(Branch.customer_id == customer_id))
        known = {name: branch_id for name, branch_id in rows}
        for city, department, person, phone in [
            ("Ижевск", "Отдел продаж", "Соколова Мария", "+7 3412 00-10-01"),
            ("Ижевск", "Склад", "", "+7 3412 00-10-02"),
            ("Казань", "Отдел продаж", "Гарипов Айрат", "+7 843 000-20-01"),
            ("Чебоксары", "Отдел продаж", "Петрова Инна", "+7 8352 00-30-01"),
            (None, "Бухгалтерия", "Лапина Ольга", "+7 3412 00-10-09"),
        ]:
            contact = branches.Contact(
                branch_id=known.get(city) if city else None, department=department, person=person, phone=phone
            )
            branches.add_contact(db.session, self.people["specialist"].id, customer_id, contact, _DAYS[0])

    # -- the base

    def _load(self, campaign_id: int, file: Path, *, publish: bool) -> int:
        """The load's id; unpublished it waits at its receipt."""
        at = _DAYS[0] - timedelta(hours=1) if publish else NOW - timedelta(minutes=30)
        who: dict[str, Any] = {"campaign_id": campaign_id, "user_id": self.people["specialist"].id, "now": at}
        with file.open("rb") as source:
            load_id = sample.upload(db.session, file_name=file.name, source=source, **who)
        columns = self._work(load_id, at).understood.header.columns
        load = sample_queries.load(self.session, campaign_id, load_id)
        assert load is not None
        customer_id = self.people["specialist"].customer_id
        assert customer_id is not None
        unknown = sample_queries.unknown_branches(self.session, load, customer_id)
        decisions = {group.key: f"new:{group.suggested}" if group.suggested else "outside" for group in unknown}
        which = {"campaign_id": campaign_id, "import_id": load_id}
        sample.confirm(db.session, columns=columns, decisions=decisions, **which)
        self._work(load_id, at)
        if publish:
            sample.publish(db.session, **which)
            self._work(load_id, at)
        return load_id

    def _work(self, load_id: int, at: datetime) -> SampleImport:
        sample.work(db.session, load_id, lambda: at)
        self.session.rollback()
        return self.session.get_one(SampleImport, load_id, populate_existing=True)

    # -- the calls

    def _calls(self, campaign_id: int, number: int) -> list[Any]:
        """The ids of the calls, ratings first met first."""
        made: list[Any] = []
        story = cycle(_STORY)
        per_shift = -(-number // len(_DAYS))
        for day, login in zip(_DAYS, ("olga", "maxim", "olga"), strict=True):
            at = day
            desk.start_shift(db.session, self.people[login], campaign_id, self.people[login].spoken_name, at)
            for _ in range(min(per_shift, number - len(made))):
                attempt, at = self._call(self.people[login], campaign_id, next(story), at)
                made.append(attempt)
            desk.end_shift(db.session, self.people[login], at)
        return made

    def _call(self, actor: Actor, campaign_id: int, end: int | str, at: datetime) -> tuple[Any, datetime]:
        taken = call_queue.take_next(db.session, actor.id, campaign_id, at)
        assert isinstance(taken, Taken), taken
        attempt = desk.dial(db.session, actor, taken.respondent_id, at)
        at += timedelta(seconds=30)
        result = Result("surveyed" if isinstance(end, int) else end, note="Так сказал клиент")
        if end not in ("no_answer", "busy", "switched_off", "dead_number", "technical"):
            desk.answered(db.session, actor, attempt, at)
            at += timedelta(seconds=25)
        if end in _UNFITTING:
            panel, words = _UNFITTING[end]
            desk.keep_unsuitable(db.session, actor, attempt, words, at, panel)
        if isinstance(end, int):
            at = self._answers(actor, attempt, end, at)
        elif end == "callback":
            result = Result("callback", callback_at=NOW.replace(hour=11, minute=0))
        at += timedelta(seconds=5)
        desk.settle(db.session, actor, attempt, result, at)
        return attempt, at + timedelta(seconds=20)

    def _answers(self, actor: Actor, attempt: Any, rating: int, at: datetime) -> datetime:
        answers: list[tuple[str, Any]] = [("greeting", "yes"), ("rating", str(rating))]
        if rating < 9:
            words = next(_WORDS)
            answers.append(("reasons", {"prompts": next(_PROMPTS), "words": words, "comment": ""}))
        for step, value in answers:
            at += timedelta(seconds=9)
            desk.answer(db.session, actor, attempt, step, value, at)
        return at

    # -- beside the calls

    def _escalations(self, campaign_id: int, calls: list[Any]) -> int:
        """Four, one in each state; the id of the one in work."""
        found = []
        for (text, wished), attempt in zip(_QUESTIONS, (calls[0], calls[2], calls[4], calls[5]), strict=True):
            fields = {
                "organisation": "ООО «ВолгаКабель»", "inn": "1897309111", "contact": "Вахрушев Тимур Ильич",
                "phone": "+7 341 200-80-32", "email": "zakaz1@example.com", "text": text, "wished_time": wished,
            }  # fmt: skip
            at = _DAYS[1] + timedelta(minutes=20 * len(found))
            olga = self.people["olga"]
            found.append(escalations.raise_escalation(db.session, olga, fields=fields, now=at, attempt_id=attempt))
        specialist, at = self.people["specialist"], _DAYS[1] + timedelta(hours=3)
        for number in found[1:]:
            escalations.take(db.session, specialist, number, now=at)
        escalations.note(db.session, specialist, found[1], text="Позвонила на склад, жду ответа", now=at)
        escalations.answer(db.session, specialist, found[2], text="Отправили акт на почту", now=at)
        escalations.close(db.session, specialist, found[3], text="Довезли в тот же день", now=at)
        self.session.rollback()
        self.system.work()
        return found[1]

    def _received(self, attempts: list[Any]) -> None:
        """Recordings of the exchange: one finds its call, the others wait for a person."""
        inbox, at = self.system.app.config["RECORDINGS_INBOX"], NOW - timedelta(hours=3)
        calls = [self.session.get_one(CallAttempt, attempt) for attempt in attempts]
        seconds = [(call.ring_ms + call.talk_ms) // 1000 for call in calls]
        digits, began = calls[1].e164[1:], int(calls[1].dialled_at.timestamp())
        names = [f"{calls[0].id}.wav", f"{calls[0].id}-2.wav", f"out-{digits}-101-{began}.1.wav", "проба.wav"]
        for name, length in zip(names, (seconds[0], 31, seconds[1] + 60, 2), strict=True):
            (inbox / name).write_bytes(_sound(length).getvalue())
            os.utime(inbox / name, (at.timestamp(), at.timestamp()))
        recordings.collect(db.session, NOW - timedelta(hours=2))

    def _record(self, attempt: Any) -> None:
        file = _sound(45)
        recordings.add_recording(
            db.session(),
            actor=self.people["manager"],
            attempt_id=attempt,
            stream=file,
            source_name="запись.wav",
            now=NOW - timedelta(hours=2),
        )

    def _stop_list(self, campaign_id: int) -> None:
        stop_list.add(
            db.session,
            self.people["specialist"].id,
            campaign_id,
            phone="",
            inn="1851884479",
            reason="Организация просит не звонить",
            now=NOW - timedelta(hours=2),
        )

    def _practice(self, campaign_id: int) -> str:
        """A practice call of Olga's that missed the client's question."""
        olga, at = self.people["olga"], NOW - timedelta(minutes=40)
        training.begin(db.session, olga, campaign_id, "cable", at)
        card = self.session.scalars(select(Respondent.id).where(Respondent.held_by == olga.id)).one()
        attempt = desk.dial(db.session, olga, card, at)
        desk.answered(db.session, olga, attempt, at + timedelta(seconds=12))
        ends = self._answers(olga, attempt, 8, at + timedelta(seconds=12))
        desk.settle(db.session, olga, attempt, Result("surveyed"), ends)
        desk.end_shift(db.session, olga, ends)
        return str(attempt)

    def _caught_letter(self, campaign_id: int) -> str:
        """The name of a letter of the demonstration: such letters never leave the house."""
        manager = self.people["manager"]
        escalations.send_test_letter(db.session, manager, campaign_id, now=NOW - timedelta(hours=1))
        self.session.rollback()
        self.system.work()
        (letter,) = self.system.app.config["MAIL_FOLDER"].iterdir()
        return str(letter.name)


def _sound(seconds: int) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000 * seconds))
    file.seek(0)
    return file

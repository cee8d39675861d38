"""Destroying personal data (R20, R21): afterwards nobody is found anywhere, and every report says what it said."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.extensions import db
from nps.jobs.sweeper import sweep_once
from nps.models import (
    Campaign,
    Contract,
    Erasure,
    ImportRow,
    Journal,
    Outbox,
    Respondent,
    RespondentPhone,
    Shift,
    StopList,
)
from nps.queries import personal_data as acts
from nps.queries.personal_data import ERASED
from nps.queries.reports import EVERYTHING, Report, campaign_report
from nps.queries.reports.frozen import frozen_wave
from nps.queries.reports.report import existing_campaign
from nps.services import (
    cases,
    desk,
    escalations,
    form_keys,
    letters,
    personal_data,
    recordings,
    reports,
    stop_list,
    sweep,
)
from nps.services.personal_data import Order
from tests import factories, redis_server
from tests.conftest import make_app
from tests.factories import NOW
from tests.services.loading import Loader, workbook
from tests.services.test_desk import Desk
from tests.services.traces import traces

#: On the office's clock: nobody waits for a table then.
NIGHT = NOW.replace(hour=20)
PHONE, SPARE = "+79174003311", "+79174003322"
VICTIM = (
    "Ижевск", "1897309111", "ООО «Таёжный Ключ»", "Вахрушев Тимур Ильич", "8 (917) 400-33-11 (тётя Фрося)",
    "timur@klyuch.ru",
)  # fmt: skip
#: The same person in other rows: repeated, with a number that can't be dialled, as a contact in a far branch.
AGAIN = ("Ижевск", "1897309111", "ООО «Таёжный Ключ»", "Вахрушев Тимур Ильич", "+7 917 400 33 11", "")
BROKEN = ("Ижевск", "1897309111", "ООО «Таёжный Ключ»", "Вахрушев Тимур Ильич", "12", "")
FAR = ("Саратов", "7707083893", "АО «Соседи»", "Зотов Пётр", "8-917-400-33-11", "")
OTHER = ("Ижевск", "7707083893", "АО «Соседи»", "Петрова Анна", "8 912 111-22-33", "")
#: How he may be written down.
WORDS = (
    "9174003311", "9174003322", "400-33-11", "400 33 11", "1897309111", "Таёжный Ключ", "Вахрушев", "timur@klyuch.ru",
    "тётя Фрося",
)  # fmt: skip


@pytest.fixture
def root(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """Everything this installation keeps, with a Redis that writes its log."""
    data = app.config["DATA_FOLDER"]
    data.mkdir(exist_ok=True)
    with redis_server.running(data) as url:
        queue.connect(url)
        yield tmp_path
    queue.connect(app.config["REDIS_URL"])


class Wave:
    """A campaign with one client who has left traces wherever a client can, and another one."""

    def __init__(self, session: Session, app: Flask, root: Path, contract_id: int) -> None:
        self.session, self.app, self.root = session, app, root
        self.campaign = factories.campaign(session, contract_id=contract_id, purpose="demo")
        self.id = self.campaign.id
        self.manager = factories.user(session, "manager")
        loader = Loader(session, self.campaign, self.manager)
        # Rows that were staged and dropped are still in the file's free pages.
        loader.cancel(loader.check(workbook(VICTIM)))
        loader.publish(workbook(VICTIM, AGAIN, BROKEN, FAR, OTHER))
        session.rollback()
        self.victim = session.scalars(
            select(Respondent.id).where(Respondent.campaign_id == self.id, Respondent.inn == VICTIM[1])
        ).one()

    def survey(self) -> None:
        """The client is surveyed, asks a question, and is heard; all of it is written down."""
        session, self.seat = self.session, Desk(self.session, factories.member(self.session, self.campaign), self.id)
        seat = self.seat
        self.attempt = attempt = seat.answered()
        seat.answer(attempt, "greeting", "yes")
        seat.answer(attempt, "rating", "4")
        desk.keep_unsuitable(session, seat.actor, attempt, f"Я Вахрушев, {VICTIM[4]}", seat.now)
        words = {"prompts": ["stock"], "words": "Таёжный Ключ ждал", "comment": f"звонить {PHONE}"}
        seat.answer(attempt, "reasons", words)
        desk.save_note(session, seat.actor, attempt, f"Второй номер {SPARE}", seat.now)
        wish = {"organisation": VICTIM[2], "inn": VICTIM[1], "contact": VICTIM[3], "phone": PHONE, "text": "Счёт?"}
        escalations.raise_escalation(session, seat.actor, fields=wish, now=seat.now, attempt_id=attempt)
        seat.settle(attempt, "surveyed", note=f"перезвонит с {SPARE}")
        boss = Actor(self.manager.id, "manager", self.manager.full_name)
        recordings.add_recording(
            session,
            actor=boss,
            attempt_id=attempt,
            stream=io.BytesIO(sound(PHONE)),
            source_name=f"{PHONE}.wav",
            now=seat.now,
        )
        outbox_id = session.scalars(select(Outbox.id).where(Outbox.campaign_id == self.id)).one()
        letters.send(session, outbox_id, server=mail.settings(), clock=lambda: seat.now)
        exports = self.app.config["DATA_FOLDER"] / "exports"
        exports.mkdir(exist_ok=True)
        reports.export(session, campaign_id=self.id, file=exports / "left.xlsx", now=NOW)
        session.rollback()

    def close(self) -> None:
        cases.close_campaign(self.session, self.manager.id, self.id, NOW)

    def order(self, **fields: object) -> Order:
        return replace(Order(self.manager.id, "Письмо заказчика № 14", False, NOW), **fields)  # type: ignore[arg-type]

    def erase_person(self, **fields: object) -> int:
        return personal_data.erase_person(self.session, self.id, self.order(**fields), shown=None, phone=PHONE)

    def erase_campaign(self, **fields: object) -> int:
        return personal_data.erase_campaign(self.session, self.id, self.order(**fields), title=self.campaign.title)

    def finish(self, erasure_id: int) -> None:
        assert personal_data.finish(self.session, erasure_id, NOW, at_once=True)

    def report(self) -> Report:
        self.session.rollback()
        report = campaign_report(self.session, existing_campaign(self.session, self.id), NOW)
        self.session.rollback()
        # The mark for polling moves with every line of the journal, and what clients said is what goes.
        return replace(report, mark="", said=())

    def traces(self) -> set[str]:
        self.session.rollback()
        return traces(self.session, self.root, WORDS)


def sound(words: str) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(words.encode().ljust(16_000, b"\0"))
    return file.getvalue()


def leave_copies(session: Session, data: Path) -> None:
    """What the start of a new version leaves behind, and what an upload that was cut off does."""
    draft = data / "recordings" / "incoming" / "0f"
    draft.write_text(PHONE)
    os.utime(draft, times=(NOW.timestamp() - 7200,) * 2)
    (data / "backups").mkdir()
    file = session.get_bind().engine.url.database
    if session.get_bind().dialect.name == "sqlite":
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(data / "backups/old.sqlite3")) as copy:
            source.backup(copy)


@pytest.fixture
def contract(session: Session) -> Contract:
    return factories.contract(session)


@pytest.fixture
def survey(session: Session, app: Flask, root: Path, contract: Contract) -> Wave:
    wave = Wave(session, app, root, contract.id)
    wave.survey()
    return wave


def places(found: set[str]) -> set[str]:
    """The kinds of places: the database, and each folder of the data folder."""
    return {"database" if "/" not in name else name.split("/")[1] for name in found}


def everywhere(session: Session) -> set[str]:
    copies = {"backups"} if session.get_bind().dialect.name == "sqlite" else set()
    return {"database", "uploads", "mail", "recordings", "exports", *copies}


def test_a_person_is_found_nowhere_afterwards(session: Session, app: Flask, survey: Wave, contract: Contract) -> None:
    second = Wave(session, app, survey.root, contract.id)
    cases.give_number(session, survey.manager.id, second.victim, SPARE, NOW)
    stop_list.add(session, survey.manager.id, survey.id, phone=PHONE, inn="", reason="Вахрушев просил", now=NOW)
    leave_copies(session, app.config["DATA_FOLDER"])
    assert places(survey.traces()) == everywhere(session)

    survey.finish(survey.erase_person())

    assert survey.traces() == set()
    assert session.scalars(select(StopList)).all() == []
    clients = {row.id: row for row in session.scalars(select(Respondent))}
    assert {row.organisation for row in clients.values()} == {ERASED, OTHER[2]}
    assert (clients[survey.victim].state, clients[second.victim].state) == ("surveyed", "refused")
    rows = session.scalars(select(ImportRow).order_by(ImportRow.id)).all()
    fates = [(row.fate, bool(row.raw)) for row in rows]
    emptied = [("accepted", False), ("duplicate", False), ("rejected", False), ("rejected", False)]
    assert fates == [*emptied, ("accepted", True)] * 2


def test_a_campaign_is_found_nowhere_afterwards(session: Session, app: Flask, survey: Wave) -> None:
    survey.close()
    leave_copies(session, app.config["DATA_FOLDER"])
    assert places(survey.traces()) == everywhere(session)
    before, kept = survey.report(), frozen_wave(session, survey.id, EVERYTHING)

    survey.finish(survey.erase_campaign())

    assert traces(session, survey.root, (*WORDS, "9121112233", OTHER[2], OTHER[3])) == set()
    assert survey.report() == before
    assert kept is not None and frozen_wave(session, survey.id, EVERYTHING) == kept
    assert any(path.stat().st_size for path in survey.root.rglob("*.aof")), "nudges went through Redis"
    assert session.get_one(Campaign, survey.id).erased_at == NOW
    letter = session.scalars(select(Outbox)).one()
    with pytest.raises(DomainError):
        letters.send_again(session, Actor(survey.manager.id, "manager", ""), letter.id, now=NOW)


def test_reports_count_an_erased_person_as_before(survey: Wave) -> None:
    before = survey.report()
    survey.erase_person()
    assert survey.report() == before


def test_dead_numbers_stay_as_many(session: Session, contract: Contract, root: Path) -> None:
    campaign = factories.campaign(session, contract_id=contract.id, closed_at=NOW)
    for number in (PHONE, PHONE, SPARE):
        factories.respondent(session, campaign, phones=(number,), state="inactive", next_call_at=None)
    for phone in session.scalars(select(RespondentPhone)):
        phone.state = "dead"
    session.commit()
    order = Order(None, "Срок хранения истёк", False, NOW)
    personal_data.erase_campaign(session, campaign.id, order, title=campaign.title)
    assert campaign_report(session, existing_campaign(session, campaign.id), NOW).base.dead_numbers == 2


def test_the_sweeper_finishes_what_a_killed_process_has_begun(session: Session, survey: Wave, app: Flask) -> None:
    survey.close()
    program = (
        "import os, signal, sys\nfrom tests.services.test_erasure import erase_and_die\nerase_and_die(*sys.argv[1:])\n"
    )
    command = (sys.executable, "-X", "utf8", "-c", program)
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    session.rollback()
    died = subprocess.run([*command, str(app.config["DATA_FOLDER"]), url, str(survey.id)], check=False)
    assert died.returncode == -9
    erasure = session.scalars(select(Erasure)).one()
    assert erasure.finished_at is None
    assert places(survey.traces()) >= {"uploads", "mail", "recordings"}

    assert [nudge.id for nudge in sweep.due(session, NOW) if nudge.job == personal_data.JOB] == [erasure.id]
    assert sweep_once(NOW) >= 1
    survey.finish(erasure.id)
    assert survey.traces() == set()
    assert sweep.due(session, NOW) == []
    actions = session.scalars(select(Journal.action).where(Journal.object_kind == "erasure").order_by(Journal.id))
    assert list(actions) == ["campaign_erased", "erasure_files_deleted", "erasure_finished"]
    survey.finish(erasure.id)


def test_a_reader_puts_the_end_off(session: Session, survey: Wave, app: Flask) -> None:
    erasure_id = survey.erase_person()
    with session.get_bind().engine.connect() as reader:
        reader.execute(select(Respondent.id)).all()
        assert not personal_data.finish(session, erasure_id, NOW, at_once=True)
        assert personal_data.unfinished(session, NIGHT) == [erasure_id]
        in_use = "respondent" if session.get_bind().dialect.name == "postgresql" else "file"
        assert session.get_one(Erasure, erasure_id).files == [f"part:{in_use}"], "the others are done"
        session.rollback()
    survey.finish(erasure_id)


def test_by_day_the_files_go_and_the_tables_wait_for_the_end_of_the_shifts(session: Session, survey: Wave) -> None:
    """Nobody can use a table that is rewritten, so it is left alone while anybody is at work."""
    erasure_id = survey.erase_person()
    session.add(Shift(user_id=survey.manager.id, campaign_id=survey.id, spoken_name="Ольга", started_at=NOW))
    session.commit()
    assert not personal_data.finish(session, erasure_id, NOW)
    act = acts.erasure(session, erasure_id)
    assert act is not None and act.is_to_compact and act.finished_at is None
    assert places(survey.traces()) <= {"database"}, "the files are gone"
    assert personal_data.unfinished(session, NOW) == []
    assert [nudge for nudge in sweep.due(session, NOW) if nudge.job == personal_data.JOB] == []
    session.rollback()
    assert personal_data.unfinished(session, NIGHT) == [erasure_id]
    session.rollback()
    assert personal_data.finish(session, erasure_id, NIGHT)
    assert survey.traces() == set()


def erase_and_die(data: str, url: str, campaign_id: str) -> None:
    """The first half of an act in a process of its own, which is killed before the second."""
    app = make_app(Path(data), url)
    with app.app_context():
        title = db.session.get_one(Campaign, int(campaign_id)).title
        order = Order(None, "Срок хранения истёк", False, NOW)
        personal_data.erase_campaign(db.session, int(campaign_id), order, title=title)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_number_kept_on_the_stop_list_is_alone_there_and_stops_the_next_load(
    session: Session, app: Flask, survey: Wave, contract: Contract
) -> None:
    stop_list.add(session, survey.manager.id, survey.id, phone=PHONE, inn="", reason="Вахрушев просил", now=NOW)
    erasure_id = survey.erase_person(keep_stopped=True)
    entry = session.scalars(select(StopList)).one()
    assert (entry.e164, "Вахрушев" in entry.reason) == (PHONE, False)
    counts = session.get_one(Erasure, erasure_id).counts
    assert (counts["stop_list_kept"], counts["stop_list_removed"]) == (1, 0)
    again = Wave(session, app, survey.root, contract.id)
    assert session.get_one(Respondent, again.victim).state == "refused"


def test_a_colleague_with_another_number_is_left_alone(session: Session, contract: Contract, root: Path) -> None:
    campaign = factories.campaign(session, contract_id=contract.id)
    left = factories.respondent(session, campaign, phones=(PHONE, SPARE), inn="1897309111").id
    colleague = factories.respondent(session, campaign, phones=(SPARE,), inn="1897309111", contact="Зотов").id
    stranger = factories.respondent(session, factories.campaign(session), phones=(PHONE,)).id
    stop_list.add(
        session, factories.user(session, "manager").id, campaign.id, phone=SPARE, inn="", reason="Просьба", now=NOW
    )
    reached = factories.respondent(session, campaign, phones=(PHONE,)).id
    order = Order(None, "Требование человека", False, NOW)
    personal_data.erase_person(session, campaign.id, order, shown=[left, reached], phone=PHONE)
    erased = session.scalars(select(Respondent.id).where(Respondent.erased_at.is_not(None))).all()
    assert erased == [left, reached]
    assert session.get_one(Respondent, reached).state == "refused", "nobody calls a client without a number"
    assert session.scalars(select(StopList.e164)).all() == [SPARE], "the colleague's entry is not his"
    numbers = session.scalars(select(RespondentPhone.e164).where(RespondentPhone.respondent_id == colleague)).all()
    assert numbers == [SPARE]
    assert session.get_one(Respondent, stranger).organisation != ERASED


def test_it_waits_for_calls_letters_loads_and_people(session: Session, survey: Wave, contract: Contract) -> None:
    with pytest.raises(StaleError, match="ещё открыт"):
        survey.erase_campaign()
    outbox = session.scalars(select(Outbox)).one()
    outbox.state, outbox.lease_token, outbox.lease_until = "sending", "x", NOW
    session.commit()
    with pytest.raises(StaleError, match="отправляется"):
        survey.erase_person()
    outbox = session.scalars(select(Outbox)).one()
    outbox.state, outbox.lease_token, outbox.lease_until = "caught", None, None
    session.commit()
    load = Loader(session, survey.campaign, survey.manager).check(workbook(OTHER))
    with pytest.raises(StaleError, match="не закончена загрузка"):
        survey.erase_person()
    Loader(session, survey.campaign, survey.manager).cancel(load)
    operator = factories.member(session, survey.campaign)
    factories.attempt(session, session.get_one(Respondent, survey.victim), operator, None)
    with pytest.raises(StaleError, match="Идёт звонок"):
        survey.erase_person()
    assert session.scalars(select(Erasure)).all() == []


def test_the_reason_may_not_name_the_number(survey: Wave) -> None:
    with pytest.raises(DomainError, match="номер телефона"):
        survey.erase_person(reason=f"Просил сам, {VICTIM[4]}")
    with pytest.raises(DomainError, match="причину"):
        survey.erase_person(reason=" ")


def test_another_list_than_the_one_shown_is_refused(session: Session, survey: Wave) -> None:
    with pytest.raises(StaleError, match="изменился"):
        personal_data.erase_person(session, survey.id, survey.order(), shown=[survey.victim + 1], phone=PHONE)


def test_nobody_decides_about_an_erased_client_any_more(session: Session, survey: Wave, contract: Contract) -> None:
    survey.erase_person()
    with pytest.raises(StaleError, match="удалены"):
        cases.give_number(session, survey.manager.id, survey.victim, SPARE, NOW)
    with pytest.raises(StaleError, match="удалены"):
        cases.decide_case(session, survey.manager.id, survey.victim, "reopened", "Просил", NOW)
    seat, attempt = survey.seat, survey.attempt
    with pytest.raises(StaleError):
        desk.save_note(session, seat.actor, attempt, f"ещё раз {PHONE}", seat.now)
    with pytest.raises(StaleError):
        desk.reopen(session, seat.actor, attempt, seat.now)
    wish = {"organisation": VICTIM[2], "phone": PHONE, "text": "Счёт?"}
    with pytest.raises(NotFoundError):
        escalations.raise_escalation(session, seat.actor, fields=wish, now=seat.now, attempt_id=attempt)


def test_a_sound_two_calls_share_goes_with_the_last_of_them(
    session: Session, app: Flask, root: Path, contract: Contract
) -> None:
    campaign = factories.campaign(session, contract_id=contract.id)
    operator, manager = factories.member(session, campaign), factories.user(session, "manager")
    folder = app.config["RECORDINGS_FOLDER"]
    for phone in (PHONE, SPARE):
        client = factories.respondent(session, campaign, phones=(phone,))
        call = factories.attempt(session, client, operator, "refused")
        recordings.add_recording(
            session, actor=Actor(manager.id, "manager", ""), attempt_id=call.id, stream=io.BytesIO(sound("тихо")),
            source_name="a.wav", now=NOW,
        )  # fmt: skip
    for phone, left in ((PHONE, 1), (SPARE, 0)):
        order = Order(None, "Требование человека", False, NOW)
        act = personal_data.erase_person(session, campaign.id, order, shown=None, phone=phone)
        assert personal_data.finish(session, act, NOW)
        assert len(list(folder.glob("*/*.wav"))) == left


def test_a_form_sent_twice_is_one_act(session: Session, survey: Wave) -> None:
    def press(key: str) -> int:
        sent = form_keys.Form(key, survey.manager.id, "erase_person", {})
        with form_keys.counting(session, sent, NOW):
            return survey.erase_person()

    first = press("once")
    with pytest.raises((StaleError, form_keys.KeyReused)):
        press("another")
    with pytest.raises(form_keys.SentAgain):
        press("once")
    assert session.scalars(select(Erasure.id)).all() == [first]

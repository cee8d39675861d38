"""A stop list from a file and back: what is found in each row, what is entered, whose call stops (R21)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters.sample_sheet import SheetError, store
from nps.domain.errors import DomainError
from nps.jobs.sample import forget_drafts
from nps.models import AccessLog, Campaign, ClaimKey, Respondent, StopList, User
from nps.queries.campaigns import CampaignRow, campaign_row
from nps.services import call_queue, stop_file, stop_list, sweep
from nps.services.personal_data.files import abandoned, folders
from tests import factories
from tests.factories import NOW
from tests.services.loading import book_of

INN = "1897309111"


def book(*rows: Sequence[object], **sheets: Sequence[Sequence[object]]) -> bytes:
    return book_of({"Sheet": rows, **sheets})


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager")


@pytest.fixture
def campaign(session: Session, manager: User) -> CampaignRow:
    made = factories.campaign(session)
    session.commit()
    return campaign_row(session, made.id)


def fates(session: Session, campaign: CampaignRow, content: bytes, taken_by: str = "") -> list[tuple[str, str, str]]:
    name = stop_file.keep(campaign, BytesIO(content))
    found = stop_file.receipt(session, campaign, name, taken_by)
    return [(row.where, str(row.fate), " ".join(one.e164 or one.inn for one in row.new)) for row in found.rows]


def enter(
    session: Session, manager: User, campaign: CampaignRow, content: bytes, taken_by: str = "", reason: str = ""
) -> int:
    name = stop_file.keep(campaign, BytesIO(content))
    return stop_file.enter(session, manager.id, campaign, name, taken_by=taken_by, reason=reason, now=NOW)


def entries(session: Session) -> list[tuple[str | None, str | None, str]]:
    in_force = select(StopList.e164, StopList.inn, StopList.reason).where(StopList.lifted_at.is_(None))
    return [tuple(row) for row in session.execute(in_force.order_by(StopList.id))]


@pytest.mark.parametrize(
    "content",
    [
        book(("Телефон",), ("8 (341) 200-80-32",)),
        book(("Чёрный список", ""), ("№", "Номер телефона"), (1, "83412008032")),
        book(("83412008032",)),
        b"83412008032\n",
        "Телефон;Причина\n+7 341 200-80-32;просил\n".encode("cp1251"),
        book(("Организация", "Контактный телефон"), ("ООО «Лес»", "директор 8 (341) 200-80-32")),
    ],
)  # fmt: skip
def test_a_number_is_found_however_the_list_is_written(session: Session, campaign: CampaignRow, content: bytes) -> None:
    found = [row for row in fates(session, campaign, content) if row[1] != "empty"]
    assert [(fate, value) for _, fate, value in found] == [("new", "+73412008032")]


def test_each_row_has_its_fate_and_its_cause(session: Session, campaign: CampaignRow, manager: User) -> None:
    stop_list.add(session, manager.id, campaign.id, phone="89120000001", inn="", reason="раньше", now=NOW)
    content = book(
        ("Телефон", "Комментарий"),
        ("89120000001", ""),
        ("89120000002, 89120000003", "звонил директор"),
        ("8912000000", "не хватает цифры"),
        ("89120000003", ""),
        ("", "без номера"),
        ("", "Итого"),
        Второй=[("Телефон",), ("89120000004",)],
    )
    name = stop_file.keep(campaign, BytesIO(content))
    rows = stop_file.receipt(session, campaign, name, "").rows
    assert [(row.where, str(row.fate)) for row in rows] == [
        ("Sheet, 1", "empty"), ("Sheet, 2", "listed"), ("Sheet, 3", "new"), ("Sheet, 4", "wrong"),
        ("Sheet, 5", "repeat"), ("Sheet, 6", "wrong"), ("Sheet, 7", "empty"), ("Второй, 1", "empty"),
        ("Второй, 2", "new"),
    ]  # fmt: skip
    notes = {row.where: row.note for row in rows}
    assert "не хватает цифр" in notes["Sheet, 4"]
    assert notes["Sheet, 5"] == "То же, что в строке Sheet, 3."
    assert notes["Sheet, 6"] == "Нет телефона."
    assert enter(session, manager, campaign, content, reason="письмо заказчика") == 3
    assert entries(session)[1:] == [
        ("+79120000002", None, "звонил директор"),
        ("+79120000003", None, "звонил директор"),
        ("+79120000004", None, "письмо заказчика"),
    ]
    assert enter(session, manager, campaign, content) == 0


def test_of_numbers_and_inns_a_person_says_which_are_meant(
    session: Session, campaign: CampaignRow, manager: User
) -> None:
    content = book(("ИНН", "Телефон"), (INN, "89120000001"), ("", "89120000002"), ("1897309112", ""))
    assert [fate for _, fate, _ in fates(session, campaign, content)] == ["empty"] * 4
    with pytest.raises(DomainError) as refused:
        enter(session, manager, campaign, content)
    assert refused.value.code == "taken_by"
    assert fates(session, campaign, content, "phone")[1:] == [
        ("2", "new", "+79120000001"), ("3", "new", "+79120000002"), ("4", "wrong", ""),
    ]  # fmt: skip
    assert fates(session, campaign, content, "inn")[1:] == [("2", "new", INN), ("3", "wrong", ""), ("4", "wrong", "")]
    assert enter(session, manager, campaign, content, "both") == 3


def test_ten_thousand_entries_stop_their_clients_and_free_the_shown_one(
    session: Session, campaign: CampaignRow, manager: User
) -> None:
    made = session.get_one(Campaign, campaign.id)
    others = [factories.respondent(session, made, phones=(f"+7912{n:07d}",)).id for n in (5, 9_990)]
    firm = factories.respondent(session, made, inn=INN, phones=("+79170000001",)).id
    free = factories.respondent(session, made, phones=("+79170000002",)).id
    session.commit()
    shown = set()
    for _ in range(4):
        operator = factories.on_shift(session, made)
        session.commit()
        taken = call_queue.take_next(session, operator.id, made.id, NOW)
        assert isinstance(taken, call_queue.Taken)
        shown.add(taken.respondent_id)
    assert shown == {*others, firm, free}
    content = book(("Телефон", "ИНН"), *((f"8912{n:07d}", "") for n in range(10_000)), ("", INN))
    assert enter(session, manager, campaign, content, "both") == 10_001
    session.expire_all()
    states = {client_id: session.get_one(Respondent, client_id).state for client_id in (*others, firm, free)}
    assert states == {**dict.fromkeys((*others, firm), "refused"), free: "waiting"}
    session.rollback()
    kept = select(ClaimKey.respondent_id).where(ClaimKey.respondent_id != free)
    assert session.scalars(kept).all() == []


def test_what_goes_out_comes_in_again_equal(session: Session, campaign: CampaignRow, manager: User) -> None:
    stop_list.add(session, manager.id, campaign.id, phone="89120000001", inn="", reason="=1+1", now=NOW)
    stop_list.add(session, manager.id, campaign.id, phone="", inn=INN, reason="банкрот", now=NOW)
    stop_list.add(session, manager.id, campaign.id, phone="89120000002", inn="", reason="ошибка", now=NOW)
    last = session.scalars(select(StopList.id).order_by(StopList.id.desc())).first()
    session.rollback()
    stop_list.lift(session, manager.id, campaign.id, last or 0, "передумал", NOW)
    content = stop_file.export(
        session, user_id=manager.id, campaign=campaign, address="127.0.0.1", now=NOW, zone=ZoneInfo("Europe/Samara")
    )
    assert [row[:3] for row in load_workbook(BytesIO(content)).worksheets[0].values][1:] == [
        (None, INN, "банкрот"), ("+79120000001", None, "=1+1"),
    ]  # fmt: skip
    found = fates(session, campaign, content, "both")
    assert [fate for _, fate, _ in found] == ["empty", "listed", "listed"]
    assert session.scalars(select(AccessLog.action)).all() == ["report_downloaded"]


def test_a_file_of_another_campaign_or_of_yesterday_is_not_there(session: Session, campaign: CampaignRow) -> None:
    name = stop_file.keep(campaign, BytesIO(book(("Телефон",), ("89120000001",))))
    for wrong in (name[:-1], f"{campaign.id + 1}{name[name.index('-') :]}", "../" + name):
        with pytest.raises(SheetError) as refused:
            stop_file.receipt(session, campaign, wrong, "")
        assert refused.value.code == "lost"


@pytest.mark.parametrize("title", ["", "Телефон или ИНН\n"])
def test_numbers_and_inns_may_stand_in_one_column(
    session: Session, manager: User, campaign: CampaignRow, title: str
) -> None:
    content = f"{title}8 912 000-60-43\n{INN}\n+7 (912) 000-60-44\n".encode()
    assert enter(session, manager, campaign, content, "both") == 3
    assert [one or two for one, two, _ in entries(session)] == ["+79120006043", INN, "+79120006044"]


def test_an_organisation_is_known_by_its_name(session: Session, manager: User, campaign: CampaignRow) -> None:
    wave = session.get_one(Campaign, campaign.id)
    for inn, name in ((INN, "ООО «Кабель»"), (None, "ИП Лес"), ("1851884479", "АО «Сад»"), ("7707083893", "АО «Сад»")):
        factories.respondent(session, wave, inn=inn, organisation=name)
    session.commit()
    content = book(("Название организации",), ("Кабель, ООО",), ("ИП Лес",), ("АО Сад",), ("ООО «Никто»",))
    name = stop_file.keep(campaign, BytesIO(content))
    rows = stop_file.receipt(session, campaign, name, "").rows
    assert [str(row.fate) for row in rows] == ["empty", "new", "wrong", "wrong", "wrong"]
    said = ("Заголовки", "взят из базы", "нет ИНН", "несколько", "нет в базах заказчика")
    assert all(words in row.note for words, row in zip(said, rows, strict=True)), rows
    assert enter(session, manager, campaign, content) == 1


def test_what_is_hidden_is_named(session: Session, campaign: CampaignRow) -> None:
    made = Workbook()
    for row in (("Телефон",), ("89120006043",), ("89120006044",)):
        made.worksheets[0].append(row)
    made.worksheets[0].row_dimensions[3].hidden = True
    hidden = made.create_sheet("Старое")
    hidden.append(("89120006045",))
    hidden.sheet_state = "hidden"
    file = BytesIO()
    made.save(file)
    name = stop_file.keep(campaign, BytesIO(file.getvalue()))
    rows = stop_file.receipt(session, campaign, name, "").rows
    assert [(row.where, str(row.fate)) for row in rows] == [
        ("лист «Старое»", "wrong"), ("1", "empty"), ("2", "new"), ("3", "new"),
    ]  # fmt: skip
    assert "Скрытый лист не прочитан" in rows[0].note and rows[3].note == "Строка была скрыта."


def test_a_file_that_nobody_decides_about_is_forgotten_after_a_day(
    session: Session, campaign: CampaignRow, app: Flask
) -> None:
    def jobs() -> list[str]:
        return [nudge.job for nudge in sweep.due(session, datetime.now(UTC))]

    old, fresh = (stop_file.keep(campaign, BytesIO(book(("Телефон",), ("89120000001",)))) for _ in range(2))
    assert stop_file.FORGET_JOB not in jobs()
    path = store.draft(old, str(campaign.id))
    yesterday = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    os.utime(path, (yesterday, yesterday))
    assert stop_file.FORGET_JOB in jobs()
    forget_drafts(0)
    assert not path.exists() and stop_file.FORGET_JOB not in jobs()
    # An act destroys those too that still wait: they may name whom it is about.
    left = store.draft(fresh, str(campaign.id))
    assert left in set(abandoned(folders(), datetime.now(UTC)))

"""Loading a base, from the workbook to the clients, on both engines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import JSON, func, select, type_coerce, update
from sqlalchemy.orm import Session

from nps.adapters.sample_sheet import SheetError, store
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.sample import FIELDS, Understood
from nps.models import (
    Branch,
    BranchAlias,
    Campaign,
    CaseEvent,
    Contract,
    ImportRow,
    Journal,
    Respondent,
    RespondentPhone,
    SampleImport,
    StopList,
    User,
)
from nps.services import sample
from nps.services.form_keys import SentAgain
from tests import factories
from tests.factories import NOW
from tests.pressing import counted
from tests.services.loading import CLEAN, DATA, HEADER, MESSY, ROW, Loader, workbook

with (DATA / "base_messy_fates.csv").open(encoding="utf-8", newline="") as _file:
    FATES = list(csv.DictReader(_file, delimiter=";"))
ORDER = ("organisation", "contact", "inn", "phone", "email")


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager")


@pytest.fixture
def loader(session: Session, campaign: Campaign, manager: User) -> Loader:
    return Loader(session, campaign, manager)


def clients(session: Session) -> list[Respondent]:
    session.expire_all()
    return list(session.scalars(select(Respondent).order_by(Respondent.id)))


def uploads(app: Flask) -> list[str]:
    return sorted(path.suffix for path in (app.config["DATA_FOLDER"] / "uploads").iterdir())


class TestCleanBase:
    def test_gives_1200_clients_due_at_once_in_the_regions_of_their_branches(
        self, loader: Loader, session: Session, campaign: Campaign
    ) -> None:
        load_id = loader.publish(CLEAN)

        rows = clients(session)
        assert len(rows) == 1200
        assert loader.counts(load_id) == {"accepted": 1200}
        first = rows[0]
        assert (first.inn, first.organisation) == ("1897309111", "ООО «ВолгаКабель-1»")
        assert (first.contact, first.greeting_name) == ("Вахрушев Тимур Ильич", "Тимур Ильич")
        assert (first.state, first.queue_class, first.next_call_at) == ("waiting", 3, NOW)
        assert first.next_reason == {"code": "new"}
        assert first.email == "zakaz1@example.com"
        by_region = dict(
            session.execute(select(Respondent.region_code, func.count()).group_by(Respondent.region_code)).all()
        )
        assert by_region == {"udmurtia": 436, "chuvashia": 107, "tatarstan": 262, "bashkiria": 211, "perm": 184}
        phones = session.scalars(select(RespondentPhone).where(RespondentPhone.respondent_id == first.id)).all()
        assert [(phone.e164, phone.position, phone.state) for phone in phones] == [("+73412008032", 0, "live")]
        assert session.get_one(Campaign, campaign.id).original_clients == 1200

    def test_keeps_two_pairs_that_share_a_phone(self, loader: Loader, session: Session) -> None:
        loader.publish(CLEAN)
        shared = session.execute(
            select(RespondentPhone.e164).group_by(RespondentPhone.e164).having(func.count() == 2)
        ).scalars()
        assert sorted(shared) == ["+78553005798", "+79820002208"]

    def test_loaded_again_adds_nothing(self, loader: Loader, session: Session, campaign: Campaign) -> None:
        loader.publish(CLEAN)
        again = loader.check(CLEAN)

        assert loader.counts(again) == {"duplicate": 1200}
        with pytest.raises(DomainError) as refused:
            loader.ask_to_publish(again)
        assert refused.value.code == "nothing_to_load"
        assert len(clients(session)) == 1200
        assert session.get_one(Campaign, campaign.id).original_clients == 1200

    def test_asks_about_its_branches_once(self, loader: Loader) -> None:
        first = loader.understand(CLEAN)
        assert len(loader.decisions(first)) == 13
        loader.publish(CLEAN)
        assert loader.decisions(loader.understand(CLEAN)) == {}


class TestMessyBase:
    def test_every_row_has_its_fate(self, loader: Loader, session: Session) -> None:
        """The fates were written down from the cells, not from what the code said."""
        load_id = loader.publish(MESSY)

        assert loader.counts(load_id) == {"accepted": 137, "corrected": 66, "duplicate": 3, "rejected": 6, "empty": 1}
        assert len(clients(session)) == 203
        staged = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id).order_by(ImportRow.row_no))
        numbers: dict[int, list[str]] = {}
        for phone in session.scalars(select(RespondentPhone).order_by(RespondentPhone.position)):
            shown = phone.e164 + (f"#{phone.extension}" if phone.extension else "")
            numbers.setdefault(phone.respondent_id, []).append(shown)
        for row, expected in zip(staged, FATES, strict=True):
            where = f"row {row.row_no}: {row.reason}"
            fields = row.faulty if row.fate == "rejected" else sorted(row.changed, key=ORDER.index)
            assert (row.row_no, row.fate) == (int(expected["row"]), expected["fate"]), where
            assert fields == expected["fields"].split(), where
            assert all(reason in row.reason for reason in expected["reasons"].split("|")), where
            is_client = row.fate in ("accepted", "corrected")
            assert (numbers[row.respondent_id] if is_client else []) == expected["phones"].split(), where

    def test_stores_the_spare_number_and_the_extension(self, loader: Loader, session: Session) -> None:
        load_id = loader.publish(MESSY)

        def phones(row_no: int) -> list[tuple[str, str]]:
            row = session.scalars(
                select(ImportRow).where(ImportRow.import_id == load_id, ImportRow.row_no == row_no)
            ).one()
            found = select(RespondentPhone).where(RespondentPhone.respondent_id == row.respondent_id)
            return [(p.e164, p.extension) for p in session.scalars(found.order_by(RespondentPhone.position))]

        assert phones(32) == [("+79040007284", ""), ("+79190000956", "")]
        assert phones(7) == [("+79040005811", "425")]

    def test_words_beside_a_number_stay_with_it(self, loader: Loader, session: Session) -> None:
        """Of each number its own, also of one that a later row of the same client brings."""
        cell = "+7 (912) 000-00-01 - приёмная; 8 912 000-00-02 Анна Петровна"
        loader.publish(workbook((*ROW[:4], cell, ""), (*ROW[:4], "8 912 000-00-01, 8 912 000-00-03 до 17:00", "")))
        found = select(RespondentPhone.e164, RespondentPhone.words).order_by(RespondentPhone.position)
        assert session.execute(found).all() == [
            ("+79120000001", "приёмная"), ("+79120000002", "Анна Петровна"), ("+79120000003", "до 17:00"),
        ]  # fmt: skip

    def test_a_hidden_sheet_is_left_alone(self, loader: Loader) -> None:
        understood = loader.load(loader.understand(MESSY)).understood
        profile = understood.profile
        assert [sheet.hidden for sheet in understood.sheets] == [False, True]
        assert (understood.header.row, profile.first_row, profile.last_row) == (4, 5, 217)
        assert profile.totals_rows == (218,)


class TestBranches:
    def test_an_undecided_branch_stops_the_check(self, loader: Loader) -> None:
        load_id = loader.understand(workbook(("Атлантида", *ROW[1:])))
        with pytest.raises(DomainError) as refused:
            loader.confirm(load_id, decisions={})
        assert "Атлантида" in refused.value.message
        assert loader.load(load_id).state == "understood"

    def test_a_branch_outside_the_five_regions_is_refused(self, loader: Loader, session: Session) -> None:
        load_id = loader.check(
            workbook(("Атлантида", *ROW[1:]), ROW), decisions={"атлантида": "outside", "ижевск": "new:udmurtia"}
        )
        assert loader.counts(load_id) == {"accepted": 1, "rejected": 1}

    def test_an_existing_branch_gives_its_region_and_is_remembered(
        self, loader: Loader, session: Session, campaign: Campaign
    ) -> None:
        owner = session.get_one(Contract, campaign.contract_id).customer_id
        branch_id = factories.branch(session, owner, "Казань", "tatarstan").id
        loader.publish(
            workbook(("Приволжский центр", *ROW[1:])), decisions={"приволжский центр": f"branch:{branch_id}"}
        )

        client = clients(session)[0]
        assert (client.branch_id, client.region_code) == (branch_id, "tatarstan")
        assert session.scalars(select(BranchAlias.alias_fold)).all() == ["приволжский центр"]
        assert loader.decisions(loader.understand(workbook(("приволжский  ЦЕНТР", *ROW[1:])))) == {}

    def test_a_client_whose_region_is_unknown_waits_without_a_time(self, loader: Loader, session: Session) -> None:
        loader.publish(workbook(("Атлантида", *ROW[1:])), decisions={"атлантида": "later"})
        client = clients(session)[0]
        assert (client.state, client.region_code, client.next_call_at) == ("waiting", None, None)
        assert client.next_reason == {"code": "no_region"}
        assert session.get_one(Branch, client.branch_id).region_code is None

    def test_a_new_branch_of_a_known_city_completes_its_local_numbers(self, loader: Loader, session: Session) -> None:
        loader.publish(workbook(("Ижевск", *ROW[1:4], "20-80-32", "")))
        phone = session.scalars(select(RespondentPhone)).one()
        assert (phone.e164, phone.guessed) == ("+73412208032", True)
        assert session.get_one(Branch, clients(session)[0].branch_id).area_code == "3412"
        loader.publish(workbook(("Ижевск ОП", "1851884479", "ООО «Лес»", "", "20-80-33", "")))
        assert {row.e164 for row in session.scalars(select(RespondentPhone))} == {"+73412208032", "+73412208033"}

    def test_another_customers_branch_is_refused(self, loader: Loader, session: Session) -> None:
        foreign = factories.branch(session, factories.customer(session, "Чужой").id, "Казань", "tatarstan").id
        load_id = loader.understand(workbook(("Центр", *ROW[1:])))
        with pytest.raises(DomainError) as refused:
            loader.confirm(load_id, decisions={"центр": f"branch:{foreign}"})
        assert refused.value.code == "branch_foreign"


class TestStopList:
    def test_a_listed_phone_is_accepted_and_counted_as_refused(
        self, loader: Loader, session: Session, campaign: Campaign, manager: User
    ) -> None:
        owner = session.get_one(Contract, campaign.contract_id).customer_id
        session.add(StopList(customer_id=owner, e164="+73412008032", reason="просил", by=manager.id, at=NOW))
        session.commit()
        load_id = loader.publish(workbook(ROW, ("Ижевск", "1851884479", "ООО «Лес»", "", "+79120006043", "")))

        listed, other = clients(session)
        assert (listed.state, listed.queue_class, listed.next_call_at) == ("refused", None, None)
        assert listed.next_reason["code"] == "stop_list"
        assert other.state == "waiting"
        events = session.scalars(select(CaseEvent)).all()
        assert [(event.respondent_id, event.kind, event.at) for event in events] == [(listed.id, "stop_listed", NOW)]
        assert loader.counts(load_id) == {"accepted": 2}


class TestColumns:
    def test_changed_columns_ask_about_the_branches_they_bring(self, loader: Loader) -> None:
        header = ("Группа", "ОП", "ИНН", "Организация", "Телефон")
        load_id = loader.understand(workbook(("Воткинск", "Ижевск", *ROW[1:3], ROW[4]), header=header))
        columns = {"branch": (0,), "inn": (2,), "organisation": (3,), "phone": (4,)}
        assert not loader.confirm(load_id, columns=columns, decisions={"ижевск": "new:udmurtia"})
        assert loader.load(load_id).state == "understood"
        assert set(loader.decisions(load_id)) == {"воткинск"}
        assert loader.confirm(load_id, columns=columns)

    def test_a_confirmed_mapping_is_remembered_for_the_customer(self, loader: Loader) -> None:
        header = ("ОП", "ИНН", "Организация", "Телефон", "Телефон 2")
        book = workbook((*ROW[:3], "", ROW[4]), header=header)
        columns = {"branch": (0,), "inn": (1,), "organisation": (2,), "phone": (4,)}
        loader.publish(book, columns=columns)
        understood = loader.load(loader.understand(book)).understood
        assert understood.header.columns == columns
        assert understood.remembered

    def test_a_mapping_is_carried_over_when_columns_come_and_go(self, loader: Loader) -> None:
        columns = {"branch": (0,), "inn": (1,), "organisation": (2,), "phone": (4,)}
        header = ("ОП", "ИНН", "Организация", "Телефон", "Телефон 2")
        loader.publish(workbook((*ROW[:3], "", ROW[4]), header=header), columns=columns)
        wider = ("№", *header[:3], "Дата договора", "Телефон", "Телефон 2", "Почта")
        book = workbook(("1", *ROW[:3], "", "", ROW[4], ""), header=wider)
        understood = loader.load(loader.understand(book)).understood
        places = {"branch": (1,), "inn": (2,), "organisation": (3,), "phone": (6,), "email": (7,)}
        assert understood.header.columns == places
        assert understood.remembered

    def test_what_will_be_mended_is_counted_before_the_check(self, loader: Loader) -> None:
        noticed = loader.load(loader.understand(MESSY)).understood.noticed
        assert noticed["inn"] == {"kpp": 23, "zero": 11, "wrong": 1}
        assert noticed["contact"] == {"capitals": 14, "markup": 1}
        assert (noticed["phone"]["letters"], noticed["phone"]["several"]) == (8, 15)

    def test_a_missing_column_is_named(self, loader: Loader) -> None:
        load_id = loader.understand(workbook(ROW))
        with pytest.raises(DomainError) as refused:
            loader.confirm(load_id, columns={"inn": (1,), "organisation": (2,)})
        assert "«ОП», «Телефон»" in refused.value.message

    def test_another_sheet_and_header_row_can_be_chosen(
        self, loader: Loader, session: Session, campaign: Campaign
    ) -> None:
        book = Workbook()
        book.worksheets[0].append(HEADER)
        book.worksheets[0].append(ROW)
        second = book.create_sheet("Новые")
        second.append(["Список на ноябрь"])
        second.append(HEADER)
        second.append(("Казань", *ROW[1:]))
        file = BytesIO()
        book.save(file)
        load_id = loader.understand(file.getvalue())
        sample.reread(session, campaign_id=campaign.id, import_id=load_id, sheet=1, header_row=2, others=())
        assert set(loader.decisions(load_id)) == {"казань"}
        with pytest.raises(DomainError):
            sample.reread(session, campaign_id=campaign.id, import_id=load_id, sheet=2, header_row=1)
        with pytest.raises(DomainError):
            sample.reread(session, campaign_id=campaign.id, import_id=load_id, sheet=1, header_row=9)


class TestWork:
    def test_a_load_cancelled_at_any_step_leaves_nothing(self, loader: Loader, session: Session, app: Flask) -> None:
        uploaded = loader.upload(CLEAN)
        understood = loader.understand(CLEAN)
        checked = loader.check(CLEAN)
        assert uploads(app) == [".rows", ".rows", ".xlsx"]
        for load_id in (uploaded, understood, checked):
            loader.cancel(load_id)
            assert loader.work(load_id) == "cancelled"
        assert uploads(app) == []
        assert session.scalars(select(ImportRow)).all() == []
        assert clients(session) == []
        assert session.scalars(select(Branch)).all() == []

    def test_a_published_load_cannot_be_cancelled(self, loader: Loader, session: Session) -> None:
        load_id = loader.publish(workbook(ROW))
        with pytest.raises(StaleError):
            loader.cancel(load_id)
        assert len(clients(session)) == 1

    def test_of_a_table_of_a_hundred_columns_the_wanted_ones_are_found(self, loader: Loader, session: Session) -> None:
        wanted = (93, 2, 76, 30, 61, 99)

        def spread(texts: Sequence[object], filler: str) -> list[object]:
            row: list[object] = [f"{filler} {n}" for n in range(100)]
            for place, text in zip(wanted, texts, strict=True):
                row[place] = text
            return row

        load_id = loader.publish(workbook(spread(ROW, "значение"), header=spread(HEADER, "Поле CRM")))
        assert loader.counts(load_id) == {"accepted": 1}
        assert [client.inn for client in clients(session)] == [ROW[1]]

    def test_only_one_worker_at_a_time_has_a_load(self, loader: Loader, session: Session, app: Flask) -> None:
        load_id = loader.understand(CLEAN)
        loader.confirm(load_id)
        with store.working_on(load_id) as is_ours:
            assert is_ours
            assert sample.waiting_imports(session) == []
            assert loader.work(load_id) == "checking"
        assert sample.waiting_imports(session) == [load_id]
        assert loader.work(load_id) == "checked"
        assert loader.counts(load_id) == {"accepted": 1200}
        assert uploads(app) == [".rows", ".xlsx"]

    def test_a_load_of_an_older_release_goes_on(self, loader: Loader, session: Session) -> None:
        load_id = loader.understand(workbook(ROW))
        raw = type_coerce(SampleImport.understood, JSON)
        bag = session.execute(select(raw).where(SampleImport.id == load_id)).scalar_one()
        added_since = ("hints", "noticed", "decisions", "branch_names", "mark", "again", "missing", "added", "tries")
        old = {name: value for name, value in bag.items() if name not in (*added_since, "step_at")}
        old = type_coerce(old | {"rows": 1, "too_many_branches": False}, JSON)
        session.execute(update(SampleImport).where(SampleImport.id == load_id).values(understood=old))
        session.commit()

        understood = loader.load(load_id).understood
        assert understood.header.columns == {code: (n,) for n, code in enumerate(FIELDS)}
        assert (understood.profile.rows, understood.profile.branches) == (1, {ROW[0]: 1})
        assert loader.confirm(load_id)
        assert loader.work(load_id) == "checked"
        loader.ask_to_publish(load_id)
        assert loader.work(load_id) == "published"
        assert loader.load(load_id).understood.added == 1

    def test_a_load_that_never_gets_on_is_given_up(self, loader: Loader, session: Session) -> None:
        load_id = loader.upload(workbook(ROW))
        session.get_one(SampleImport, load_id).understood = Understood(tries=5)
        session.commit()
        assert loader.work(load_id) == "failed"
        assert sample.waiting_imports(session) == []

    def test_two_loads_at_once_add_each_client_once(self, loader: Loader, session: Session) -> None:
        first, second = (
            loader.check(workbook(ROW)),
            loader.check(workbook(ROW, ("Ижевск", "1851884479", "ООО «Лес»", "", "+79120006043", ""))),
        )
        for load_id in (first, second):
            loader.ask_to_publish(load_id)
        assert loader.work(first) == "published"
        # The base has changed since the second one was checked: it is checked again and shown to its person once more.
        assert loader.work(second) == "checked"
        assert loader.counts(second) == {"accepted": 1, "duplicate": 1}
        loader.ask_to_publish(second)
        assert loader.work(second) == "published"
        assert len(clients(session)) == 2

    def test_the_same_form_sent_twice_is_one_load(self, loader: Loader, session: Session) -> None:
        with counted(session, loader.user_id, "key"):
            load_id = loader.upload(CLEAN)
        with pytest.raises(SentAgain), counted(session, loader.user_id, "key"):
            loader.upload(CLEAN)
        assert list(session.scalars(select(SampleImport.id))) == [load_id]

    def test_the_file_keeps_its_name_but_not_its_folder(self, loader: Loader) -> None:
        load_id = loader.upload(CLEAN, file_name="C:\\Базы\\..\\База клиентов.xlsx")
        assert loader.load(load_id).file_name == "База клиентов.xlsx"

    def test_an_unreadable_file_is_refused_and_not_kept(self, loader: Loader, app: Flask) -> None:
        with pytest.raises(SheetError) as refused:
            loader.upload(b"<html><body>1</body></html>")
        assert refused.value.code == "html"
        assert uploads(app) == []

    def test_a_book_that_breaks_while_it_is_read_fails_with_a_sentence(self, loader: Loader) -> None:
        load_id = loader.upload(workbook((*ROW, *[""] * 260, "далеко")))
        assert loader.work(load_id) == "failed"
        assert "столбца" in loader.load(load_id).problem

    def test_an_empty_book_fails_with_a_sentence(self, loader: Loader) -> None:
        load_id = loader.upload(workbook(header=()))
        assert loader.work(load_id) == "failed"
        assert "нет заполненных строк" in loader.load(load_id).problem

    def test_the_receipt_can_be_left_for_the_columns(
        self, loader: Loader, session: Session, campaign: Campaign
    ) -> None:
        load_id = loader.check(workbook(ROW))
        sample.back_to_columns(session, campaign_id=campaign.id, import_id=load_id)
        assert loader.load(load_id).state == "understood"
        assert session.scalars(select(ImportRow)).all() == []
        assert loader.confirm(load_id)
        assert loader.work(load_id) == "checked"

    def test_a_closed_campaign_takes_no_base(self, loader: Loader, session: Session, campaign: Campaign) -> None:
        load_id = loader.check(workbook(ROW))
        session.get_one(Campaign, campaign.id).closed_at = NOW
        session.commit()
        with pytest.raises(DomainError):
            loader.upload(CLEAN)
        with pytest.raises(DomainError):
            loader.ask_to_publish(load_id)

    def test_a_load_of_another_campaign_is_not_found(self, loader: Loader, session: Session, manager: User) -> None:
        load_id = loader.upload(CLEAN)
        other = factories.campaign(session)
        with pytest.raises(NotFoundError):
            sample.cancel(session, campaign_id=other.id, import_id=load_id, user_id=manager.id, now=NOW)

    def test_the_journal_tells_of_a_load_in_counts_only(self, loader: Loader, session: Session) -> None:
        loader.publish(workbook(ROW))
        lines = session.scalars(select(Journal).order_by(Journal.id)).all()
        assert [line.action for line in lines] == ["sample_uploaded", "sample_published"]
        assert lines[1].after == {"clients": 1, "changed": 0, "rows": 1}

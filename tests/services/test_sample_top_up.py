"""A later base of the same project: new clients come, known ones may change, nobody and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, StaleError
from nps.models import (
    Branch,
    Campaign,
    CaseEvent,
    ImportRow,
    Interview,
    Journal,
    Respondent,
    RespondentPhone,
    SampleImport,
    User,
)
from nps.queries import campaigns
from nps.queries import sample as queries
from nps.services import cases, sample
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.factories import NOW
from tests.services.loading import ROW, Loader, workbook

LES = ("Ижевск", "1851884479", "ООО «Лес»", "Щербакова Ирина Дмитриевна", "8 912 000-60-43", "les@example.com")
LATER = datetime(2026, 11, 18, 9, tzinfo=UTC)


def changed(row: tuple[str, ...], **cells: str) -> tuple[str, ...]:
    names = ("branch", "inn", "organisation", "contact", "phone", "email")
    return tuple(cells.get(name, old) for name, old in zip(names, row, strict=True))


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager")


@pytest.fixture
def loader(session: Session, campaign: Campaign, manager: User) -> Loader:
    """The project already has two clients."""
    loader = Loader(session, campaign, manager)
    loader.publish(workbook(ROW, LES))
    loader.now = LATER
    return loader


def clients(session: Session) -> list[Respondent]:
    session.expire_all()
    return list(session.scalars(select(Respondent).order_by(Respondent.id)))


def numbers(session: Session, client: Respondent) -> list[tuple[str, str, str]]:
    phones = select(RespondentPhone).where(RespondentPhone.respondent_id == client.id)
    return [(p.e164, p.state, p.source) for p in session.scalars(phones.order_by(RespondentPhone.position))]


def refold(session: Session, client: Respondent) -> None:
    """Let the case decide where the client stands after what has happened to him."""
    client_id, campaign_id = client.id, client.campaign_id
    session.commit()
    with write(session) as s:
        lock_claims(s)
        campaign = campaigns.campaign_row(s, campaign_id)
        cases.refold(s, client_id, campaign, campaigns.calendars(s, campaign))


def decide(loader: Loader, load_id: int, *, row_no: int | None, apply: bool) -> int:
    proposal = "proposed" if apply else "skipped"
    which = {"campaign_id": loader.campaign_id, "import_id": load_id}
    return sample.decide(loader.session, **which, row_no=row_no, proposal=proposal)


def answer(loader: Loader, load_id: int, proposal: str, row_no: int | None = None) -> int:
    """Say whether the rows mean the clients whom they may mean."""
    which = {"campaign_id": loader.campaign_id, "import_id": load_id}
    return sample.decide(loader.session, **which, row_no=row_no, proposal=proposal, asked=True)


def publish(loader: Loader, load_id: int) -> None:
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"


def test_new_clients_come_known_ones_change_and_missing_ones_stay(loader: Loader, session: Session) -> None:
    book = workbook(
        changed(ROW, contact="Зорин Николай Петрович", email="zorin@example.com"),
        ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "Васильев Тимур Алексеевич", "8 950 000-33-53", ""),
    )
    load_id = loader.check(book)
    assert loader.counts(load_id) == {"accepted": 1, "update": 1}
    assert loader.load(load_id).understood.missing == 1
    assert [client.contact for client in clients(session)] == [ROW[3], LES[3]]

    assert answer(loader, load_id, "proposed") == 1
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"
    first, second, third = clients(session)
    assert (first.contact, first.greeting_name) == ("Зорин Николай Петрович", "Николай Петрович")
    assert (first.email, first.note) == ("zorin@example.com", f"Раньше контактное лицо: {ROW[3]}")
    assert "зорин" in first.search_fold
    assert (second.contact, second.state) == (LES[3], "waiting")
    assert third.loaded_at == LATER
    assert loader.counts(loader.check(book)) == {"duplicate": 2}
    last = session.scalars(
        select(Journal).order_by(Journal.id.desc()).where(Journal.action == "sample_published")
    ).first()
    assert last is not None and last.after == {"clients": 1, "changed": 1, "rows": 2}


def test_a_top_up_keeps_the_original_number_of_clients(loader: Loader, session: Session, campaign: Campaign) -> None:
    loader.publish(workbook(ROW, ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "", "8 950 000-33-53", "")))
    assert [client.loaded_at for client in clients(session)] == [NOW, NOW, LATER]
    assert session.get_one(Campaign, campaign.id).original_clients == 2


def test_a_new_number_brings_an_inactive_client_back_with_the_old_one_kept(
    loader: Loader, session: Session, campaign: Campaign, manager: User
) -> None:
    client = clients(session)[0]
    operator = factories.member(session, campaign)
    factories.attempt(session, client, operator, "dead_number")
    refold(session, client)
    assert clients(session)[0].state == "inactive"

    load_id = loader.check(workbook(changed(ROW, phone="8 904 000-58-43; 8 904 000-58-44")))
    row = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id)).one()
    assert "снова будет в работе" in row.reason
    loader.ask_to_publish(load_id)
    assert loader.work(load_id) == "published"

    client = clients(session)[0]
    assert (client.state, client.misses) == ("waiting", 0)
    assert numbers(session, client) == [
        ("+73412008032", "dead", "base"),
        ("+79040005844", "live", "base"),
        ("+79040005843", "live", "base"),
    ]
    events = select(CaseEvent).where(CaseEvent.kind == "number_added").order_by(CaseEvent.id.desc())
    newest = session.scalars(events).first()
    assert newest is not None
    assert session.get_one(RespondentPhone, newest.detail["phone_id"]).e164 == "+79040005843"


def test_answers_and_calls_stay_as_they_are(loader: Loader, session: Session, campaign: Campaign) -> None:
    client = clients(session)[0]
    operator = factories.member(session, campaign)
    call = factories.attempt(session, client, operator, "surveyed")
    whose = {"respondent_id": client.id, "attempt_id": call.id, "script_version_id": call.script_version_id}
    session.add(Interview(**whose, rating=9, completed_at=NOW))
    refold(session, client)
    loader.publish(workbook(changed(ROW, phone="8 904 000-58-43", contact=ROW[3])))

    client = clients(session)[0]
    assert client.state == "surveyed"
    assert session.scalars(select(Interview.rating)).all() == [9]
    assert numbers(session, client)[-1] == ("+79040005843", "live", "base")


class TestDecisions:
    def test_a_change_that_a_person_leaves_is_not_made_and_is_proposed_again_next_time(
        self, loader: Loader, session: Session
    ) -> None:
        book = workbook(changed(ROW, contact="Зорин Николай Петрович"), changed(LES, phone="8 904 000-58-43"))
        load_id = loader.check(book)
        assert decide(loader, load_id, row_no=2, apply=False) == 1
        loader.ask_to_publish(load_id)
        loader.work(load_id)
        first, second = clients(session)
        assert first.contact == ROW[3]
        assert len(numbers(session, second)) == 2
        rows = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id).order_by(ImportRow.row_no))
        assert [row.proposal for row in rows] == ["skipped", "applied"]
        assert loader.counts(loader.check(book)) == {"update": 1, "duplicate": 1}

    def test_answers_are_kept_when_the_rows_are_checked_once_more(self, loader: Loader, session: Session) -> None:
        other = changed(ROW, contact="Зорин Николай Петрович")
        book = workbook(other, changed(LES, phone="8 904 000-58-43"))
        load_id = loader.check(book)
        asked, change = loader.proposals(load_id)
        assert (asked, change) == ("asked", "proposed")
        answer(loader, load_id, "separate")
        decide(loader, load_id, row_no=3, apply=False)

        # Somebody else's base comes between: the rows are checked again, and one of them is another one now.
        loader.publish(workbook(("Ижевск", "1800055762", "ООО «ВолгаКабель»", "", "8 950 000-33-53", "")))
        loader.ask_to_publish(load_id)
        assert loader.work(load_id) == "checked"
        assert loader.proposals(load_id) == ["separate", "skipped"]

        # And over the columns.
        sample.back_to_columns(session, campaign_id=loader.campaign_id, import_id=load_id)
        loader.confirm(load_id)
        assert loader.work(load_id) == "checked"
        assert loader.proposals(load_id) == ["separate", "skipped"]

    def test_an_answer_is_asked_for_anew_when_its_client_is_another_one_now(
        self, loader: Loader, session: Session
    ) -> None:
        load_id = loader.check(workbook(changed(ROW, contact="Зорин Николай Петрович")))
        answer(loader, load_id, "proposed")
        clients(session)[0].contact = "Из Разговора"
        session.commit()
        sample.back_to_columns(session, campaign_id=loader.campaign_id, import_id=load_id)
        loader.confirm(load_id)
        assert loader.work(load_id) == "checked"
        assert loader.proposals(load_id) == ["asked"]

    def test_nothing_but_left_changes_is_nothing_to_load(self, loader: Loader) -> None:
        load_id = loader.check(workbook(changed(ROW, email="zorin@example.com"), LES))
        decide(loader, load_id, row_no=None, apply=False)
        with pytest.raises(DomainError) as refused:
            loader.ask_to_publish(load_id)
        assert refused.value.code == "nothing_to_load"
        decide(loader, load_id, row_no=None, apply=True)
        loader.ask_to_publish(load_id)

    def test_after_publishing_nothing_is_decided_any_more(self, loader: Loader) -> None:
        load_id = loader.publish(workbook(changed(ROW, email="zorin@example.com")))
        with pytest.raises(StaleError):
            decide(loader, load_id, row_no=2, apply=False)

    def test_a_client_who_has_changed_since_the_check_is_left_alone(self, loader: Loader, session: Session) -> None:
        load_id = loader.check(workbook(changed(ROW, contact="Зорин Николай Петрович")))
        answer(loader, load_id, "proposed")
        client = clients(session)[0]
        client.contact = "Из Разговора"
        session.commit()
        loader.ask_to_publish(load_id)
        assert loader.work(load_id) == "published"
        assert clients(session)[0].contact == "Из Разговора"
        assert session.scalars(select(ImportRow.proposal).where(ImportRow.import_id == load_id)).all() == ["stale"]


class TestInterruption:
    def test_a_worker_killed_between_clients_and_changes_is_followed_by_another(
        self, loader: Loader, session: Session
    ) -> None:
        new = ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "", "8 950 000-33-53", "")
        load_id = loader.check(
            workbook(changed(ROW, contact="Первый Новый"), changed(LES, contact="Второй Новый"), new)
        )
        answer(loader, load_id, "proposed")
        loader.ask_to_publish(load_id)

        # The clock is asked for the lease, for the clients, and then for the changes.
        readings = iter((LATER, LATER))

        def clock() -> datetime:
            for reading in readings:
                return reading
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sample.work(session, load_id, clock)
        assert len(clients(session)) == 3
        with pytest.raises(StaleError):
            loader.cancel(load_id)
        assert loader.work(load_id) == "published"
        assert [client.contact for client in clients(session)] == ["Первый Новый", "Второй Новый", ""]
        load = session.get_one(SampleImport, load_id)
        assert load.understood.added == 1


@pytest.mark.parametrize(
    ("phone", "contact", "is_told"),
    [(ROW[4], ROW[3], True), ("8 904 000-58-43", ROW[3], False), (ROW[4], "Зорин Николай Петрович", False)],
)
def test_a_known_person_under_another_inn_is_a_new_client_and_told_about(
    loader: Loader, session: Session, phone: str, contact: str, is_told: bool
) -> None:
    load_id = loader.publish(workbook(changed(ROW, inn="1800055762", phone=phone, contact=contact)))
    assert len(clients(session)) == 3
    (reason,) = session.scalars(select(ImportRow.reason).where(ImportRow.import_id == load_id))
    assert (f"{ROW[2]}, ИНН {ROW[1]}. Проверьте, не тот же ли это клиент" in reason) == is_told


class TestSamePerson:
    """Whom a row means when INN, number and name do not agree; what was answered is never moved under another name."""

    OTHER = changed(ROW, contact="Зорин Николай Петрович")
    SECOND = changed(OTHER, phone="8 904 000-58-43")

    @pytest.fixture
    def surveyed(self, loader: Loader, session: Session, campaign: Campaign) -> Callable[[], None]:
        def survey() -> None:
            client = clients(session)[0]
            call = factories.attempt(session, client, factories.member(session, campaign), "surveyed")
            whose = {"respondent_id": client.id, "attempt_id": call.id, "script_version_id": call.script_version_id}
            session.add(Interview(**whose, rating=9, completed_at=NOW))
            session.commit()

        return survey

    def test_a_question_that_nobody_answers_writes_nothing_and_is_asked_again(
        self, loader: Loader, session: Session
    ) -> None:
        book = workbook(self.OTHER, ("Ижевск", "1800055762", "ООО «ВолгаКабель»", "", "8 950 000-33-53", ""))
        load_id = loader.publish(book)
        assert [client.contact for client in clients(session)] == [ROW[3], LES[3], ""]
        receipt = queries.receipt(session, load_id, "asked", 1)
        assert [(row.row_no, row.proposal) for row in receipt.rows] == [(2, "asked")]
        assert loader.counts(loader.check(book)) == {"update": 1, "duplicate": 1}

    def test_another_person_at_the_number_becomes_a_client_of_his_own(self, loader: Loader, session: Session) -> None:
        load_id = loader.check(workbook(changed(self.OTHER, phone=f"{ROW[4]}, 8 904 000-58-43"), LES))
        with pytest.raises(DomainError) as refused:
            loader.ask_to_publish(load_id)
        assert refused.value.code == "nothing_to_load"
        assert answer(loader, load_id, "separate", 2) == 1
        publish(loader, load_id)
        first, _, third = clients(session)
        assert (first.contact, third.contact, third.state) == (ROW[3], self.OTHER[3], "waiting")
        assert [number for number, *_ in numbers(session, third)] == ["+73412008032", "+79040005843"]
        assert loader.load(load_id).clients == 1

    def test_who_is_repeated_word_for_word_can_not_be_somebody_else(self, loader: Loader) -> None:
        load_id = loader.check(workbook(changed(ROW, email="zorin@example.com")))
        with pytest.raises(DomainError) as refused:
            answer(loader, load_id, "separate", 2)
        assert refused.value.code == "not_this_row"

    def test_a_second_contact_of_the_firm_is_a_new_client(self, loader: Loader, session: Session) -> None:
        loader.publish(workbook(self.SECOND))
        assert [client.contact for client in clients(session)] == [ROW[3], LES[3], self.OTHER[3]]

    def test_the_name_of_a_surveyed_client_is_not_written(
        self, loader: Loader, session: Session, surveyed: Callable[[], None]
    ) -> None:
        surveyed()
        load_id = loader.check(workbook(self.OTHER, changed(self.SECOND, contact="Третий Иван Иванович")))
        assert loader.counts(load_id) == {"update": 1, "accepted": 1}
        with pytest.raises(DomainError) as refused:
            answer(loader, load_id, "proposed", 2)
        assert "опрошен" in refused.value.message
        assert answer(loader, load_id, "proposed") == 0
        assert answer(loader, load_id, "separate") == 1
        publish(loader, load_id)
        assert [client.contact for client in clients(session)] == [
            ROW[3], LES[3], self.OTHER[3], "Третий Иван Иванович"
        ]  # fmt: skip

    def test_who_was_surveyed_after_the_answer_keeps_his_name_and_the_receipt_says_why(
        self, loader: Loader, session: Session, surveyed: Callable[[], None]
    ) -> None:
        load_id = loader.check(workbook(self.OTHER))
        answer(loader, load_id, "proposed")
        surveyed()
        publish(loader, load_id)
        assert clients(session)[0].contact == ROW[3]
        row = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id)).one()
        assert (row.proposal, "ответы под другое имя не переносим" in row.reason) == ("stale", True)

    def test_another_branch_and_another_name_of_the_firm_are_written(self, loader: Loader, session: Session) -> None:
        load_id = loader.check(workbook(changed(ROW, branch="Казань", organisation="ООО «Провод»"), LES))
        row = session.scalars(select(ImportRow).where(ImportRow.import_id == load_id, ImportRow.row_no == 2)).one()
        assert (row.before, row.proposal) == ({"organisation": ROW[2], "branch": "Ижевск"}, "proposed")
        assert "ОП станет Казань: звонить по времени Татарстана." in row.reason
        publish(loader, load_id)
        client = clients(session)[0]
        assert (client.organisation, client.region_code) == ("ООО «Провод»", "tatarstan")
        assert session.get_one(Branch, client.branch_id).name == "Казань"
        assert (client.note, "провод" in client.search_fold) == (f"Раньше организация: {ROW[2]}", True)
        assert loader.counts(loader.check(workbook(changed(ROW, branch="Казань", organisation="ООО «Провод»")))) == {
            "duplicate": 1
        }

    def test_words_beside_a_new_number_come_with_it(self, loader: Loader, session: Session) -> None:
        loader.publish(workbook(changed(ROW, phone="8 904 000-58-43 после обеда")))
        words = select(RespondentPhone.words).where(RespondentPhone.e164 == "+79040005843")
        assert session.scalars(words).one() == "после обеда"

    def test_two_rows_of_one_client_are_written_one_after_the_other(self, loader: Loader, session: Session) -> None:
        more = changed(ROW, phone=f"{ROW[4]}, 8 904 000-58-43")
        loader.publish(workbook(changed(ROW, email="zorin@example.com"), more))
        client = clients(session)[0]
        assert (client.email, len(numbers(session, client))) == ("zorin@example.com", 2)

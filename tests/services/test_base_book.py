"""The base as a workbook: what has been learned stands in it, and loaded again it changes nothing (R2)."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError
from nps.domain.sample import FIELDS
from nps.models import AccessLog, Campaign, ImportRow, Interview, Respondent, RespondentPhone
from nps.services import cases, reports
from nps.services.cases import change_contact
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.factories import NOW
from tests.services.loading import CLEAN, MESSY, Loader, workbook

TWO = "8 (341) 200-80-32 доб. 12, 89120000001"
HARD = (
    ("Ижевск", "1897309111", "=ООО «Кабель»", "Вахрушев Тимур Ильич", TWO, "a@example.com"),
    ("Ижевск", "1897309111", "=ООО «Кабель»", "Зорин Пётр", "8 (341) 200-80-32 доб. 13", ""),
    ("Казань", "", "ООО «Без ИНН»", "", "+7 912 000-00-02 приёмная", ""),
    ("Казань", "-", "ИП Ёлкина", "ИВАНОВА АННА ИВАНОВНА", "+7 912 000-00-03 Пётр; +7 912 000-00-04 до 17:00", ""),
    ("Уфа", "1851884479", "ООО «Лес» <b>", "Бухгалтерия", "89120000005; 89120000006; 89120000007; 89120000008", "лес"),
    ("Пермь", "020267355254/020201001", "+ИП \"Плюс\"", "Тест", "'89120000009", ""),
)  # fmt: skip


@pytest.fixture
def loader(session: Session) -> Loader:
    campaign, user = factories.campaign(session), factories.user(session, "manager")
    session.commit()
    return Loader(session, campaign, user)


def exported(loader: Loader, folder: Path, role: str = "manager") -> bytes:
    actor = Actor(loader.user_id, role, "Нина", factories.session_customer(loader.session, loader.campaign_id))
    made = reports.download(
        loader.session, actor=actor, campaign_id=loader.campaign_id, folder=folder, now=NOW,
        zone=ZoneInfo("Europe/Samara"), form="base",
    )  # fmt: skip
    loader.session.rollback()
    return made.file.read_bytes()


def what_happens_in_calls(session: Session, loader: Loader) -> None:
    """A survey, a number that came up, another contact, a dead number, somebody taken out."""
    campaign = session.get_one(Campaign, loader.campaign_id)
    first, second, third, fourth, fifth, _ = session.scalars(select(Respondent).order_by(Respondent.id)).all()
    operator = factories.member(session, campaign)
    call = factories.attempt(session, first, operator, "surveyed")
    of_call = {"attempt_id": call.id, "script_version_id": call.script_version_id}
    session.add(Interview(respondent_id=first.id, rating=9, completed_at=NOW, **of_call))
    first.state, first.queue_class, first.next_call_at = "surveyed", None, None
    session.execute(update(RespondentPhone).where(RespondentPhone.respondent_id == third.id).values(state="dead"))
    fifth.state, fifth.queue_class, fifth.next_call_at, fifth.withdrawn_at = "withdrawn", None, None, NOW
    ids = second.id, fourth.id
    session.commit()
    with write(session) as s:
        lock_claims(s)
        for client_id, number in zip(ids, ("8 912 000-00-20", "8 912 000-00-21 доб. 5"), strict=True):
            client = s.get_one(Respondent, client_id)
            cases.add_number(s, client, number, source="call", at=NOW, by=operator.id)
            change_contact(s, client, "Новый Пётр Ильич", by=operator.id, at=NOW)


def test_what_goes_out_comes_in_again_and_changes_nothing(loader: Loader, session: Session, tmp_path: Path) -> None:
    loader.publish(workbook(*HARD))
    for learned in (False, True):
        if learned:
            what_happens_in_calls(session, loader)
        again = loader.check(exported(loader, tmp_path))
        reasons = session.scalars(select(ImportRow.reason).where(ImportRow.import_id == again)).all()
        assert loader.counts(again) == {"duplicate": len(HARD)}, reasons
        assert loader.load(again).understood.missing == 0
        session.rollback()


@pytest.mark.parametrize("content", [CLEAN, MESSY])
def test_a_whole_base_goes_out_and_in(loader: Loader, session: Session, tmp_path: Path, content: bytes) -> None:
    load_id = loader.publish(content)
    again = loader.check(exported(loader, tmp_path))
    assert loader.counts(again) == {"duplicate": loader.load(load_id).understood.added}
    assert loader.load(again).understood.missing == 0


def test_it_says_what_was_learned(loader: Loader, session: Session, tmp_path: Path) -> None:
    loader.publish(workbook(*HARD))
    what_happens_in_calls(session, loader)
    (tmp_path / "book.xlsx").write_bytes(exported(loader, tmp_path))
    titles, *rows = load_workbook(tmp_path / "book.xlsx").worksheets[0].values
    assert titles[:6] == tuple(FIELDS.values())
    first, second, third, fourth, fifth, _ = (dict(zip(titles, row, strict=True)) for row in rows)
    assert (first["Состояние"], first["Оценка"], first["Его итог"]) == ("опрошен", 9, "Опрошен")
    assert first["Наименование организации"] == "=ООО «Кабель»"
    assert first["Телефон"] == "+7 341 200-80-32 доб. 12; +7 912 000-00-01"
    assert second["ФИО контактного лица"] == "Новый Пётр Ильич" and "+7 912 000-00-20" in second["Телефон"]
    assert (third["Не отвечают"], third["Пояснения"]) == ("+7 912 000-00-02", "приёмная")
    assert fourth["Пояснения"] == "Пётр; до 17:00"
    assert fifth["Состояние"] == "исключён"
    assert session.scalars(select(AccessLog.action)).all() == ["report_downloaded"]


def test_the_customer_gets_no_base(loader: Loader, tmp_path: Path) -> None:
    loader.publish(workbook(HARD[0]))
    with pytest.raises(NotFoundError):
        exported(loader, tmp_path, "customer")


@pytest.mark.parametrize(("role", "rating"), [("specialist", None), ("manager", 9)])
def test_a_rating_that_waits_for_its_check_is_the_houses(
    loader: Loader, session: Session, tmp_path: Path, role: str, rating: int | None
) -> None:
    loader.publish(workbook(*HARD))
    session.execute(update(Campaign).values(answers_after_check=True))
    session.commit()
    what_happens_in_calls(session, loader)
    (tmp_path / "book.xlsx").write_bytes(exported(loader, tmp_path, role))
    titles, row, *_ = load_workbook(tmp_path / "book.xlsx").worksheets[0].values
    assert dict(zip(titles, row, strict=True))["Оценка"] == rating

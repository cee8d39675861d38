"""The card: how the client is addressed, and who else of his organisation is in the base."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, Respondent, RespondentPhone
from tests import factories
from tests.web.test_desk import HTMX, Seat, at, campaign, seat, start

__all__ = ["at", "campaign", "seat"]


def greeting(seat: Seat) -> str:
    """What the step reads aloud, as text."""
    (said,) = re.findall(r'<p class="say[^"]*">(.*?)</p>', seat.page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", said)


def test_the_name_in_the_greeting_is_changed_at_the_desk_and_goes_back_when_emptied(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    client = factories.respondent(session, campaign, contact="Бухгалтерия", greeting_name="")
    start(seat, campaign)
    assert greeting(seat).startswith("Добрый день!")
    seat.post("/desk/dial")
    seat.post(seat.call + "/answered")
    assert seat.post("/desk/greeting", greeting_name=" Анна   Петровна ").status_code == 200
    assert seat.state() == "talk" and greeting(seat).startswith("Анна Петровна, добрый день!")
    seat.post(seat.call + "/outcome", code="technical")
    assert seat.state() == "done" and 'action="/desk/greeting"' not in seat.page
    seat.post("/desk/next")
    assert greeting(seat).startswith("Анна Петровна, добрый день!")
    seat.post("/desk/greeting", greeting_name="")
    assert greeting(seat).startswith("Добрый день!")
    session.rollback()
    row = session.get_one(Respondent, client.id)
    assert (row.contact, row.greeting_name) == ("Бухгалтерия", "")


def test_nobody_renames_a_client_who_is_no_longer_on_his_desk(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    stale = {"expect_client": client.id, "form_key": "old", "greeting_name": "Анна Петровна"}
    seat.post("/desk/return", reason="break")
    assert seat.state() == "paused"
    answer = seat.client.post("/desk/greeting", data=stale, headers=HTMX)
    assert answer.status_code == 409 and "Этот клиент уже не у вас" in answer.text
    session.rollback()
    assert session.get_one(Respondent, client.id).greeting_name == "Светлана Ильинична"


def test_other_contacts_of_the_organisation_stand_on_the_card_with_their_state(
    seat: Seat, session: Session, campaign: Campaign
) -> None:
    factories.respondent(session, campaign, inn="1800000001")
    others = {
        "Опрошенный Пётр": {"state": "surveyed", "next_call_at": None},
        "Спорный Иван": {"state": "manager", "next_call_at": None},
        "Другой Семён": {"region": None, "next_call_at": None},
    }
    for contact, fields in others.items():
        factories.respondent(session, campaign, inn="1800000001", contact=contact, **fields)
    factories.respondent(session, campaign, contact="Чужой Олег", state="surveyed", next_call_at=None)
    start(seat, campaign)
    assert seat.state() == "ready"
    (block,) = re.findall(r"Другие контакты организации</h2>(.*?)</ul>", seat.page, re.DOTALL)
    lines = re.findall(r"<span[^>]*>([^<]+)</span><span>([^<]+)</span>", block)
    assert lines == [
        ("опрошен", "Опрошенный Пётр"),
        ("ждёт решения", "Спорный Иван"),
        ("ещё звонить", "Другой Семён"),
    ]


def test_a_number_can_be_dialled_only_while_its_call_is_on(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.respondent(session, campaign)
    start(seat, campaign)
    assert "tel:" not in seat.page and "Попытка" in seat.page
    seat.post("/desk/dial")
    assert "tel:" in seat.page and "Почему сейчас" in seat.page
    seat.post(seat.call + "/hang-up")
    assert seat.state() == "ended" and "tel:" not in seat.page
    seat.post(seat.call + "/outcome", code="busy")
    assert seat.state() == "done" and "tel:" not in seat.page
    # What is next is said by the result; «Попытка 2 из 3» would be read of the call that has just been made.
    assert "Попытка" not in seat.page and "Следующий звонок" in seat.page


@pytest.mark.parametrize(
    ("link", "href", "by_hand"),
    [("tel:{e164}", "tel:+79170000001;ext=12", False), ("sip:{digits}@pbx", "sip:79170000001@pbx", True)],
)
def test_an_extension_is_dialled_by_the_link_or_the_card_says_to_dial_it_by_hand(
    seat: Seat, session: Session, campaign: Campaign, link: str, href: str, by_hand: bool
) -> None:
    factories.fresh(session)
    campaign.dial_link = link
    session.commit()
    client = factories.respondent(session, campaign, phones=("+79170000001", "+79170000002"))
    (phone, _) = session.scalars(select(RespondentPhone).where(RespondentPhone.respondent_id == client.id))
    phone.extension = "12"
    session.commit()
    start(seat, campaign)
    seat.post("/desk/dial")
    assert f'href="{href}"' in seat.page and "+7 917 000-00-01 доб. 12" in seat.page
    assert ("добавочный 12 наберите сами" in seat.page) == by_hand
    assert "запасной" in seat.page


def test_words_beside_a_number_stand_on_the_card(seat: Seat, session: Session, campaign: Campaign) -> None:
    factories.fresh(session)
    client = factories.respondent(session, campaign, phones=("+79170000001", "+79170000002"))
    for phone in session.scalars(select(RespondentPhone).where(RespondentPhone.respondent_id == client.id)):
        phone.words = f"приёмная {phone.position}"
    session.commit()
    start(seat, campaign)
    assert seat.page.count("приёмная 0") == 2, "beside the number to call and in the list of numbers"
    assert seat.page.count("приёмная 1") == 1


def test_a_client_who_calls_is_no_attempt_and_is_not_dialled(seat: Seat, session: Session, campaign: Campaign) -> None:
    client = factories.respondent(session, campaign)
    start(seat, campaign)
    seat.post("/desk/inbound", respondent_id=client.id)
    assert seat.state() == "talk" and "Клиент позвонил сам" in seat.page
    assert re.search("tel:|Попытка|Почему сейчас", seat.page) is None

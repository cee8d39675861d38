"""A day of which a region and the whole campaign are told different things: the region's own word holds (R7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from nps.domain import appointment
from nps.domain.actor import Actor
from nps.models import Campaign
from nps.queries.campaigns import calendars, campaign_row
from nps.services import call_queue, campaigns, desk
from nps.services.call_queue import Nobody, Taken
from nps.services.desk.calling import DialRefused
from tests import factories

HOLIDAY, PLAIN = date(2026, 11, 4), date(2026, 11, 10)
OPENED, CLOSED = True, False


def noon(day: date) -> datetime:
    """14:30 in Kazan, 15:30 in Izhevsk: inside the windows of both."""
    return datetime(day.year, day.month, day.day, 11, 30, tzinfo=UTC)


def client_of(session: Session, campaign: Campaign, region: str, day: date) -> int:
    """A client who is due since the day before."""
    loaded = noon(day) - timedelta(days=1)
    return factories.respondent(session, campaign, region=region, loaded_at=loaded, next_call_at=loaded).id


@pytest.mark.parametrize("day", [HOLIDAY, PLAIN])
@pytest.mark.parametrize(("in_general", "of_kazan"), [(OPENED, CLOSED), (CLOSED, OPENED)])
def test_claim_dial_and_offers_follow_the_regions_own_word(
    session: Session, day: date, in_general: bool, of_kazan: bool
) -> None:
    manager = factories.user(session, "manager")
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    for region, word in ((None, in_general), ("tatarstan", of_kazan)):
        campaigns.add_day(
            session, manager.id, campaign.id, day=day, region_code=region, is_open=word, note="", now=factories.NOW
        )
    clients = {region: client_of(session, campaign, region, day) for region in ("tatarstan", "perm")}
    actor = Actor(operator.id, "operator", operator.full_name)
    desk.start_shift(session, actor, campaign.id, "Ольга", noon(day))

    called, left = ("tatarstan", "perm") if of_kazan else ("perm", "tatarstan")
    taken = call_queue.take_next(session, operator.id, campaign.id, noon(day))
    assert taken == Taken(clients[called])
    desk.dial(session, actor, clients[called], noon(day))
    other = factories.member(session, campaign)
    desk.start_shift(session, Actor(other.id, "operator", other.full_name), campaign.id, "Анна", noon(day))
    assert isinstance(call_queue.take_next(session, other.id, campaign.id, noon(day)), Nobody)
    known = calendars(session, campaign_row(session, campaign.id))
    offered = {region: [slots.day for slots in appointment.slots(noon(day), known[region])] for region in clients}
    assert day in offered[called] and day not in offered[left]


def test_a_card_shown_before_the_region_closed_its_day_is_not_dialled(session: Session) -> None:
    manager = factories.user(session, "manager")
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    client = client_of(session, campaign, "tatarstan", HOLIDAY)
    add = {"day": HOLIDAY, "note": "", "now": noon(HOLIDAY) - timedelta(hours=1)}
    campaigns.add_day(session, manager.id, campaign.id, region_code=None, is_open=OPENED, **add)
    actor = Actor(operator.id, "operator", operator.full_name)
    desk.start_shift(session, actor, campaign.id, "Ольга", noon(HOLIDAY))
    assert call_queue.take_next(session, operator.id, campaign.id, noon(HOLIDAY)) == Taken(client)

    campaigns.add_day(session, manager.id, campaign.id, region_code="tatarstan", is_open=CLOSED, **add)

    with pytest.raises(DialRefused, match="Окно звонков закрыто"):
        desk.dial(session, actor, client, noon(HOLIDAY))

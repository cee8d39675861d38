"""Who is called next: the order of the queue, what is left out of it, and how the database finds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.case import QueueClass
from nps.models import Campaign, ClaimKey, Respondent, StopList, User
from nps.queries import call_queue as queries
from nps.queries import campaigns
from nps.services import call_queue, desk
from nps.services.call_queue import Nobody, Taken
from tests import factories
from tests.factories import NOW

#: Moscow's windows close an hour after Samara's, Yekaterinburg's an hour before.
FIRST_TO_CLOSE, SECOND, LAST = "perm", "udmurtia", "tatarstan"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def operator(session: Session, campaign: Campaign) -> User:
    person = factories.member(session, campaign)
    desk.start_shift(session, Actor(person.id, "operator", ""), campaign.id, "Ольга", NOW)
    return person


def take(session: Session, campaign: Campaign, operator: User, now: datetime = NOW) -> int | None:
    taken = call_queue.take_next(session, operator.id, campaign.id, now)
    return taken.respondent_id if isinstance(taken, Taken) else None


def drain(session: Session, campaign: Campaign, operator: User) -> list[int]:
    """Everybody in the order of the queue; each is held by an operator of his own."""
    found = []
    while (client := take(session, campaign, operator)) is not None:
        found.append(client)
        session.rollback()
        operator = factories.on_shift(session, campaign)
    return found


def test_classes_come_in_their_order_then_regions_by_closing_then_due_time(
    session: Session, campaign: Campaign, operator: User
) -> None:
    other = factories.member(session, campaign)
    late, early = NOW - timedelta(minutes=5), NOW - timedelta(hours=2)

    def client(queue_class: QueueClass, region: str, due: datetime, owner: User | None = None) -> int:
        return factories.respondent(
            session,
            campaign,
            region=region,
            queue_class=int(queue_class),
            next_call_at=due,
            callback_owner_id=owner.id if owner else None,
            reserved_until=due + timedelta(minutes=10) if owner else None,
        ).id

    new_last = client(QueueClass.NEW, LAST, early)
    new_first = client(QueueClass.NEW, FIRST_TO_CLOSE, late)
    repeat_late = client(QueueClass.REPEAT, SECOND, late)
    repeat_early = client(QueueClass.REPEAT, SECOND, early)
    repeat_first = client(QueueClass.REPEAT, FIRST_TO_CLOSE, late)
    others = client(QueueClass.CALLBACK, FIRST_TO_CLOSE, early, other)
    own = client(QueueClass.CALLBACK, LAST, late, operator)
    at_once = client(QueueClass.AT_ONCE, LAST, late)

    expected = [at_once, own, others, repeat_first, repeat_early, repeat_late, new_first, new_last]
    first = take(session, campaign, operator)
    call_queue.return_client(session, operator.id, at_once, "other", NOW)
    assert first == at_once
    session.rollback()
    session.get_one(Respondent, at_once).next_call_at = NOW + timedelta(hours=1)
    session.commit()
    assert [at_once, *drain(session, campaign, operator)] == expected


def test_closed_regions_and_unknown_ones_are_left_out(session: Session, campaign: Campaign, operator: User) -> None:
    factories.respondent(session, campaign, region="perm")
    factories.respondent(session, campaign, region=None, branch_id=None)
    in_moscow = factories.respondent(session, campaign, region="tatarstan").id
    after_perm_closed = datetime(2026, 11, 17, 13, 30, tzinfo=UTC)
    assert take(session, campaign, operator, after_perm_closed) == in_moscow
    assert take(session, campaign, factories.member(session, campaign), after_perm_closed) is None


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 16, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 4, 11, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
    ],
    ids=["monday", "friday", "holiday", "after the end"],
)
def test_nobody_is_given_outside_calling_days(
    session: Session, campaign: Campaign, operator: User, now: datetime
) -> None:
    factories.respondent(session, campaign, loaded_at=now - timedelta(days=9), next_call_at=now - timedelta(days=9))
    assert take(session, campaign, operator, now) is None


def test_the_same_phone_is_never_with_two_operators_in_any_campaign(
    session: Session, campaign: Campaign, operator: User
) -> None:
    shared = "+79170001122"
    first = factories.respondent(session, campaign, phones=(shared,)).id
    factories.respondent(session, campaign, phones=("+79170001123", shared))
    wave = factories.campaign(session, contract_id=campaign.contract_id)
    factories.respondent(session, wave, phones=(shared,))
    assert take(session, campaign, operator) == first
    assert take(session, campaign, factories.member(session, campaign)) is None
    assert take(session, wave, factories.member(session, wave)) is None
    session.rollback()
    assert session.query(ClaimKey).count() == 1


def test_a_phone_spoken_to_today_is_left_for_another_day(session: Session, campaign: Campaign, operator: User) -> None:
    shared = "+79170001122"
    spoken = factories.respondent(
        session, campaign, phones=(shared,), state="surveyed", queue_class=None, next_call_at=None
    )
    factories.attempt(session, spoken, operator, "surveyed", at=NOW - timedelta(hours=1))
    other = factories.respondent(session, campaign, phones=(shared,)).id
    assert take(session, campaign, operator) is None
    assert take(session, campaign, operator, NOW + timedelta(days=1)) == other


@pytest.mark.parametrize("field", ["e164", "inn"])
def test_the_stop_list_is_checked_when_a_client_is_given(
    session: Session, campaign: Campaign, operator: User, field: str
) -> None:
    client = factories.respondent(session, campaign, phones=("+79170001122",), inn="1831000001")
    owner = session.get_one(factories.Contract, campaign.contract_id).customer_id
    listed = StopList(customer_id=owner, reason="Просьба", by=operator.id, at=NOW)
    setattr(listed, field, "+79170001122" if field == "e164" else client.inn)
    session.add(listed)
    session.commit()
    assert take(session, campaign, operator) is None


def test_another_organisation_is_preferred_but_nobody_idles_for_it(
    session: Session, campaign: Campaign, operator: User
) -> None:
    first, sibling = (factories.respondent(session, campaign, inn="1831000001").id for _ in range(2))
    other = factories.respondent(session, campaign, inn="1831000002").id
    assert drain(session, campaign, operator) == [first, other, sibling]


def test_the_operator_keeps_the_client_he_has(session: Session, campaign: Campaign, operator: User) -> None:
    factories.respondent(session, campaign)
    factories.respondent(session, campaign)
    assert take(session, campaign, operator) == take(session, campaign, operator)


@pytest.mark.parametrize("where", ["nowhere", "elsewhere"])
def test_nobody_is_given_to_somebody_who_is_not_at_work_here_any_more(
    session: Session, campaign: Campaign, operator: User, where: str
) -> None:
    factories.respondent(session, campaign)
    actor = Actor(operator.id, "operator", "")
    if where == "nowhere":
        desk.end_shift(session, actor, NOW)
    else:
        other = factories.campaign(session, title="Другой")
        factories.member(session, other, operator)
        desk.start_shift(session, actor, other.id, "Ольга", NOW)
    nobody = call_queue.take_next(session, operator.id, campaign.id, NOW)
    assert isinstance(nobody, Nobody)
    assert nobody.why == "no_shift"


def test_nobody_is_given_a_client_whose_call_is_open_whatever_his_hold_says(
    session: Session, campaign: Campaign, operator: User
) -> None:
    client = factories.respondent(session, campaign)
    factories.attempt(session, client, factories.member(session, campaign), None)
    assert take(session, campaign, operator) is None


@pytest.mark.parametrize("field", ["paused_at", "closed_at"])
def test_a_stopped_campaign_gives_nobody(session: Session, campaign: Campaign, operator: User, field: str) -> None:
    factories.respondent(session, campaign)
    setattr(campaign, field, NOW)
    session.commit()
    nobody = call_queue.take_next(session, operator.id, campaign.id, NOW)
    assert isinstance(nobody, Nobody)
    assert nobody.why == field.removesuffix("_at")


def test_the_outlook_says_when_and_where_somebody_can_be_called(
    session: Session, campaign: Campaign, operator: User
) -> None:
    due = NOW + timedelta(minutes=40)
    factories.respondent(session, campaign, region="tatarstan", next_call_at=due)
    factories.respondent(session, campaign, region="perm", next_call_at=NOW - timedelta(days=1))
    at = datetime(2026, 11, 17, 13, 5, tzinfo=UTC)
    row = campaigns.campaign_row(session, campaign.id)
    found = queries.outlook(session, campaign.id, campaigns.calendars(session, row), at)
    assert [(region.code, region.is_open, region.next_at) for region in found] == [
        ("tatarstan", True, at),
        ("perm", False, datetime(2026, 11, 18, 5, 0, tzinfo=UTC)),
    ]


def test_each_head_of_the_queue_is_found_by_its_index(session: Session, campaign: Campaign, engine_name: str) -> None:
    """A statement that sorts or reads the whole queue was measured 98 times slower at 100,000 clients."""
    for _ in range(40):
        factories.respondent(session, campaign)
    regions = 3
    statement = queries.claim_statement(regions, start_new=True, avoid_siblings=True)
    calendars = campaigns.calendars(session, campaigns.campaign_row(session, campaign.id))
    binds = {"operator": 1, "campaign": campaign.id, "customer": 1, "now": NOW, "until": NOW, "token": "t"}
    binds |= queries.region_binds(calendars, sorted(calendars)[:regions], NOW)
    if engine_name == "postgres":
        session.execute(text("ANALYZE"))
        # Forty rows fit a page: without this the planner is right to read them all.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
    prefix = "EXPLAIN QUERY PLAN " if engine_name == "sqlite" else "EXPLAIN "
    explained = text(prefix + statement.text).bindparams(*statement._bindparams.values())
    plan = "\n".join(" ".join(map(str, row)) for row in session.execute(explained, binds))
    head = "USING INDEX ix_respondent_queue (campaign_id=? AND queue_class=? AND region_code=? AND next_call_at"
    if engine_name == "postgres":
        head = "Index Scan using ix_respondent_queue on respondent r"
    assert head in plan, plan
    assert "SCAN r" not in plan and "Seq Scan on respondent" not in plan, plan
    session.rollback()

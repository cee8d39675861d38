"""Nobody is tied to a person who is gone: his shift, his promises, the plan that counts him; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.case import QueueClass
from nps.domain.errors import StaleError
from nps.models import Campaign, Pause, Respondent, Shift, User
from nps.queries import campaign_settings, day
from nps.services import accounts, call_queue, campaigns, desk
from nps.services.call_queue import Taken
from tests import factories
from tests.factories import NOW


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def boss(session: Session) -> User:
    return factories.user(session, "admin")


@pytest.fixture
def leaver(session: Session, campaign: Campaign) -> User:
    return factories.on_shift(session, campaign)


def actor(user: User) -> Actor:
    return Actor(user.id, user.role, user.full_name)


def ends_of(session: Session, user_id: int) -> list[object]:
    session.rollback()
    return list(session.scalars(select(Shift.ended_at).where(Shift.user_id == user_id)))


def by_manager(session: Session, campaign_id: int, user_id: int, boss_id: int) -> None:
    desk.end_shift_of(session, boss_id, campaign_id, user_id, NOW)


def by_closing(session: Session, _campaign_id: int, user_id: int, boss_id: int) -> None:
    accounts.set_active(session, user_id=user_id, active=False, now=NOW, actor_id=boss_id)


def by_role(session: Session, _campaign_id: int, user_id: int, boss_id: int) -> None:
    accounts.set_role(session, user_id=user_id, role="manager", customer_id=None, now=NOW, actor_id=boss_id)


WAYS = pytest.mark.parametrize("leave", [by_manager, by_closing, by_role])
Leave = Callable[[Session, int, int, int], None]


@WAYS
def test_a_leavers_promise_is_his_colleagues_at_once(
    session: Session, campaign: Campaign, boss: User, leaver: User, leave: Leave
) -> None:
    colleague = factories.on_shift(session, campaign)
    promised = factories.respondent(
        session, campaign, queue_class=int(QueueClass.CALLBACK), next_call_at=NOW, callback_owner_id=leaver.id,
        reserved_until=NOW + timedelta(minutes=10),
    )  # fmt: skip
    assert not isinstance(call_queue.take_next(session, colleague.id, campaign.id, NOW), Taken)

    leave(session, campaign.id, leaver.id, boss.id)

    assert ends_of(session, leaver.id) == [NOW]
    taken = call_queue.take_next(session, colleague.id, campaign.id, NOW)
    assert isinstance(taken, Taken)
    assert taken.respondent_id == promised.id


@WAYS
def test_a_leaver_gives_back_the_client_on_his_screen_and_his_pause_ends(
    session: Session, campaign: Campaign, boss: User, leaver: User, leave: Leave
) -> None:
    shown = factories.respondent(
        session, campaign, held_by=leaver.id, held_until=NOW + timedelta(minutes=5), held_token="t"
    )
    shift_id = session.scalars(select(Shift.id)).one()
    session.add(Pause(shift_id=shift_id, reason="break", started_at=NOW))
    session.commit()

    leave(session, campaign.id, leaver.id, boss.id)

    session.rollback()
    assert session.get_one(Respondent, shown.id, populate_existing=True).held_by is None
    assert session.scalars(select(Pause.ended_at)).all() == [NOW]


def test_a_call_without_a_result_is_settled_before_a_manager_ends_the_shift(
    session: Session, campaign: Campaign, boss: User, leaver: User
) -> None:
    factories.attempt(session, factories.respondent(session, campaign), leaver, None)

    with pytest.raises(StaleError, match="без итога"):
        by_manager(session, campaign.id, leaver.id, boss.id)
    assert ends_of(session, leaver.id) == [None]

    by_closing(session, campaign.id, leaver.id, boss.id)
    assert ends_of(session, leaver.id) == [NOW]


def test_a_shift_in_another_campaign_is_not_this_ones_to_end(
    session: Session, campaign: Campaign, boss: User, leaver: User
) -> None:
    other = factories.campaign(session)
    by_manager(session, other.id, leaver.id, boss.id)
    assert ends_of(session, leaver.id) == [None]


@pytest.mark.parametrize("leave", [by_closing, by_role])
def test_a_leaver_is_in_no_plan_and_no_count_but_can_be_taken_off(
    session: Session, campaign: Campaign, boss: User, leaver: User, leave: Leave
) -> None:
    colleague = factories.member(session, campaign)
    factories.respondent(session, campaign)
    leave(session, campaign.id, leaver.id, boss.id)

    (target,) = day.targets(session, actor(colleague), NOW)
    (line,) = campaign_settings.campaign_lines(session, actor(boss))
    assert (target.operators, line.operators) == (1, 1)
    shown = {row.id: row.can_work for row, _ in campaign_settings.members(session, campaign.id)}
    assert shown == {colleague.id: True, leaver.id: False}
    session.rollback()

    campaigns.unassign(session, boss.id, campaign.id, leaver.id, NOW)
    assert [row.id for row, _ in campaign_settings.members(session, campaign.id)] == [colleague.id]

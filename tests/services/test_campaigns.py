"""Campaigns as a manager sets them up, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.calling_window import Window
from nps.domain.errors import DomainError, StaleError
from nps.models import (
    CallingWindow,
    Campaign,
    CampaignDay,
    CampaignMember,
    Contract,
    Journal,
    Respondent,
    ScriptVersion,
    StopList,
)
from nps.queries.campaigns import campaign_row
from nps.queries.customer_lists import branches as branch_lines
from nps.services import branches, call_queue, campaigns, cases, desk, stop_list
from nps.services.acting import Act
from nps.services.branches import Contact
from nps.services.call_queue import Nobody, Taken
from nps.services.campaigns import Terms
from nps.services.form_keys import SentAgain
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.factories import NOW
from tests.pressing import counted

TERMS = Terms(title="Уралэнерго, декабрь 2026", starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 24))


@pytest.fixture
def manager(session: Session) -> int:
    return factories.user(session, "manager").id


def client(session: Session, respondent_id: int) -> Respondent:
    session.rollback()
    return session.get_one(Respondent, respondent_id, populate_existing=True)


def create(session: Session, manager: int, **fields: object) -> int:
    values = {
        "contract_id": 0,
        "purpose": "survey",
        "terms": TERMS,
        "escalation_email": "k.service@u-energo.ru",
        "now": NOW,
    }
    if "contract_id" not in fields:
        values["contract_id"] = factories.contract(session).id
    return campaigns.create(session, manager, **(values | fields))  # type: ignore[arg-type]


def test_a_new_campaign_has_default_windows_in_five_regions_and_the_default_script(
    session: Session, manager: int
) -> None:
    campaign_id = create(session, manager)

    rows = session.execute(
        select(CallingWindow.region_code, CallingWindow.weekday, CallingWindow.opens, CallingWindow.closes)
    ).all()
    assert len(rows) == 5 * 3 * 2
    assert {row.weekday for row in rows} == {1, 2, 3}
    assert {(row.opens, row.closes) for row in rows} == {(time(10), time(12)), (time(14), time(18))}
    campaign = session.get_one(Campaign, campaign_id)
    version = session.get_one(ScriptVersion, campaign.script_version_id)
    assert (version.no, len(version.sha256), campaign.always_open) == (1, 64, False)


def test_a_second_campaign_of_a_customer_takes_his_latest_script(session: Session, manager: int) -> None:
    contract_id = factories.contract(session).id
    create(session, manager, contract_id=contract_id)
    create(session, manager, contract_id=contract_id, purpose="training")

    assert session.scalar(select(func.count()).select_from(ScriptVersion)) == 1
    assert session.scalars(select(Campaign.always_open).order_by(Campaign.id)).all() == [False, True]


def test_the_same_form_sent_twice_makes_one_campaign(session: Session, manager: int) -> None:
    contract_id = factories.contract(session).id
    boss = Actor(manager, "manager", "")
    with counted(session, boss, "k1"):
        create(session, manager, contract_id=contract_id)
    with pytest.raises(SentAgain), counted(session, boss, "k1"):
        create(session, manager, contract_id=contract_id)
    assert session.scalar(select(func.count()).select_from(Campaign)) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ends_on": date(2026, 11, 1)}, "ends_on"),
        ({"delete_on": date(2026, 12, 24)}, "delete_on"),
        ({"title": " "}, "title"),
        ({"dial_link": "javascript:alert(1)//{e164}"}, "dial_link"),
        ({"dial_link": "sip:operator@host"}, "dial_link"),
    ],
)
def test_terms_that_cannot_be_name_their_field(
    session: Session, manager: int, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        create(session, manager, terms=replace(TERMS, **changed))  # type: ignore[arg-type]
    assert refused.value.code == field


def test_closing_a_day_moves_the_calls_that_stood_on_it(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    respondent = factories.respondent(session, campaign, loaded_at=datetime(2026, 11, 17, 20, tzinfo=UTC))
    with write(session) as s:
        lock_claims(s)
        cases.refold_waiting(Act(s, None, NOW), campaign.id)
    assert client(session, respondent.id).next_call_at == datetime(2026, 11, 18, 6, tzinfo=UTC)

    campaigns.add_day(
        session, manager, campaign.id, day=date(2026, 11, 18), region_code="udmurtia", is_open=False, note="", now=NOW
    )
    assert client(session, respondent.id).next_call_at == datetime(2026, 11, 19, 6, tzinfo=UTC)


@pytest.mark.parametrize("region", [None, "udmurtia"])
def test_a_day_without_windows_can_not_be_opened(session: Session, manager: int, region: str | None) -> None:
    campaign = factories.campaign(session)
    saturday = {"day": date(2026, 11, 21), "region_code": region, "note": "", "now": NOW}
    with pytest.raises(DomainError, match=r"\(суббота\) нет: он ничего не откроет"):
        campaigns.add_day(session, manager, campaign.id, is_open=True, **saturday)
    campaigns.add_day(session, manager, campaign.id, is_open=False, **saturday)
    assert [row.is_open for row in session.scalars(select(CampaignDay))] == [False]


def test_another_rule_of_not_now_moves_all_whom_it_touches_at_once_and_as_many_as_was_said(
    session: Session, manager: int
) -> None:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    soft = [factories.respondent(session, campaign) for _ in range(3)]
    hard = factories.respondent(session, campaign)
    for one in soft:
        factories.attempt(session, one, operator, "soft_refusal")
    factories.attempt(session, hard, operator, "refused")
    everybody = [one.id for one in (*soft, hard)]
    with write(session) as s:
        lock_claims(s)
        cases.refold_many(s, everybody, campaign_row(s, campaign.id))
    terms = Terms(title=campaign.title, starts_on=campaign.starts_on, ends_on=campaign.ends_on)

    for final, state in ((False, "waiting"), (True, "refused")):
        assert cases.moved_by_other_rule(session, campaign_row(session, campaign.id)) == 3
        campaigns.change(session, manager, campaign.id, replace(terms, soft_refusal_final=final), NOW)
        assert [client(session, i).state for i in everybody] == [state] * 3 + ["refused"]


def test_who_said_not_now_is_decided_anew_in_turns_too(session: Session) -> None:
    campaign = factories.campaign(session, soft_refusal_final=False)
    respondent = factories.respondent(session, campaign, state="refused", queue_class=None, next_call_at=None)
    factories.attempt(session, respondent, factories.member(session, campaign), "soft_refusal")
    with write(session) as s:
        s.get_one(Campaign, campaign.id).undecided_after = 0

    cases.decide_rest(session, campaign.id)

    assert client(session, respondent.id).state == "waiting"


def test_an_earlier_end_leaves_those_without_a_window_late(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    respondent = factories.respondent(session, campaign, loaded_at=datetime(2026, 11, 19, 20, tzinfo=UTC))
    terms = Terms(title=campaign.title, starts_on=campaign.starts_on, ends_on=date(2026, 11, 20))

    campaigns.change(session, manager, campaign.id, terms, NOW)

    late = client(session, respondent.id)
    assert (late.state, late.next_call_at, late.next_reason["code"]) == ("waiting", None, "no_window")


def test_windows_of_a_region_are_replaced_whole_and_overlaps_refused(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    respondent = factories.respondent(session, campaign, loaded_at=datetime(2026, 11, 17, 20, tzinfo=UTC))
    morning, inside = Window(4, time(9), time(11)), Window(4, time(10), time(12))
    with pytest.raises(DomainError, match="пересекаются"):
        campaigns.set_windows(session, manager, campaign.id, {"udmurtia": [morning, inside]}, NOW)

    campaigns.set_windows(session, manager, campaign.id, {"udmurtia": [morning]}, NOW)
    assert client(session, respondent.id).next_call_at == datetime(2026, 11, 20, 5, tzinfo=UTC)


def test_a_paused_campaign_gives_nobody_until_it_goes_on(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    factories.respondent(session, campaign)
    campaigns.pause(session, manager, campaign.id, NOW)
    campaigns.pause(session, manager, campaign.id, NOW)

    nobody = call_queue.take_next(session, operator.id, campaign.id, NOW)
    assert isinstance(nobody, Nobody)
    assert nobody.why == "paused"

    campaigns.resume(session, manager, campaign.id, NOW)
    assert isinstance(call_queue.take_next(session, operator.id, campaign.id, NOW), Taken)
    actions = session.scalars(select(Journal.action).where(Journal.action.like("campaign_%"))).all()
    assert actions == ["campaign_paused", "campaign_resumed"]


def test_operators_are_assigned_admitted_with_a_reason_and_not_taken_off_a_shift(
    session: Session, manager: int
) -> None:
    campaign = factories.campaign(session, admission="required")
    operator = factories.user(session)
    campaigns.assign(session, manager, campaign.id, operator.id, 2, NOW)
    campaigns.assign(session, manager, campaign.id, operator.id, 1, NOW)
    actor = Actor(operator.id, "operator", operator.full_name)
    with pytest.raises(DomainError, match="не допущены"):
        desk.start_shift(session, actor, campaign.id, "Ольга", NOW)

    with pytest.raises(DomainError):
        campaigns.admit(session, manager, campaign.id, None, "  ", NOW)
    assert campaigns.admit(session, manager, campaign.id, None, "Учебные звонки пройдены", NOW) == 1
    desk.start_shift(session, actor, campaign.id, "Ольга", NOW)
    with pytest.raises(StaleError):
        campaigns.unassign(session, manager, campaign.id, operator.id, NOW)

    desk.end_shift(session, actor, NOW)
    campaigns.unassign(session, manager, campaign.id, operator.id, NOW)
    assert session.scalars(select(CampaignMember)).all() == []


def test_a_closed_campaign_changes_no_more(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    respondent = factories.respondent(session, campaign)
    cases.close_campaign(session, manager, campaign.id, NOW)
    assert client(session, respondent.id).state == "unreached"

    with pytest.raises(StaleError):
        campaigns.pause(session, manager, campaign.id, NOW)
    with pytest.raises(StaleError):
        cases.decide_case(session, manager, respondent.id, "reopened", "Ошиблись", NOW)
    other = factories.campaign(session, contract_id=campaign.contract_id, script_version_id=campaign.script_version_id)
    phone = respondent_phone(session, respondent.id)
    stop_list.add(session, manager, other.id, phone=phone, inn="", reason="Просьба клиента", now=NOW)
    assert client(session, respondent.id).state == "unreached"


def respondent_phone(session: Session, respondent_id: int) -> str:
    return str(
        session.scalar(
            select(factories.RespondentPhone.e164).where(factories.RespondentPhone.respondent_id == respondent_id)
        )
    )


def test_a_branch_whose_region_is_settled_makes_its_clients_callable(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    respondent = factories.respondent(session, campaign, region=None, next_call_at=None)
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    assert isinstance(call_queue.take_next(session, operator.id, campaign.id, NOW), Nobody)

    branch_id = respondent.branch_id
    assert branch_id is not None
    moved = branches.set_region(session, manager, owner, branch_id, region_code="perm", area_code="342", now=NOW)
    assert moved == 1
    assert client(session, respondent.id).region_code == "perm"
    assert isinstance(call_queue.take_next(session, operator.id, campaign.id, NOW), Taken)
    assert [(line.region_code, line.area_code) for line in branch_lines(session, owner, campaign.id)] == [
        ("perm", "342")
    ]


def test_the_branch_of_another_customer_does_not_exist(session: Session, manager: int) -> None:
    mine, foreign = factories.customer(session, "Уралэнерго"), factories.customer(session, "Другой заказчик")
    branch = factories.branch(session, foreign.id)
    with pytest.raises(DomainError, match="Такого ОП нет"):
        branches.set_region(session, manager, mine.id, branch.id, region_code="perm", area_code="", now=NOW)
    with pytest.raises(DomainError, match="Выберите ОП"):
        branches.add_contact(session, manager, mine.id, Contact(branch.id, "", "", "3412 00-11-22"), NOW)


def test_the_stop_list_refuses_clients_in_all_campaigns_until_it_is_lifted(session: Session, manager: int) -> None:
    first = factories.campaign(session)
    second = factories.campaign(session, contract_id=first.contract_id, script_version_id=first.script_version_id)
    one = factories.respondent(session, first, phones=("+79170009999",), inn="1831012345")
    other = factories.respondent(session, second, phones=("+79170009999",))
    stop_list.add(session, manager, first.id, phone="8 (917) 000-99-99", inn="", reason="Письмо клиента", now=NOW)
    assert [client(session, one.id).state, client(session, other.id).state] == ["refused", "refused"]
    with pytest.raises(DomainError, match="Уже в стоп-листе"):
        stop_list.add(session, manager, second.id, phone="+79170009999", inn="", reason="Ещё раз", now=NOW)
    with pytest.raises(DomainError, match="что-то одно"):
        stop_list.add(session, manager, second.id, phone="", inn="ИНН:", reason="Ещё раз", now=NOW)

    entry = session.scalars(select(StopList)).one()
    with pytest.raises(DomainError):
        stop_list.lift(session, manager, first.id, entry.id, "", NOW)
    assert stop_list.lift(session, manager, first.id, entry.id, "Клиент передумал", NOW) == 2
    assert [client(session, one.id).state, client(session, other.id).state] == ["waiting", "waiting"]


def test_a_client_another_entry_names_stays_refused_when_one_is_lifted(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    respondent = factories.respondent(session, campaign, phones=("+79170009999",), inn="7707083893")
    stop_list.add(session, manager, campaign.id, phone="+79170009999", inn="", reason="Звонил", now=NOW)
    stop_list.add(session, manager, campaign.id, phone="", inn="7707083893", reason="Письмо организации", now=NOW)

    by_phone = session.scalars(select(StopList.id).where(StopList.e164.is_not(None))).one()
    assert stop_list.lift(session, manager, campaign.id, by_phone, "Ошибка", NOW) == 0
    assert client(session, respondent.id).state == "refused"
    by_inn = session.scalars(select(StopList.id).where(StopList.inn.is_not(None))).one()
    assert stop_list.lift(session, manager, campaign.id, by_inn, "Ошибка", NOW) == 1
    assert client(session, respondent.id).state == "waiting"


def test_a_shown_client_is_taken_away_when_his_phone_is_stopped(session: Session, manager: int) -> None:
    campaign = factories.campaign(session)
    operator = factories.on_shift(session, campaign)
    respondent = factories.respondent(session, campaign)
    call_queue.take_next(session, operator.id, campaign.id, NOW)
    stop_list.add(
        session, manager, campaign.id, phone=respondent_phone(session, respondent.id), inn="", reason="Письмо", now=NOW
    )
    stopped = client(session, respondent.id)
    assert (stopped.state, stopped.held_by) == ("refused", None)


def test_terms_are_read_back_by_the_queries(session: Session, manager: int) -> None:
    campaign_id = create(session, manager)
    row = campaign_row(session, campaign_id)
    assert (row.title, row.admission, row.soft_refusal_final) == (TERMS.title, "warn", True)

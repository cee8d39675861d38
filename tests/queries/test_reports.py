"""Figures of a report on a campaign made by hand, on both engines (R3-R6, R11, R12, R14, requirements §4, §6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.case import QueueClass
from nps.domain.nps_score import Group
from nps.domain.prospect import Waiting
from nps.extensions import db
from nps.models import (
    Audio,
    CallAttempt,
    Campaign,
    Contract,
    Escalation,
    Interview,
    InterviewReason,
    Recording,
    Respondent,
    RespondentPhone,
)
from nps.queries.campaigns import budget, calendars, campaign_row
from nps.queries.reports import (
    EVERYTHING,
    AnswerFilter,
    CallFilter,
    Report,
    Slice,
    all_answers,
    all_escalations,
    answers,
    begin_snapshot,
    calls,
    campaign_report,
    change_mark,
)
from nps.queries.reports.outlook import prospect_for, situation_of
from nps.queries.reports.slices import NO_REGION
from tests import factories
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


def report(session: Session, campaign: Campaign, where: Slice = EVERYTHING) -> Report:
    begin_snapshot(session)
    return campaign_report(session, campaign_row(session, campaign.id), NOW, where=where)


def interview(
    session: Session, client: Respondent, call: CallAttempt, rating: int, *reasons: str, **fields: Any
) -> Interview:
    row = Interview(
        respondent_id=client.id,
        attempt_id=call.id,
        script_version_id=call.script_version_id,
        rating=rating,
        completed_at=call.ended_at,
        **fields,
    )
    session.add(row)
    session.flush()
    for position, prompt in enumerate(reasons):
        session.add(InterviewReason(interview_id=row.id, prompt=prompt, label=f"«{prompt}»", position=position))
    session.commit()
    return row


def surveyed(
    session: Session,
    campaign: Campaign,
    operator: Any,
    rating: int,
    *reasons: str,
    talk_ms: int = 50_000,
    **fields: Any,
) -> Respondent:
    client = factories.respondent(session, campaign, state="surveyed", queue_class=None, next_call_at=None, **fields)
    call = factories.attempt(session, client, operator, "surveyed", talk_ms=talk_ms, survey_ms=talk_ms - 10_000)
    interview(session, client, call, rating, *reasons)
    return client


def settled(session: Session, campaign: Campaign, state: str, **fields: Any) -> Respondent:
    return factories.respondent(session, campaign, state=state, queue_class=None, next_call_at=None, **fields)


def miss(session: Session, client: Respondent, operator: Any, at: Any = NOW, **fields: Any) -> CallAttempt:
    return factories.attempt(session, client, operator, "no_answer", at=at, **({"ring_ms": 21_000} | fields))


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def olga(session: Session, campaign: Campaign) -> Any:
    return factories.member(session, campaign, factories.user(session, full_name="Ольга Максимова"))


@pytest.fixture
def timur(session: Session, campaign: Campaign) -> Any:
    return factories.member(session, campaign, factories.user(session, full_name="Тимур Гареев"))


def test_every_client_has_one_state_and_the_states_add_up_to_the_base(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    for rating in (10, 9, 7):
        surveyed(session, campaign, olga, rating)
    for state, number in {"refused": 2, "unsuccessful": 3, "inactive": 1, "unreached": 1, "manager": 2}.items():
        for _ in range(number):
            settled(session, campaign, state)
    factories.respondent(session, campaign, region="perm")
    factories.respondent(session, campaign, next_call_at=None)
    factories.respondent(session, campaign, region=None, next_call_at=None)
    settled(session, campaign, "withdrawn", withdrawn_at=NOW)
    factories.respondent(session, factories.campaign(session))

    clients = report(session, campaign).clients

    assert (clients.surveyed, clients.refused, clients.unsuccessful, clients.inactive) == (3, 2, 3, 1)
    assert (clients.unreached, clients.to_call, clients.manager, clients.withdrawn) == (1, 5, 2, 1)
    assert clients.clients == 15
    assert clients.late == 1, "a client without a region waits for the manager, not for a window"


def test_the_identity_holds_in_every_region_and_branch_and_they_add_up(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    for region in ("udmurtia", "perm", "perm", None):
        factories.respondent(session, campaign, region=region)
    surveyed(session, campaign, olga, 3, region="perm")
    settled(session, campaign, "refused", branch_id=None)

    base = report(session, campaign).base

    for places in (base.regions, base.branches):
        assert sum(place.clients.clients for place in places) == base.total.clients == 6
        assert sum(place.score.n for place in places) == 1
    by_name = {place.name: place for place in base.regions}
    assert (by_name["Пермский край"].clients.clients, by_name["Пермский край"].clients.surveyed) == (3, 1)
    assert by_name["Пермский край"].score.value == -100
    assert base.regions[-1].name == "Регион неизвестен"
    assert {place.name for place in base.branches} >= {"ОП perm", "Без ОП"}


def test_column_one_counts_dials_that_reached_the_network(session: Session, campaign: Campaign, olga: Any) -> None:
    client = factories.respondent(session, campaign)
    for minute, (code, fields) in enumerate(
        [
            ("no_answer", {"ring_ms": 20_000}),
            ("busy", {"ring_ms": 0}),
            ("dead_number", {}),
            ("refused", {"talk_ms": 9_000}),
            ("no_answer", {"ring_ms": 0}),
            ("no_answer", {"ring_ms": 12_000}),
            ("technical", {"ring_ms": 7_000}),
            ("technical", {}),
            ("surveyed", {"source": "inbound", "talk_ms": 70_000}),
        ]
    ):
        factories.attempt(session, client, olga, code, at=NOW + minute * MINUTE, **fields)
    factories.attempt(session, client, olga, None, at=NOW + 30 * MINUTE)

    counts = report(session, campaign).calls

    assert counts.calls == 6, "network results, and the call that waits for its result"
    assert (counts.without_result, counts.short_rings, counts.technical, counts.inbound) == (1, 2, 1, 1)


def test_training_reaches_no_figure(session: Session) -> None:
    campaign = factories.campaign(session, purpose="training")
    operator = factories.member(session, campaign)
    surveyed(session, campaign, operator, 10)

    figures = report(session, campaign)

    assert (figures.clients.clients, figures.calls.calls, figures.score.n) == (0, 0, 0)
    assert figures.traffic.contract_exact_s == 0
    assert list(all_answers(session, campaign.id)) == []


def test_minutes_are_exact_and_billed_of_the_campaign_and_of_the_contract(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    other = factories.campaign(session, contract_id=campaign.contract_id)
    for wave, talks in ((campaign, (61_000, 59_000, 120_000, 0)), (other, (500,))):
        client = factories.respondent(session, wave)
        for minute, talk_ms in enumerate(talks):
            factories.attempt(session, client, olga, "hung_up", at=NOW + minute * MINUTE, talk_ms=talk_ms)
    inbound = factories.respondent(session, campaign)
    factories.attempt(session, inbound, olga, "surveyed", source="inbound", talk_ms=90_000)

    traffic = report(session, campaign).traffic

    assert (traffic.campaign_exact_s, traffic.campaign_billed_s) == (240, 300)
    assert (traffic.contract_exact_s, traffic.contract_billed_s) == (241, 360)
    assert traffic.left_s == 1260 * 60 - 360
    assert traffic.used_s == budget(session, campaign_row(session, campaign.id)).used_s


def test_a_contract_by_seconds_bills_what_was_talked(session: Session) -> None:
    contract = factories.contract(session, billing="second", gate="exact")
    campaign = factories.campaign(session, contract_id=contract.id)
    client = factories.respondent(session, campaign)
    factories.attempt(session, client, factories.member(session, campaign), "refused", talk_ms=61_000)

    figures = report(session, campaign)

    assert (figures.traffic.contract_billed_s, figures.traffic.used_s) == (61, 61)
    assert figures.operators.total.billed_s == 61


def test_coverage_is_decided_in_integers_and_shown_against_both_bases(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    for _ in range(2):
        surveyed(session, campaign, olga, 9)
    settled(session, campaign, "inactive")
    factories.respondent(session, campaign)

    before = report(session, campaign).clients
    session.execute(update(Respondent).where(Respondent.state == "waiting").values(state="surveyed", next_call_at=None))
    session.commit()
    after = report(session, campaign).clients

    assert not before.coverage.reached and before.coverage.missing == 1
    assert (before.coverage_reachable.surveyed, before.coverage_reachable.clients) == (2, 3)
    assert after.coverage.reached


def test_dead_numbers_are_counted_once_each_beside_the_inactive_clients(session: Session, campaign: Campaign) -> None:
    shared, own = "+79170009901", "+79170009902"
    for phones in ((shared,), (shared, own)):
        client = settled(session, campaign, "inactive", phones=phones)
        session.execute(update(RespondentPhone).where(RespondentPhone.respondent_id == client.id).values(state="dead"))
    session.commit()

    base = report(session, campaign).base

    assert (base.total.inactive, base.dead_numbers) == (2, 2)


def test_the_score_comes_from_counts_and_only_from_questionnaires_in_force(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    corrected = surveyed(session, campaign, olga, 6)
    old = session.scalars(select(Interview).where(Interview.respondent_id == corrected.id)).one()
    old.replaced_at = NOW
    session.commit()
    interview(session, corrected, session.get_one(CallAttempt, old.attempt_id), 9)
    for rating in (7, 8, 8, 7, 7, 8, 8):
        surveyed(session, campaign, olga, rating)

    figures = report(session, campaign)

    assert (figures.score.promoters, figures.score.passives, figures.score.detractors) == (1, 7, 0)
    assert figures.score.value == 13, "12.5 rounds half up"
    assert figures.histogram == (0, 0, 0, 0, 0, 0, 3, 4, 1, 0)
    assert figures.has_few_answers


def test_lost_points_are_those_of_the_worked_example(session: Session, campaign: Campaign, olga: Any) -> None:
    for rating, reasons in (
        *((rating, ()) for rating in (10, 9, 9, 10, 9)),
        (8, ("delivery",)),
        (7, ("stock", "delivery")),
        (6, ("stock",)),
        (3, ("reply_time", "reachability", "delivery")),
        (8, ()),
    ):
        surveyed(session, campaign, olga, rating, *reasons)

    figures = report(session, campaign)

    rows = {row.label: (row.mentions, row.points) for row in figures.reasons.rows}
    assert rows == {
        "«stock»": (2, Fraction(25)),
        "«delivery»": (3, Fraction(65, 3)),
        "«reply_time»": (1, Fraction(20, 3)),
        "«reachability»": (1, Fraction(20, 3)),
        "причина не названа": (1, Fraction(10)),
    }
    assert figures.reasons.lost == 70 == 100 - figures.score.value
    assert figures.reasons.asked == 5
    assert [row.label for row in figures.reasons.rows][0] == "«stock»"
    assert not figures.reasons.rows[-1].named


def test_a_reason_in_the_clients_words_alone_is_no_missing_reason(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    client = surveyed(session, campaign, olga, 5)
    session.execute(update(Interview).where(Interview.respondent_id == client.id).values(words="Долго везут"))
    session.commit()

    figures = report(session, campaign)

    assert [(row.label, row.points) for row in figures.reasons.rows] == [("своими словами", Fraction(200))]


def test_operators_keep_zero_rows_and_the_client_belongs_to_the_last_caller(
    session: Session, campaign: Campaign, olga: Any, timur: Any
) -> None:
    factories.member(session, campaign, factories.user(session, full_name="Павел Рогов"))
    lost = settled(session, campaign, "unsuccessful")
    for minute, operator in enumerate((olga, olga, timur)):
        miss(session, lost, operator, NOW + minute * MINUTE)
    refused = settled(session, campaign, "refused")
    factories.attempt(session, refused, olga, "refused", talk_ms=30_000)
    settled(session, campaign, "refused")
    asked = surveyed(session, campaign, olga, 9, talk_ms=61_000)
    factories.attempt(session, asked, timur, "other_person", source="inbound", at=NOW + 60 * MINUTE, talk_ms=5_000)

    operators = report(session, campaign).operators

    rows = {row.name: row for row in operators.rows}
    assert list(rows) == ["Ольга Максимова", "Павел Рогов", "Тимур Гареев", "Без звонка"]
    mine = rows["Ольга Максимова"]
    assert (mine.calls, mine.surveyed, mine.unsuccessful, mine.refused, mine.exact_s) == (4, 1, 0, 1, 91)
    assert mine.billed_s == 3 * 60
    his = rows["Тимур Гареев"]
    assert (his.calls, his.surveyed, his.unsuccessful, his.refused, his.exact_s) == (1, 0, 1, 0, 0)
    assert (rows["Павел Рогов"].calls, rows["Без звонка"].refused) == (0, 1)


def test_operators_add_up_to_the_campaign(session: Session, campaign: Campaign, olga: Any, timur: Any) -> None:
    for operator in (olga, timur, factories.user(session, full_name="Уволенный Оператор")):
        surveyed(session, campaign, operator, 8, "stock", talk_ms=61_000)
        miss(session, settled(session, campaign, "unsuccessful"), operator)
    settled(session, campaign, "refused")

    figures = report(session, campaign)
    total = figures.operators.total

    assert total.calls == figures.calls.calls == 6
    clients = figures.clients
    assert (total.surveyed, total.unsuccessful, total.refused) == (
        clients.surveyed,
        clients.unsuccessful,
        clients.refused,
    )
    assert (total.exact_s, total.billed_s) == (figures.traffic.campaign_exact_s, figures.traffic.campaign_billed_s)


def test_survey_time_and_talk_time_are_kept_apart(session: Session, campaign: Campaign, olga: Any) -> None:
    for talk_ms in (40_000, 71_000, 72_000, 90_000):
        surveyed(session, campaign, olga, 10, talk_ms=talk_ms)

    times = report(session, campaign).times

    assert (times.surveys, times.median_survey_ms, times.over_limit) == (4, 61_500, 3)
    assert times.median_talk_ms == 71_500


def test_recordings_are_counted_of_conversations_and_of_all_dials(
    session: Session, campaign: Campaign, olga: Any
) -> None:
    client = factories.respondent(session, campaign)
    session.add(Audio(sha256="0" * 64, path="00/0.wav", size=1, duration_ms=None, mime="audio/wav", stored_at=NOW))
    session.commit()
    for minute, (code, recorded) in enumerate(
        (("refused", True), ("callback", False), ("no_answer", True), ("busy", False), ("technical", True))
    ):
        call = factories.attempt(session, client, olga, code, at=NOW + minute * MINUTE)
        if recorded:
            session.add(Recording(attempt_id=call.id, audio_sha256="0" * 64, state="matched", added_at=NOW))
            session.commit()

    found = report(session, campaign).recordings

    assert (found.conversations_recorded, found.conversations) == (1, 2)
    assert (found.dials_recorded, found.dials) == (2, 4)


def test_rows_of_the_form_hold_what_was_answered(session: Session, campaign: Campaign, olga: Any) -> None:
    critic = surveyed(session, campaign, olga, 3, "stock", "delivery", inn=None, phones=("+79170001122",))
    session.execute(
        update(Interview).where(Interview.respondent_id == critic.id).values(words="Долго везут", comment="Спешил")
    )
    session.commit()
    promoter = surveyed(session, campaign, olga, 9)

    rows = {row.respondent_id: row for row in all_answers(session, campaign.id)}

    row = rows[critic.id]
    assert (row.branch, row.inn, row.phone, row.rating) == ("ОП udmurtia", "", "+79170001122", 3)
    assert row.influence == "«stock»; «delivery»; Долго везут"
    assert row.comment == "Спешил"
    assert rows[promoter.id].influence == ""


def test_answers_are_filtered_by_group_branch_and_words(session: Session, campaign: Campaign, olga: Any) -> None:
    critic = surveyed(session, campaign, olga, 6, "stock", region="perm")
    surveyed(session, campaign, olga, 8, "stock")
    session.execute(update(Interview).where(Interview.respondent_id == critic.id).values(words="Дорого"))
    session.commit()

    def found(**wanted: Any) -> list[int]:
        return [row.rating for row in answers(session, campaign.id, AnswerFilter(**wanted), 1).rows]

    assert found() == [8, 6]
    assert found(group=Group.DETRACTOR) == [6] and found(group=Group.PROMOTER) == []
    assert found(where=Slice(branch_id=critic.branch_id)) == [6]
    assert (
        found(reasons=frozenset({"«stock»"})) == [8, 6]
        and found(reasons=frozenset({"срок"})) == []
        and found(rating=8) == [8]
    )
    assert found(said=True) == [6]


def test_a_page_that_does_not_exist_is_the_last_one(session: Session, campaign: Campaign, olga: Any) -> None:
    for rating in (1, 2, 3):
        surveyed(session, campaign, olga, rating)

    page = answers(session, campaign.id, AnswerFilter(), 99, size=2)

    assert (page.number, page.pages, page.total, len(page.rows)) == (2, 2, 3, 1)


def test_calls_are_listed_with_filters(session: Session, campaign: Campaign, olga: Any, timur: Any) -> None:
    client = factories.respondent(session, campaign)
    miss(session, client, olga)
    miss(session, client, timur, NOW + 60 * MINUTE)
    factories.attempt(session, client, timur, None, at=NOW + timedelta(days=1))

    def found(**wanted: Any) -> list[str | None]:
        return [row.disposition for row in calls(session, campaign.id, CallFilter(**wanted), 1).rows]

    assert found() == [None, "no_answer", "no_answer"]
    assert found(where=Slice(operator_id=olga.id)) == ["no_answer"]
    tomorrow = (NOW + timedelta(days=1)).date()
    assert found(where=Slice(first=tomorrow, last=tomorrow)) == [None]
    assert found(kind="open") == [None] and found(kind="inbound") == []
    assert found(disposition="busy") == []


def test_the_identity_holds_in_every_part_of_the_base(session: Session, campaign: Campaign, olga: Any) -> None:
    for region in ("udmurtia", "perm", None):
        if region:
            surveyed(session, campaign, olga, 9, region=region)
        settled(session, campaign, "refused", region=region)
        factories.respondent(session, campaign, region=region)
    whole = report(session, campaign)

    parts = [report(session, campaign, Slice(region=key)) for key in ("udmurtia", "perm", NO_REGION)]
    branches = [report(session, campaign, Slice(branch_id=int(place.key))) for place in whole.base.branches]

    for cut in (parts, branches):
        assert sum(part.clients.clients for part in cut) == whole.clients.clients == 8
        assert sum(part.score.n for part in cut) == whole.score.n == 2
        assert sum(part.calls.calls for part in cut) == whole.calls.calls
        assert sum(part.operators.total.refused for part in cut) == whole.operators.total.refused
    assert {part.forecast for part in parts} == {whole.forecast}, "the contract is always about the whole"


def test_a_cut_by_day_operator_or_attempt_adds_up_in_calls_and_answers(
    session: Session, campaign: Campaign, olga: Any, timur: Any
) -> None:
    for rating, misses in ((9, 0), (3, 1), (8, 3)):
        client = settled(session, campaign, "surveyed")
        for n in range(misses):
            miss(session, client, olga, NOW + n * MINUTE)
        last = factories.attempt(session, client, timur, "surveyed", at=NOW + timedelta(days=misses > 1, minutes=30))
        interview(session, client, last, rating, *(("stock",) if rating < 9 else ()))
    whole = report(session, campaign)
    days = [NOW.date(), NOW.date() + timedelta(days=1)]
    cuts = (
        [Slice(attempt=n) for n in (1, 2, 3)],
        [Slice(operator_id=person.id) for person in (olga, timur)],
        [Slice(first=day, last=day) for day in days],
    )

    for cut in cuts:
        parts = [report(session, campaign, where) for where in cut]
        assert not any(part.where.keeps_clients for part in parts)
        assert sum(part.calls.calls for part in parts) == whole.calls.calls == 7
        assert sum(part.score.n for part in parts) == whole.score.n == 3
        assert sum(part.reasons.asked for part in parts) == whole.reasons.asked == 2
        assert sum(part.operators.total.surveyed for part in parts) == 3
    by_attempt = [report(session, campaign, where).score.n for where in cuts[0]]
    assert by_attempt == [1, 1, 1], "the third choice takes all that follow"


def test_escalations_are_counted_and_listed_as_they_were_saved(session: Session, campaign: Campaign, olga: Any) -> None:
    client = factories.respondent(session, campaign)
    for number, state in enumerate(("open", "taken", "answered", "closed")):
        session.add(
            Escalation(
                campaign_id=campaign.id,
                purpose="survey",
                respondent_id=client.id,
                raised_by=olga.id,
                created_at=NOW + number * MINUTE,
                organisation="ООО «Вега»",
                inn="1831000001",
                contact="Анна",
                phone="+79170001122",
                email="",
                text=f"Вопрос {number}",
                state=state,
            )
        )
    session.commit()

    counts = report(session, campaign).escalations

    assert (counts.open, counts.taken, counts.answered, counts.total) == (1, 1, 2, 4)
    assert [row.text for row in all_escalations(session, campaign.id)] == [f"Вопрос {n}" for n in range(4)]


def test_the_forecast_says_what_is_missing_and_possible(session: Session, campaign: Campaign, olga: Any) -> None:
    surveyed(session, campaign, olga, 9)
    for _ in range(7):
        factories.respondent(session, campaign)

    found = report(session, campaign).forecast

    assert (found.needed, found.possible) == (5, 7)
    assert found.last_day_for_new is not None and found.last_day_for_new.isoformat() == "2026-11-25"


def test_an_empty_campaign_has_an_empty_report(session: Session, campaign: Campaign) -> None:
    figures = report(session, campaign)

    assert (figures.clients.clients, figures.calls.calls, figures.score.value) == (0, 0, None)
    assert not figures.clients.coverage.reached
    assert figures.reasons.rows == () and figures.reasons.lost == 0
    assert figures.times.median_survey_ms is None


def test_the_mark_moves_with_a_result_and_at_midnight(session: Session, campaign: Campaign, olga: Any) -> None:
    row = campaign_row(session, campaign.id)
    before = change_mark(session, row, NOW)
    assert change_mark(session, row, NOW + MINUTE) == before

    miss(session, factories.respondent(session, campaign), olga)

    assert change_mark(session, row, NOW) != before
    assert change_mark(session, row, NOW) != change_mark(session, row, NOW + timedelta(days=1))


def statements_of(work: Callable[[], object]) -> list[tuple[str, Any]]:
    """What `work` asked the database."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return seen


def test_queries_do_not_grow_with_the_campaign(session: Session, campaign: Campaign, olga: Any) -> None:
    surveyed(session, campaign, olga, 5, "stock")
    few = statements_of(lambda: report(session, campaign))
    for rating in (1, 4, 8, 9, 10):
        surveyed(session, campaign, olga, rating, "stock", region="perm")

    assert len(statements_of(lambda: report(session, campaign))) == len(few)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_no_query_reads_a_whole_table_for_each_row_of_another(session: Session, campaign: Campaign, olga: Any) -> None:
    surveyed(session, campaign, olga, 5, "stock")

    def everything() -> None:
        report(session, campaign)
        answers(session, campaign.id, AnswerFilter(), 1)
        calls(session, campaign.id, CallFilter(), 1)
        list(all_answers(session, campaign.id))

    scans = {
        (statement, step.detail)
        for statement, parameters in statements_of(everything)
        if statement.startswith("SELECT")
        for step in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        if step.detail.endswith("LEFT-JOIN")
        and step.detail.startswith("SCAN")
        or re.match(
            r"SCAN (a|r|call_attempt|respondent|respondent_phone|interview|interview_reason|recording)\b", step.detail
        )
    }
    assert not scans


def test_a_contract_with_another_customer_is_not_mixed_in(session: Session, campaign: Campaign, olga: Any) -> None:
    stranger = factories.campaign(session)
    assert session.get_one(Contract, stranger.contract_id).id != campaign.contract_id
    surveyed(session, stranger, olga, 1)

    figures = report(session, campaign)

    assert (figures.score.n, figures.traffic.contract_exact_s, figures.operators.total.calls) == (0, 0, 0)


def test_an_actor_of_another_customer_sees_no_campaign(session: Session, campaign: Campaign) -> None:
    from nps.queries.reports import report_for

    other = factories.user(session, "customer")
    actor = Actor(id=other.id, role="customer", full_name="", customer_id=other.customer_id)

    assert report_for(session, actor, campaign.id, NOW) is None


def test_the_outlook_sees_who_waits_and_what_dials_gave(session: Session, campaign: Campaign, olga: Any) -> None:
    fresh = factories.respondent(session, campaign, region="perm")
    once = factories.respondent(session, campaign, misses=1, queue_class=int(QueueClass.REPEAT))
    factories.respondent(session, campaign, next_call_at=None)
    settled(session, campaign, "manager")
    morning = NOW.replace(hour=6) - timedelta(days=5)
    miss(session, once, olga, morning, local_minute=600)
    miss(session, once, olga, morning + timedelta(hours=5), local_minute=900)
    surveyed(session, campaign, olga, 9, talk_ms=61_000)
    row = campaign_row(session, campaign.id)
    figures = report(session, campaign)

    seen = situation_of(session, row, figures.base, figures.traffic, calendars(session, row), NOW)

    assert fresh.id and seen.waiting == {"perm": Waiting(new=1), "udmurtia": Waiting(one=1)}
    assert seen.tallies == {
        (0, "udmurtia", 0): [1, 0, 0, 1, 0],
        (1, "udmurtia", 1): [0, 0, 0, 1, 0],
    }
    assert seen.seconds[0] == 120, "as the contract bills: two started minutes"
    assert seen.slots[0].day == NOW.date() and 0 < seen.slots[0].share < 1
    assert seen.slots[-1].day.isoformat() == "2026-11-26" and len(seen.slots) == 1 + 2 * 5
    assert seen.room == (1, 1, 1)


def test_a_forecast_needs_dials_and_an_open_wave(session: Session, campaign: Campaign, olga: Any) -> None:
    client = factories.respondent(session, campaign)
    for n in range(30):
        miss(session, client, olga, NOW - timedelta(days=5, minutes=n))
    traffic = report(session, campaign).traffic
    row = campaign_row(session, campaign.id)

    assert prospect_for(session, row, traffic, NOW) is not None
    assert prospect_for(session, replace(row, closed_at=NOW), traffic, NOW) is None

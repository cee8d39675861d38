"""Looks into the database after each step: is anything there that requirements §4 forbids?"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import (
    AttemptOutcome,
    CallAttempt,
    Campaign,
    Contract,
    Interview,
    Respondent,
    RespondentPhone,
    StopList,
)
from nps.queries.reports.report import system_report
from tests.stateful.house import House
from tests.stateful.told import FINAL, Told, may_dial_at, tell

#: Somebody talked: the number rests for the day on the rows of others.
TALKS = (
    "other_person", "new_contact", "hung_up", "callback", "soft_refusal", "refused", "refused_org", "do_not_call",
    "wrong_number", "not_client", "partial", "surveyed",
)  # fmt: skip
SETUP = timedelta(seconds=8)


def _used_s(calls: list[CallAttempt]) -> int:
    """R6: started minutes of all outgoing talk."""
    return sum(-(-call.talk_ms // 60_000) * 60 for call in calls if call.source != "inbound")


class Watch:
    """Remembers what was true before the step: whether a dial was right depends on that."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: set[UUID] = set()
        with house.database() as session:
            self._told = tell(session)
            self._used = 0

    def check(self) -> None:
        """Raises AssertionError when a rule is broken."""
        assert not self._house.errors, self._house.errors
        with self._house.database() as session:
            calls = list(session.scalars(select(CallAttempt).order_by(CallAttempt.dialled_at)))
            clients = {client.id: client for client in session.scalars(select(Respondent))}
            told = tell(session)
            for call in calls:
                if call.id not in self._known and call.source != "inbound":
                    self._dialled(session, call, calls, clients[call.respondent_id], self._told[call.respondent_id])
            self._hands(session, calls, clients)
            self._states(session, calls, clients, told)
            self._rings(session, calls)
            self._known = {call.id for call in calls}
            self._told, self._used = told, _used_s(calls)
            counts = Counter(client.state for client in clients.values())
        self._reported(counts, calls)

    def _dialled(
        self, session: Session, call: CallAttempt, calls: list[CallAttempt], client: Respondent, before: Told
    ) -> None:
        at = call.dialled_at
        assert may_dial_at(client.region_code, at), (client.region_code, at)
        assert before.state == "waiting", before
        assert before.earliest <= at, (before, at)
        stopped = select(StopList.id).where(
            StopList.lifted_at.is_(None), StopList.at <= at, (StopList.e164 == call.e164) | (StopList.inn == client.inn)
        )
        words = select(AttemptOutcome.effects).where(AttemptOutcome.attempt_id == call.id)
        own = {effects.get("stop_entry") for effects in session.scalars(words)}
        assert set(session.scalars(stopped)) <= own, "dialled although on the stop list"
        assert session.scalar(select(Campaign.paused_at)) is None, "dialled in a paused campaign"
        for other in calls:
            if other.e164 == call.e164 and other.id != call.id:
                talked = other.disposition in TALKS and other.local_day == call.local_day
                assert other.closed_at is not None, "the number is on the line"
                assert not talked or other.respondent_id == client.id, "the number rests today"
        open_calls = sum(1 for other in calls if other.closed_at is None and other.source != "inbound")
        limit = session.scalars(select(Contract.budget_s)).one()
        assert self._used + 60 * open_calls <= limit, (self._used, open_calls, limit)

    def _hands(self, session: Session, calls: list[CallAttempt], clients: dict[int, Respondent]) -> None:
        held = [client for client in clients.values() if client.held_by is not None]
        assert len({client.held_by for client in held}) == len(held), "an operator holds two clients"
        waiting = [call for call in calls if call.closed_at is None]
        assert len({call.respondent_id for call in waiting}) == len(waiting), "two open calls of one client"
        at_desk = [call for call in waiting if call.handed_over_at is None]
        assert len({call.operator_id for call in at_desk}) == len(at_desk), "two open calls of one operator"
        assert {(call.respondent_id, call.operator_id) for call in at_desk} == {
            (client.id, client.held_by) for client in held if client.held_until is None
        }, "who is dialled is held, and only he"
        busy = {client.id for client in held} | {call.respondent_id for call in waiting}
        phones = session.execute(
            select(RespondentPhone.e164, RespondentPhone.respondent_id).where(RespondentPhone.respondent_id.in_(busy))
        )
        numbers = [e164 for e164, _ in {(row.e164, row.respondent_id) for row in phones}]
        assert len(set(numbers)) == len(numbers), "one number in two pairs of hands"

    def _states(
        self, session: Session, calls: list[CallAttempt], clients: dict[int, Respondent], told: dict[int, Told]
    ) -> None:
        surveyed = {client.id for client in clients.values() if client.state == "surveyed"}
        in_force = session.scalars(select(Interview.respondent_id).where(Interview.replaced_at.is_(None))).all()
        for client in clients.values():
            assert client.state == told[client.id].state, (client.id, client.state, told[client.id])
            assert client.state not in FINAL or client.next_call_at is None
            assert client.misses <= 3
        assert sorted(in_force) == sorted(surveyed), "who is surveyed has one questionnaire in the form"

    def _rings(self, session: Session, calls: list[CallAttempt]) -> None:
        words = session.scalars(select(AttemptOutcome).order_by(AttemptOutcome.n))
        said_by = {word.attempt_id: word.source for word in words}
        for call in calls:
            # A manager's word against what was heard stands, with its reason and a mark.
            if call.disposition == "no_answer" and said_by[call.id] != "manager":
                until = call.answered_at or call.ended_at
                assert until is not None
                rang = until - (call.ringing_at or call.dialled_at + SETUP)
                assert rang >= timedelta(seconds=20), (call.id, rang)

    def _reported(self, states: Counter[str], calls: list[CallAttempt]) -> None:
        with self._house.app.app_context():
            from nps.extensions import db

            report = system_report(db.session(), 1, self._house.clock.at)
        counted = report.clients
        parts = ("surveyed", "refused", "unsuccessful", "inactive", "unreached")
        assert {part: getattr(counted, part) for part in parts} == {part: states[part] for part in parts}
        assert counted.to_call == states["waiting"] + states["manager"]
        assert counted.clients + counted.withdrawn == 6
        assert report.traffic.contract_billed_s == _used_s(calls)
        own = report.calls
        assert own.calls + own.technical + own.short_rings + own.inbound == len(calls), own

"""Clients who live through anything that can happen to their numbers, by a seeded chance, through the services."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.case import Verdict
from nps.domain.errors import DomainError
from nps.models import CallAttempt, Respondent
from nps.queries import campaigns
from nps.services import cases, desk, supervision
from nps.services.call_queue import Taken
from nps.services.transaction import lock_claims, write
from tests import factories
from tests.services.test_desk import Desk

UNANSWERED = ("no_answer", "busy", "dead_number", "technical", "switched_off")
TALKS = ("hung_up", "other_person", "wrong_number", "callback", "new_contact", "soft_refusal")


class Lives:
    """Some clients of one campaign that is open around the clock, its operator and its manager."""

    def __init__(self, session: Session, seed: int, clients: int = 3) -> None:
        self.session, self.random = session, Random(seed)
        campaign = factories.campaign(session, purpose="demo", always_open=True, soft_refusal_final=False)
        self.campaign_id = campaign.id
        self.seat = Desk(session, factories.member(session, campaign), campaign.id)
        self.manager = factories.user(session, "manager").id
        self.clients = [
            factories.respondent(session, campaign, phones=self.numbers(3)[: self.random.randint(1, 3)]).id
            for _ in range(clients)
        ]

    def numbers(self, n: int) -> tuple[str, ...]:
        return tuple(f"+7912{self.random.randrange(10**7):07d}" for _ in range(n))

    def number(self, client_id: int) -> str:
        """A new number, or one that the client has."""
        own = [row.e164 for row in self.phones(client_id)]
        return self.random.choice([*own, *self.numbers(2)]) + self.random.choice(["", "", " доб. 12"])

    def phones(self, client_id: int) -> list[factories.RespondentPhone]:
        self.session.rollback()
        own = factories.RespondentPhone.respondent_id == client_id
        return list(self.session.scalars(select(factories.RespondentPhone).where(own)))

    def verdict(self, client_id: int) -> Verdict:
        """What the fold makes of the client's history as it stands in the database."""
        with write(self.session) as s:
            lock_claims(s)
            campaign = campaigns.campaign_row(s, self.campaign_id)
            return cases.refold(s, client_id, campaign, campaigns.calendars(s, campaign))

    def goes_on(self) -> None:
        """One thing more happens; what does not fit the state is refused, as it would be to a person."""
        self.seat.wait(self.random.choice((1, 60, 3600, 6 * 3600)))
        acts = (
            self.is_called,
            self.is_called,
            self.is_called,
            self.gets_number,
            self.base_brings,
            self.calls,
            self.mends,
        )
        try:
            self.random.choice(acts)()
        except DomainError:
            self.session.rollback()

    def is_called(self) -> None:
        taken = self.seat.take()
        if isinstance(taken, Taken):
            self.ends(desk.dial(self.session, self.seat.actor, taken.respondent_id, self.seat.now))

    def ends(self, attempt: UUID, *, answered: bool = False) -> None:
        self.seat.wait(40)
        if not answered and self.random.random() < 0.5:
            self.seat.settle(attempt, self.random.choice(UNANSWERED), note="Автомат")
            return
        if not answered:
            desk.answered(self.session, self.seat.actor, attempt, self.seat.now)
        client_id = self.session.get_one(CallAttempt, attempt).respondent_id
        result = self.random.choice(TALKS)
        self.seat.settle(
            attempt,
            result,
            note="Сказали на месте",
            number=self.number(client_id) if result == "new_contact" else "",
            callback_at=self.quarter() if result == "callback" else None,
        )

    def quarter(self) -> factories.datetime:
        later = self.seat.now + timedelta(minutes=30)
        return later.replace(minute=later.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)

    def gets_number(self) -> None:
        client_id = self.random.choice(self.clients)
        cases.give_number(self.session, self.manager, client_id, self.number(client_id), self.seat.now)

    def base_brings(self) -> None:
        client_id = self.random.choice(self.clients)
        number = self.number(client_id)
        with write(self.session) as s:
            lock_claims(s)
            client = s.get_one(Respondent, client_id, populate_existing=True)
            cases.add_number(s, client, number, source="base", at=self.seat.now, by=self.manager)
        self.verdict(client_id)

    def calls(self) -> None:
        client_id = self.random.choice(self.clients)
        self.ends(desk.take_inbound(self.session, self.seat.actor, client_id, self.seat.now), answered=True)

    def mends(self) -> None:
        """The manager says that a call ended otherwise, or takes a client up again."""
        settled = self.session.scalars(
            select(CallAttempt.id).where(CallAttempt.closed_at.is_not(None)).order_by(CallAttempt.dialled_at)
        ).all()
        if settled and self.random.random() < 0.6:
            said = supervision.Correction(self.random.choice(("no_answer", "dead_number", "technical")), "Послушали")
            call = self.random.choice(settled)
            supervision.correct_result(self.session, self.manager, call, said, self.seat.now)
            return
        kind = self.random.choice(("reopened", "returned"))
        client_id = self.random.choice(self.clients)
        cases.decide_case(self.session, self.manager, client_id, kind, "Проверка", self.seat.now)

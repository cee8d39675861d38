"""Deadlines of escalations, the reminder before one, and the morning's digest: all off until a campaign has terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.answer_terms import AnswerTerms, day_of
from nps.domain.errors import NotFoundError
from nps.domain.local_time import clock, day_words, when
from nps.models import AnswerTerms as Row
from nps.models import Campaign, Escalation, Outbox
from nps.queries.escalation_figures import Waiting, terms_of, waiting
from nps.services import letters
from nps.services.acting import act
from nps.services.escalations import campaign_kept
from nps.services.letter_addresses import person_in_charge
from nps.services.transaction import AnySession

WRITE_JOB = "nps.jobs.answer_terms.write"


def change_terms(session: AnySession, actor: Actor, campaign_id: int, terms: AnswerTerms, *, now: datetime) -> None:
    """Set a campaign's terms; escalations already raised keep the deadline they have.

    Raises DomainError for terms that nobody could keep, NotFoundError for a campaign of others.
    """
    terms.check()
    with act(session, actor.id, now) as a:
        campaign = campaign_kept(a.s, actor, campaign_id)
        before = terms_of(a.s, campaign.id)
        if before == terms:
            return
        row = a.s.get(Row, campaign.id) or Row(campaign_id=campaign.id)
        for name, value in asdict(terms).items():
            setattr(row, name, value)
        a.s.add(row)
        a.record(
            "answer_terms_changed", "campaign", campaign.id, campaign_id=campaign.id,
            before=_plain(before), after=_plain(terms),
        )  # fmt: skip


def _plain(terms: AnswerTerms) -> dict[str, object]:
    return {
        name: value if value is None or isinstance(value, int) else str(value) for name, value in asdict(terms).items()
    }


def campaigns_due(session: Session, now: datetime) -> list[int]:
    """Campaigns for which `write_due` would write a letter at `now` (aware UTC). For the sweeper."""
    found = {campaign_id for campaign_id, _ in _reminders(session, now)}
    return sorted(found | {campaign_id for campaign_id, _, _ in _digests(session, now)})


def write_due(session: AnySession, campaign_id: int, *, now: datetime) -> int:
    """Write the reminders and the digest that are due in a campaign; how many. A repeated job adds nothing."""
    with act(session, None, now) as a:
        campaign = a.s.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True))
        if campaign is None:
            raise NotFoundError
        written = [_remind(a.s, campaign, case, now) for _, case in list(_reminders(a.s, now, campaign_id))]
        for _, moment, figures in list(_digests(a.s, now, campaign_id)):
            written.append(_digest(a.s, campaign, moment, figures, now))
        for letter_id in written:
            a.afterwards(letters.nudge, letter_id)
        return len(written)


def _reminders(session: Session, now: datetime, campaign_id: int | None = None) -> Iterator[tuple[int, Escalation]]:
    """Escalations nobody has answered or been reminded of whose deadline is near; of one campaign only, if given."""
    reminded = select(Outbox.subject_id).where(Outbox.kind == "reminder")
    longest = session.scalar(select(func.max(Row.remind_before_min)))
    if longest is None:
        return
    found = session.execute(
        select(Escalation, Row.remind_before_min)
        .join(Row, Row.campaign_id == Escalation.campaign_id)
        .join(Campaign, Campaign.id == Escalation.campaign_id)
        .where(
            Escalation.due_at.is_not(None),
            Escalation.due_at <= now + timedelta(minutes=longest),
            Escalation.answered_at.is_(None),
            Escalation.id.not_in(reminded),
            Row.remind_before_min.is_not(None),
            Campaign.erased_at.is_(None),
            true() if campaign_id is None else Campaign.id == campaign_id,
        )
        .order_by(Escalation.id)
    )
    for case, before_min in found:
        if case.due_at is not None and case.due_at <= now + timedelta(minutes=before_min or 0):
            yield case.campaign_id, case


def _remind(s: Session, campaign: Campaign, case: Escalation, now: datetime) -> int:
    zone, due_at = terms_of(s, campaign.id).zone, case.due_at
    assert due_at is not None
    late = due_at <= now
    payload = {
        "number": case.id,
        "path": f"/escalations/{case.id}",
        "campaign": campaign.title,
        "due": when(due_at, zone, now) if late else f"{day_words(due_at, zone, now)} до {clock(due_at, zone)}",
        "late": late,
        "reply_to": person_in_charge(s),
    }
    return letters.add(
        s, campaign=campaign, kind="reminder", subject_id=case.id, dedupe=f"reminder:{case.id}", payload=payload,
        now=now,
    )  # fmt: skip


def _digests(
    session: Session, now: datetime, campaign_id: int | None = None
) -> Iterator[tuple[int, datetime, Waiting]]:
    """Campaigns whose digest is to be written: its time has come, and something waits. An empty one is never sent."""
    with_digest = select(Row.campaign_id).join(Campaign, Campaign.id == Row.campaign_id)
    if campaign_id is not None:
        with_digest = with_digest.where(Row.campaign_id == campaign_id)
    for campaign_id in session.scalars(with_digest.where(Row.digest_at.is_not(None), Campaign.erased_at.is_(None))):
        terms = terms_of(session, campaign_id)
        moment = terms.digest_moment(now)
        if moment is None or _digest_exists(session, campaign_id, terms, moment):
            continue
        figures = waiting(session, campaign_id, moment)
        if figures.any:
            yield campaign_id, moment, figures


def _digest_key(campaign_id: int, terms: AnswerTerms, moment: datetime) -> str:
    return f"digest:{campaign_id}:{day_of(moment, terms.zone)}"


def _digest_exists(session: Session, campaign_id: int, terms: AnswerTerms, moment: datetime) -> bool:
    key = _digest_key(campaign_id, terms, moment)
    return session.scalar(select(Outbox.id).where(Outbox.dedupe == key)) is not None


def _digest(s: Session, campaign: Campaign, moment: datetime, figures: Waiting, now: datetime) -> int:
    """Figures and links behind login, nothing of any client (R20)."""
    payload = {
        "campaign": campaign.title,
        "path": f"/campaigns/{campaign.id}/escalations",
        "figures": asdict(figures),
        "reply_to": person_in_charge(s),
    }
    key = _digest_key(campaign.id, terms_of(s, campaign.id), moment)
    return letters.add(
        s, campaign=campaign, kind="digest", subject_id=campaign.id, dedupe=key, payload=payload, now=now
    )

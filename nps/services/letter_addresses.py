"""Whom letters go to and who answers for them: the branch's address, else the campaign's, else the installation's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.models import Branch, Campaign, Escalation, Outbox, Respondent, User
from nps.services.acting import Act

#: Letters about one client's escalation: a branch may have an address of its own for them.
OF_A_CLIENT = ("escalation", "reminder")
#: Figures for one of our people, who asked for them: his own address and no other.
OF_A_PERSON = "report"


def hold_address(s: Session, campaign_id: int) -> None:
    """Let the campaign's address hold until a letter stands in the outbox, where a change of it finds the letter."""
    s.execute(select(Campaign.id).where(Campaign.id == campaign_id).with_for_update(read=True))


def recipient(s: Session, row: Outbox) -> str:
    """Where the letter would go if it were written now; '' for the installation's default address."""
    if row.kind == OF_A_PERSON:
        return s.scalar(select(User.email).where(User.id == row.subject_id, User.active)) or ""
    campaign = s.scalar(select(Campaign.escalation_email).where(Campaign.id == row.campaign_id)) or ""
    if row.kind not in OF_A_CLIENT:
        return campaign
    of_branch = s.scalar(
        select(Branch.escalation_email)
        .join(Respondent, Respondent.branch_id == Branch.id)
        .join(Escalation, Escalation.respondent_id == Respondent.id)
        .where(Escalation.id == row.subject_id)
    )
    return of_branch or campaign


def readdress(a: Act, campaign_ids: Sequence[int]) -> int:
    """Letters that surely nobody has yet follow a changed address; how many. Inside the change's act.

    One that is sent, is being sent or may have arrived keeps its own: a person sends it again if need be. A test letter
    is about the address it was written to. Each that moves has its line in the journal.
    """
    waiting = a.s.scalars(
        select(Outbox)
        .where(
            Outbox.campaign_id.in_(campaign_ids), Outbox.state == "waiting", Outbox.doubts == 0, Outbox.kind != "test"
        )
        .order_by(Outbox.id)
        # One that a worker takes meanwhile goes where it was going, and says so.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    moved = [row for row in waiting if recipient(a.s, row) != row.recipient]
    for row in moved:
        row.recipient = recipient(a.s, row)
        a.record("letter_readdressed", "letter", row.id, campaign_id=row.campaign_id)
    return len(moved)


def person_in_charge(s: Session, actor: Actor | None = None) -> tuple[str, str] | None:
    """Name and address of whoever answers replies: the writer if he has an address, else the first manager with one."""
    own = s.get(User, actor.id) if actor else None
    if own is not None and own.email:
        return own.full_name, own.email
    manager = s.scalar(
        select(User)
        .where(User.role == "manager", User.active, User.email.is_not(None), User.email != "")
        .order_by(User.id)
        .limit(1)
    )
    return (manager.full_name, manager.email) if manager and manager.email else None

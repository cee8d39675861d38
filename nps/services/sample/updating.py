"""Changes that a later base brings to clients of the project: a person sees them in the receipt, then they are written.

Answers and calls stay as they are; a changed name or number is an event of the case like one that came up in a call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.phone import show
from nps.models import ImportRow, Respondent
from nps.queries import campaigns
from nps.services import cases
from nps.services.call_queue import release_shown
from nps.services.cases.folding import refold_many
from nps.services.sample.lease import Lease, renew
from nps.services.transaction import AnySession, lock_claims, write

#: Clients whose changes are written together: operators wait no longer than that.
_CHUNK = 100


def apply_some(session: AnySession, lease: Lease, by: int, now: datetime) -> bool:
    """Write the changes of the next clients; False when none is left. Raises LeaseLost.

    Each row says afterwards whether it was written: killed in between, the rest is written by the next worker. A
    campaign that was closed meanwhile keeps its clients as they are (R1).
    """
    with write(session) as s:
        lock_claims(s)
        renew(s, lease, now)
        campaign = campaigns.campaign_row(s, lease.campaign_id)
        if campaign.closed_at is not None:
            forget_proposals(s, lease.import_id)
            return False
        rows = s.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == lease.import_id, ImportRow.proposal == "proposed")
            .order_by(ImportRow.row_no)
            .limit(_CHUNK)
        ).all()
        changed = [row.respondent_id for row in rows if _apply(s, row, by, now) and row.respondent_id is not None]
        refold_many(s, changed, campaign, campaigns.calendars(s, campaign))
    return bool(rows)


def forget_proposals(s: Session, import_id: int) -> None:
    """What is still proposed will not be written: the receipt says so."""
    left = ImportRow.import_id == import_id, ImportRow.proposal == "proposed"
    s.execute(update(ImportRow).where(*left).values(proposal="stale").execution_options(synchronize_session=False))


def _apply(s: Session, row: ImportRow, by: int, now: datetime) -> bool:
    client = s.get_one(Respondent, row.respondent_id, populate_existing=True)
    before: dict[str, Any] = row.before or {}
    moved = [code for code in ("contact", "email") if code in before and getattr(client, code) != before[code]]
    if client.erased_at is not None or client.state == "withdrawn" or moved:
        row.proposal = "stale"
        return False
    if "contact" in before:
        cases.change_contact(s, client, row.contact or "", by=by, at=now)
    if "email" in before:
        client.email = row.email or ""
    if "phone" in before:
        release_shown(s, Respondent.id == client.id)  # The card on a desk names another number.
        phones = [{"e164": row.e164, "extension": row.extension}, *(row.spare_phones or ())]
        # The last one added is tried first, so the row's first number comes last.
        for phone in reversed(phones):
            cases.add_number(s, client, show(phone["e164"], phone["extension"]), source="base", at=now, by=by)
    client.identity = row.identity or client.identity
    row.proposal = "applied"
    return True

"""Changes that a later base brings to clients of the project: a person sees them in the receipt, then they are written.

Answers and calls stay as they are; a changed name or number is an event of the case like one that came up in a call.
Who a row means is asked again: a client may have been surveyed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.domain.phone import show
from nps.domain.sample import Judged, KnownClient, Meaning, judge, sentences
from nps.domain.search import fold
from nps.models import Branch, ImportRow, Respondent
from nps.queries import campaigns
from nps.queries import sample as queries
from nps.services import cases
from nps.services.call_queue import release_shown
from nps.services.cases.folding import refold_many
from nps.services.journal import record
from nps.services.sample.checking import known_clients
from nps.services.sample.lease import Lease, renew
from nps.services.transaction import AnySession, lock_claims, write

#: Clients whose changes are written together: operators wait no longer than that.
_CHUNK = 100
_MAX_NOTE, _MAX_SEARCH = 2000, 1000


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
        branches = _branches(s, campaign.customer_id)
        known = {
            client.id: client for client in known_clients(s, Respondent.id.in_([row.respondent_id for row in rows]))
        }
        changed: list[int] = []
        for row in rows:
            client_id = row.respondent_id or 0
            if client_id in changed:  # Of two rows of one client the second finds what the first has written.
                s.flush()
                known |= {client.id: client for client in known_clients(s, Respondent.id == client_id)}
            if _apply(s, row, known.get(client_id), branches, by, now):
                changed.append(client_id)
        refold_many(s, list(dict.fromkeys(changed)), campaign, campaigns.calendars(s, campaign))
    return bool(rows)


def forget_proposals(s: Session, import_id: int) -> None:
    """What is still proposed will not be written: the receipt says so."""
    left = ImportRow.import_id == import_id, ImportRow.proposal == "proposed"
    s.execute(update(ImportRow).where(*left).values(proposal="stale").execution_options(synchronize_session=False))


def _branches(s: Session, customer_id: int) -> dict[str, Branch]:
    """Branches by the folded spellings of bases, those that this load has settled among them."""
    by_id = {branch.id: branch for branch in queries.branches(s, customer_id)}
    return {spelling: by_id[id] for spelling, id in queries.known_branches(s, customer_id).items()}


def _apply(
    s: Session, row: ImportRow, known: KnownClient | None, branches: Mapping[str, Branch], by: int, now: datetime
) -> bool:
    """Write what a person has seen, if the row still says that, and nothing else, of the client as he is now."""
    branch = branches.get(row.branch_fold or "")
    fresh = judge(known, _as_row(row, branch)) if known is not None and not known.withdrawn else None
    if fresh is None or not fresh.may_write or not _is_as_seen(row, fresh):
        row.proposal = "stale"
        if fresh is not None and not fresh.may_write:
            row.reason = sentences(fresh.said)
        return False
    client = s.get_one(Respondent, row.respondent_id, populate_existing=True)
    before = row.before or {}
    if "contact" in before:
        cases.change_contact(s, client, row.contact or "", by=by, at=now)
    if "email" in before:
        client.email = row.email or ""
    if "organisation" in before or "branch" in before:
        _move(s, client, row, branch if "branch" in before else None, by, now)
    if "phone" in before or "branch" in before:
        release_shown(s, Respondent.id == client.id)  # The card on a desk names another number, or other hours.
    if "phone" in before:
        # The last one added is tried first, so the row's first number comes last.
        for phone in reversed(fresh.phones):
            number, words = show(phone["e164"], phone["extension"]), phone.get("words", "")
            cases.add_number(s, client, number, source="base", at=now, by=by, words=words)
    client.identity = row.identity or client.identity
    row.proposal = "applied"
    return True


def _as_row(row: ImportRow, branch: Branch | None) -> dict[str, Any]:
    first = {"e164": row.e164, "extension": row.extension, "words": row.phone_words or ""}
    return {
        "identity": row.identity,
        "contact": row.contact or "",
        "email": row.email or "",
        "organisation": row.organisation or "",
        "branch": branch.name if branch else "",
        "region": branch.region_code if branch else None,
        "phones": [first, *(row.spare_phones or ())] if row.e164 else [],
    }


def _is_as_seen(row: ImportRow, fresh: Judged) -> bool:
    """Whether the client has what the receipt said he has; a number that he has got since needs no writing."""
    seen = {code: value for code, value in (row.before or {}).items() if code != "phone"}
    same = all(fresh.before.get(code) == value for code, value in seen.items())
    return same and fresh.meaning is not Meaning.OTHER and ("contact" in seen) >= ("contact" in fresh.before)


def _move(s: Session, client: Respondent, row: ImportRow, branch: Branch | None, by: int, now: datetime) -> None:
    """Another name of the organisation, another branch with its region and hours; the note keeps the old name."""
    if "organisation" in (row.before or {}):
        client.note = f"{client.note}\nРаньше организация: {client.organisation}".strip()[:_MAX_NOTE]
        client.organisation = row.organisation or client.organisation
        client.search_fold = f"{client.search_fold} {fold(client.organisation)}"[:_MAX_SEARCH]
    if branch is not None:
        client.branch_id, client.region_code = branch.id, branch.region_code
    record(
        s, at=now, action="client_moved", object_kind="respondent", object_id=client.id, actor_id=by,
        campaign_id=client.campaign_id, after={"branch": branch.id} if branch else {},
    )  # fmt: skip

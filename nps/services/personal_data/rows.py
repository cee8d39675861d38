"""Rows of receipts that tell of certain clients, the rejected and repeated ones too (R20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from nps.domain.search import fold
from nps.models import Campaign, Contract, ImportRow, Respondent, SampleImport


@dataclass(frozen=True, slots=True)
class Rows:
    """Ids of rows, and of the loads whose workbooks hold them."""

    rows: Collection[int]
    loads: Collection[int]


def of_people(s: Session, customer_id: int, respondent_ids: Sequence[int], phones: Collection[str]) -> Rows:
    """Rows that became these clients, that repeat them, or that name one of the numbers (E.164) or INN and contact.

    A load that failed has no rows to look into: its workbook may hold anybody, and nobody needs it.
    """
    loads = select(SampleImport.id).join(Campaign, Campaign.id == SampleImport.campaign_id)
    of_customer = loads.join(Contract, Contract.id == Campaign.contract_id).where(Contract.customer_id == customer_id)
    people = {
        (row.inn, fold(row.contact))
        for row in s.execute(select(Respondent.inn, Respondent.contact).where(Respondent.id.in_(respondent_ids)))
        if row.inn and row.contact
    }
    tails = [phone[-10:] for phone in phones]
    chosen = select(
        ImportRow.id,
        ImportRow.import_id,
        ImportRow.row_no,
        ImportRow.respondent_id,
        ImportRow.same_as_row,
        ImportRow.raw,
    ).where(
        ImportRow.import_id.in_(of_customer),
        or_(ImportRow.respondent_id.in_(respondent_ids), ImportRow.fate.in_(("duplicate", "rejected"))),
    )
    own: set[tuple[int, int]] = set()
    found: dict[int, int] = {}
    repeats: list[tuple[int, int, int]] = []
    for row in s.execute(chosen.order_by(ImportRow.id)):
        if row.respondent_id in respondent_ids or _names(row.raw, tails, people):
            found[row.id] = row.import_id
            own.add((row.import_id, row.row_no))
        elif row.same_as_row is not None:
            repeats.append((row.id, row.import_id, row.same_as_row))
    found.update({row_id: load for row_id, load, original in repeats if (load, original) in own})
    failed = set(s.scalars(of_customer.where(SampleImport.state == "failed")))
    return Rows(tuple(found), set(found.values()) | failed)


def _names(raw: Mapping[str, str], tails: Sequence[str], people: Collection[tuple[str, str]]) -> bool:
    if (str(raw.get("inn", "")).strip(), fold(str(raw.get("contact", "")))) in people:
        return True
    cells = ["".join(c for c in str(text) if c.isdigit()) for text in raw.values()]
    return any(tail in cell for cell in cells for tail in tails)

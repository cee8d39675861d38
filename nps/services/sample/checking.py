"""Second step of a load: every row gets its fate, staged in short transactions; the staged rows are the receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from nps.adapters.bulk_insert import insert_rows
from nps.adapters.sample_sheet import store
from nps.domain.case import State
from nps.domain.sample import (
    Decision,
    Fate,
    KnownClient,
    RowChecker,
    StopEntries,
    Understood,
    Verdict,
    numbered_row,
    read_decision,
    suggested_area_code,
)
from nps.models import Branch, ImportRow, Interview, Respondent, RespondentPhone, SampleImport, StopList
from nps.queries.numbers import is_live
from nps.services.sample.answers import carry_over
from nps.services.sample.lease import Lease, finish, renew
from nps.services.sample.reading import customer_of, left_rows
from nps.services.transaction import AnySession, write

_CHUNK = 2_000
#: The table and not the model: the session's own bookkeeping would take longer than the insert.
_RECEIPT = cast(Table, ImportRow.__table__)
_COPIED = ("identity", "branch_fold", "organisation", "contact", "greeting_name", "email", "search_fold")


def check(session: AnySession, lease: Lease, clock: Callable[[], datetime]) -> None:
    """Stage the verdict on each row, anew when an earlier try was cut short. Raises SheetError and LeaseLost."""
    with write(session) as s:
        renew(s, lease, clock(), rows_done=0)
        s.execute(delete(ImportRow).where(ImportRow.import_id == lease.import_id))
    understood, checker = _prepare(session, lease)
    verdicts = _verdicts(lease.import_id, understood, checker)
    done = 0
    while chunk := list(islice(verdicts, _CHUNK)):
        done += len(chunk)
        with write(session) as s:
            renew(s, lease, clock(), rows_done=done)
            insert_rows(s, _RECEIPT, [_values(lease.import_id, verdict) for verdict in chunk])
    with write(session) as s:
        _join(s, lease.import_id, checker.joined)
        if understood.answers:
            carry_over(s, lease.import_id, understood.answers)
        understood = replace(understood, missing=checker.missing, answers=())
        finish(s, lease, "checked", understood=understood, rows_total=done, rows_done=done)


def _join(s: Session, import_id: int, joined: Sequence[Verdict]) -> None:
    """Rows that were staged as clients mean another row's client; their numbers stay with them until publishing."""
    if not joined:
        return
    values = [{"row": one.row_no, "owner": one.same_as_row, "why": one.reason} for one in joined]
    row = _RECEIPT.c.import_id == import_id, _RECEIPT.c.row_no == bindparam("row")
    fate: dict[str, Any] = {"fate": Fate.DUPLICATE.value, "identity": None, "changed": []}
    meant = update(_RECEIPT).where(*row).values(same_as_row=bindparam("owner"), reason=bindparam("why"), **fate)
    s.connection().execute(meant, values)
    # Rows that repeat one of them repeat that client too.
    other = _RECEIPT.alias()
    repeats = update(_RECEIPT).where(
        _RECEIPT.c.import_id == import_id,
        other.c.import_id == import_id,
        other.c.row_no == _RECEIPT.c.same_as_row,
        other.c.same_as_row.is_not(None),
    )
    s.execute(repeats.values(same_as_row=other.c.same_as_row))


def _prepare(session: AnySession, lease: Lease) -> tuple[Understood, RowChecker]:
    """Everything the rows are compared with, read at one moment; the mark tells later whether it still holds."""
    understood = session.execute(select(SampleImport.understood).where(SampleImport.id == lease.import_id)).scalar_one()
    real = session if isinstance(session, Session) else session()
    understood = replace(understood, mark=mark(real, lease.campaign_id), tries=0)
    checker = RowChecker(
        understood.header,
        _decisions(real, understood.decisions, understood.branch_names),
        known_clients(real, Respondent.campaign_id == lease.campaign_id),
        _stop_entries(real, lease.campaign_id),
        understood.names,
    )
    session.rollback()
    return understood, checker


def _decisions(s: Session, codes: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Decision]:
    """Decisions by folded spelling, with the area code that local numbers lack.

    An existing branch has a region and a code of its own, a new one will get that of the city it is named after.
    """
    read = {alias: read_decision(code, alias) for alias, code in codes.items()}
    ids = {decision.branch_id for decision in read.values() if decision.branch_id is not None}
    columns = Branch.id, Branch.region_code, Branch.area_code, Branch.name
    rows = s.execute(select(*columns).where(Branch.id.in_(ids)))
    known = {row.id: Decision(row.id, row.region_code, area_code=row.area_code, name=row.name) for row in rows}
    return {
        alias: known.get(decision.branch_id or 0)
        or replace(decision, area_code=suggested_area_code(names.get(alias, "")), name=names.get(alias, ""))
        for alias, decision in read.items()
    }


def known_clients(s: Session, which: ColumnElement[bool]) -> Iterator[KnownClient]:
    """The clients with all their numbers, those of erased people left out."""
    own = which, Respondent.erased_at.is_(None)
    numbers: defaultdict[int, list[str]] = defaultdict(list)
    dead: defaultdict[int, set[str]] = defaultdict(set)
    phones = select(RespondentPhone.respondent_id, RespondentPhone.e164, RespondentPhone.extension, ~is_live())
    of_campaign = phones.join(Respondent, Respondent.id == RespondentPhone.respondent_id).where(*own)
    for owner, e164, extension, is_dead in s.execute(
        of_campaign.order_by(RespondentPhone.respondent_id, RespondentPhone.position)
    ):
        numbers[owner].append(f"{e164}#{extension}")
        if is_dead:
            dead[owner].add(f"{e164}#{extension}")
    columns = Respondent.id, Respondent.identity, Respondent.contact, Respondent.email, Respondent.state
    place = Respondent.organisation, Respondent.region_code, Branch.name, Interview.id.is_not(None).label("surveyed")
    answers = and_(Interview.respondent_id == Respondent.id, Interview.replaced_at.is_(None))
    clients = (
        select(*columns, *place).outerjoin(Branch, Branch.id == Respondent.branch_id).outerjoin(Interview, answers)
    )
    for row in s.execute(clients.where(*own).order_by(Respondent.id)):
        withdrawn, inactive = row.state == State.WITHDRAWN, row.state == State.INACTIVE
        yield KnownClient(
            row.id, row.identity, row.contact, row.email, tuple(numbers[row.id]), withdrawn, inactive,
            frozenset(dead.get(row.id, ())), row.organisation, row.name or "", row.region_code, row.surveyed,
        )  # fmt: skip


def _stop_entries(s: Session, campaign_id: int) -> StopEntries:
    in_force = StopList.customer_id == customer_of(s, campaign_id), StopList.lifted_at.is_(None)
    rows = s.execute(select(StopList.e164, StopList.inn).where(*in_force)).all()
    return StopEntries(frozenset(row.e164 for row in rows if row.e164), frozenset(row.inn for row in rows if row.inn))


def mark(s: Session, campaign_id: int) -> tuple[int, ...]:
    """What changes when the clients of the campaign or the stop list of its customer do."""
    clients = select(func.count(), func.coalesce(func.max(Respondent.id), 0))
    stop = select(func.coalesce(func.max(StopList.id), 0), func.count(StopList.lifted_at))
    return (
        *s.execute(clients.where(Respondent.campaign_id == campaign_id)).one(),
        *s.execute(stop.where(StopList.customer_id == customer_of(s, campaign_id))).one(),
    )


def _verdicts(import_id: int, understood: Understood, checker: RowChecker) -> Iterator[Verdict]:
    """One verdict for each row of the taken sheets from the first to the last, gaps included: none vanishes."""
    for position, part in enumerate(understood.parts):
        checker.turn_to(part.header)
        expected, last = part.profile.first_row, part.profile.last_row
        left = left_rows(import_id, understood, part.sheet)
        for number, cells in store.kept_rows(import_id, part.sheet):
            if number < expected:
                continue
            if number > last:
                break
            yield from (checker.empty(numbered_row(position, gap)) for gap in range(expected, number))
            judge = checker.leave if number in left else checker.check
            verdict = judge(numbered_row(position, number), cells)
            if verdict is not None:
                yield verdict
            expected = number + 1
    yield from checker.rest()


def _values(import_id: int, verdict: Verdict) -> dict[str, Any]:
    fixed = verdict.fixed
    first, *spare = fixed.get("phones") or [{}]
    return {
        "import_id": import_id,
        "row_no": verdict.row_no,
        "fate": verdict.fate.value,
        "reason": verdict.reason,
        "raw": verdict.raw,
        "changed": verdict.changed,
        "faulty": verdict.faulty,
        "same_as_row": verdict.same_as_row,
        "respondent_id": verdict.same_as_client,
        **{name: fixed.get(name) for name in _COPIED},
        "inn": fixed.get("inn") or None,
        "stopped": fixed.get("stopped", False),
        "e164": first.get("e164"),
        "extension": first.get("extension"),
        "guessed": first.get("guessed", False),
        "phone_words": first.get("words") or None,
        "spare_phones": spare or None,
        "is_question": verdict.asked,
        "before": dict(verdict.before) or None,
        "proposal": None if verdict.fate is not Fate.UPDATE else "asked" if verdict.asked else "proposed",
    }

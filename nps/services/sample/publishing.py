"""Last step of a load: the accepted rows become clients, all of them or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from nps.adapters.sample_sheet import store
from nps.domain.case import QueueClass, State
from nps.domain.sample import Header, Understood, branch_key, read_decision, signature, suggested_area_code
from nps.domain.why import Why, iso
from nps.models import (
    Branch,
    BranchAlias,
    Campaign,
    CaseEvent,
    ColumnMapping,
    Customer,
    ImportRow,
    Respondent,
    RespondentPhone,
    SampleImport,
)
from nps.models.base import UtcDateTime
from nps.queries.sample import is_new_client
from nps.services.acting import act
from nps.services.cases import decide_rest, refold_changed
from nps.services.sample import updating
from nps.services.sample.answers import given
from nps.services.sample.checking import mark
from nps.services.sample.lease import Lease, finish, renew
from nps.services.sample.reading import customer_of, refuse_closed
from nps.services.transaction import AnySession, in_turns, lock_claims, write

_MAX_ALIAS, _MAX_SEARCH = 200, 1000
#: Rows whose clients' numbers are read together.
_CHUNK = 2_000
#: Spare numbers that were staged before words were kept.
_WORDLESS = {"words": ""}
_COPIED = ("inn", "organisation", "contact", "greeting_name", "email", "search_fold", "identity")


def publish(session: AnySession, lease: Lease, clock: Callable[[], datetime]) -> None:
    """Make the clients in one transaction, then write the changes of known ones in short transactions.

    A base or stop list that changed since the check sends the load back to it. Raises DomainError for a campaign that
    has been closed, and LeaseLost.
    """
    try:
        _add(session, lease, clock())
    except _Outdated:
        _check_again(session, lease)
        return
    by = session.execute(select(SampleImport.uploaded_by).where(SampleImport.id == lease.import_id)).scalar_one()
    in_turns(session, lambda: updating.apply_some(session, lease, by, clock()))
    decide_rest(session, lease.campaign_id)
    _finish(session, lease, by, clock())


class _Outdated(Exception):
    """The base or the stop list has changed since the rows were checked."""


def _add(session: AnySession, lease: Lease, now: datetime) -> None:
    with write(session) as s:
        # Loads of a customer follow each other: the second sees the clients, branches and columns of the first. Not by
        # the campaign's row: that is taken after the claims (ADR 55), which nobody may miss for as long as this takes.
        customer_id = customer_of(s, lease.campaign_id)
        s.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
        refuse_closed(s, lease.campaign_id)
        load = s.get_one(SampleImport, lease.import_id, populate_existing=True)
        if load.understood.added is not None:  # a worker before this one got so far
            return
        found = mark(s, lease.campaign_id)
        if load.understood.mark != found:
            raise _Outdated
        branches = _settle_branches(s, customer_id, load.understood)
        added = _add_clients(s, lease, branches, now)
        _remember_columns(s, customer_id, load.understood.header, now)
        renew(s, lease, now, understood=replace(load.understood, added=added))
        _bring_up_to_date(s, lease, found)
        if not found[0]:
            own = update(Campaign).where(Campaign.id == lease.campaign_id)
            s.execute(own.values(original_clients=added).execution_options(synchronize_session=False))


def _bring_up_to_date(s: Session, lease: Lease, found: tuple[int, ...]) -> None:
    """With the claims, so last and short: what was closed, stopped or moved while the clients were written."""
    lock_claims(s)
    refuse_closed(s, lease.campaign_id)
    if mark(s, lease.campaign_id)[2:] != found[2:]:
        raise _Outdated
    elsewhere = Respondent.branch_id == Branch.id, Respondent.region_code.is_distinct_from(Branch.region_code)
    moved = s.scalars(
        update(Respondent)
        .where(Respondent.import_id == lease.import_id, *elsewhere)
        .values(region_code=Branch.region_code)
        .returning(Respondent.id)
        .execution_options(synchronize_session=False)
    ).all()
    refold_changed(s, lease.campaign_id, moved)


def _check_again(session: AnySession, lease: Lease) -> None:
    with write(session) as s:
        load = s.get_one(SampleImport, lease.import_id, populate_existing=True)
        finish(s, lease, "checking", understood=replace(load.understood, again=True, answers=given(s, load.id)))


def _finish(session: AnySession, lease: Lease, by: int, now: datetime) -> None:
    with act(session, by, now) as a:
        load = a.s.get_one(SampleImport, lease.import_id, populate_existing=True)
        written = ImportRow.import_id == load.id, ImportRow.proposal == "applied"
        changed = a.s.execute(select(func.count()).where(*written)).scalar_one()
        told = {"clients": load.understood.added, "changed": changed, "rows": load.rows_total}
        a.record("sample_published", "sample_import", load.id, campaign_id=load.campaign_id, after=told)
        a.s.flush()
        finish(a.s, lease, "published", published_at=now)
    store.drop_rows(lease.import_id)


def _settle_branches(s: Session, customer_id: int, understood: Understood) -> dict[str, Branch]:
    """Give each spelling its branch, making the new ones, and remember the spellings for the next base."""
    existing = {row.id: row for row in s.scalars(select(Branch).where(Branch.customer_id == customer_id))}
    by_name = {branch_key(row.name): row for row in existing.values()}
    aliases = set(s.scalars(select(BranchAlias.alias_fold).where(BranchAlias.customer_id == customer_id)))
    settled: dict[str, Branch] = {}
    for alias, code in understood.decisions.items():
        decision = read_decision(code, alias)
        name = understood.branch_names.get(alias, "")
        if decision.outside or (decision.branch_id is None and not name):
            continue
        branch = existing.get(decision.branch_id) if decision.branch_id else by_name.get(branch_key(name))
        if branch is None:
            code = suggested_area_code(name)
            branch = Branch(customer_id=customer_id, name=name, region_code=decision.region, area_code=code)
            by_name[branch_key(name)] = branch
            s.add(branch)
            s.flush()
        settled[alias] = branch
        if alias and alias not in aliases and len(alias) <= _MAX_ALIAS:
            s.add(BranchAlias(customer_id=customer_id, branch_id=branch.id, alias_fold=alias))
    s.flush()
    return settled


def _add_clients(s: Session, lease: Lease, branches: Mapping[str, Branch], now: datetime) -> int:
    """Insert clients, phones and stop-list events from the staged rows by one statement each; how many clients came."""
    staged = and_(ImportRow.import_id == lease.import_id, is_new_client())
    count = s.execute(select(func.count()).where(staged)).scalar_one()
    repeats = and_(
        ImportRow.import_id == lease.import_id,
        ImportRow.fate == "duplicate",
        ImportRow.same_as_row.is_not(None),
        ImportRow.e164.is_not(None),
    )
    # A number on the stop list refuses the client whichever of his rows it stands in.
    refusing = select(ImportRow.same_as_row).where(repeats, ImportRow.stopped)
    stop = update(ImportRow).where(staged, ImportRow.row_no.in_(refusing)).values(stopped=True)
    s.execute(stop.execution_options(synchronize_session=False))
    _insert_respondents(s, lease, staged, branches, now)
    same = Respondent.campaign_id == lease.campaign_id, Respondent.identity == ImportRow.identity
    link = update(ImportRow).where(staged, *same).values(respondent_id=Respondent.id)
    s.execute(link.execution_options(synchronize_session=False))
    _insert_phones(s, staged)
    _insert_phones_of_repeats(s, repeats)
    event = (
        select(
            Respondent.id,
            literal("stop_listed"),
            literal(now, UtcDateTime),
            literal("В стоп-листе при загрузке базы"),
            literal({}, CaseEvent.detail.type),
        )
        .where(Respondent.import_id == lease.import_id, Respondent.state == State.REFUSED.value)
        .order_by(Respondent.id)
    )
    columns = ["respondent_id", "kind", "at", "reason", "detail"]
    s.execute(insert(CaseEvent).from_select(columns, event, include_defaults=False))
    return int(count)


def _insert_respondents(
    s: Session, lease: Lease, staged: ColumnElement[bool], branches: Mapping[str, Branch], now: datetime
) -> None:
    regions = {name: branch.region_code for name, branch in branches.items() if branch.region_code}
    callable_now = and_(_one_of(ImportRow.branch_fold, list(regions)), ~ImportRow.stopped)
    refused = Why("stop_list", {"at": iso(now)}).as_json()
    reason = Respondent.next_reason.type
    values: dict[str, Any] = {
        "campaign_id": literal(lease.campaign_id),
        "import_id": literal(lease.import_id),
        "branch_id": cast(_by_name(ImportRow.branch_fold, {name: row.id for name, row in branches.items()}), Integer),
        "region_code": _by_name(ImportRow.branch_fold, regions),
        **{name: getattr(ImportRow, name) for name in _COPIED},
        "loaded_at": literal(now, UtcDateTime),
        "state": case((ImportRow.stopped, State.REFUSED.value), else_=State.WAITING.value),
        "queue_class": case((ImportRow.stopped, null()), else_=int(QueueClass.NEW)),
        "next_call_at": case((callable_now, literal(now, UtcDateTime)), else_=null()),
        "next_reason": case(
            (ImportRow.stopped, literal(refused, reason)),
            (callable_now, literal(Why("new").as_json(), reason)),
            else_=literal(Why("no_region").as_json(), reason),
        ),
    }
    rows = select(*values.values()).where(staged).order_by(ImportRow.row_no)
    s.execute(insert(Respondent).from_select(list(values), rows))


def _insert_phones(s: Session, staged: ColumnElement[bool]) -> None:
    columns = ["respondent_id", "position", "is_next", "e164", "extension", "guessed", "words"]
    number = ImportRow.e164, ImportRow.extension, ImportRow.guessed, func.coalesce(ImportRow.phone_words, "")
    first = select(ImportRow.respondent_id, literal(0), literal(True), *number)
    s.execute(insert(RespondentPhone).from_select(columns, first.where(staged).order_by(ImportRow.row_no)))
    having = select(ImportRow.respondent_id, ImportRow.spare_phones).where(staged, ImportRow.spare_phones.is_not(None))
    spare = [
        {"respondent_id": row.respondent_id, "position": position, **_WORDLESS, **phone}
        for row in s.execute(having.order_by(ImportRow.row_no))
        for position, phone in enumerate(row.spare_phones, 1)
    ]
    if spare:
        s.execute(insert(RespondentPhone), spare)


def _insert_phones_of_repeats(s: Session, repeats: ColumnElement[bool]) -> None:
    """Rows that mean the client of another row add their numbers to his, in the order of the file."""
    first = aliased(ImportRow)
    number = ImportRow.e164, ImportRow.extension, ImportRow.guessed, ImportRow.phone_words, ImportRow.spare_phones
    found = s.execute(
        select(first.respondent_id, *number)
        .join(first, and_(first.import_id == ImportRow.import_id, first.row_no == ImportRow.same_as_row))
        .where(repeats, first.respondent_id.is_not(None))
        .order_by(ImportRow.row_no)
    ).all()
    for start in range(0, len(found), _CHUNK):
        _join_phones(s, found[start : start + _CHUNK])


def _join_phones(s: Session, found: Sequence[Row[Any]]) -> None:
    owners = {row.respondent_id for row in found}
    has: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    numbers = select(RespondentPhone.respondent_id, RespondentPhone.e164, RespondentPhone.extension)
    for owner, e164, extension in s.execute(numbers.where(RespondentPhone.respondent_id.in_(owners))):
        has[owner].add((e164, extension))
    folds = s.execute(select(Respondent.id, Respondent.search_fold).where(Respondent.id.in_(owners)))
    added, words = [], {id: text for id, text in folds}
    for row in found:
        own = {"e164": row.e164, "extension": row.extension, "guessed": row.guessed, "words": row.phone_words or ""}
        for phone in (own, *(row.spare_phones or ())):
            key = phone["e164"], phone["extension"]
            if key not in has[row.respondent_id]:
                place = {"respondent_id": row.respondent_id, "position": len(has[row.respondent_id])}
                added.append({**place, **_WORDLESS, **phone})
                has[row.respondent_id].add(key)
                words[row.respondent_id] = f"{words[row.respondent_id]} {phone['e164'][2:]}"[:_MAX_SEARCH]
    if added:
        s.execute(insert(RespondentPhone), added)
        s.execute(update(Respondent), [{"id": id, "search_fold": text} for id, text in words.items()])


def _one_of(column: InstrumentedAttribute[str | None], names: list[str]) -> ColumnElement[bool]:
    return or_(false(), column.in_(names))


def _by_name(column: InstrumentedAttribute[str | None], values: Mapping[str, Any]) -> ColumnElement[Any]:
    return case({name: value for name, value in values.items()}, value=column, else_=null()) if values else null()


def _remember_columns(s: Session, customer_id: int, header: Header, now: datetime) -> None:
    """For the customer's next base. Not of a row that holds a client's data: it would be kept for ever."""
    if not header.may_be_kept:
        return
    same = ColumnMapping.customer_id == customer_id, ColumnMapping.signature == signature(header.titles)
    known = s.scalars(select(ColumnMapping).where(*same)).one_or_none()
    if known is None:
        known = ColumnMapping(customer_id=customer_id, signature=signature(header.titles))
        s.add(known)
    known.columns = dict(header.columns)
    known.titles = list(header.titles)
    known.used_at = now

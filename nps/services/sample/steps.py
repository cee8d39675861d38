"""What people do with a load: choose a file, say what its columns and branches are, publish it, or give it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.adapters.sample_sheet import store
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.sample import BranchGroup, Understood, group_branches, header_at, mapping_problem, read_decision
from nps.domain.search import fold
from nps.models import Campaign, ImportRow, SampleImport
from nps.queries import sample as queries
from nps.services.form_keys import once
from nps.services.journal import record
from nps.services.sample.reading import customer_of, describe, head_rows, remembered
from nps.services.sample.work import JOB
from nps.services.transaction import AnySession, write

_MAX_FILE_NAME = 300
_OVER = ("published", "cancelled")
_TOO_MANY_BRANCHES = "В столбце ОП слишком много разных названий. Проверьте, тот ли столбец выбран."
_UNNAMED_BRANCH = "У строк без ОП нет названия: выберите для них существующее подразделение."
_OTHER_SHEET = "Таких столбцов в таблице нет: лист или строку заголовков сменили. Выберите столбцы заново."
_STALE = "Загрузка уже продвинулась дальше. Показано то, что есть сейчас."


def upload(
    session: AnySession,
    *,
    campaign_id: int,
    user_id: int,
    file_name: str,
    source: IO[bytes],
    now: datetime,
    form_key: str = "",
) -> int:
    """Keep a workbook and have it read; returns the id of the load.

    Raises SheetError for a file that is no xlsx, DomainError for a closed campaign, NotFoundError for none.
    """
    stored = store.keep(source)
    name = file_name.replace("\\", "/").rpartition("/")[2].strip()[-_MAX_FILE_NAME:] or "base.xlsx"
    with write(session) as s:

        def act() -> dict[str, Any]:
            _open_campaign(s, campaign_id)
            load = SampleImport(
                campaign_id=campaign_id,
                uploaded_by=user_id,
                created_at=now,
                file_name=name,
                file_path=stored.path,
                sha256=stored.sha256,
                size=stored.size,
                state="uploaded",
            )
            s.add(load)
            s.flush()
            record(
                s,
                at=now,
                action="sample_uploaded",
                object_kind="sample_import",
                object_id=load.id,
                actor_id=user_id,
                campaign_id=campaign_id,
                after={"size": stored.size, "sha256": stored.sha256},
            )
            return {"id": load.id}

        fields = {"campaign": campaign_id, "sha256": stored.sha256, "name": name}
        result, _ = once(s, key=form_key, user_id=user_id, route="sample.upload", fields=fields, now=now, act=act)
    queue.enqueue(queue.BULK, JOB, result["id"])
    return int(result["id"])


def reread(session: AnySession, *, campaign_id: int, import_id: int, sheet: int, header_row: int) -> None:
    """Take another sheet or another row as the header. Raises DomainError when there is nothing in that place."""
    load = _found(session, campaign_id, import_id, "understood")
    sheets = load.understood.sheets
    if not 0 <= sheet < len(sheets) or sheets[sheet].hidden:
        raise DomainError("no_sheet", "Такого листа нет или он скрыт. Выберите лист из списка.")
    row = next((row for row in head_rows(import_id, sheet) if row[0] == header_row), None)
    if row is None:
        raise DomainError(
            "no_row", f"Строка {header_row} пустая или стоит слишком низко. Укажите строку с заголовками."
        )
    header = header_at(*row)
    header = remembered(session, _customer(session, campaign_id), header) or header
    understood = describe(import_id, load.understood, sheet, header)
    with write(session) as s:
        fresh = _locked(s, campaign_id, import_id, "understood")
        fresh.understood = understood
        fresh.rows_total = understood.profile.rows


def confirm(
    session: AnySession,
    *,
    campaign_id: int,
    import_id: int,
    columns: Mapping[str, int],
    decisions: Mapping[str, str],
    user_id: int,
    now: datetime,
    form_key: str = "",
) -> bool:
    """Take the mapping and have the rows checked. `decisions`: key of an unknown branch -> code of `Decision`.

    False when the columns were changed so that other branches have to be decided first: the columns are kept, nothing
    is started. Raises DomainError for a mapping or decision that can't be used, StaleError when the load has moved on.
    """
    load = _found(session, campaign_id, import_id, None)
    understood = _understood_with(load, columns) if load.state == "understood" else None
    with write(session) as s:

        def act() -> dict[str, Any]:
            fresh = _locked(s, campaign_id, import_id, "understood")
            if understood is None:
                raise StaleError("load_state", _STALE)
            known = queries.known_branches(s, customer_of(s, campaign_id))
            groups = group_branches(understood.profile.branches, known)
            fresh.understood = understood
            fresh.rows_total = understood.profile.rows
            if understood.header.columns != load.understood.header.columns and _undecided(groups, decisions):
                return {"started": False}
            if understood.profile.has_too_many_branches:
                raise DomainError("branches", _TOO_MANY_BRANCHES)
            _start_check(s, fresh, groups, decisions)
            return {"started": True}

        fields = {"load": import_id, "columns": dict(columns), "decisions": dict(decisions)}
        result, _ = once(s, key=form_key, user_id=user_id, route="sample.confirm", fields=fields, now=now, act=act)
    if result["started"]:
        queue.enqueue(queue.BULK, JOB, import_id)
    return bool(result["started"])


def _understood_with(load: SampleImport, columns: Mapping[str, int]) -> Understood:
    """What an understood load is with these columns; its rows are looked at again when they are others."""
    problem = mapping_problem(columns)
    if problem:
        raise DomainError("mapping", problem)
    header = load.understood.header
    if max(columns.values()) >= len(header.titles):
        raise DomainError("mapping", _OTHER_SHEET)
    if header.columns == columns:
        return load.understood
    return describe(load.id, load.understood, load.understood.sheet, replace(header, columns=columns))


def _undecided(groups: list[BranchGroup], decisions: Mapping[str, str]) -> bool:
    return any(group.branch_id is None and group.key not in decisions for group in groups)


def _start_check(s: Session, load: SampleImport, groups: list[BranchGroup], decisions: Mapping[str, str]) -> None:
    own = {branch.id for branch in queries.branches(s, customer_of(s, load.campaign_id))}
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    for group in groups:
        code = f"branch:{group.branch_id}" if group.branch_id is not None else decisions.get(group.key, "")
        decision = read_decision(code, group.name)
        if decision.branch_id is not None and decision.branch_id not in own:
            raise DomainError("branch_foreign", "Такого подразделения нет. Выберите его из списка.")
        if decision.region is not None and not group.name:
            raise DomainError("branch_unnamed", _UNNAMED_BRANCH)
        for spelling in group.spellings:
            codes[fold(spelling)] = code
            names[fold(spelling)] = group.name
    load.understood = replace(load.understood, decisions=codes, branch_names=names, again=False, tries=0)
    load.state = "checking"
    load.rows_done = 0
    load.lease_until = None


def publish(
    session: AnySession, *, campaign_id: int, import_id: int, user_id: int, now: datetime, form_key: str = ""
) -> None:
    """Have accepted rows of a checked load made clients, and proposed changes written.

    Raises StaleError, DomainError when there is nothing to do.
    """
    with write(session) as s:

        def act() -> dict[str, Any]:
            load = _locked(s, campaign_id, import_id, "checked")
            _open_campaign(s, campaign_id)
            is_taken = or_(ImportRow.fate.in_(("accepted", "corrected")), ImportRow.proposal == "proposed")
            taken = ImportRow.import_id == import_id, is_taken
            if not s.execute(select(func.count()).where(*taken)).scalar_one():
                raise DomainError("nothing_to_load", "В файле нет ни новых клиентов, ни изменений: база не изменится.")
            load.state = "publishing"
            load.lease_until = None
            return {}

        once(s, key=form_key, user_id=user_id, route="sample.publish", fields={"load": import_id}, now=now, act=act)
    queue.enqueue(queue.BULK, JOB, import_id)


def back_to_columns(session: AnySession, *, campaign_id: int, import_id: int) -> None:
    """Drop the receipt of a checked load and ask about its columns again. Raises StaleError."""
    with write(session) as s:
        load = _locked(s, campaign_id, import_id, "checked")
        s.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
        load.state = "understood"
        load.rows_done = 0


def cancel(session: AnySession, *, campaign_id: int, import_id: int, user_id: int, now: datetime) -> None:
    """Give a load up, whatever it is doing: no row and no file of it stays. Raises StaleError when it is published."""
    with write(session) as s:
        load = _locked(s, campaign_id, import_id, None)
        if load.state in _OVER or load.understood.added is not None:
            raise StaleError("load_over", _STALE)
        s.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
        load.state = "cancelled"
        load.lease_until = None
        load.understood = Understood()
        path = load.file_path
        others = select(func.count()).where(SampleImport.file_path == path, SampleImport.state != "cancelled")
        s.flush()
        is_last = not s.execute(others).scalar_one()
        record(
            s,
            at=now,
            action="sample_cancelled",
            object_kind="sample_import",
            object_id=import_id,
            actor_id=user_id,
            campaign_id=campaign_id,
        )
    store.drop_rows(import_id)
    if is_last:
        store.drop_workbook(path)


def _open_campaign(s: Session, campaign_id: int) -> None:
    closed = s.execute(select(Campaign.closed_at).where(Campaign.id == campaign_id)).one_or_none()
    if closed is None:
        raise NotFoundError("Такого проекта нет.")
    if closed.closed_at is not None:
        raise DomainError("campaign_closed", "Проект закрыт, загрузить клиентов уже нельзя.")


def _customer(session: AnySession, campaign_id: int) -> int:
    return session.scalars(queries.customer_id(campaign_id)).one()


def _found(session: AnySession, campaign_id: int, import_id: int, state: str | None) -> SampleImport:
    """The load outside a transaction, for work that takes time; detached, so that nothing is written through it."""
    load = session.scalars(_load(campaign_id, import_id)).one_or_none()
    if load is not None:
        session.expunge(load)
    session.rollback()
    return _in_state(load, state)


def _locked(s: Session, campaign_id: int, import_id: int, state: str | None) -> SampleImport:
    found = s.scalars(_load(campaign_id, import_id).with_for_update().execution_options(populate_existing=True))
    return _in_state(found.one_or_none(), state)


def _load(campaign_id: int, import_id: int) -> Select[SampleImport]:
    return select(SampleImport).where(SampleImport.id == import_id, SampleImport.campaign_id == campaign_id)


def _in_state(load: SampleImport | None, state: str | None) -> SampleImport:
    if load is None:
        raise NotFoundError("Такой загрузки нет.")
    if state is not None and load.state != state:
        raise StaleError("load_state", _STALE)
    return load

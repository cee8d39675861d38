"""What people do with a load: choose a file, say what its columns and branches are, publish it, or give it up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import IO

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.adapters.sample_sheet import store
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.sample import (
    FIELDS,
    REQUIRED,
    BranchGroup,
    Columns,
    Understood,
    branch_spelling,
    group_branches,
    mapping_problem,
    read_decision,
)
from nps.domain.search import fold
from nps.models import ImportRow, SampleImport
from nps.queries import sample as queries
from nps.services.acting import act
from nps.services.sample.answers import given
from nps.services.sample.reading import customer_of, describe, header_of_sheet, refuse_closed, remembered
from nps.services.sample.work import JOB
from nps.services.transaction import AnySession, write

#: What a person may say of a text file, '' to have it found out, with the words for it.
ENCODINGS = {
    "": "определить",
    "cp1251": "Windows-1251",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp866": "DOS (cp866)",
    "koi8-r": "КОИ-8",
    "mac-cyrillic": "Mac",
}
SEPARATORS = {"": "определить", ";": "точка с запятой", ",": "запятая", "\t": "табуляция", "|": "вертикальная черта"}

_MAX_FILE_NAME = 300
_TOO_MANY_BRANCHES = "В столбце ОП слишком много разных названий. Проверьте, тот ли столбец выбран."
_UNNAMED_BRANCH = "У строк без ОП нет названия: выберите для них существующее подразделение."
_OTHER_SHEET = "Таких столбцов в таблице нет: лист или строку заголовков сменили. Выберите столбцы заново."
_NO_ROWS = "Под заголовками нет строк с данными. Укажите другую строку заголовков, другой лист или другой файл."
_NO_SHEET = "Такого листа нет или он скрыт. Выберите лист из списка."
_OTHER_TABLE = "На листе «{}» не нашлось: {}. Вместе с этим листом он не загружается: загрузите его отдельно."
_NOT_THIS = {
    "proposed": "Клиент опрошен, его ответы под другое имя не переносим. Ответьте «Другой человек» или не загружайте.",
    "separate": "Строка повторяет клиента слово в слово: второго такого же не бывает. Измените его или оставьте.",
}
_STALE = "Загрузка уже продвинулась дальше. Показано то, что есть сейчас."


def upload(
    session: AnySession, *, campaign_id: int, user_id: int, file_name: str, source: IO[bytes], now: datetime
) -> int:
    """Keep a workbook and have it read; returns the id of the load.

    Raises SheetError for a file that is no xlsx, DomainError for a closed campaign, NotFoundError for none.
    """
    stored = store.keep(source)
    name = file_name.replace("\\", "/").rpartition("/")[2].strip()[-_MAX_FILE_NAME:] or "base.xlsx"
    with act(session, user_id, now) as a:
        refuse_closed(a.s, campaign_id)
        load = SampleImport(
            campaign_id=campaign_id, uploaded_by=user_id, created_at=now, file_name=name, file_path=stored.path,
            sha256=stored.sha256, size=stored.size, state="uploaded",
            understood=Understood(is_text=store.is_text(stored.path)),
        )  # fmt: skip
        a.s.add(load)
        a.s.flush()
        load_id = load.id
        told = {"size": stored.size, "sha256": stored.sha256}
        a.record("sample_uploaded", "sample_import", load_id, campaign_id=campaign_id, after=told)
        a.afterwards(queue.enqueue, queue.BULK, JOB, load_id)
    return load_id


def reread(
    session: AnySession,
    *,
    campaign_id: int,
    import_id: int,
    sheet: int,
    header_row: int,
    others: Collection[int] | None = None,
) -> None:
    """Take another sheet or row as the header, row 0 for none, and `others` with it: None for those of its table.

    Raises DomainError for a place with nothing in it, and for a sheet that can't be taken.
    """
    load = _found(session, campaign_id, import_id)
    known, sheets = load.understood, load.understood.sheets
    for index in (sheet, *(others or ())):
        if not 0 <= index < len(sheets) or sheets[index].hidden:
            raise DomainError("no_sheet", _NO_SHEET)
    header = known.header
    if others is None or (sheet, header_row) != (known.sheet, header.row):
        header = header_of_sheet(import_id, sheet, sheets[sheet].name, header_row)
        header = remembered(session, customer_of(session, campaign_id), header) or header
    understood = describe(import_id, known, sheet, header, others)
    _refuse_parts(understood)
    with write(session) as s:
        _keep(_locked(s, campaign_id, import_id, "understood"), understood)


def read_text_as(session: AnySession, *, campaign_id: int, import_id: int, encoding: str, separator: str) -> None:
    """Have a text file read once more in this encoding and with this separator, '' to find it out.

    One that could not be read too. Raises DomainError for a workbook or an unknown choice, StaleError when the load has
    moved on.
    """
    if encoding not in ENCODINGS or separator not in SEPARATORS:
        raise DomainError("text_as", "Выберите кодировку и разделитель из списка.")
    with write(session) as s:
        load = _locked(s, campaign_id, import_id)
        if load.state != "failed":
            _in_state(load, "understood")
        if not load.understood.is_text:
            raise DomainError("no_text", "Кодировку выбирают только у текстового файла, а это книга.")
        load.understood = Understood(is_text=True, encoding=encoding, separator=separator)
        load.state, load.rows_done, load.rows_total, load.lease_until = "uploaded", 0, 0, None
        load.problem = ""
    queue.enqueue(queue.BULK, JOB, import_id)


def confirm(
    session: AnySession,
    *,
    campaign_id: int,
    import_id: int,
    columns: Columns,
    decisions: Mapping[str, str],
    branch: str = "",
    grouped: bool = False,
    without_unseen: bool = False,
) -> bool:
    """Take the mapping and have the rows checked. `decisions`: key of an unknown branch -> code of `Decision`.

    Without a column of branches `branch` is that of the whole base, or it stands in rows of its own (`grouped`).
    `without_unseen`: hidden and filtered rows are left.

    False when the columns were changed so that other branches have to be decided first: the columns are kept, nothing
    is started. Raises DomainError for a mapping or decision that can't be used, StaleError when the load has moved on.
    """
    load = _found(session, campaign_id, import_id)
    wanted = _wanted(load.understood, columns, branch, grouped, without_unseen)
    if problem := mapping_problem(wanted.header):
        raise DomainError("mapping", problem)
    understood = _understood_as(load, wanted)
    _refuse_parts(understood)
    if not understood.rows:
        raise DomainError("no_rows", _NO_ROWS)
    with write(session) as s:
        fresh = _locked(s, campaign_id, import_id, "understood")
        known = queries.known_branches(s, customer_of(s, campaign_id))
        groups = group_branches(understood.branches, known)
        _keep(fresh, understood)
        if understood != load.understood and _undecided(groups, decisions):
            return False
        if understood.has_too_many_branches:
            raise DomainError("branches", _TOO_MANY_BRANCHES)
        _start_check(s, fresh, groups, decisions)
    queue.enqueue(queue.BULK, JOB, import_id)
    return True


def look(
    session: AnySession,
    *,
    campaign_id: int,
    import_id: int,
    columns: Columns,
    branch: str = "",
    grouped: bool = False,
    without_unseen: bool = False,
) -> Understood:
    """What the load would be with the choices that `confirm` takes; nothing is kept, and nothing need be whole.

    Raises DomainError for columns that are not there, StaleError when the load has moved on.
    """
    load = _found(session, campaign_id, import_id)
    return _understood_as(load, _wanted(load.understood, columns, branch, grouped, without_unseen))


def _wanted(known: Understood, columns: Columns, branch: str, grouped: bool, without_unseen: bool) -> Understood:
    has_branch = "branch" in columns
    header = replace(
        known.header,
        columns=columns,
        branch="" if has_branch else branch_spelling(branch),
        grouped=grouped and not has_branch,
    )
    if max((place for places in columns.values() for place in places), default=0) >= len(header.titles):
        raise DomainError("mapping", _OTHER_SHEET)
    return replace(known, header=header, without_unseen=without_unseen)


def _understood_as(load: SampleImport, wanted: Understood) -> Understood:
    """The load as somebody wants it; its rows are looked at again when that is not how they were seen."""
    known = load.understood
    if wanted == known:
        return known
    others = [part.sheet for part in known.more]
    return describe(load.id, replace(known, without_unseen=wanted.without_unseen), known.sheet, wanted.header, others)


def _refuse_parts(understood: Understood) -> None:
    """Raise DomainError when a sheet that is taken beside the leading one has not got what a base must have."""
    for part in understood.more:
        lacks = [FIELDS[code] for code in REQUIRED if code not in part.header.columns]
        if lacks:
            name = understood.sheets[part.sheet].name
            raise DomainError("sheet", _OTHER_TABLE.format(name, ", ".join(f"«{field}»" for field in lacks)))


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
    load.state, load.rows_done, load.lease_until = "checking", 0, None


def publish(session: AnySession, *, campaign_id: int, import_id: int) -> None:
    """Have accepted rows of a checked load made clients, and proposed changes written.

    Raises StaleError, DomainError when there is nothing to do.
    """
    with write(session) as s:
        load = _locked(s, campaign_id, import_id, "checked")
        refuse_closed(s, campaign_id)
        is_taken = or_(queries.is_new_client(), ImportRow.proposal == "proposed")
        taken = ImportRow.import_id == import_id, is_taken
        if not s.execute(select(func.count()).where(*taken)).scalar_one():
            raise DomainError("nothing_to_load", "В файле нет ни новых клиентов, ни изменений: база не изменится.")
        load.state, load.lease_until = "publishing", None
    queue.enqueue(queue.BULK, JOB, import_id)


def decide(
    session: AnySession, *, campaign_id: int, import_id: int, row_no: int | None, proposal: str, asked: bool = False
) -> int:
    """Have a change written (`proposed`), left (`skipped`), or its row made a client of its own (`separate`).

    Without `row_no` all rows for which that can be said, of the questions (`asked`) or of the rest. Returns how many
    are meant. Raises StaleError when the load is not at its receipt any more, DomainError with the reason why this
    can't be said of that row.
    """
    with write(session) as s:
        _locked(s, campaign_id, import_id, "checked")
        rows = [ImportRow.import_id == import_id, ImportRow.fate == "update"]
        rows.append(ImportRow.is_question == asked if row_no is None else ImportRow.row_no == row_no)
        meant = s.scalars(select(ImportRow.row_no).where(*rows)).all()
        allowed = s.scalars(select(ImportRow.row_no).where(*rows, *queries.may_be(proposal))).all()
        if row_no is not None and meant and not allowed:
            raise DomainError("not_this_row", _NOT_THIS[proposal])
        decided = update(ImportRow).where(*rows, *queries.may_be(proposal)).values(proposal=proposal)
        s.execute(decided.execution_options(synchronize_session=False))
    return len(allowed)


def back_to_columns(session: AnySession, *, campaign_id: int, import_id: int) -> None:
    """Drop the receipt of a checked load and ask about its columns again. Raises StaleError."""
    with write(session) as s:
        load = _locked(s, campaign_id, import_id, "checked")
        load.understood = replace(load.understood, answers=given(s, import_id))
        s.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
        load.state, load.rows_done = "understood", 0


def cancel(session: AnySession, *, campaign_id: int, import_id: int, user_id: int, now: datetime) -> None:
    """Give a load up, whatever it is doing: no row and no file of it stays. Raises StaleError when it is published."""
    with act(session, user_id, now) as a:
        load = _locked(a.s, campaign_id, import_id)
        if load.state in ("published", "cancelled") or load.understood.added is not None:
            raise StaleError("load_over", _STALE)
        a.s.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
        load.state, load.lease_until, load.understood = "cancelled", None, Understood()
        path = load.file_path
        others = select(func.count()).where(SampleImport.file_path == path, SampleImport.state != "cancelled")
        a.s.flush()
        is_last = not a.s.execute(others).scalar_one()
        a.record("sample_cancelled", "sample_import", import_id, campaign_id=campaign_id)
    store.drop_rows(import_id)
    if is_last:
        store.drop_workbook(path)


def _keep(load: SampleImport, understood: Understood) -> None:
    load.understood = understood
    load.rows_total = understood.rows


def _found(session: AnySession, campaign_id: int, import_id: int) -> SampleImport:
    """The load outside a transaction, for work that takes time; detached, so that nothing is written through it."""
    load = session.scalars(_load(campaign_id, import_id)).one_or_none()
    if load is not None:
        session.expunge(load)
    session.rollback()
    return _in_state(load, "understood")


def _locked(s: Session, campaign_id: int, import_id: int, state: str = "") -> SampleImport:
    found = s.scalars(_load(campaign_id, import_id).with_for_update().execution_options(populate_existing=True))
    return _in_state(found.one_or_none(), state)


def _load(campaign_id: int, import_id: int) -> Select[SampleImport]:
    return select(SampleImport).where(SampleImport.id == import_id, SampleImport.campaign_id == campaign_id)


def _in_state(load: SampleImport | None, state: str) -> SampleImport:
    if load is None:
        raise NotFoundError("Такой загрузки нет.")
    if state and load.state != state:
        raise StaleError("load_state", _STALE)
    return load

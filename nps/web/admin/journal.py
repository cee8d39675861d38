"""The journals: who changed what, and who saw what (R20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, url_for

from nps.domain import local_time
from nps.extensions import db
from nps.queries import accounts as account_queries
from nps.queries import journal
from nps.services.reports.journal_book import export_journal
from nps.web import access, downloads, forms, htmx
from nps.web.admin import bp, journal_words
from nps.web.admin.journal_words import ACTIONS, row_of
from nps.web.clock import now
from nps.web.filters import office_zone

_FILTERS = ("action", "actor", "object_kind", "object_id", "since", "until")
#: Up to here a request writes the workbook in a few seconds.
EXPORT_LINES = 20_000


@dataclass(frozen=True, slots=True)
class _Reader:
    """One of the two journals. `nobody` stands for an actor who is no person."""

    kind: str
    title: str
    nobody: str
    read: journal.Read

    @property
    def is_access(self) -> bool:
        return self.kind == "access"


_READERS = {
    reader.kind: reader
    for reader in (
        _Reader("changes", "Журнал изменений", "система", journal.changes),
        _Reader("access", "Журнал доступа", "—", journal.accesses),
    )
}


@bp.get("/journal")
@access.roles("admin")
def journal_page() -> Response:
    """One page of changes or of accesses, narrowed by person, action, object and days of the office's clock."""
    return _page(_reader())


@bp.get("/journal.xlsx")
@access.roles("admin")
def journal_export() -> Response:
    """All lines of the same filter as a workbook; that somebody took it is a line itself."""
    reader, filters = _reader(), _filters(_shown())
    session = db.session()
    if journal.size(session, filters, access=reader.is_access, limit=EXPORT_LINES + 1) > EXPORT_LINES:
        problem = "В отборе больше 20 000 записей. Выберите дни или действие и повторите."
        return _page(reader, problem, status=422)
    file = export_journal(
        db.session,
        user_id=access.current_actor().id,
        kind=reader.kind,
        title=reader.title,
        rows=[_cells(reader, line) for line in journal.every(session, reader.read, filters)],
        address=access.client_address(),
        now=now(),
    )
    day = local_time.to_local(now(), office_zone()).date()
    return downloads.workbook(file, f"{reader.title} {day:%d.%m.%Y}.xlsx", f"journal-{reader.kind}-{day}.xlsx")


def _reader() -> _Reader:
    return _READERS.get(forms.arg("kind"), _READERS["changes"])


def _shown() -> dict[str, str]:
    return {name: forms.arg(name, 40) for name in _FILTERS}


def _page(reader: _Reader, problem: str = "", status: int = 200) -> Response:
    shown = _shown()
    before = forms.arg_number("before") if forms.arg("before") else None
    found = reader.read(db.session(), _filters(shown), before)
    lines, more = found[: journal.PAGE], len(found) > journal.PAGE
    given: dict[str, Any] = {"kind": reader.kind} | {name: value for name, value in shown.items() if value}
    codes = journal.actions(db.session(), access=reader.is_access)
    return htmx.render(
        "admin/journal.html",
        "admin/_journal.html",
        status=status,
        kind=reader.kind,
        problem=problem,
        rows=[row_of(line, reader.nobody) for line in lines],
        older=url_for("admin.journal_page", before=lines[-1].id, **given) if more else "",
        export=url_for("admin.journal_export", **given),
        shown=shown,
        subject=journal_words.subject_of(shown["object_kind"], shown["object_id"]),
        actions=[("", "все действия"), *((code, ACTIONS.get(code, code)) for code in codes)],
        people=[("", "все люди"), *((str(row.id), row.full_name) for row in account_queries.users(db.session()))],
    )


def _cells(reader: _Reader, line: journal.Line) -> tuple[str, ...]:
    row = row_of(line, reader.nobody)
    at = local_time.to_local(row.at, office_zone())
    return f"{at:%d.%m.%Y %H:%M:%S}", row.actor, row.action, row.subject, "; ".join(row.details), row.address


def _filters(shown: Mapping[str, str]) -> journal.Filters:
    return journal.Filters(
        action=shown["action"],
        actor_id=forms.arg_number("actor") if shown["actor"] else None,
        object_kind=shown["object_kind"],
        object_id=shown["object_id"],
        since=_midnight(forms.arg_day("since")),
        until=_midnight(forms.arg_day("until"), days_later=1),
    )


def _midnight(day: date | None, days_later: int = 0) -> datetime | None:
    if day is None:
        return None
    return local_time.from_local(day + timedelta(days=days_later), time(0), office_zone()).astimezone(UTC)

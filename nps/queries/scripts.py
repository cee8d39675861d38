"""A customer's script as its author meets it: versions, the draft, what differs (R18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.script import Script
from nps.models import CallAttempt, Campaign, ScriptDraft, ScriptVersion, User
from nps.models import Script as ScriptRow


@dataclass(frozen=True, slots=True)
class Version:
    """A published version. `author` is '' for the approved wording, which the system put there.

    `calls` made by it are counted in the list of versions only.
    """

    id: int
    no: int
    script: Script
    published_at: datetime
    author: str
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being written. `revision` grows with each save; `can_undo`: its last change can be taken back."""

    script: Script
    revision: int
    updated_at: datetime
    author: str
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Studio:
    """The script of a campaign: what it calls by, the latest version, and the draft, if there is one."""

    title: str
    in_use: Version
    latest: Version
    draft: Draft | None

    @property
    def script(self) -> Script:
        """What the form shows: the draft, else the latest version."""
        return self.draft.script if self.draft is not None else self.latest.script

    @property
    def revision(self) -> int:
        """What a save has to name; 0 begins a draft."""
        return self.draft.revision if self.draft is not None else 0


@dataclass(frozen=True, slots=True)
class Caller:
    """An open campaign that calls by a version of the script; `open_calls` of it keep theirs whatever is published."""

    id: int
    title: str
    version_no: int
    open_calls: int


def studio(session: Session, version_id: int) -> Studio:
    """The script that a version belongs to. Raises NoResultFound."""
    in_use = session.get_one(ScriptVersion, version_id)
    script = session.get_one(ScriptRow, in_use.script_id)
    latest = session.execute(
        select(ScriptVersion, User.full_name)
        .outerjoin(User, User.id == ScriptVersion.published_by)
        .where(ScriptVersion.script_id == script.id)
        .order_by(ScriptVersion.no.desc())
        .limit(1)
    ).one()
    draft = session.execute(
        select(ScriptDraft, User.full_name)
        .join(User, User.id == ScriptDraft.updated_by)
        .where(ScriptDraft.script_id == script.id)
    ).one_or_none()
    shown = _draft(*draft) if draft is not None else None
    return Studio(script.title, _version(in_use, None), _version(*latest), shown)


def callers(session: Session, version_id: int) -> list[Caller]:
    """The open campaigns that call by any version of the script that this one belongs to, by title.

    Training is not among them: it follows the campaign that is trained for.
    """
    script_id = select(ScriptVersion.script_id).where(ScriptVersion.id == version_id).scalar_subquery()
    calls = (
        select(func.count())
        .select_from(CallAttempt)
        .where(CallAttempt.campaign_id == Campaign.id, CallAttempt.closed_at.is_(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Campaign.id, Campaign.title, ScriptVersion.no, calls)
        .join(ScriptVersion, ScriptVersion.id == Campaign.script_version_id)
        .where(ScriptVersion.script_id == script_id, Campaign.closed_at.is_(None), Campaign.purpose != "training")
        .order_by(Campaign.title, Campaign.id)
    )
    return [Caller(*row) for row in rows]


def versions(session: Session, version_id: int) -> list[Version]:
    """All versions of the script that this one belongs to, the newest first."""
    script_id = select(ScriptVersion.script_id).where(ScriptVersion.id == version_id).scalar_subquery()
    calls = (
        select(func.count())
        .select_from(CallAttempt)
        .where(CallAttempt.script_version_id == ScriptVersion.id, CallAttempt.purpose != "training")
        .scalar_subquery()
    )
    rows = session.execute(
        select(ScriptVersion, User.full_name, calls)
        .outerjoin(User, User.id == ScriptVersion.published_by)
        .where(ScriptVersion.script_id == script_id)
        .order_by(ScriptVersion.no.desc())
    )
    return [_version(*row) for row in rows]


def version(session: Session, of_version_id: int, no: int) -> Version | None:
    """The version of this number of the script that `of_version_id` belongs to; None when there is none."""
    return next((row for row in versions(session, of_version_id) if row.no == no), None)


def _version(row: ScriptVersion, name: str | None, calls: int = 0) -> Version:
    return Version(row.id, row.no, Script.from_dict(row.body), row.published_at, name or "", calls)


def _draft(row: ScriptDraft, name: str) -> Draft:
    return Draft(Script.from_dict(row.body), row.revision, row.updated_at, name, row.before is not None)

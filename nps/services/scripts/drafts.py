"""The draft of a script: each save names the revision it saw, so that nobody's work is written over unseen (R18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import script_file
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.script import Script
from nps.domain.script.limits import check_limits
from nps.domain.script.meaning import Meanings, keep_meaning, meanings
from nps.models import Script as ScriptRow
from nps.models import ScriptDraft, ScriptVersion, User
from nps.services.transaction import AnySession, write

#: A change of a draft, of `nps.domain.script.editing`.
Edit = Callable[[Script], Script]


def save(session: AnySession, actor: Actor, version_id: int, revision: int, edit: Edit, now: datetime) -> int:
    """Change the draft of the script that this version is of; the new revision. The first change begins the draft.

    `revision` is what the author saw, 0 for the published version. Raises StaleError when somebody has saved since,
    ScriptError when a part is too large, NotFoundError for a script of another customer.
    """
    with write(session) as s:
        draft = _draft(s, actor, version_id, revision, now)
        changed = keep_meaning(edit(Script.from_dict(draft.body)), _known(s, draft.script_id))
        check_limits(changed)
        return keep(s, draft, changed.to_dict(), actor, now)


def _known(s: Session, script_id: int) -> Meanings:
    """What the keys of the script have meant in its published versions."""
    bodies = s.scalars(select(ScriptVersion.body).where(ScriptVersion.script_id == script_id))
    return meanings(map(Script.from_dict, bodies))


def replace_draft(
    session: AnySession, actor: Actor, version_id: int, revision: int, file: IO[bytes], now: datetime
) -> int:
    """Put the script of a YAML file in the draft's place; the new revision. Raises ScriptFileError, else as `save`."""
    script = script_file.read(file)
    return save(session, actor, version_id, revision, lambda _: script, now)


def as_file(script: Script, title: str) -> bytes:
    """The script as a YAML file that `replace_draft` takes back."""
    return script_file.write(script, title)


def discard(session: AnySession, actor: Actor, version_id: int, revision: int) -> None:
    """Throw the draft away. Raises StaleError when somebody has saved since."""
    with write(session) as s:
        draft = standing(s, own_script(s, actor, version_id).id)
        if draft is not None:
            refuse_stale(s, draft, revision)
            s.delete(draft)


def undo(session: AnySession, actor: Actor, version_id: int, revision: int, now: datetime) -> None:
    """Take the last change of the draft back, whoever made it; one step, and not twice.

    Raises DomainError (nothing) when there is none, StaleError when somebody has saved since.
    """
    with write(session) as s:
        draft = standing(s, own_script(s, actor, version_id).id)
        if draft is None or draft.before is None:
            raise DomainError("nothing", "Отменять нечего: последняя правка уже отменена или опубликована.")
        refuse_stale(s, draft, revision)
        keep(s, draft, draft.before, actor, now)
        draft.before = None


def own_script(s: Session, actor: Actor, version_id: int) -> ScriptRow:
    """The script of a version, of the specialist's own customer; locked on PostgreSQL. Raises NotFoundError."""
    version = s.get(ScriptVersion, version_id)
    script = s.get(ScriptRow, version.script_id, with_for_update=True) if version is not None else None
    if script is None or actor.role != "specialist" or script.customer_id != actor.customer_id:
        raise NotFoundError("Такого скрипта у вас нет.")
    return script


def latest(s: Session, script_id: int) -> ScriptVersion:
    """The newest published version of a script."""
    versions = select(ScriptVersion).where(ScriptVersion.script_id == script_id)
    return s.scalars(versions.order_by(ScriptVersion.no.desc()).limit(1)).one()


def standing(s: Session, script_id: int) -> ScriptDraft | None:
    """The draft of a script, if somebody has begun one."""
    return s.scalars(
        select(ScriptDraft).where(ScriptDraft.script_id == script_id), execution_options={"populate_existing": True}
    ).one_or_none()


def refuse_stale(s: Session, draft: ScriptDraft, revision: int) -> None:
    """Raise StaleError, with the name of who was first, unless the author saw this revision."""
    if draft.revision != revision:
        who = s.get_one(User, draft.updated_by).full_name
        raise StaleError("stale_draft", f"Пока вы правили, черновик сохранил другой человек: {who}.")


def _draft(s: Session, actor: Actor, version_id: int, revision: int, now: datetime) -> ScriptDraft:
    script = own_script(s, actor, version_id)
    draft = standing(s, script.id)
    if draft is not None:
        refuse_stale(s, draft, revision)
        return draft
    if revision:
        raise StaleError("no_draft", "Черновик опубликован или удалён. Показано то, что действует сейчас.")
    return begin_draft(s, script, actor, now)


def begin_draft(s: Session, script: ScriptRow, actor: Actor, now: datetime) -> ScriptDraft:
    """A draft that says what the latest version says."""
    told = {"revision": 0, "updated_at": now, "updated_by": actor.id}
    last = latest(s, script.id)
    draft = ScriptDraft(script_id=script.id, based_on_id=last.id, body=last.body, **told)
    s.add(draft)
    return draft


def keep(s: Session, draft: ScriptDraft, body: dict[str, Any], actor: Actor, now: datetime) -> int:
    """Write the draft down; its new revision. What it said before can be taken back."""
    draft.before = draft.body
    draft.body, draft.revision, draft.updated_at, draft.updated_by = body, draft.revision + 1, now, actor.id
    s.flush()
    return draft.revision

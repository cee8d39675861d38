"""Publishing a draft: it becomes a version that never changes, and the chosen campaigns call by it (R18)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.domain.script import Script
from nps.models import Campaign, ScriptVersion
from nps.models import Script as ScriptRow
from nps.queries.scripts import callers
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.scripts.drafts import own_script, refuse_stale, standing
from nps.services.scripts.versions import add_version
from nps.services.transaction import AnySession, write


def publish(
    session: AnySession,
    actor: Actor,
    version_id: int,
    revision: int,
    campaigns: Collection[int],
    form: Form,
    now: datetime,
) -> int:
    """Make the draft the next version; its number. Only the customer's own specialist may.

    These of the script's open campaigns call by it from the next dial on, the others go on with theirs; calls that are
    open keep the version they began with. Raises DomainError (problems, same) when there is something to put right or
    nothing new, StaleError when somebody has saved since or there is no draft.
    """
    with write(session) as s:

        def act() -> dict[str, Any]:
            script = own_script(s, actor, version_id)
            draft = standing(s, script.id)
            if draft is None:
                raise StaleError("no_draft", "Черновик уже опубликован или удалён.")
            refuse_stale(s, draft, revision)
            if Script.from_dict(draft.body).problems():
                raise DomainError("problems", "Опубликовать нельзя: сначала исправьте проблемы, они перечислены ниже.")
            latest = _latest(s, script)
            if latest.body == draft.body:
                raise DomainError("same", f"Черновик не отличается от версии {latest.no}: публиковать нечего.")
            new_id = add_version(s, script.id, latest.no + 1, draft.body, now, actor.id)
            moved = _move(s, actor, version_id, s.get_one(ScriptVersion, new_id), campaigns, now)
            s.delete(draft)
            record(
                s, at=now, action="script_published", object_kind="script", object_id=script.id, actor_id=actor.id,
                after={"version": latest.no + 1, "campaigns": moved},
            )  # fmt: skip
            return {"no": latest.no + 1}

        return int(form.once(s, now, act)["no"])


def adopt(
    session: AnySession, actor: Actor, version_id: int, campaigns: Collection[int], form: Form, now: datetime
) -> int:
    """Let these open campaigns call by the latest version; how many were moved. Open calls keep theirs.

    Raises DomainError (campaigns) when none of them is on an older one.
    """
    with write(session) as s:

        def act() -> dict[str, Any]:
            moved = _move(s, actor, version_id, _latest(s, own_script(s, actor, version_id)), campaigns, now)
            if not moved:
                raise DomainError("campaigns", "Отметьте проекты, которые перейдут на последнюю версию.")
            return {"moved": moved}

        return int(form.once(s, now, act)["moved"])


def _latest(s: Session, script: ScriptRow) -> ScriptVersion:
    return s.scalars(
        select(ScriptVersion).where(ScriptVersion.script_id == script.id).order_by(ScriptVersion.no.desc()).limit(1)
    ).one()


def _move(
    s: Session, actor: Actor, version_id: int, to: ScriptVersion, campaigns: Collection[int], now: datetime
) -> int:
    """Write the version into the chosen campaigns; one that was closed meanwhile, or has it, is left as it is."""
    moved = [caller for caller in callers(s, version_id) if caller.id in campaigns and caller.version_no != to.no]
    for caller in moved:
        s.get_one(Campaign, caller.id, populate_existing=True).script_version_id = to.id
        record(
            s, at=now, action="script_taken", object_kind="campaign", object_id=caller.id, actor_id=actor.id,
            campaign_id=caller.id, before={"version": caller.version_no}, after={"version": to.no},
        )  # fmt: skip
    return len(moved)

"""Publishing a draft: it becomes a version that never changes, and the customer's open campaigns call by it (R18)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.domain.script import Script
from nps.models import Campaign, ScriptVersion
from nps.services.form_keys import Form
from nps.services.journal import record
from nps.services.scripts.drafts import own_script, refuse_stale, standing
from nps.services.scripts.versions import add_version
from nps.services.transaction import AnySession, write


def publish(session: AnySession, actor: Actor, version_id: int, revision: int, form: Form, now: datetime) -> int:
    """Make the draft the next version; its number. Only the customer's own specialist may.

    Calls that are open keep the version they began with. Raises DomainError (problems, same) when there is something
    to put right or nothing new, StaleError when somebody has saved since or there is no draft.
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
            versions = select(ScriptVersion.id).where(ScriptVersion.script_id == script.id)
            latest = s.scalars(
                select(ScriptVersion).where(ScriptVersion.id.in_(versions)).order_by(ScriptVersion.no.desc()).limit(1)
            ).one()
            if latest.body == draft.body:
                raise DomainError("same", f"Черновик не отличается от версии {latest.no}: публиковать нечего.")
            new_id = add_version(s, script.id, latest.no + 1, draft.body, now, actor.id)
            moved = s.scalars(
                update(Campaign)
                .where(Campaign.script_version_id.in_(versions), Campaign.closed_at.is_(None))
                .values(script_version_id=new_id)
                .returning(Campaign.id)
            ).all()
            s.delete(draft)
            record(
                s, at=now, action="script_published", object_kind="script", object_id=script.id, actor_id=actor.id,
                after={"version": latest.no + 1, "campaigns": len(moved)},
            )  # fmt: skip
            return {"no": latest.no + 1}

        return int(form.once(s, now, act)["no"])

"""Publishing a draft: it becomes a version that never changes, and the chosen campaigns call by it (R18)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, StaleError
from nps.domain.script import Script
from nps.domain.script.meaning import renamed
from nps.models import Campaign, ScriptVersion
from nps.queries.scripts import callers
from nps.services.acting import Act, act
from nps.services.scripts.drafts import latest, own_script, refuse_stale, standing
from nps.services.scripts.versions import add_version
from nps.services.transaction import AnySession


def publish(
    session: AnySession, actor: Actor, version_id: int, revision: int, campaigns: Collection[int], now: datetime
) -> int:
    """Make the draft the next version; its number. Only the customer's own specialist may.

    These of the script's open campaigns call by it from the next dial on, the others go on with theirs; calls that are
    open keep the version they began with. Raises DomainError (problems, same) when there is something to put right or
    nothing new, StaleError when somebody has saved since or there is no draft.
    """
    with act(session, actor.id, now) as a:
        script = own_script(a.s, actor, version_id)
        draft = standing(a.s, script.id)
        if draft is None:
            raise StaleError("no_draft", "Черновик уже опубликован или удалён.")
        refuse_stale(a.s, draft, revision)
        if Script.from_dict(draft.body).problems():
            raise DomainError("problems", "Опубликовать нельзя: сначала исправьте проблемы, они перечислены ниже.")
        last = latest(a.s, script.id)
        if last.body == draft.body:
            raise DomainError("same", f"Черновик не отличается от версии {last.no}: публиковать нечего.")
        new_id = add_version(a.s, script.id, last.no + 1, draft.body, now, actor.id)
        moved = _move(a, version_id, a.s.get_one(ScriptVersion, new_id), campaigns)
        a.s.delete(draft)
        same = renamed(Script.from_dict(last.body), Script.from_dict(draft.body))
        told = {"version": last.no + 1, "campaigns": moved} | ({"same_reasons": same} if same else {})
        a.record("script_published", "script", script.id, after=told)
        return last.no + 1


def adopt(session: AnySession, actor: Actor, version_id: int, campaigns: Collection[int], now: datetime) -> int:
    """Let these open campaigns call by the latest version; how many were moved. Open calls keep theirs.

    Raises DomainError (campaigns) when none of them is on an older one.
    """
    with act(session, actor.id, now) as a:
        moved = _move(a, version_id, latest(a.s, own_script(a.s, actor, version_id).id), campaigns)
        if not moved:
            raise DomainError("campaigns", "Отметьте проекты, которые перейдут на последнюю версию.")
        return moved


def _move(a: Act, version_id: int, to: ScriptVersion, campaigns: Collection[int]) -> int:
    """Write the version into the chosen campaigns; one that was closed meanwhile, or has it, is left as it is."""
    moved = [caller for caller in callers(a.s, version_id) if caller.id in campaigns and caller.version_no != to.no]
    for caller in moved:
        a.s.get_one(Campaign, caller.id, populate_existing=True).script_version_id = to.id
        was, became = {"version": caller.version_no}, {"version": to.no}
        a.record("script_taken", "campaign", caller.id, campaign_id=caller.id, before=was, after=became)
    return len(moved)

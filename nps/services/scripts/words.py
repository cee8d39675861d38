"""What clients really said becomes a part of the draft, or is put aside (R18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.phone import holds_number
from nps.domain.script import Script, editing
from nps.domain.script.limits import LONGEST_LABEL, check_limits
from nps.models import Script as ScriptRow
from nps.models import ScriptDraft, UnsuitableAnswer, UnsuitableUse
from nps.queries.personal_data import ERASED
from nps.services.scripts.drafts import begin_draft, keep, own_script, standing
from nps.services.transaction import AnySession, write

_Make = Callable[[Script, str, str], Script]
#: What words can be made into: a function of the script, the step they were said at, and the words.
USES: Mapping[str, _Make] = MappingProxyType(
    {
        "answer": editing.with_answer,
        "prompt": editing.with_prompt,
        "objection": lambda script, _, words: editing.with_objection(script, words),
        "question": lambda script, _, words: editing.with_question(script, words),
    }
)


def use_words(session: AnySession, actor: Actor, unsuitable_id: int, used_as: str, now: datetime) -> str:
    """Make a client's words a part of the draft, or put them aside (`dismissed`); the step to go on with.

    Nobody's save is in the way: it is added to whatever is saved by now. Raises NotFoundError for words of another
    customer's client, StaleError when they have been used, DomainError for words that name a telephone number.
    """
    with write(session) as s:
        said = s.get(UnsuitableAnswer, unsuitable_id)
        script = own_script(s, actor, said.script_version_id) if said is not None else None
        if said is None or script is None or said.words == ERASED:
            raise NotFoundError("Такой записи у вас нет.")
        if s.get(UnsuitableUse, unsuitable_id) is not None:
            raise StaleError("used", "Эти слова уже разобраны. Показано то, что записано.")
        s.add(UnsuitableUse(unsuitable_id=unsuitable_id, used_as=used_as, by=actor.id, at=now))
        return _use(s, actor, script, said, used_as, now)


def _use(s: Session, actor: Actor, script: ScriptRow, said: UnsuitableAnswer, used_as: str, now: datetime) -> str:
    if used_as == "dismissed":
        return ""
    make = USES.get(used_as)
    if make is None:
        raise NotFoundError("Так слова клиента использовать нельзя.")
    words = " ".join(said.words.split())[:LONGEST_LABEL]
    if holds_number(words):
        raise DomainError("number", "В словах клиента есть номер телефона: в скрипт их переносить нельзя.")
    draft: ScriptDraft = standing(s, script.id) or begin_draft(s, script, actor, now)
    changed = make(Script.from_dict(draft.body), said.step, words)
    check_limits(changed)
    keep(s, draft, changed.to_dict(), actor, now)
    return {"objection": "complaint", "question": "question"}.get(used_as, said.step)

"""Scripts of a customer: the version a new campaign calls by (R17, R18)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.models import Script, ScriptVersion


def latest_version(session: Session, customer_id: int, *, now: datetime, actor_id: int | None = None) -> int:
    """The id of the customer's latest published version; the approved wording becomes version 1 when there is none.

    Inside the caller's transaction.
    """
    latest = session.scalar(
        select(ScriptVersion.id)
        .join(Script, Script.id == ScriptVersion.script_id)
        .where(Script.customer_id == customer_id)
        .order_by(ScriptVersion.published_at.desc(), ScriptVersion.id.desc())
        .limit(1)
    )
    if latest is not None:
        return latest
    script = Script(customer_id=customer_id, title="Опрос клиентов")
    session.add(script)
    session.flush()
    body = json.dumps(DEFAULT_SCRIPT, ensure_ascii=False, sort_keys=True)
    version = ScriptVersion(
        script_id=script.id,
        no=1,
        body=DEFAULT_SCRIPT,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        published_at=now,
        published_by=actor_id,
    )
    session.add(version)
    session.flush()
    return version.id

"""Published versions: the one a new campaign calls by (R17)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.default_script import DEFAULT_SCRIPT
from nps.models import Customer, Script, ScriptVersion


def latest_version(session: Session, customer_id: int, *, now: datetime, actor_id: int | None = None) -> int:
    """The id of the customer's latest published version; the approved wording becomes version 1 when there is none.

    Inside the caller's transaction, which has the customer to itself from here on: two at once made two scripts.
    """
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
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
    return add_version(session, script.id, 1, DEFAULT_SCRIPT, now, actor_id)


def add_version(
    session: Session, script_id: int, no: int, body: dict[str, Any], now: datetime, actor_id: int | None
) -> int:
    """Publish a body as the version of this number; its id. Inside the caller's transaction."""
    plain = json.dumps(body, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(plain.encode()).hexdigest()
    version = ScriptVersion(
        script_id=script_id, no=no, body=body, sha256=digest, published_at=now, published_by=actor_id
    )
    session.add(version)
    session.flush()
    return version.id

"""A form as its envelope counts it, for tests that call a service beneath the web (`nps.services.form_keys`)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.services import form_keys
from tests.factories import NOW


def counted(
    session: Session, who: Actor | int, key: str, fields: Mapping[str, object] | None = None
) -> AbstractContextManager[None]:
    """Carry out the block as the form of this key; raises SentAgain when it came before, and acts no second time."""
    user_id = who if isinstance(who, int) else who.id
    return form_keys.counting(session, form_keys.Form(key, user_id, "test", fields or {}), NOW)

"""A form that counts once, for tests of services: what the envelope of a request does around a view."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.services import form_keys
from tests.factories import NOW


def counted(
    session: Session, actor: Actor, key: str, fields: Mapping[str, object] | None = None
) -> AbstractContextManager[None]:
    """Carry out the block as the form of this key; raises SentAgain when it came before, and acts no second time."""
    return form_keys.counting(session, form_keys.Enveloped(key, actor.id, "test", fields or {}), NOW)

"""A new installation can be tried at once: a demonstration, and an account for each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nps.demo import FIRST_STEPS
from nps.models import User
from nps.services import demo
from nps.services.demo.loading import NO_PASSWORD
from nps.services.transaction import AnySession


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What to tell the person at the terminal, once: passwords are kept nowhere."""

    accounts: tuple[demo.Issued, ...]
    first_steps: tuple[str, ...]


def prepare(session: AnySession, now: datetime, *, trial: bool = True) -> FirstRun | None:
    """Fill a database in which nobody can log in yet; None, and nothing changed, when somebody can.

    A first start that was cut short is finished by the next one. Of two at once one gets the accounts, the other None.
    `trial`: see `demo.load`.
    """
    somebody = session.scalar(select(User.id).where(User.password_hash != NO_PASSWORD).limit(1))
    session.rollback()
    if somebody is not None:
        return None
    loaded = demo.load(session, now, trial=trial)
    return FirstRun(loaded.accounts, FIRST_STEPS) if loaded.accounts else None

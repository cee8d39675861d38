"""A form counts once, also when it is sent many times in the same moment."""

from __future__ import annotations

import threading

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import Customer, FormKey
from nps.services.form_keys import SentAgain
from nps.services.transaction import write
from tests import factories
from tests.pressing import counted

PRESSES = 8


def test_of_presses_in_the_same_moment_one_acts_and_the_others_learn_that_it_has(app: Flask, session: Session) -> None:
    user_id = factories.user(session, "manager").id
    session.rollback()
    start, told = threading.Barrier(PRESSES), []

    def press() -> None:
        with app.app_context():
            start.wait()
            try:
                with counted(db.session(), user_id, "same"), write(db.session) as s:
                    s.add(Customer(name="Нажали"))
                told.append("done")
            except SentAgain:
                told.append("came before")
            except Exception as error:
                told.append(repr(error))
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(PRESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["came before"] * (PRESSES - 1) + ["done"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Customer)) == 1
    assert session.scalars(select(FormKey.key)).all() == ["same"]

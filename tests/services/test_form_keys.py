"""A form counts once, also when it is sent many times in the same moment."""

from __future__ import annotations

import threading

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.extensions import db
from nps.models import Customer, FormKey
from nps.services.form_keys import Form
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW

PRESSES = 8


def test_presses_in_the_same_moment_act_once_and_all_get_the_first_result(app: Flask, session: Session) -> None:
    user_id = factories.user(session, "manager").id
    session.rollback()
    start, results, errors = threading.Barrier(PRESSES), [], []

    def press() -> None:
        with app.app_context():
            start.wait()
            try:
                with write(db.session) as s:

                    def act() -> dict[str, int]:
                        row = Customer(name="Нажали")
                        s.add(row)
                        s.flush()
                        return {"id": row.id}

                    results.append(Form("same", user_id, "test", {}).once(s, NOW, act)["id"])
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(PRESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(results) == PRESSES and len(set(results)) == 1
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Customer)) == 1
    assert session.scalars(select(FormKey.key)).all() == ["same"]

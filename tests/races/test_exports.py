"""The limit of exports holds when many are asked for in one moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy.orm import Session

from nps.domain.errors import TooOftenError
from nps.extensions import db
from nps.services import limits
from tests import factories
from tests.factories import NOW


def test_of_thirty_exports_in_one_moment_twenty_are_given(app: Flask, session: Session) -> None:
    manager_id = factories.user(session, "manager").id
    session.rollback()

    def take(_: int) -> bool:
        with app.app_context():
            try:
                limits.take_export(db.session(), manager_id, "report_downloaded", ("campaign", 1), NOW, "")
            except TooOftenError:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(take, range(limits.EXPORTS + 10))) == limits.EXPORTS

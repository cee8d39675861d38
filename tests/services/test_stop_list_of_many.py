"""A large organisation on the stop list: every operator waits for the lock meanwhile, so it takes a few statements."""

from __future__ import annotations

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from nps.models import Respondent, StopList
from nps.services import stop_list
from tests import factories
from tests.factories import NOW


def statements(session: Session, act) -> int:
    found: list[str] = []
    engine = session.get_bind().engine

    def count(_connection, _cursor, statement, *_):
        found.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(found)


def test_two_hundred_contacts_are_stopped_and_freed_by_as_many_statements_as_two(session: Session) -> None:
    campaign, manager = factories.campaign(session), factories.user(session, "manager")
    for inn, contacts in (("7707083893", 2), ("1897309111", 200)):
        for n in range(contacts):
            factories.respondent(session, campaign, inn=inn, phones=(f"+79{inn[-4:]}{n:05d}",))
    campaign_id, manager_id = campaign.id, manager.id
    session.rollback()
    added, lifted = {}, {}
    for inn in ("7707083893", "1897309111"):
        values = {"phone": "", "inn": inn, "reason": "просьба", "now": NOW}
        added[inn] = statements(session, lambda v=values: stop_list.add(session, manager_id, campaign_id, **v))
        session.rollback()
        of_inn = select(Respondent.state).where(Respondent.inn == inn).distinct()
        assert session.scalars(of_inn).all() == ["refused"]
        entry = session.scalars(select(StopList.id).where(StopList.inn == inn)).one()
        session.rollback()
        lifted[inn] = statements(
            session, lambda e=entry: stop_list.lift(session, manager_id, campaign_id, e, "передумали", NOW)
        )
        session.rollback()
        assert session.scalars(of_inn).all() == ["waiting"]
    # Rows that are written one by one at the flush are sent together by the driver.
    assert len(set(added.values())) == 1, added
    assert len(set(lifted.values())) == 1, lifted

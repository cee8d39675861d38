"""Who is called next, and when nobody is: why and when (R1, R6, R7, R16, R21).

The queue is an index: (campaign, class, region, due, id) over clients that wait and are not held. The statement
looks at the first fitting row of each (class, open region) and takes the best of them. One `region IN (…) ORDER BY
due` over all would read the whole queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Date, Integer, String, TextClause, and_, bindparam, func, select, text, true
from sqlalchemy.orm import Session

from nps.domain.calling_window import CallingCalendar
from nps.domain.case import QueueClass
from nps.domain.local_time import to_local
from nps.models import CallAttempt, Region, Respondent
from nps.models.types import UtcDateTime
from nps.queries import numbers

#: A place in the queue to look at: rank of the lane, class of its clients. Own promises go before those of others.
_LANES: tuple[tuple[int, QueueClass], ...] = (
    (0, QueueClass.AT_ONCE),
    (1, QueueClass.CALLBACK),
    (2, QueueClass.CALLBACK),
    (3, QueueClass.REPEAT),
    (4, QueueClass.NEW),
)

#: The first client of one lane in one region. Conditions that belong to a lane are tied to its rank.
_HEAD = """
SELECT r.id FROM respondent r
WHERE r.campaign_id = :campaign AND r.queue_class = k.queue_class AND r.region_code = k.region
  AND r.state = 'waiting' AND r.held_by IS NULL AND r.next_call_at IS NOT NULL AND r.next_call_at <= :now
  -- Nobody speaks to him and no call of his waits for the manager's word, whatever the hold says.
  AND NOT EXISTS (SELECT 1 FROM call_attempt o WHERE o.respondent_id = r.id AND o.closed_at IS NULL)
  -- Own promises.
  AND (k.lane <> 1 OR r.callback_owner_id = :operator)
  -- A promise is its owner's for ten minutes while he is at work here; otherwise anyone's at once.
  AND (k.lane <> 2 OR r.callback_owner_id IS NULL OR r.reserved_until <= :now OR NOT EXISTS (
    SELECT 1 FROM shift w WHERE w.user_id = r.callback_owner_id AND w.campaign_id = r.campaign_id AND w.ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM pause b WHERE b.shift_id = w.id AND b.ended_at IS NULL)))
  -- Nobody of the same organisation is being called: preferred for repeats and new clients, a promise comes first.
  AND (k.lane < k.mind_siblings_from OR NOT EXISTS (
    SELECT 1 FROM respondent h WHERE h.held_by IS NOT NULL AND h.inn = r.inn AND h.campaign_id = r.campaign_id))
  -- No live number is in anybody's hands, was spoken to today on another client's row, or is on the stop list.
  AND NOT EXISTS ({in_use})
  AND NOT EXISTS ({spoken_to})
  AND NOT EXISTS ({stopped})
  AND NOT EXISTS ({organisation_stopped}){training}
ORDER BY r.next_call_at, r.id LIMIT 1"""

#: An invented client is called by the operator he was made for (R9).
_OWN_TRAINING = """
  AND NOT EXISTS (SELECT 1 FROM training_client t WHERE t.respondent_id = r.id AND t.operator_id <> :operator)"""

_CLAIM = """
UPDATE respondent SET held_by = :operator, held_until = :until, held_token = :token
WHERE id = (
  SELECT found.id FROM (
    SELECT k.lane, k.closing, ({head}) AS id FROM ({places}) AS k
  ) AS found WHERE found.id IS NOT NULL ORDER BY found.lane, found.closing LIMIT 1)
RETURNING id"""

#: Lanes from this one on stay away from an organisation that is being called; with `_NO_LANE` none does.
_MIND_SIBLINGS_FROM, _NO_LANE = 3, 99


@cache
def claim_statement(regions: int, start_new: bool, avoid_siblings: bool, training: bool = False) -> TextClause:
    """The statement that gives the best client to an operator and returns his id; no row when there is nobody.

    Binds: operator, campaign, customer, now, until, token, and for each of `regions` open regions, in the order of
    their closing, region_N and day_N (that region's local date). Run it under the claim lock
    (`nps.services.call_queue`), in a writing transaction.
    """
    mind_from = _MIND_SIBLINGS_FROM if avoid_siblings else _NO_LANE
    places = " UNION ALL ".join(
        f"SELECT {lane} AS lane, {n} AS closing, {int(queue_class)} AS queue_class, {mind_from} AS mind_siblings_from, "
        f":region_{n} AS region, :day_{n} AS today"
        for lane, queue_class in _LANES
        for n in range(regions)
        if start_new or queue_class is not QueueClass.NEW
    )
    head = _HEAD.format(
        in_use=numbers.IN_USE.format(client="r.id"),
        spoken_to=numbers.SPOKEN_TO.format(client="r.id", day="k.today"),
        stopped=numbers.STOPPED.format(client="r.id"),
        organisation_stopped=numbers.ORGANISATION_STOPPED.format(inn="r.inn"),
        training=_OWN_TRAINING if training else "",
    )
    return text(_CLAIM.format(head=head, places=places)).bindparams(
        bindparam("operator", type_=Integer),
        bindparam("campaign", type_=Integer),
        bindparam("customer", type_=Integer),
        bindparam("now", type_=UtcDateTime),
        bindparam("until", type_=UtcDateTime),
        bindparam("token", type_=String),
        *(bindparam(f"region_{n}", type_=String) for n in range(regions)),
        *(bindparam(f"day_{n}", type_=Date) for n in range(regions)),
    )


def in_nobodys_hands() -> ColumnElement[bool]:
    """Clients no operator is busy with, and no manager: those whose call was handed over wait for its result."""
    handed_over = select(CallAttempt.respondent_id).where(
        CallAttempt.closed_at.is_(None), CallAttempt.handed_over_at.is_not(None)
    )
    return and_(Respondent.held_by.is_(None), Respondent.id.not_in(handed_over))


def open_regions(calendars: Mapping[str, CallingCalendar], now: datetime) -> list[str]:
    """Regions where a dial may begin, the one whose window closes first at the head."""
    found = [(interval.closes, code) for code, calendar in calendars.items() if (interval := calendar.interval_at(now))]
    return [code for _, code in sorted(found)]


def region_binds(calendars: Mapping[str, CallingCalendar], regions: Sequence[str], now: datetime) -> dict[str, object]:
    """The region part of the claim's parameters."""
    binds: dict[str, object] = {}
    for n, code in enumerate(regions):
        binds[f"region_{n}"] = code
        binds[f"day_{n}"] = to_local(now, calendars[code].zone).date()
    return binds


@dataclass(frozen=True, slots=True)
class RegionOutlook:
    """One region while there is nobody to call. Instants are aware UTC.

    `next_at`: when somebody there can be called at the earliest; None when nobody is left or no window is.
    """

    code: str
    name: str
    zone: str
    is_open: bool
    waiting: int
    due_now: int
    held: int
    next_opening: datetime | None
    next_at: datetime | None


def outlook(
    session: Session,
    campaign_id: int,
    calendars: Mapping[str, CallingCalendar],
    now: datetime,
    *,
    start_new: bool = True,
) -> list[RegionOutlook]:
    """Why nobody can be called now and when somebody can, region by region; regions without clients are left out.

    With `start_new` False (R6, from 95 %) clients nobody has called yet wait without a time.
    """
    may_start = true() if start_new else Respondent.queue_class != int(QueueClass.NEW)
    counts = session.execute(
        select(
            Respondent.region_code,
            Region.name,
            func.count().label("waiting"),
            func.count().filter(Respondent.next_call_at <= now, in_nobodys_hands(), may_start).label("due_now"),
            func.count().filter(~in_nobodys_hands()).label("held"),
            func.min(Respondent.next_call_at).filter(Respondent.next_call_at > now, may_start).label("next_due"),
        )
        .join(Region, Region.code == Respondent.region_code)
        .where(Respondent.campaign_id == campaign_id, Respondent.state == "waiting")
        .group_by(Respondent.region_code, Region.name)
    ).all()
    found = []
    for row in counts:
        calendar = calendars.get(row.region_code)
        if calendar is None:
            continue
        soonest = now if row.due_now else row.next_due
        found.append(
            RegionOutlook(
                code=row.region_code,
                name=row.name,
                zone=str(calendar.zone),
                is_open=calendar.is_open(now),
                waiting=row.waiting,
                due_now=row.due_now,
                held=row.held,
                next_opening=calendar.next_opening(now),
                next_at=calendar.next_opening(soonest) if soonest else None,
            )
        )
    return sorted(found, key=lambda region: (region.next_at is None, region.next_at or now, region.name))

"""Requirements §4 told a second time, from the rows alone: what has become of a client, and when he may be called."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AttemptOutcome, CallAttempt, CaseEvent, Respondent, RespondentPhone, StopList

ZONES = {
    "udmurtia": ZoneInfo("Europe/Samara"),
    "tatarstan": ZoneInfo("Europe/Moscow"),
    "perm": ZoneInfo("Asia/Yekaterinburg"),
}
HOLIDAYS = (date(2026, 11, 4),)

MISSES = ("no_answer", "busy", "rejected", "switched_off", "voicemail", "robot")
REFUSALS = ("soft_refusal", "refused", "refused_org", "do_not_call")
SURVEYS = ("surveyed", "partial")
DEAD = ("dead_number", "wrong_number")
#: What a client who rang us says nothing by: it is not we who did not reach him.
NOT_INBOUND = (*MISSES, *DEAD, "hung_up", "technical")
FINAL = ("surveyed", "refused", "unsuccessful", "inactive", "unreached", "withdrawn")


def may_dial_at(region: str | None, at: datetime) -> bool:
    """R7: Tuesday to Thursday, [10, 12) and [14, 18) by the client's clock, on no holiday."""
    if region is None:
        return False
    local = at.astimezone(ZONES[region])
    is_open = 10 <= local.hour < 12 or 14 <= local.hour < 18
    return local.weekday() in (1, 2, 3) and is_open and local.date() not in HOLIDAYS


@dataclass
class Told:
    """A client as his history tells it. `earliest`: no dial of him before this instant."""

    state: str = "waiting"
    earliest: datetime = datetime.min.replace(tzinfo=UTC)
    misses: int = 0
    is_promise: bool = False
    by_organisation: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    dead: set[int] = field(default_factory=set)
    is_stopped: bool = False
    is_withdrawn: bool = False
    is_unreached: bool = False

    def now_is(self, has_number: bool) -> str:
        """The state with the acts that hold whatever the calls say."""
        if self.is_withdrawn:
            return "withdrawn"
        if self.state in FINAL:
            return self.state
        if self.is_stopped:
            return "refused"
        if self.state == "waiting" and not has_number:
            return "inactive"
        return "unreached" if self.is_unreached else self.state

    def call(self, call: CallAttempt, said: AttemptOutcome, zone: ZoneInfo) -> None:
        code, inbound = said.disposition, call.source == "inbound"
        ended = call.ended_at
        assert ended is not None
        if not inbound and code in DEAD:
            self.dead.add(call.phone_id)
        if not inbound and code != "technical":
            self.counts["technical"] = 0
        if code in SURVEYS:
            self.state = "surveyed"
        elif self.state == "manager" and code in REFUSALS[1:]:
            self.state = "refused"
        elif self.state == "waiting" and not (inbound and code in NOT_INBOUND):
            self.by_organisation = False
            self._result(code, ended, said.callback_at, inbound, zone)

    def _result(self, code: str, ended: datetime, named: datetime | None, inbound: bool, zone: ZoneInfo) -> None:
        tomorrow = datetime.combine(ended.astimezone(zone).date() + timedelta(days=1), time(), zone)
        if code == "other_person" and inbound and named is None:
            return
        if code in REFUSALS:
            self.state = "refused"
        elif code in MISSES:
            self.misses += 1
            self._wait(ended + timedelta(hours=1) if self.misses == 1 else tomorrow)
            self.state = "unsuccessful" if self.misses == 3 else "waiting"
        elif code in ("other_person", "callback"):
            self._again(code, 3, "manager", named or tomorrow, promise=named is not None)
        elif code == "hung_up":
            self._again(code, 1, "refused", tomorrow)
        elif code == "technical":
            self._again(code, 2, "manager", ended)
        elif code == "not_client":
            self.state = "manager"
        else:
            self._anew(ended, also_hung_up=code == "new_contact")

    def _again(self, code: str, most: int, then: str, at: datetime, promise: bool = False) -> None:
        self.counts[code] += 1
        if self.counts[code] > most:
            self.state = then
        else:
            self._wait(at, promise)

    def _wait(self, at: datetime, promise: bool = False) -> None:
        self.earliest, self.is_promise = at, promise

    def _anew(self, at: datetime, also_hung_up: bool = False) -> None:
        self.misses = 0
        self.counts = Counter(hung_up=0 if also_hung_up else self.counts["hung_up"])
        self._wait(at)

    def event(self, event: CaseEvent) -> None:
        match event.kind:
            case "reopened":
                self._reopened(event.at)
            case "returned" if self.state == "manager":
                self._returned(event.at)
            case "number_added":
                self._number_added(event)
            case "organisation_refused" if self.state == "waiting":
                self.state, self.by_organisation = "manager", True
            case "refused" if self.state not in FINAL:
                self.state = "refused"
            case "withdrawn":
                self.is_withdrawn = True
            case "unreached":
                self.is_unreached = True

    def _reopened(self, at: datetime) -> None:
        self.is_withdrawn = self.is_unreached = False
        if self.state != "surveyed":
            self.state = "waiting"
            self._anew(at, also_hung_up=True)

    def _returned(self, at: datetime) -> None:
        self.state = "waiting"
        if not self.by_organisation:
            self.counts = Counter(hung_up=self.counts["hung_up"])
            self._wait(at)

    def _number_added(self, event: CaseEvent) -> None:
        self.dead.discard(event.detail["phone_id"])
        if self.state in FINAL:
            return
        promised = (self.earliest, self.is_promise)
        self._anew(event.at)
        if promised[1]:
            self._wait(*promised)


def tell(session: Session) -> dict[int, Told]:
    """Every client's story, from his calls with their last words and from the events."""
    last = {word.attempt_id: word for word in session.scalars(select(AttemptOutcome).order_by(AttemptOutcome.n))}
    calls = list(session.scalars(select(CallAttempt).where(CallAttempt.closed_at.is_not(None))))
    events = list(session.scalars(select(CaseEvent).order_by(CaseEvent.id)))
    # One customer stands in this house; a closed campaign stays as it was.
    entries = session.scalars(select(StopList).where(StopList.lifted_at.is_(None)))
    stopped = {entry.e164 or entry.inn for entry in entries}
    gone = {event.detail["event_id"] for event in events if event.kind == "taken_back"}
    events = [event for event in events if event.kind != "taken_back" and event.id not in gone]
    found = {}
    for client in session.scalars(select(Respondent)):
        zone = ZONES.get(client.region_code or "", ZoneInfo("UTC"))
        own: list[tuple[datetime, CallAttempt | CaseEvent]] = [
            (call.ended_at or call.dialled_at, call) for call in calls if call.respondent_id == client.id
        ]
        own += [(event.at, event) for event in events if event.respondent_id == client.id]
        told = Told()
        for _, item in sorted(own, key=lambda pair: pair[0]):
            if isinstance(item, CallAttempt):
                told.call(item, last[item.id], zone)
            else:
                told.event(item)
        phones = session.scalars(select(RespondentPhone).where(RespondentPhone.respondent_id == client.id)).all()
        live = {phone.e164 for phone in phones if phone.id not in told.dead}
        told.is_stopped = bool(live & stopped) or client.inn in stopped
        told.state = told.now_is(bool(live))
        found[client.id] = told
    return found

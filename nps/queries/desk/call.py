"""The call on the desk: its clocks, and what an exchange says of its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from nps.domain.desk import LONG_TALK
from nps.domain.disposition import LEAST_RING_S, MOST_SURVEY_S
from nps.domain.local_time import clock
from nps.domain.telephony import Line, suggested_result, what_happened
from nps.models import CallAttempt
from nps.queries import telephony
from nps.queries.desk.seat import Seat
from nps.queries.desk.views import CallView
from nps.queries.telephony import exchange_of

#: An exchange that took a call and has told nothing of it for so long tells this user nothing.
_SILENT = timedelta(seconds=5)
_TELLS_NOTHING = (
    "Станция взяла вызов и ничего о нём не рассказывает: пользователю AMI нужно право read = call. "
    "Отмечайте гудки, ответ и конец сами."
)


def call_view(session: Session, seat: Seat) -> CallView:
    """The call that has no result yet."""
    call, campaign, now = seat.call, seat.campaign, seat.now
    assert call is not None and campaign is not None
    ring_from = call.ringing_at or call.dialled_at + timedelta(seconds=campaign.setup_allowance_s)
    ring_ends = ring_from + timedelta(seconds=LEAST_RING_S)
    since = call.consent_at or call.answered_at or call.ringing_at or call.dialled_at
    long_talk = call.answered_at is not None and now - call.answered_at > LONG_TALK
    view = CallView(
        id=call.id,
        state=seat.state,
        since_ms=ms(since) + (call.break_ms if call.consent_at else 0),
        answered_ms=ms(call.answered_at) if call.answered_at else 0,
        ring_wait_ms=ms(ring_ends),
        limit_s=MOST_SURVEY_S,
        may_no_answer=(call.ended_at or now) >= ring_ends,
        may_mark_ringing=seat.state == "ringing" and call.ringing_at is None,
        consented=call.consent_at is not None,
        asks_end=long_talk and call.ended_at is None,
        ended_ms=ms(call.ended_at) if call.ended_at else 0,
        inbound=call.source == "inbound",
        ended_text=clock(call.ended_at, seat.person.office_zone) if call.ended_at else "",
        stands_s=_stands(call),
        in_break=call.break_since is not None,
    )
    return _with_line(session, seat, view) if seat.has_line else view


def ms(at: datetime) -> int:
    """Milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def _stands(call: CallAttempt) -> int | None:
    """The second the survey's clock stands at: from the farewell on, and while the client asks or complains (R14)."""
    stopped = [at for at in (call.farewell_at, call.break_since) if at is not None]
    if call.consent_at is None or not stopped:
        return None
    run = (min(stopped) - call.consent_at) // timedelta(milliseconds=1) - call.break_ms
    return max(0, run) // 1000


def _with_line(session: Session, seat: Seat, call: CallView) -> CallView:
    """What the exchange says about this call: one that it was asked to make, or has reported."""
    line, is_asked, problem = telephony.line_and_wish(session, call.id)
    if not is_asked:
        return replace(call, line_text=what_happened(line), suggested=suggested_result(line) or "")
    if problem:
        return replace(call, line_text=f"{problem} Наберите номер сами.")
    if not exchange_of(seat.link, seat.now).is_alive and not line.ended_at:
        lost = "Связь со станцией потеряна: звонок не потерян, отмечайте гудки, ответ и конец сами."
        return replace(call, line_text=lost)
    if not line.is_known and seat.call is not None and seat.now - seat.call.dialled_at > _SILENT:
        return replace(call, line_text=_TELLS_NOTHING)
    call = replace(call, by_exchange=True, line_text=what_happened(line), suggested=suggested_result(line) or "")
    # The exchange says by itself that it rings: the button would only guess, and so would the clock (R13).
    rings = line.ringing_at is not None
    return replace(
        call,
        may_mark_ringing=False,
        phase=_phase(line),
        may_no_answer=call.may_no_answer and (rings or call.state != "ringing"),
        ring_wait_ms=call.ring_wait_ms if rings else 0,
    )


def _phase(line: Line) -> str:
    """What the exchange is at before the answer: it calls the operator's `phone`, dials the `client`, his `rings`."""
    if line.ringing_at is not None:
        return "sounds" if line.is_early else "rings"
    return "client" if line.was_dialled else "phone"


def exchange_note(seat: Seat) -> str:
    """What it means for this operator that the exchange does not answer; '' while it does, or none is set."""
    known = exchange_of(seat.link, seat.now)
    if not known.is_set or known.is_alive or not seat.extension:
        return ""
    return f"{known.problem or 'Станция не отвечает.'} Звоните по ссылке «Набрать»: она появится после «Позвонить»."

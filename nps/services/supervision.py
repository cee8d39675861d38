"""What a manager mends in calls that are over or forgotten (§3, §4): the original word is always kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nps.domain.disposition import TABLE, Kind
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.given_reason import given_reason
from nps.domain.phone import holds_number
from nps.models import CallAttempt, Respondent
from nps.queries import campaigns
from nps.queries.campaigns import CampaignRow
from nps.services import cases
from nps.services.acting import Act, act
from nps.services.call_queue import open_attempt_of, release
from nps.services.desk import Result, effects
from nps.services.desk.questionnaire import keep_form, what_lacks
from nps.services.desk.settling import require_allowed, settle_open, take_for_answered
from nps.services.journal import log_access
from nps.services.transaction import AnySession, write

#: A correction that needs more than a word has a form of its own on the card («Новый номер»).
NOT_BY_CORRECTION = frozenset({"new_contact"})

_LACKING = {
    "rating": "В этом звонке нет оценки: опрошенным клиент стать не может.",
    "reason": "Причины оценки в этом звонке нет. Выберите «Разговор прерван».",
}

LONGEST_TALK_S = 4 * 3600
#: The journal's action by the source of a correction.
_CORRECTED = {"manager": "call_corrected", "review": "call_corrected_by_review"}


@dataclass(frozen=True, slots=True)
class Correction:
    """The manager's word on a settled call. `callback_at` is aware UTC and belongs to results that promise a time."""

    disposition: str
    reason: str
    callback_at: datetime | None = None


def note_card_view(session: AnySession, *, user_id: int, respondent_id: int, address: str, now: datetime) -> None:
    """Write into the access journal that the person saw a client's card (R20)."""
    with write(session) as s:
        log_access(
            s, at=now, user_id=user_id, action="viewed", object_kind="respondent", object_id=respondent_id,
            address=address,
        )  # fmt: skip


def correct_result(session: AnySession, actor_id: int, attempt_id: UUID, correction: Correction, now: datetime) -> None:
    """Append another result to a settled call and decide its client anew; the first word stays in the history (§3).

    A result that is no survey takes the questionnaire out of the form; one that is makes it from the answers of the
    call, which must hold a rating (and a reason at 1-8 for «опрошен»). Raises DomainError when the result can't be this
    call's, StaleError while it or another call of this client is open.
    """
    with act(session, actor_id, now, claims=True) as a:
        append_correction(a.s, actor_id, attempt_id, correction, "manager", now)


def append_correction(
    s: Session, actor_id: int, attempt_id: UUID, correction: Correction, source: str, now: datetime
) -> None:
    """What `correct_result` does, for whoever holds the claims' lock; `source` says where the word comes from:

    `manager` from the client's card, `review` from listening to the call. Inside the caller's transaction.
    """
    reason = given_reason(correction.reason, "истории клиента")
    row = TABLE.get(correction.disposition)
    if row is None or row.code in NOT_BY_CORRECTION:
        raise DomainError("disposition", "Выберите итог из списка.")
    callback_at = correction.callback_at
    attempt, client, campaign = _attempt(s, attempt_id)
    if attempt.closed_at is None:
        raise StaleError("open_call", "У звонка ещё нет итога: сначала закройте его.")
    if open_attempt_of(s, client.id) is not None:
        raise StaleError("in_call", "Клиенту звонят сейчас. Дождитесь итога.")
    before = attempt.disposition
    if before == row.code:
        raise DomainError("disposition", f"Итог «{row.label}» уже записан. Выберите другой.")
    calendars = campaigns.calendars(s, campaign)
    if row.code == "callback" and callback_at is None:
        raise DomainError("callback_at", "Укажите день и время перезвона.")
    if callback_at is not None:
        require_allowed(callback_at, calendars.get(client.region_code or ""), now)
    if lacking := what_lacks(s, attempt, row):
        raise DomainError("disposition", _LACKING[lacking])
    if row.kind is Kind.INTERVIEW and client.state == "withdrawn":
        raise StaleError("withdrawn", "Клиент исключён из базы: сначала откройте его заново, потом исправьте итог.")
    release(s, client.id)
    word = cases.append_outcome(
        s, attempt, row.code, source=source, by=actor_id, at=now, callback_at=callback_at, reason=reason
    )
    keep_form(s, client.id, now)
    effects.carry_out(s, client, attempt, campaign, word)
    verdict = cases.refold(s, client.id, campaign, calendars)
    Act(s, actor_id, now).record(
        _CORRECTED[source], "call", attempt_id, campaign_id=campaign.id, before={"disposition": before},
        after={"disposition": row.code, "state": str(verdict.state)},
    )  # fmt: skip


def settle_for_operator(session: AnySession, actor_id: int, attempt_id: UUID, result: Result, now: datetime) -> None:
    """Settle a call that its operator left without a result; he may be gone for the day (§4).

    `result.ended_at` is when the line went down, preset to the last activity. Raises DomainError when the result does
    not fit the call, StaleError when it has one by now.
    """
    row = TABLE.get(result.disposition)
    if row is None or row.code in NOT_BY_CORRECTION:
        raise DomainError("disposition", "Выберите итог из списка.")
    with act(session, actor_id, now, claims=True) as a:
        attempt, _, _ = _attempt(a.s, attempt_id)
        if attempt.closed_at is not None:
            raise StaleError("settled", "У звонка уже есть итог: показано то, что записано.")
        if row.conversation and attempt.answered_at is None:
            take_for_answered(attempt)
        settle_open(a.s, attempt, row, result, actor_id, "manager", now)


def correct_seconds(
    session: AnySession, actor_id: int, attempt_id: UUID, talk_s: int, reason: str, now: datetime
) -> None:
    """Set how long the talk of a settled call was, with a reason; both values stay in the journal (§4).

    The survey inside it can't be longer. Raises DomainError for seconds out of range, StaleError for an open call.
    """
    reason = given_reason(reason, "истории клиента")
    if holds_number(reason):
        # It goes to the journal, from which nothing can be taken when the client's data is destroyed (R20).
        raise DomainError("reason", "Уберите из причины номер телефона: она останется в журнале навсегда.")
    if not 0 <= talk_s <= LONGEST_TALK_S:
        raise DomainError("talk_s", f"Секунды разговора — от 0 до {LONGEST_TALK_S}.")
    talk_ms = talk_s * 1000
    with act(session, actor_id, now) as a:
        attempt, _, campaign = _attempt(a.s, attempt_id)
        if attempt.closed_at is None:
            raise StaleError("open_call", "У звонка ещё нет итога: сначала закройте его.")
        before = attempt.talk_ms
        if before == talk_ms:
            return
        attempt.talk_ms = talk_ms
        attempt.survey_ms = min(attempt.survey_ms, talk_ms)
        a.record(
            "call_seconds_corrected", "call", attempt_id, campaign_id=campaign.id, before={"talk_ms": before},
            after={"talk_ms": talk_ms, "reason": reason},
        )  # fmt: skip


def _attempt(s: Session, attempt_id: UUID) -> tuple[CallAttempt, Respondent, CampaignRow]:
    attempt = s.get(CallAttempt, attempt_id, populate_existing=True, with_for_update={"key_share": True})
    if attempt is None:
        raise NotFoundError("Такого звонка нет.")
    campaign = campaigns.campaign_row(s, attempt.campaign_id)
    cases.require_open(campaign)
    client = s.get_one(Respondent, attempt.respondent_id, populate_existing=True)
    if client.erased_at is not None:
        raise StaleError("erased", "Данные этого клиента удалены: звонок больше не исправить.")
    return attempt, client, campaign

"""What managers and calls do to a case besides its results: each appends an event and folds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.case import State, acts_of_manager
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.given_reason import given_reason
from nps.domain.phone_text import parse_phone
from nps.domain.search import fold
from nps.domain.wording import greeting_name
from nps.models import Respondent, RespondentPhone
from nps.queries import campaigns, numbers
from nps.queries.campaigns import CampaignRow
from nps.services import acting
from nps.services.call_queue import open_attempt_of, release, release_shown
from nps.services.cases.folding import add_event, foreseen, refold, refold_many
from nps.services.journal import record
from nps.services.transaction import AnySession

_MAX_LETTER = 60


def letter_number(letter: str) -> str:
    """The number of the customer's letter, as it stands in the history. Raises DomainError when there is none."""
    letter = " ".join(letter.split())
    if not letter:
        raise DomainError("no_letter", "Укажите номер письма заказчика, по которому исключаете.")
    return letter[:_MAX_LETTER]


def decide_case(
    session: AnySession, actor_id: int, respondent_id: int, kind: str, reason: str, now: datetime, *, letter: str = ""
) -> None:
    """A manager's act on a case: reopened, returned, refused, withdrawn (§3, §4).

    `letter`: number of the customer's letter, needed to withdraw. Raises StaleError when the act does not fit the
    state, DomainError without a reason. Reopening begins a fresh ladder and keeps the earlier result in the history.
    """
    detail = {"letter": letter_number(letter)} if kind == "withdrawn" else {}
    reason = given_reason(reason)
    with acting.act(session, actor_id, now, claims=True) as a:
        client, campaign = _client(a.s, respondent_id)
        require_open(campaign)
        state = State(client.state)
        if kind not in acts_of_manager(state):
            raise StaleError("state_moved", "Состояние клиента уже другое: обновите страницу и решите снова.")
        if open_attempt_of(a.s, respondent_id) is not None:
            raise StaleError("in_call", "Клиенту звонят сейчас. Дождитесь итога или закройте звонок.")
        if why := why_not_back(a.s, respondent_id, kind, now):
            raise StaleError("stays", why)
        release(a.s, respondent_id)
        if kind == "withdrawn":
            client.withdrawn_at = now
        add_event(a.s, respondent_id, kind, at=now, by=actor_id, reason=reason, detail=detail)
        verdict = refold(a.s, respondent_id, campaign, campaigns.calendars(a.s, campaign))
        before, after = {"state": str(state)}, {"state": str(verdict.state)}
        a.record(f"client_{kind}", "respondent", respondent_id, campaign_id=campaign.id, before=before, after=after)


#: Acts that put a client back to work.
_BACK = ("reopened", "returned")


def why_not_back(session: Session, respondent_id: int, kind: str, now: datetime) -> str:
    """Why putting the client back to work would leave him where he is, in a sentence; '' for what works.

    Asked by the card, which offers the act or says this, and by the act; the answer is the fold's own.
    """
    client = session.get(Respondent, respondent_id)
    if client is None or kind not in _BACK:
        return ""
    campaign = campaigns.campaign_row(session, client.campaign_id)
    verdict = foreseen(session, respondent_id, kind, now, campaign, campaigns.calendars(session, campaign))
    if not verdict.state.is_final:
        return ""
    return _STAYS.get(verdict.why.code, "Его звонки и решения по нему этого не позволяют: исправьте итог звонка.")


_STAYS = {
    "stop_list": "Номер или организация клиента в стоп-листе: сначала снимите запись стоп-листа, с причиной.",
    "no_number": "Действующих номеров у клиента нет: внесите новый номер, и клиент вернётся в работу.",
}


def free(session: AnySession, actor_id: int, respondent_id: int, now: datetime) -> None:
    """Take a shown, not yet dialled client out of an operator's hands (R1, manager)."""
    with acting.act(session, actor_id, now, claims=True) as a:
        client, campaign = _client(a.s, respondent_id)
        if open_attempt_of(a.s, respondent_id) is not None:
            raise StaleError("in_call", "Звонок уже начат: закройте его итогом.")
        holder = client.held_by
        if holder is None:
            raise StaleError("not_held", "Клиент уже свободен.")
        release_shown(a.s, Respondent.id == respondent_id)
        a.record("client_freed", "respondent", respondent_id, campaign_id=campaign.id, before={"held_by": holder})


def add_number(
    session: Session, client: Respondent, raw: str, *, source: str, at: datetime, by: int | None, words: str = ""
) -> RespondentPhone:
    """Add a number as the one to try first and begin a fresh ladder; a number known before comes to life again.

    Inside the caller's transaction; the caller folds, and a number of the stop list refuses the client then (R21).
    Raises PhoneError for a text that is no Russian number.
    """
    parsed = parse_phone(raw)
    phones = session.scalars(
        select(RespondentPhone).where(RespondentPhone.respondent_id == client.id).order_by(RespondentPhone.position)
    ).all()
    found = next((phone for phone in phones if (phone.e164, phone.extension) == (parsed.e164, parsed.extension)), None)
    if found is None:
        found = RespondentPhone(
            respondent_id=client.id, position=len(phones), e164=parsed.e164, extension=parsed.extension, source=source,
            words=words,
        )  # fmt: skip
        session.add(found)
        session.flush()
    client.search_fold = f"{client.search_fold} {parsed.e164}"[:1000]
    add_event(session, client.id, "number_added", at=at, by=by, detail={"phone_id": found.id})
    customer_id = campaigns.campaign_row(session, client.campaign_id).customer_id
    if parsed.e164 in numbers.listed(session, customer_id, [client.id]).numbers:
        add_event(session, client.id, "stop_listed", at=at, by=by, reason="Новый номер в стоп-листе")
    return found


def change_contact(session: Session, client: Respondent, person: str, *, by: int | None, at: datetime) -> None:
    """Another person speaks for the organisation: the old name stays in the client's note, the journal has no names.

    Inside the caller's transaction.
    """
    before = client.contact
    client.contact = " ".join(person.split())[:300]
    client.greeting_name = greeting_name(client.contact)
    client.search_fold = f"{client.search_fold} {fold(client.contact)}"[:1000]
    client.note = f"{client.note}\nРаньше контактное лицо: {before}".strip()[:2000] if before else client.note
    record(
        session, at=at, action="contact_changed", object_kind="respondent", object_id=client.id, actor_id=by,
        campaign_id=client.campaign_id,
    )  # fmt: skip


def give_number(session: AnySession, actor_id: int, respondent_id: int, raw: str, now: datetime) -> bool:
    """A manager or specialist enters a new number: an inactive client is called again with a fresh ladder (§4).

    False when the stop list forbids to call him, on this number or another (R21).

    An operator who is shown the client gives him back: his card names another number. Raises PhoneError for a text
    that is no Russian number, StaleError while the client is called.
    """
    with acting.act(session, actor_id, now, claims=True) as a:
        client, campaign = _client(a.s, respondent_id)
        require_open(campaign)
        if open_attempt_of(a.s, respondent_id) is not None:
            raise StaleError("in_call", "Клиенту звонят сейчас. Дождитесь итога.")
        release(a.s, respondent_id)
        phone = add_number(a.s, client, raw, source="manager", at=now, by=actor_id)
        verdict = refold(a.s, respondent_id, campaign, campaigns.calendars(a.s, campaign))
        a.record("number_added", "respondent", respondent_id, campaign_id=campaign.id, after={"phone_id": phone.id})
    return verdict.why.code != "stop_list"


def organisation_refused(
    session: Session, client: Respondent, campaign: CampaignRow, *, by: int, at: datetime
) -> dict[int, int]:
    """The other contacts of the organisation wait for one decision of the manager.

    Returns who, each with the id of his event; the caller's transaction.
    """
    if client.inn is None:
        return {}
    siblings = session.scalars(
        select(Respondent.id).where(
            Respondent.campaign_id == campaign.id,
            Respondent.inn == client.inn,
            Respondent.id != client.id,
            Respondent.state == "waiting",
        )
    ).all()
    asked = {}
    for sibling in siblings:
        detail = {"respondent_id": client.id}
        asked[sibling] = add_event(session, sibling, "organisation_refused", at=at, by=by, detail=detail)
        if open_attempt_of(session, sibling) is None:
            release(session, sibling)
    refold_many(session, siblings, campaign, campaigns.calendars(session, campaign))
    return asked


def require_open(campaign: CampaignRow) -> None:
    """A closed campaign is read, never changed (R1). Raises StaleError."""
    if campaign.closed_at is not None:
        raise StaleError("closed", "Проект закрыт: его итоги больше не меняются.")


def _client(session: Session, respondent_id: int) -> tuple[Respondent, CampaignRow]:
    client = session.get(Respondent, respondent_id, populate_existing=True)
    if client is None:
        raise NotFoundError("Такого клиента нет.")
    if client.erased_at is not None:
        raise StaleError("erased", "Данные этого клиента удалены: решать о нём больше нечего.")
    return client, campaigns.campaign_row(session, client.campaign_id)

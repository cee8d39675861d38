"""The first half of an act: one transaction that overwrites the data and writes down what is left to do (R20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.domain.errors import DomainError, StaleError
from nps.domain.phone import holds_number
from nps.domain.phone_text import parse_phone
from nps.models import (
    CallAttempt,
    Campaign,
    ClaimKey,
    Contract,
    Erasure,
    Escalation,
    ImportRow,
    Outbox,
    Respondent,
    SampleImport,
    StopList,
)
from nps.queries import campaigns
from nps.queries import personal_data as queries
from nps.queries.campaigns import CampaignRow
from nps.queries.personal_data import Clients
from nps.services.acting import Act, act
from nps.services.call_queue import release
from nps.services.cases import add_event, refold
from nps.services.erased import lock_clients
from nps.services.personal_data import overwriting, rows
from nps.services.personal_data.files import Caught, caught_letters, folders, letters_of, whole_copies
from nps.services.personal_data.finishing import JOB, tidy, untidied
from nps.services.recordings.dropping import Said, drop_sounds, look_into_folder, waiting_files
from nps.services.transaction import AnySession

_REASON_LIMIT = 500
#: A number that stays on the stop list, with nothing beside it (R21).
KEPT_REASON = "Номер оставлен, чтобы по нему не звонили"


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants data destroyed and why. `actor_id` None: the command line.

    `keep_stopped`: numbers on the stop list stay there, for the one purpose of not being called.
    """

    actor_id: int | None
    reason: str
    keep_stopped: bool
    now: datetime


@dataclass(slots=True)
class _Concerned:
    """What belongs to the clients of an act, collected before it is overwritten."""

    clients: Clients
    ids: Sequence[int]
    phones: set[str]
    letters: Sequence[int]
    loads: Collection[int]
    workbooks: Collection[str]
    rows: Clients


@dataclass(frozen=True, slots=True)
class _Folders:
    """What lies in folders that are long to look through: read before the transaction, which others wait for."""

    waiting: Said
    letters: Sequence[Caught]

    @classmethod
    def read(cls) -> _Folders:
        return cls(look_into_folder(), caught_letters(folders().letters))


def erase_campaign(session: AnySession, campaign_id: int, order: Order, *, title: str) -> int:
    """Destroy the personal data of a closed campaign; returns the number of the act.

    `title` is the campaign's, typed again. Raises DomainError (codes: title, reason), StaleError for a campaign that is
    open or erased, and while a call, a letter or a load of it is under way.
    """
    order, looked = _checked(order), _Folders.read()
    with act(session, order.actor_id, order.now, claims=True) as a:
        campaign = campaigns.campaign_row(a.s, campaign_id)
        if campaign.closed_at is None:
            raise StaleError("open", "Проект ещё открыт: сначала закройте его в настройках.")
        row = a.s.get_one(Campaign, campaign_id, populate_existing=True, with_for_update={"key_share": True})
        if row.erased_at is not None:
            raise StaleError("erased", "Данные этого проекта уже удалены.")
        if " ".join(title.split()) != " ".join(campaign.title.split()):
            raise DomainError("title", "Название не совпадает. Введите его точно так, как оно стоит в проекте.")
        lock_clients(a.s, Respondent.campaign_id == campaign_id)
        concerned = _of_campaign(a.s, campaign_id)
        _refuse_busy(a.s, concerned, Campaign.id == campaign_id)
        erasure_id = _erase(a, concerned, campaign, "campaign", order, looked)
        row.erased_at = order.now
        return erasure_id


def clients_of_person(
    session: Session, campaign: CampaignRow, *, phone: str = "", respondent_id: int | None = None
) -> list[int]:
    """Ids of all clients of the campaign's customer who have the number, or one of those of the client.

    Raises PhoneError, and DomainError (code: nobody) for a client of somebody else.
    """
    if respondent_id is None:
        return queries.with_phones(session, campaign.customer_id, {parse_phone(phone).e164})
    known = queries.clients_of(campaign.customer_id).where(Respondent.id == respondent_id)
    if session.scalar(known) is None:
        raise DomainError("nobody", "Такого клиента нет, или его данные уже удалены.")
    phones = queries.phones_of_clients(session, known)
    return sorted({respondent_id, *queries.with_phones(session, campaign.customer_id, phones)})


def erase_person(
    session: AnySession,
    campaign_id: int,
    order: Order,
    *,
    shown: Sequence[int] | None,
    phone: str = "",
    respondent_id: int | None = None,
) -> int:
    """Destroy what is kept of a person in all campaigns of the campaign's customer; returns the number of the act.

    The person is found as in `clients_of_person`.

    `shown` are the clients the person who erases has seen (None at the command line): when others have the number by
    now, nothing happens. Raises PhoneError, DomainError (code: reason), StaleError also while a call, a letter or
    a load that may concern them is under way.
    """
    order, looked = _checked(order), _Folders.read()
    with act(session, order.actor_id, order.now, claims=True) as a:
        campaign = campaigns.campaign_row(a.s, campaign_id)
        ids = clients_of_person(a.s, campaign, phone=phone, respondent_id=respondent_id)
        if not ids:
            raise StaleError("nobody", "Клиентов с этим номером нет, или их данные уже удалены.")
        if shown is not None and sorted(shown) != ids:
            raise StaleError("others", "Список клиентов с этим номером изменился. Проверьте его ещё раз.")
        lock_clients(a.s, Respondent.id.in_(ids))
        concerned = _of_people(a.s, campaign, ids)
        _refuse_busy(a.s, concerned, Contract.customer_id == campaign.customer_id)
        return _erase(a, concerned, campaign, "person", order, looked)


def _checked(order: Order) -> Order:
    """The order with its reason as the act will show it for ever: it must not name whom it is about."""
    reason = order.reason.strip()[:_REASON_LIMIT]
    if not reason:
        raise DomainError("reason", "Напишите причину: она останется в акте и в журнале.")
    if holds_number(reason):
        raise DomainError("reason", "В причине стоит номер телефона. Уберите его: акт хранится без личных данных.")
    return replace(order, reason=reason)


def _of_campaign(s: Session, campaign_id: int) -> _Concerned:
    clients = select(Respondent.id).where(Respondent.campaign_id == campaign_id, Respondent.erased_at.is_(None))
    ids = s.scalars(clients.order_by(Respondent.id)).all()
    loads = s.execute(select(SampleImport.id, SampleImport.file_path).where(SampleImport.campaign_id == campaign_id))
    of_campaign = loads.all()
    others = SampleImport.campaign_id != campaign_id, SampleImport.state != "cancelled"
    kept = set(s.scalars(select(SampleImport.file_path).where(*others)))
    return _Concerned(
        clients=clients,
        ids=ids,
        phones=queries.phones_of_clients(s, clients),
        letters=s.scalars(select(Outbox.id).where(Outbox.campaign_id == campaign_id)).all(),
        loads={row.id for row in of_campaign},
        workbooks={row.file_path for row in of_campaign} - kept,
        rows=select(ImportRow.id).where(ImportRow.import_id.in_([row.id for row in of_campaign])),
    )


def _of_people(s: Session, campaign: CampaignRow, ids: Sequence[int]) -> _Concerned:
    clients = select(Respondent.id).where(Respondent.id.in_(ids))
    theirs = select(Escalation.id).where(Escalation.respondent_id.in_(ids))
    phones = queries.phones_of_clients(s, clients)
    found = rows.of_people(s, campaign.customer_id, ids, _nobody_elses(s, campaign.customer_id, ids, phones))
    workbooks = select(SampleImport.file_path).where(SampleImport.id.in_(found.loads))
    return _Concerned(
        clients=clients,
        ids=ids,
        phones=phones,
        letters=s.scalars(select(Outbox.id).where(Outbox.kind == "escalation", Outbox.subject_id.in_(theirs))).all(),
        loads=found.loads,
        # The whole workbook goes: a row can't be taken out of a file that a customer has sent.
        workbooks=set(s.scalars(workbooks)),
        rows=select(ImportRow.id).where(ImportRow.id.in_(found.rows)),
    )


def _nobody_elses(s: Session, customer_id: int, ids: Collection[int], phones: Collection[str]) -> set[str]:
    """Those of the numbers that no other client of the customer has: a colleague keeps the office's number."""
    others = set(queries.with_phones(s, customer_id, phones)) - set(ids)
    return set(phones) - queries.phones_of_clients(s, select(Respondent.id).where(Respondent.id.in_(others)))


def _refuse_busy(s: Session, concerned: _Concerned, whose: ColumnElement[bool]) -> None:
    """Nothing may be writing the data anew while it is destroyed."""
    talks = CallAttempt.respondent_id.in_(concerned.clients), CallAttempt.closed_at.is_(None)
    if s.scalar(select(CallAttempt.id).where(*talks).limit(1)) is not None:
        raise StaleError("in_call", "Идёт звонок, или он ждёт итога. Закройте его и повторите удаление.")
    # Locked before they are looked at: a worker that takes one now waits, and finds it emptied.
    locked = select(Outbox.id).where(Outbox.id.in_(concerned.letters)).order_by(Outbox.id)
    s.execute(locked.with_for_update(key_share=True)).all()
    sending = Outbox.id.in_(concerned.letters), Outbox.state == "sending"
    if s.scalar(select(Outbox.id).where(*sending).limit(1)) is not None:
        raise StaleError("sending", "Письмо с обращением как раз отправляется. Повторите удаление через минуту.")
    loading = (
        select(Campaign.title)
        .join(SampleImport, SampleImport.campaign_id == Campaign.id)
        .join(Contract, Contract.id == Campaign.contract_id)
        .where(whose, SampleImport.state.not_in(("published", "failed", "cancelled")))
        .limit(1)
    )
    title = s.scalar(loading)
    if title is not None:
        raise StaleError("loading", f"В проекте «{title}» не закончена загрузка базы: закончите её или отмените.")


def _erase(a: Act, concerned: _Concerned, campaign: CampaignRow, scope: str, order: Order, looked: _Folders) -> int:
    """Overwrite everything and write the act. The caller holds the claims and knows that nothing is under way."""
    s = a.s
    if s.get_bind().dialect.name == "sqlite":
        # What is freed is written over with zeros, in case the second half is late.
        s.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    counts = overwriting.count(s, concerned.clients)
    counts |= {"letters": len(concerned.letters), "loads": len(concerned.loads)}
    counts["rows"] = s.execute(select(func.count()).where(ImportRow.id.in_(concerned.rows))).scalar_one()
    counts |= _settle_stop_list(s, campaign.customer_id, concerned, order)
    paths = _files(s, concerned, [campaign.id] if scope == "campaign" else [], looked)
    _take_out_of_work(s, concerned.clients, order)
    # Before the clients: the statement that selects them looks at what is overwritten then.
    waiting = waiting_files(s, concerned.clients, concerned.phones, looked.waiting)
    sounds = drop_sounds(s, overwriting.recordings_of(concerned.clients, concerned.phones))
    files = folders().inside([*paths, *(folders().recordings / path for path in sounds)])
    overwriting.forget_strangers(s, concerned.phones)
    overwriting.overwrite_rows(s, concerned.rows)
    overwriting.overwrite_loads(s, concerned.loads, names=scope == "campaign")
    overwriting.overwrite_letters(s, concerned.letters)
    overwriting.overwrite_clients(s, concerned.clients, order.now)
    s.expire_all()
    counts["files"] = len(files) + len(waiting)
    erasure = Erasure(
        campaign_id=campaign.id,
        scope=scope,
        at=order.now,
        by=order.actor_id,
        reason=order.reason,
        subjects=_runs(concerned.ids),
        counts=counts,
        files=[*files, *untidied(waiting)],
    )
    s.add(erasure)
    s.flush()
    after = {**counts, "subjects": queries.spans(erasure.subjects)}
    a.record(f"{scope}_erased", "erasure", erasure.id, campaign_id=campaign.id, after=after)
    a.afterwards(tidy, s, erasure.id)
    a.afterwards(queue.enqueue, queue.BULK, JOB, erasure.id)
    return erasure.id


def _settle_stop_list(s: Session, customer_id: int, concerned: _Concerned, order: Order) -> dict[str, int]:
    """Take the clients' entries off the list or leave the bare numbers; how many of either.

    An entry that another client of the customer needs too is not theirs.
    """
    listed = s.scalars(select(StopList).where(StopList.customer_id == customer_id)).all()
    phones = concerned.phones & {entry.e164 for entry in listed if entry.e164}
    inns = queries.inns_of(s, concerned.clients) & {entry.inn for entry in listed if entry.inn}
    phones = _nobody_elses(s, customer_id, concerned.ids, phones)
    inns -= queries.inns_of_others(s, customer_id, inns, concerned.ids)
    kept = removed = 0
    for entry in listed:
        if entry.e164 not in phones and entry.inn not in inns:
            continue
        if order.keep_stopped and entry.lifted_at is None:
            entry.reason = KEPT_REASON
            kept += 1
        else:
            s.delete(entry)
            removed += 1
    s.flush()
    return {"stop_list_kept": kept, "stop_list_removed": removed}


def _files(s: Session, concerned: _Concerned, campaign_ids: list[int], looked: _Folders) -> list[Path]:
    """Every file but the sounds."""
    message_ids = s.scalars(select(Outbox.message_id).where(Outbox.id.in_(concerned.letters))).all()
    data = folders().data
    # Rows read from a workbook lie beside it when a worker was killed just after it had made the clients.
    uploads = [*concerned.workbooks, *(f"uploads/{load}.rows" for load in concerned.loads)]
    kept = [path for name in uploads if (path := data / name).is_file()]
    return [*kept, *letters_of(looked.letters, message_ids, campaign_ids), *whole_copies(data)]


def _take_out_of_work(s: Session, clients: Clients, order: Order) -> None:
    """Nobody calls a client whose data is gone: in an open campaign he counts as refused."""
    s.execute(delete(ClaimKey).where(ClaimKey.respondent_id.in_(clients)))
    still = (
        Respondent.id.in_(clients),
        or_(Respondent.held_by.is_not(None), Respondent.state.in_(("waiting", "manager"))),
    )
    for respondent_id, campaign_id, state in s.execute(
        select(Respondent.id, Respondent.campaign_id, Respondent.state).where(*still)
    ).all():
        release(s, respondent_id)
        if state in ("waiting", "manager"):
            own = campaigns.campaign_row(s, campaign_id)
            add_event(s, respondent_id, "refused", at=order.now, by=order.actor_id)
            refold(s, respondent_id, own, campaigns.calendars(s, own))
    s.flush()


def _runs(ids: Iterable[int]) -> list[list[int]]:
    """Unbroken runs of ids as [first, last]."""
    runs: list[list[int]] = []
    for number in sorted(ids):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs

"""Taking the demonstration away: its rows in one transaction, then its files.

What the append-only tables tell of keeps its row: the campaign, emptied and closed, under its contract and customer
with the published script, and accounts that ever logged in, closed. A number that the journal names is never given
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps.adapters.sample_sheet import store
from nps.domain.errors import NotFoundError, StaleError
from nps.extensions import Base
from nps.models import (
    Answer,
    AnswerTerms,
    Appointment,
    AttemptOutcome,
    Audio,
    Branch,
    BranchAlias,
    BranchContact,
    CallAttempt,
    CallingWindow,
    Campaign,
    CampaignDay,
    CampaignMember,
    CaseEvent,
    ClaimKey,
    ColumnMapping,
    Contract,
    Escalation,
    EscalationNote,
    FormKey,
    ImportRow,
    Interview,
    InterviewReason,
    LineCommand,
    Outbox,
    Pause,
    QualityMark,
    QualityPlan,
    QualityReview,
    Recording,
    RecordingAbsence,
    Reminder,
    ReportSubscription,
    Respondent,
    RespondentPhone,
    SampleImport,
    Shift,
    ShiftMessage,
    ShiftMessageReader,
    StopList,
    TelephonyEvent,
    TrainingClient,
    UnsuitableAnswer,
    UnsuitableUse,
    User,
    UserSession,
)
from nps.services.acting import Act, act
from nps.services.demo.marks import REMOVED, has_clients, own_accounts, own_campaign
from nps.services.personal_data.files import caught_letters, letters_of
from nps.services.recordings.keeping import remove_files
from nps.services.transaction import AnySession

_TITLE = "Демонстрация (удалена)"


@dataclass(slots=True)
class Fates:
    """Logins by what became of them; those kept with the reason, in Russian."""

    deleted: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Removed:
    """What went. `counts`: clients, calls, interviews, escalations, letters, files."""

    counts: dict[str, int]
    accounts: Fates


def remove(session: AnySession, now: datetime, *, accounts: bool, letters: Path) -> Removed:
    """Remove the demonstration with its files; its accounts too when `accounts` is set.

    `letters` is the folder of caught letters. Raises NotFoundError when there is nothing of it, StaleError while one of
    its calls has no result.
    """
    with act(session, None, now, claims=True) as a:
        s = a.s
        campaign = own_campaign(s)
        if campaign is None or not (campaign.closed_at is None or has_clients(s, campaign.id) or accounts):
            raise NotFoundError("Демонстрации нет: удалять нечего.")
        practice = _practice(s, campaign)
        whole = [campaign, *practice]
        open_call = (CallAttempt.campaign_id.in_([part.id for part in whole]), CallAttempt.closed_at.is_(None))
        if s.scalar(select(CallAttempt.id).where(*open_call).limit(1)) is not None:
            raise StaleError("in_call", "В демонстрации идёт звонок. Выберите его итог на рабочем месте и повторите.")
        counts = _counts(s, campaign.id)
        sounds, workbooks, loads = _files(s, campaign.id)
        for part in whole:
            _delete_rows(s, part.id)
            _empty_shell(s, part, now)
        s.execute(delete(Audio).where(Audio.sha256.in_(sounds)).execution_options(synchronize_session=False))
        fates = _remove_accounts(a, campaign.id) if accounts else Fates()
        a.record(REMOVED, "campaign", campaign.id, campaign_id=campaign.id, after=counts)
        campaigns = [part.id for part in whole]
    heard = [path for path in sounds.values() if path]
    remove_files(heard)
    files = [store.workbook(path) for path in workbooks]
    files += letters_of(caught_letters(letters), (), campaigns)
    for file in files:
        file.unlink(missing_ok=True)
    for load_id in loads:
        store.drop_rows(load_id)
    return Removed({**counts, "files": len(heard) + len(files)}, fates)


def _practice(s: Session, campaign: Campaign) -> list[Campaign]:
    """What people were trained in beside it: campaigns of its contract with invented clients."""
    beside = (Campaign.contract_id == campaign.contract_id, Campaign.purpose == "training")
    return list(s.scalars(select(Campaign).where(*beside).order_by(Campaign.id)))


def _counts(s: Session, campaign_id: int) -> dict[str, int]:
    clients = select(Respondent.id).where(Respondent.campaign_id == campaign_id)

    def count(table: type[Base], *conditions: ColumnElement[bool]) -> int:
        return s.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()

    return {
        "clients": count(Respondent, Respondent.campaign_id == campaign_id),
        "calls": count(CallAttempt, CallAttempt.campaign_id == campaign_id),
        "interviews": count(Interview, Interview.replaced_at.is_(None), Interview.respondent_id.in_(clients)),
        "escalations": count(Escalation, Escalation.campaign_id == campaign_id),
        "letters": count(Outbox, Outbox.campaign_id == campaign_id),
    }


def _files(s: Session, campaign_id: int) -> tuple[dict[str, str], list[str], list[int]]:
    """Sounds by their hash, workbooks, and loads with staged rows: those that nothing else uses."""
    calls = select(CallAttempt.id).where(CallAttempt.campaign_id == campaign_id)
    of_calls = or_(Recording.attempt_id.in_(calls), Recording.named_attempt_id.in_(calls))
    ours = select(Recording.audio_sha256).where(of_calls)
    others = select(Recording.audio_sha256).where(Recording.id.not_in(select(Recording.id).where(of_calls)))
    sounds = s.execute(select(Audio.sha256, Audio.path).where(Audio.sha256.in_(ours), Audio.sha256.not_in(others)))
    of_campaign = select(SampleImport.id, SampleImport.file_path).where(SampleImport.campaign_id == campaign_id)
    loads = s.execute(of_campaign).all()
    kept = set(s.scalars(select(SampleImport.file_path).where(SampleImport.campaign_id != campaign_id)))
    workbooks = {row.file_path for row in loads} - kept
    return {row.sha256: row.path for row in sounds}, sorted(workbooks), [row.id for row in loads]


def _delete_rows(s: Session, campaign_id: int) -> None:
    """Everything below the campaign, children first."""
    for table, condition in _rows(s, campaign_id):
        s.execute(delete(table).where(condition).execution_options(synchronize_session=False))


def _rows(s: Session, campaign_id: int) -> Iterator[tuple[type[Base], ColumnElement[bool]]]:
    calls = select(CallAttempt.id).where(CallAttempt.campaign_id == campaign_id)
    clients = select(Respondent.id).where(Respondent.campaign_id == campaign_id)
    interviews = select(Interview.id).where(Interview.respondent_id.in_(clients))
    escalations = select(Escalation.id).where(Escalation.campaign_id == campaign_id)
    appointments = s.scalars(select(Appointment.id).where(Appointment.respondent_id.in_(clients))).all()
    subjects = [f"campaign:{campaign_id}", *(f"appointment:{appointment_id}" for appointment_id in appointments)]
    yield Reminder, Reminder.subject.in_(subjects)
    messages = select(ShiftMessage.id).where(ShiftMessage.campaign_id == campaign_id)
    yield ShiftMessageReader, ShiftMessageReader.message_id.in_(messages)
    yield ShiftMessage, ShiftMessage.campaign_id == campaign_id
    yield Pause, Pause.shift_id.in_(select(Shift.id).where(Shift.campaign_id == campaign_id))
    yield Shift, Shift.campaign_id == campaign_id
    yield InterviewReason, InterviewReason.interview_id.in_(interviews)
    yield Interview, Interview.respondent_id.in_(clients)
    unsuitable = select(UnsuitableAnswer.id).where(UnsuitableAnswer.attempt_id.in_(calls))
    reviews = select(QualityReview.id).where(QualityReview.attempt_id.in_(calls))
    yield QualityMark, QualityMark.review_id.in_(reviews)
    yield QualityReview, QualityReview.attempt_id.in_(calls)
    yield QualityPlan, QualityPlan.campaign_id == campaign_id
    yield UnsuitableUse, UnsuitableUse.unsuitable_id.in_(unsuitable)
    yield Recording, or_(Recording.attempt_id.in_(calls), Recording.named_attempt_id.in_(calls))
    of_attempt = (Answer, UnsuitableAnswer, RecordingAbsence, LineCommand, AttemptOutcome)
    yield from ((table, table.attempt_id.in_(calls)) for table in of_attempt)
    yield TelephonyEvent, TelephonyEvent.attempt_id.in_(calls)
    yield Appointment, Appointment.respondent_id.in_(clients)
    yield EscalationNote, EscalationNote.escalation_id.in_(escalations)
    yield Outbox, Outbox.campaign_id == campaign_id
    yield ReportSubscription, ReportSubscription.campaign_id == campaign_id
    yield AnswerTerms, AnswerTerms.campaign_id == campaign_id
    yield Escalation, Escalation.campaign_id == campaign_id
    yield CallAttempt, CallAttempt.campaign_id == campaign_id
    yield from ((table, table.respondent_id.in_(clients)) for table in (CaseEvent, ClaimKey, RespondentPhone))
    yield ImportRow, ImportRow.import_id.in_(select(SampleImport.id).where(SampleImport.campaign_id == campaign_id))
    yield TrainingClient, TrainingClient.campaign_id == campaign_id
    yield Respondent, Respondent.campaign_id == campaign_id
    yield SampleImport, SampleImport.campaign_id == campaign_id
    yield CampaignMember, CampaignMember.campaign_id == campaign_id
    yield CallingWindow, CallingWindow.campaign_id == campaign_id
    yield CampaignDay, CampaignDay.campaign_id == campaign_id
    customer_id, others = s.execute(_other_campaigns(campaign_id)).one()
    if not others:
        for table in (BranchContact, BranchAlias, ColumnMapping, StopList, Branch):
            yield table, table.customer_id == customer_id


def _other_campaigns(campaign_id: int) -> Select[int, int]:
    """The customer of the campaign, and how many campaigns he has besides it and those of its training."""
    contract = select(Campaign.contract_id).where(Campaign.id == campaign_id).scalar_subquery()
    customer = select(Contract.customer_id).where(Contract.id == contract).scalar_subquery()
    return (
        select(
            Contract.customer_id,
            func.count(Campaign.id).filter(Campaign.id != campaign_id, Campaign.purpose != "training"),
        )
        .join(Campaign, Campaign.contract_id == Contract.id)
        .where(Contract.customer_id == customer)
        .group_by(Contract.customer_id)
    )


def _empty_shell(s: Session, campaign: Campaign, now: datetime) -> None:
    """The row that the journal refers to: nothing can be loaded into it or called in it."""
    campaign.title, campaign.closed_at, campaign.paused_at = _TITLE, campaign.closed_at or now, None
    campaign.original_clients = 0
    s.flush()


def _remove_accounts(a: Act, campaign_id: int) -> Fates:
    """Delete the accounts that nothing tells of, close the others, keep those that are needed. All sessions end."""
    s = a.s
    own, fates = own_accounts(s, campaign_id), Fates()
    for user in s.scalars(select(User).where(User.id.in_(own), User.active).order_by(User.id)).all():
        user_id, login = user.id, user.login
        reason = _why_needed(s, user, own)
        if reason:
            fates.kept.append((login, reason))
            continue
        for table in (UserSession, FormKey, Reminder, ReportSubscription):
            s.execute(delete(table).where(table.user_id == user_id).execution_options(synchronize_session=False))
        if _delete_account(s, user_id):
            fates.deleted.append(login)
            a.record("user_deleted", "user", user_id)
        else:
            fates.closed.append(login)
            user.active = False
            a.record("user_disabled", "user", user_id)
    return fates


def _why_needed(s: Session, user: User, own: set[int]) -> str:
    """Why an account must stay, '' when it need not."""
    others = select(User.id).where(User.role == "admin", User.active, User.id.not_in(own))
    if user.role == "admin" and s.scalar(others.limit(1)) is None:
        return "другого администратора нет"
    if s.scalar(select(CampaignMember.id).where(CampaignMember.user_id == user.id).limit(1)) is not None:
        return "назначен в другой проект"
    return ""


def _delete_account(s: Session, user_id: int) -> bool:
    """Delete the account unless something still tells of it: the foreign keys are the judge."""
    try:
        with s.begin_nested():
            s.execute(delete(User).where(User.id == user_id).execution_options(synchronize_session=False))
    except IntegrityError:
        return False
    return True

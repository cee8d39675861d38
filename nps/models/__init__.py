"""Tables. Importing this package makes all of them known to the metadata."""

from nps.models.appointment import Appointment, Reminder
from nps.models.call_attempt import (
    AttemptOutcome,
    CallAttempt,
    DispositionRow,
    ExchangeLink,
    LineCommand,
    TelephonyEvent,
)
from nps.models.campaign import CallingWindow, Campaign, CampaignDay, CampaignMember, Pause, Shift
from nps.models.customer import Contract, Customer
from nps.models.erasure import Erasure
from nps.models.escalation import AnswerTerms, Escalation, EscalationNote, MailServer, Outbox
from nps.models.frozen_report import FrozenReport
from nps.models.geography import Branch, BranchAlias, BranchContact, Region
from nps.models.interview import Answer, Interview, InterviewReason, UnsuitableAnswer, UnsuitableUse
from nps.models.job_run import FormKey, JobRun
from nps.models.journal import AccessLog, Journal
from nps.models.quality import QualityMark, QualityPlan, QualityReview
from nps.models.recording import Audio, Recording, RecordingAbsence
from nps.models.report_subscription import ReportSubscription
from nps.models.respondent import CaseEvent, ClaimKey, Respondent, RespondentPhone, StopList
from nps.models.sample import ColumnMapping, ImportRow, SampleImport
from nps.models.script import Script, ScriptDraft, ScriptVersion
from nps.models.shift_message import ShiftMessage, ShiftMessageReader
from nps.models.training import TrainingClient
from nps.models.user import LoginAttempt, User, UserSession

__all__ = [
    "AnswerTerms",
    "MailServer",
    "AccessLog",
    "Answer",
    "Appointment",
    "AttemptOutcome",
    "Audio",
    "Branch",
    "BranchAlias",
    "BranchContact",
    "CallAttempt",
    "CallingWindow",
    "Campaign",
    "CampaignDay",
    "CampaignMember",
    "CaseEvent",
    "ClaimKey",
    "ColumnMapping",
    "Contract",
    "Customer",
    "DispositionRow",
    "Erasure",
    "ExchangeLink",
    "Escalation",
    "EscalationNote",
    "FormKey",
    "FrozenReport",
    "ImportRow",
    "Interview",
    "InterviewReason",
    "JobRun",
    "Journal",
    "LoginAttempt",
    "LineCommand",
    "Outbox",
    "Pause",
    "QualityMark",
    "QualityPlan",
    "QualityReview",
    "Recording",
    "RecordingAbsence",
    "Region",
    "Reminder",
    "ReportSubscription",
    "Respondent",
    "RespondentPhone",
    "SampleImport",
    "Script",
    "ScriptDraft",
    "ScriptVersion",
    "Shift",
    "ShiftMessage",
    "ShiftMessageReader",
    "StopList",
    "TelephonyEvent",
    "TrainingClient",
    "UnsuitableAnswer",
    "UnsuitableUse",
    "User",
    "UserSession",
]

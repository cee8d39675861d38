"""Figures and rows of reports: one arithmetic for page, workbook and command line (R3-R6, R10-R12, R14)."""

from nps.queries.reports.answers import AnswerFilter, AnswerRow, all_answers, answers
from nps.queries.reports.calls import CallCounts, CallFilter, CallRow, Times, Traffic, calls, days_with_calls
from nps.queries.reports.clients import Base, ClientCounts, Place, base_of
from nps.queries.reports.operators import OperatorRow, Operators, operators_of
from nps.queries.reports.page import Page
from nps.queries.reports.proofs import EscalationCounts, EscalationRow, RecordingCounts, all_escalations
from nps.queries.reports.reasons import ReasonRow, Reasons
from nps.queries.reports.report import Report, begin_snapshot, campaign_report, change_mark, report_for, system_report

__all__ = [
    "AnswerFilter",
    "AnswerRow",
    "Base",
    "CallCounts",
    "CallFilter",
    "CallRow",
    "ClientCounts",
    "EscalationCounts",
    "EscalationRow",
    "OperatorRow",
    "Operators",
    "Page",
    "Place",
    "ReasonRow",
    "Reasons",
    "RecordingCounts",
    "Report",
    "Times",
    "Traffic",
    "all_answers",
    "all_escalations",
    "answers",
    "base_of",
    "begin_snapshot",
    "calls",
    "campaign_report",
    "change_mark",
    "days_with_calls",
    "operators_of",
    "report_for",
    "system_report",
]

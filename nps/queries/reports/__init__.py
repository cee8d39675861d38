"""Figures and rows of reports: one arithmetic for page, workbook and command line (R3-R6, R10-R12, R14)."""

from nps.queries.reports.answers import AnswerFilter, AnswerRow, all_answers, answers
from nps.queries.reports.calls import CallCounts, CallFilter, ExportedCall, Times, Traffic, all_calls, calls
from nps.queries.reports.clients import Base, ClientCounts, Place, base_of
from nps.queries.reports.comparing import compare_places, waves_of
from nps.queries.reports.method import Method, method_of
from nps.queries.reports.operators import OperatorRow, Operators, operators_of
from nps.queries.reports.outlook import prospect_for
from nps.queries.reports.page import Page
from nps.queries.reports.proofs import EscalationCounts, EscalationRow, RecordingCounts, all_escalations
from nps.queries.reports.reasons import ReasonRow, Reasons, reason_labels
from nps.queries.reports.report import Report, begin_snapshot, campaign_report, change_mark, report_for, system_report
from nps.queries.reports.slices import EVERYTHING, FOR_THE_HOUSE, Choices, Slice, choices_of, seen_by

__all__ = [
    "AnswerFilter", "AnswerRow", "Base", "CallCounts", "CallFilter", "Choices", "ClientCounts", "EVERYTHING",
    "EscalationCounts", "EscalationRow", "ExportedCall", "FOR_THE_HOUSE", "Method", "OperatorRow", "Operators",
    "Page", "Place", "ReasonRow", "Reasons", "RecordingCounts", "Report", "Slice", "Times", "Traffic", "all_answers",
    "all_calls", "all_escalations", "answers", "base_of", "begin_snapshot", "calls", "campaign_report", "change_mark",
    "choices_of", "compare_places", "method_of", "operators_of", "prospect_for", "reason_labels", "report_for",
    "seen_by", "waves_of", "system_report",
]  # fmt: skip

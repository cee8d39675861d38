"""Handing out reports: who took what is written down before it leaves the house (R20)."""

from nps.services.reports.checking import check_answers
from nps.services.reports.chosen_rows import MOST_ROWS, chosen_rows
from nps.services.reports.delivery import (
    IN_REQUEST_CLIENTS,
    Download,
    TooLargeError,
    download,
    export,
    may_take,
    note_view,
)

__all__ = [
    "IN_REQUEST_CLIENTS", "MOST_ROWS", "Download", "TooLargeError", "check_answers", "chosen_rows", "download",
    "export", "may_take", "note_view",
]  # fmt: skip

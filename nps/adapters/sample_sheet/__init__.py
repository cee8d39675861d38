"""Workbooks from outside: checked before they are opened, read by a child process with limits, kept by their hash."""

from nps.adapters.sample_sheet.container import check
from nps.adapters.sample_sheet.errors import SheetError
from nps.adapters.sample_sheet.reader import SheetRow, SheetStart, read

__all__ = ["SheetError", "SheetRow", "SheetStart", "check", "read"]

"""Loading a customer's base (R2): a workbook is read, understood, confirmed by a person, checked, then published.

States of a load: uploaded → reading → understood → checking → checked → publishing → published; failed; cancelled.
A person moves it on at `understood` and `checked`; `work` does the rest in the worker of the queue `bulk`.
"""

from pathlib import Path

from nps.adapters.sample_sheet import store
from nps.adapters.sample_sheet.limits import MAX_FILE_BYTES
from nps.services.sample.marked import MarkedWorkbook, marked_workbook
from nps.services.sample.reading import drawn
from nps.services.sample.steps import (
    ENCODINGS,
    SEPARATORS,
    back_to_columns,
    cancel,
    confirm,
    decide,
    look,
    publish,
    read_text_as,
    reread,
    upload,
)
from nps.services.sample.work import JOB, waiting_imports, work

__all__ = [
    "ENCODINGS", "SEPARATORS",
    "JOB", "MAX_FILE_BYTES", "MarkedWorkbook", "back_to_columns", "cancel", "confirm", "decide", "drawn",
    "keep_uploads_in", "look",
    "marked_workbook", "publish", "read_text_as", "reread", "upload", "waiting_imports", "work",
]  # fmt: skip


def keep_uploads_in(data_folder: Path) -> None:
    """Set where this process keeps workbooks; the application does it once when it is made."""
    store.connect(data_folder)

"""What processes write about themselves: a line of text for people, or of JSON for a collector.

No line may hold personal data (R20, ASVS 16.2.5). Code logs ids only; what exceptions of others carry along is taken
out here, at the last moment: PostgreSQL quotes the row that broke a rule, a library the text it could not read.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

#: Fields a caller may add by `extra=`; all are ids, codes and counts.
FIELDS = ("error_id", "method", "endpoint", "status", "ms", "user_id")

#: PostgreSQL's second lines of an error: «Key (e164)=(+7…) already exists.», the failing row, values of a statement.
_QUOTED_ROWS = re.compile(r"^(DETAIL|CONTEXT|HINT|LINE \d+):.*$", re.MULTILINE)
#: +7 917 000-75-53 in any spelling, and the 10 to 12 digits of an INN or a number without its 7.
_NUMBER = re.compile(r"(?<![\w.-])(?:\+?\d[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}|\d{10,12})(?![\w-])")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def without_personal_data(text: str) -> str:
    """The text with whole phone numbers, INNs, mail addresses and rows that PostgreSQL quotes blotted out."""
    text = _QUOTED_ROWS.sub(r"\1: …", text)
    return _ADDRESS.sub("…@…", _NUMBER.sub("…", text))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}


class TextFormatter(logging.Formatter):
    """A line that a person reads; a traceback follows on lines of its own."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, known fields after its message."""
        # Lines after the first are set in: what somebody sent can't pass for a line of its own (ASVS 16.4.1).
        return without_personal_data(super().format(record)).replace("\n", "\n    ")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The first line: a traceback comes after it."""
        told = "".join(f" {name}={value}" for name, value in _fields(record).items())
        return super().formatMessage(record) + told


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a user sends can't begin a line of its own (ASVS 16.4.1)."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: time (UTC), level, process, pid, logger, message, known fields, exception."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": without_personal_data(record.getMessage()),
        }
        line |= _fields(record)
        if record.exc_info:
            line["exception"] = without_personal_data(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure(process: str, *, as_json: bool, requests: bool) -> None:
    """Set up the logging of this process, on standard error; with `requests` a line for each request that is served."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(process) if as_json else TextFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("nps.requests").setLevel(logging.INFO if requests else logging.WARNING)
    # gunicorn has set up its own by the time it loads the application.
    server = logging.getLogger("gunicorn.error")
    server.handlers.clear()
    server.propagate = True

"""The exchange's own log of channels (CEL), for what happened while the link was down.

docs/telephony.md has the line of `cel_custom.conf` that writes it: event, epoch with microseconds, channel, call.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from nps.domain.telephony import Kind, LineEvent

_PROVIDER = "asterisk"
#: The log only grows: what is asked for happened in the last hours.
_TAIL = 4 * 1024 * 1024
_KINDS = {"ANSWER": Kind.ANSWERED, "HANGUP": Kind.HUNG_UP}
_EPOCH = re.compile(r"\d{9,11}\.\d{1,6}")


def events_of(file: Path, call_ids: Collection[str]) -> Iterator[LineEvent]:
    """Answers and ends of the calls, as the log has them. Raises OSError."""
    with file.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - _TAIL))
        text = log.read().decode("utf-8", "replace")
    for row in csv.reader(io.StringIO(text)):
        if len(row) != 4 or row[3] not in call_ids or row[0] not in _KINDS or not _EPOCH.fullmatch(row[1]):
            continue
        kind, at, leg, call_id = _KINDS[row[0]], row[1], row[2], row[3]
        yield LineEvent(
            _PROVIDER, f"{_PROVIDER}-cel-{call_id[:36]}-{leg[:40]}-{kind}", call_id, kind,
            datetime.fromtimestamp(float(at), UTC), leg,
        )  # fmt: skip

"""Files that are made for one download."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from flask import Response, make_response

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_and_forget(file: Path, name: str, plain_name: str) -> Response:
    """Answer with a workbook and delete its file: nothing with clients in it stays on the disk, whatever comes next.

    A workbook of a request's size is small. `plain_name` is ASCII, for programs without Cyrillic.
    """
    try:
        return workbook(file.read_bytes(), name, plain_name)
    finally:
        file.unlink()


def workbook(content: bytes, name: str, plain_name: str) -> Response:
    """Answer with a workbook; see `send_and_forget`."""
    response = make_response(content)
    response.mimetype = XLSX
    response.headers["Content-Disposition"] = disposition(name, plain_name)
    return response


def disposition(name: str, plain_name: str) -> str:
    """A Content-Disposition for a name of any letters (RFC 6266)."""
    return f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"

"""What a file is, told without opening it as a workbook: magic bytes and the zip's own table of contents."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from nps.adapters.sample_sheet import by_csv
from nps.adapters.sample_sheet.errors import SheetError
from nps.adapters.sample_sheet.limits import (
    MAX_FILE_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_FROM_BYTES,
)

_ZIP = b"PK\x03\x04"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML = re.compile(rb"^[\s\xef\xbb\xbf]*<(!doctype\s+html|html|head|body|table|style|meta)\b", re.IGNORECASE)
_XML = re.compile(rb"^[\s\xef\xbb\xbf]*<(\?xml|!|[a-z]+:)", re.IGNORECASE)
_NO_TEXTS = (b"%PDF", b"{\\rtf", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"MZ")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_HEAD_BYTES = 4096
_LOCAL_HEADER_BYTES = 30


def check(path: Path) -> str:
    """Return the kind of the file: xlsx, xls, ods or csv.

    Raises SheetError for one that is no table, or unpacks to more than the limits allow.

    The sizes that the zip declares are believed here because zipfile gives no more than them when reading.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise SheetError("too_large")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise SheetError("empty_file")
    if not head.startswith(_ZIP):
        return _kind(path, head)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, size)
            return _kind_of_zip(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise SheetError("damaged") from error


def _kind(path: Path, head: bytes) -> str:
    if head.startswith(_OLE2):
        if _ENCRYPTED in path.read_bytes():
            raise SheetError("encrypted")
        return "xls"
    if _HTML.match(head):
        raise SheetError("html")
    if _XML.match(head):
        raise SheetError("xml")
    if by_csv.wide_encoding(head):
        return "csv"
    if b"\0" in head or head.startswith(_NO_TEXTS):
        raise SheetError("not_workbook")
    return "csv"


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise SheetError("bomb")
    for member in members:
        if member.file_size > RATIO_FROM_BYTES and member.file_size > MAX_RATIO * member.compress_size:
            raise SheetError("bomb")
        if member.flag_bits & 0x1:
            raise SheetError("encrypted")
    _check_overlap(members, size)


def _check_overlap(members: list[zipfile.ZipInfo], size: int) -> None:
    """Members that share their bytes unpack far beyond the file (CVE-2024-0450, open in Debian 12's Python 3.11.2)."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise SheetError("bomb")
        end = member.header_offset + _LOCAL_HEADER_BYTES + len(member.orig_filename) + member.compress_size
    if end > size:
        raise SheetError("damaged")


def _kind_of_zip(archive: zipfile.ZipFile) -> str:
    # Some writers part folders by a backslash.
    names = {name.replace("\\", "/").lower().lstrip("/") for name in archive.namelist()}
    if "mimetype" in names and archive.read("mimetype")[:100].startswith(_ODS):
        return "ods"
    if "xl/workbook.bin" in names:
        raise SheetError("xlsb")
    if "[content_types].xml" not in names:
        raise SheetError("not_workbook")
    return "xlsx"

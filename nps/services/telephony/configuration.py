"""The files of an exchange that works for this installation, and the passwords in them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from nps.adapters.asterisk.files import Installation, Telephone, files_of
from nps.domain.errors import DomainError
from nps.queries.telephony import telephones

#: Beside a file that was there before ours: what somebody wrote is never lost.
_BEFORE = ".before-nps"


@dataclass(frozen=True, slots=True)
class Handset:
    """A telephone to set up: whose it is, and the password that it registers with."""

    extension: str
    full_name: str
    secret: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what is still to be done by hand."""

    files: Sequence[str]
    handsets: Sequence[Handset]
    ami_secret: str


def write_configuration(session: Session, made: Installation, key: str, folder: Path, call_log: Path) -> Written:
    """Write the files into `folder` and make the folders that they name; telephones are those of the operators.

    Passwords come from the installation's own `key`: writing again changes none; a given `made.ami_secret` holds.
    Raises DomainError for what can't stand in a file, or can't be written.
    """
    handsets = [
        Handset(row.extension, row.full_name, _secret(key, f"sip:{row.extension}")) for row in telephones(session)
    ]
    made = replace(
        made,
        ami_secret=made.ami_secret or _secret(key, "ami"),
        telephones=[Telephone(handset.extension, handset.secret) for handset in handsets],
    )
    try:
        files = files_of(made)
    except ValueError as error:
        raise DomainError("exchange_value", f"{error}: такое значение станция поймёт не так. Исправьте его.") from error
    try:
        for needed in (folder, call_log.parent, made.recordings):
            needed.mkdir(parents=True, exist_ok=True)
        names = list(_written(folder, files))
    except OSError as error:
        raise DomainError("exchange_folder", f"Не записано: {error.filename}: {error.strerror}.") from error
    return Written(names, handsets, made.ami_secret)


def _written(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    for name, text in files.items():
        path, before = folder / name, folder / f"{name}{_BEFORE}"
        if path.exists() and path.read_text(errors="replace") != text and not before.exists():
            path.rename(before)
        path.touch(mode=0o640)
        path.chmod(0o640)
        # Secrets are in them: the exchange's own user reads them by its group, where there is one.
        with suppress(LookupError, PermissionError):
            shutil.chown(path, group="asterisk")
        path.write_text(text, encoding="utf-8")
        yield name


def _secret(key: str, of: str) -> str:
    """26 letters and digits, the same each time: nothing has to be kept, and nobody guesses one from another."""
    made = hmac.new(key.encode(), f"exchange:{of}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made)[:26].decode().lower()

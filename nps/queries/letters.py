"""Letters that were caught on this machine instead of being sent: files of the mail folder, as `/mail` shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.models import Campaign, Contract
from nps.queries.campaigns import SEE_ALL

SHOWN = 200
READERS = ("manager", "specialist", "admin")
#: Headers are read from the head of a file; a letter's own are far shorter.
LONGEST_HEAD = 64 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.eml")


@dataclass(frozen=True, slots=True)
class Caught:
    """A letter of the list; `at` is when it was written, aware UTC."""

    name: str
    subject: str
    to: str
    at: datetime
    campaign_id: int | None


@dataclass(frozen=True, slots=True)
class CaughtLetter:
    """One letter. `html` is what a mail program would show; `headers` are those worth a look, as text."""

    letter: Caught
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def caught(session: Session, actor: Actor, folder: Path) -> list[Caught]:
    """The caught letters this person may see, the newest first, at most SHOWN."""
    may_see = _may_see(session, actor)
    found = (letter for letter in _newest_first(folder) if may_see is None or letter.campaign_id in may_see)
    return list(islice(found, SHOWN))


def caught_letter(session: Session, actor: Actor, folder: Path, name: str) -> CaughtLetter | None:
    """One caught letter, or None when there is none of that name or it is not this person's to see."""
    if not _NAME.fullmatch(name):
        return None
    try:
        content = (folder / name).read_bytes()
    except OSError:
        return None
    message = BytesParser(policy=policy.default).parsebytes(content)
    letter = _summary(name, message, datetime.fromtimestamp((folder / name).stat().st_mtime, UTC))
    may_see = _may_see(session, actor)
    if may_see is not None and letter.campaign_id not in may_see:
        return None
    shown = ("From", "To", "Reply-To", "Message-ID")
    headers = tuple((header, _header(message, header)) for header in shown if header in message)
    return CaughtLetter(letter, headers, _part(message, "plain"), _part(message, "html"))


def _may_see(session: Session, actor: Actor) -> frozenset[int] | None:
    """Campaigns whose letters the person may see; None for all, those of no campaign included."""
    if actor.role in SEE_ALL:
        return None
    if actor.role not in READERS:
        return frozenset()
    own = select(Campaign.id).join(Contract, Contract.id == Campaign.contract_id)
    return frozenset(session.scalars(own.where(Contract.customer_id == actor.customer_id)))


def _newest_first(folder: Path) -> Iterator[Caught]:
    if not folder.is_dir():
        return
    files = [(path.stat().st_mtime, path) for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    parser = BytesHeaderParser(policy=policy.default)
    for changed, path in sorted(files, reverse=True):
        with path.open("rb") as file:
            message = parser.parsebytes(file.read(LONGEST_HEAD))
        yield _summary(path.name, message, datetime.fromtimestamp(changed, UTC))


def _summary(name: str, message: EmailMessage, changed: datetime) -> Caught:
    campaign = _header(message, "X-NPS-Campaign")
    return Caught(
        name=name,
        subject=_header(message, "Subject") or "Без темы",
        to=_header(message, "To"),
        at=_date(_header(message, "Date")) or changed,
        campaign_id=int(campaign) if re.fullmatch(r"[0-9]{1,18}", campaign) else None,
    )


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    if body is None:
        return ""
    content = body.get_content()
    return content if isinstance(content, str) else ""

"""The workbook leaves the house: for the browser, or for a file at the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from sqlalchemy.orm import Session

from nps.adapters.report_sheet import fresh_file
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.local_time import Zone, to_local
from nps.queries.campaigns import CampaignRow, campaign_for
from nps.queries.reports import EVERYTHING, FOR_THE_HOUSE, begin_snapshot, seen_by
from nps.queries.reports.clients import size_of
from nps.queries.reports.report import REPORT_ZONE, existing_campaign
from nps.services import limits
from nps.services.journal import note_access
from nps.services.reports.base_book import write_base
from nps.services.reports.building import write_forms, write_workbook

#: What can be had and what its file ends in: everything, the contract's two tables (R11), the questionnaire alone.
ENDINGS: Mapping[str, str] = MappingProxyType({"xlsx": "xlsx", "forms": "xlsx", "csv": "csv", "base": "xlsx"})
#: The base is for who keeps it (requirements §3); the rest is for everybody who reads reports.
_KEEPERS = frozenset({"manager", "admin", "specialist"})
_NAMES = {
    "base": ("База", "base"),
    "xlsx": ("Отчёт", "report"),
    "answers": ("Ответы", "answers-chosen"),
    "calls": ("Звонки", "calls"),
}
#: Up to here a request builds the workbook in a few seconds.
IN_REQUEST_CLIENTS = 20_000
_NAME_LIMIT = 120
# What some file system or another does not take in a name.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]+')


class TooLargeError(DomainError):
    """The base is so large that its workbook is ordered, not waited for."""

    def __init__(self) -> None:
        super().__init__("too_large", "В этом проекте много клиентов: закажите книгу, и она соберётся, пока вы заняты.")


@dataclass(frozen=True, slots=True)
class Download:
    """A finished workbook, to be sent and deleted; `plain_name` is for programs without Cyrillic."""

    file: Path
    name: str
    plain_name: str


def download(
    session: Session,
    *,
    actor: Actor,
    campaign_id: int,
    folder: Path,
    now: datetime,
    zone: Zone = REPORT_ZONE,
    address: str = "",
    form: str = "xlsx",
) -> Download:
    """Build the workbook of a campaign in `folder` and write down who took it; `form` is `xlsx`, `forms` or `base`.

    Raises NotFoundError for a campaign that is not this person's to see, TooLargeError when a request is too short,
    TooOftenError.
    """
    campaign = campaign_for(session, actor, campaign_id)
    if campaign is None or not may_take(actor, form):
        raise NotFoundError
    if size_of(session, campaign_id) > IN_REQUEST_CLIENTS:
        raise TooLargeError
    limits.take_export(session, actor.id, "report_downloaded", ("campaign", campaign_id), now, address)
    file, where = fresh_file(folder), seen_by(actor, campaign, EVERYTHING)
    begin_snapshot(session)
    if form == "forms":
        write_forms(session, campaign, file, now, where)
    elif form == "base":
        write_base(session, campaign, file, now, zone, where)
    else:
        write_workbook(session, campaign, file, now, zone, where)
    return Download(file, *file_name(campaign, now, zone, form))


def may_take(actor: Actor, form: str) -> bool:
    """Whether a file of this form is for this person's role; of which campaigns is `campaign_for`'s to say."""
    return form in ENDINGS and (form != "base" or actor.role in _KEEPERS)


def file_name(campaign: CampaignRow, at: datetime, zone: Zone, form: str) -> tuple[str, str]:
    """What a file of this instant is called, and the same in ASCII; `form`: key of ENDINGS, else rows of a list."""
    day = to_local(at, zone).date()
    title = " ".join(_UNSAFE.sub(" ", campaign.title).split()).strip(".")[:_NAME_LIMIT]
    russian, plain = _NAMES.get(form, ("Анкета", "answers"))
    ending = ENDINGS.get(form, "xlsx")
    return f"{russian} — {title} — {day:%d.%m.%Y}.{ending}", f"{plain}-{campaign.id}-{day}.{ending}"


def export(session: Session, *, campaign_id: int, file: Path, now: datetime, zone: Zone = REPORT_ZONE) -> None:
    """Write the workbook of a campaign at `file`, whatever its size. Raises NotFoundError, OSError."""
    campaign = existing_campaign(session, campaign_id)
    note_access(session, at=now, user_id=None, action="report_exported", object_kind="campaign", object_id=campaign_id)
    begin_snapshot(session)
    write_workbook(session, campaign, file, now, zone, FOR_THE_HOUSE)


def note_view(session: Session, *, actor: Actor, campaign_id: int, what: str, now: datetime, address: str = "") -> None:
    """Write down that somebody looked at rows with clients in them (R20). `what` is «answers» or «calls»."""
    note_access(
        session, at=now, user_id=actor.id, action=f"{what}_viewed", object_kind="campaign", object_id=campaign_id,
        address=address,
    )  # fmt: skip

"""`flask nps import`: a base loaded without a browser, by the same services and with the same receipt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from nps.cli._output import emit, json_option, refusals
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.sample import BranchGroup, Decision, Understood, branch_key, row_of_sheet, row_words
from nps.domain.wording import plural
from nps.extensions import db
from nps.queries import accounts, campaigns, sample
from nps.services import sample as services

_LABELS = {
    "accepted": "приняты как есть",
    "corrected": "приняты с исправлением",
    "duplicate": "дубли",
    "rejected": "отклонены",
    "empty": "пропущенные строки",
}
#: A base that somebody else loads at the same moment changes what is new in ours: it is checked again.
_MAX_ROUNDS = 5


def register(group: AppGroup) -> None:
    group.add_command(import_base)


@click.command("import", help="Загрузить базу клиентов из книги Excel в проект опроса.")
@click.argument("campaign_id", type=int)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--branch",
    "branches",
    multiple=True,
    metavar="ОП=РЕГИОН",
    help="Куда отнести неизвестное ОП: udmurtia, tatarstan, bashkiria, chuvashia, perm, outside или later.",
)
@click.option("--user", "login", default="", help="От чьего имени (логин); по умолчанию первый администратор.")
@click.option("--dry-run", is_flag=True, help="Только проверить строки, клиентов не добавлять.")
@json_option
def import_base(
    campaign_id: int, file: Path, branches: tuple[str, ...], login: str, dry_run: bool, as_json: bool
) -> None:
    """Exit codes: 0 loaded (or nothing new in the file), 1 refused by a rule, 2 wrong usage."""
    given = _given(branches)
    with refusals(as_json):
        user_id = _user(login)
        _campaign(campaign_id)
        load_id = _upload(campaign_id, file, user_id)
        try:
            _confirm(campaign_id, load_id, given)
            counts = _publish(campaign_id, load_id, dry_run)
            receipt = sample.receipt(db.session(), load_id, "rejected", 1)
            understood = _load(campaign_id, load_id).understood
        finally:
            _drop_unfinished(campaign_id, load_id, user_id)
    added, names = 0 if dry_run else sample.taken(counts), understood.names
    rejected = [(*row_of_sheet(row.row_no), row.reason) for row in receipt.rows]
    data = {
        "load_id": load_id,
        "added": added,
        "counts": counts,
        "rejected": [{"sheet": names[sheet], "row": row, "reason": reason} for sheet, row, reason in rejected],
        "asked": receipt.decided["asked"],
        "left": [{"sheet": one.name, "rows": one.rows} for _, one in understood.left],
    }
    worded = {row_words(row.row_no, names): row.reason for row in receipt.rows}
    emit(data, [*_lines(added, counts, worded), *_left(receipt.decided["asked"], understood)], as_json)


def _given(branches: Iterable[str]) -> dict[str, str]:
    given = {}
    for text in branches:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"«{text}»: нужно ОП=РЕГИОН, например Казань=tatarstan.", param_hint="--branch")
        value = value.strip()
        given[branch_key(name)] = value if value in ("outside", "later") else f"new:{value}"
    return given


def _user(login: str) -> int:
    if login:
        row = accounts.user_by_login(db.session(), login)
        if row is None:
            raise NotFoundError(f"Логина «{login}» нет. Список: flask nps user list.")
        return int(row.id)
    admins = accounts.users(db.session(), role="admin", active=True)
    if not admins:
        raise NotFoundError("Администратора нет. Укажите, от чьего имени загружать: --user ЛОГИН.")
    return int(admins[0].id)


def _campaign(campaign_id: int) -> None:
    if campaigns.campaign_for(db.session(), Actor(id=0, role="admin", full_name=""), campaign_id) is None:
        raise NotFoundError(f"Проекта {campaign_id} нет.")


def _upload(campaign_id: int, file: Path, user_id: int) -> int:
    with file.open("rb") as source:
        load_id = services.upload(
            db.session, campaign_id=campaign_id, user_id=user_id, file_name=file.name, source=source, now=_now()
        )
    _work_until(campaign_id, load_id, "understood")
    return load_id


def _confirm(campaign_id: int, load_id: int, given: dict[str, str]) -> None:
    load = _load(campaign_id, load_id)
    customer_id = db.session.scalars(sample.customer_id(campaign_id)).one()
    unknown = sample.unknown_branches(db.session(), load, customer_id)
    header = load.understood.header
    decisions = {group.key: given.get(group.key) or _suggestion(group) for group in unknown}
    services.confirm(
        db.session, campaign_id=campaign_id, import_id=load_id, columns=header.columns, decisions=decisions,
        branch=header.branch, grouped=header.grouped,
    )  # fmt: skip
    _work_until(campaign_id, load_id, "checked")


def _suggestion(group: BranchGroup) -> str:
    if group.suggested is None:
        what = f"ОП «{group.name}»" if group.name else "строки без ОП"
        example = f'--branch "{group.name}=udmurtia"'
        raise DomainError("branch_undecided", f"Неизвестно, куда отнести {what}. Укажите регион: {example}.")
    return Decision(region=group.suggested).code


def _publish(campaign_id: int, load_id: int, dry_run: bool) -> dict[str, int]:
    for _ in range(_MAX_ROUNDS):
        counts = sample.counts(db.session(), load_id)
        if dry_run or not sample.taken(counts):
            return counts
        services.publish(db.session, campaign_id=campaign_id, import_id=load_id)
        if _work_until(campaign_id, load_id, "published", "checked") == "published":
            return counts
    raise DomainError("busy", "Базу этого проекта сейчас загружает кто-то ещё. Повторите позже.")


def _work_until(campaign_id: int, load_id: int, *wanted: str) -> str:
    """Do the worker's part here: the command waits for the result anyway."""
    services.work(db.session, load_id, _now)
    load = _load(campaign_id, load_id)
    if load.state not in wanted:
        raise DomainError("not_loaded", load.problem or "Эту загрузку уже выполняет фоновый процесс. Повторите позже.")
    return load.state


def _drop_unfinished(campaign_id: int, load_id: int, user_id: int) -> None:
    """Nobody will come back to a load that the command began."""
    if _load(campaign_id, load_id).state != "published":
        services.cancel(db.session, campaign_id=campaign_id, import_id=load_id, user_id=user_id, now=_now())


def _load(campaign_id: int, load_id: int) -> sample.LoadRow:
    load = sample.load(db.session(), campaign_id, load_id)
    if load is None:
        raise NotFoundError("Такой загрузки нет.")
    db.session.rollback()
    return load


def _lines(added: int, counts: dict[str, int], rejected: dict[str, str]) -> Iterable[str]:
    yield f"Добавлено {added} {plural(added, 'клиент', 'клиента', 'клиентов')}."
    for fate, label in _LABELS.items():
        if counts[fate]:
            yield f"  {label}: {counts[fate]}"
    for row, reason in rejected.items():
        yield f"  строка {row}: {reason}"


def _now() -> datetime:
    return datetime.now(UTC)


def _left(asked: int, understood: Understood) -> Iterable[str]:
    """What of the file has not become anything, because nobody has said what."""
    if asked:
        yield f"Осталось вопросов «это тот же человек?»: {asked}. Ответить можно, загрузив файл на странице базы."
    for _, one in understood.left:
        yield f"Не загружен лист «{one.name}», строк: {one.rows}."

"""The administrator tries the exchange: each step with what the exchange itself has said."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nps.adapters.asterisk import AmiSettings, Link, LinkLost
from nps.adapters.asterisk.trial import call_oneself, clock_of, missing_rights
from nps.domain.actor import Actor
from nps.domain.errors import DomainError
from nps.domain.recording import CLOCK_TOLERANCE_MS
from nps.services.acting import act
from nps.services.telephony.commands import EXTENSION
from nps.services.transaction import AnySession

#: A WAV without sound is its header alone.
_HEADER = 44


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `state`: ok, warn (works, but something is lost) or bad."""

    title: str
    state: str
    words: str


def try_exchange(
    session: AnySession, actor: Actor, exchange: Any, recordings: Path, extension: str, now: datetime
) -> list[Step]:
    """Log in to the exchange of the settings (None: there is none), and ring `extension` when one is named.

    Takes up to half a minute.

    Raises DomainError without an exchange, and for what is no name of a telephone.
    """
    if exchange is None:
        raise DomainError("no_exchange", "Станция не настроена: укажите AMI_HOST, AMI_USERNAME и AMI_SECRET.")
    extension = extension.strip()
    if extension and not EXTENSION.fullmatch(extension):
        raise DomainError("extension", "Телефон на станции — буквы, цифры, точка, дефис или подчёркивание.")
    # Before the telephone rings: a form that comes twice rings it once, and nobody waits behind an open transaction.
    with act(session, actor.id, now) as a:
        a.record("exchange_tried", "exchange", 0)
    steps: list[Step] = []
    try:
        with Link(AmiSettings.of(exchange)) as link:
            words = f"Станция {exchange.host}:{exchange.port} впустила пользователя {exchange.username}."
            steps.append(Step("Вход", "ok", words))
            steps += _standing(link, exchange.call_log)
            if extension:
                steps += _call(link, extension, recordings)
    except LinkLost as error:
        steps.append(Step("Связь" if steps else "Вход", "bad", error.problem))
    return steps


def _standing(link: Link, call_log: Path | None) -> Iterator[Step]:
    missing = missing_rights(link)
    lacking = f"Пользователю AMI не хватает: write = {', '.join(missing)}."
    yield Step("Права", "bad" if missing else "ok", lacking if missing else "Звонить, завершать, соединять: разрешено.")
    yield _clocks(clock_of(link), datetime.now(UTC))
    if call_log is None:
        words = "AMI_CALL_LOG не задан: что случится без связи со станцией, останется неизвестным."
        yield Step("Журнал станции", "warn", words)
    elif os.access(call_log, os.R_OK):
        yield Step("Журнал станции", "ok", f"{call_log} читается.")
    else:
        why = "нет прав на чтение" if call_log.exists() else "файла нет: появится после первого звонка, если есть папка"
        yield Step("Журнал станции", "warn", f"{call_log}: {why}.")


def _clocks(theirs: datetime | None, ours: datetime) -> Step:
    if theirs is None:
        return Step("Часы", "warn", "Станция не сказала, который у неё час.")
    apart_ms = abs((theirs - ours).total_seconds()) * 1000
    apart = f"{apart_ms / 1000:.1f}".replace(".", ",")
    if apart_ms <= CLOCK_TOLERANCE_MS / 5:
        return Step("Часы", "ok", f"Расходятся с часами системы на {apart} с.")
    state = "warn" if apart_ms <= CLOCK_TOLERANCE_MS else "bad"
    return Step(
        "Часы", state, f"Расходятся с часами системы на {apart} с: включите на обеих машинах точное время (NTP)."
    )


def _call(link: Link, extension: str, recordings: Path) -> Iterator[Step]:
    call_id = uuid.uuid4()
    sound = recordings / f".test-{call_id}.wav"
    try:
        call = call_oneself(link, call_id, extension)
        if not call.is_accepted:
            yield Step("Звонок", "bad", f"Станция не приняла вызов: «{call.words}».")
            return
        if not call.is_known:
            words = "Станция приняла вызов и ничего о нём не рассказала: нужно право read = call."
            yield Step("События", "bad", words)
        else:
            state, words = ("ok", "Станция рассказывает о звонке, время её.") if call.has_clock else (
                "warn", "Без времени станции: в manager.conf нужно timestampevents = yes.")  # fmt: skip
            yield Step("События", state, words)
            words = "снят, звонок прошёл" if call.is_answered else "не ответил: проверьте регистрацию и снимите трубку"
            yield Step("Звонок", "ok" if call.is_answered else "bad", f"Телефон {extension} {words}.")
        if call.is_answered or not call.is_known:
            yield _recording(sound, recordings)
    finally:
        sound.unlink(missing_ok=True)


def _recording(sound: Path, recordings: Path) -> Step:
    try:
        size = sound.stat().st_size
    except OSError:
        where = f"В {recordings} её нет: станция должна писать туда же (RECORDINGS_INBOX) и иметь право."
        words = f"{where} В extensions.conf нужен [nps-test]."
        return Step("Запись", "bad", words)
    if size <= _HEADER:
        return Step("Запись", "bad", "Файл есть, звука в нём нет: проверьте микрофон телефона и порты RTP.")
    return Step("Запись", "ok", f"Найдена, {size // 1024} КБ; удалена после проверки.")

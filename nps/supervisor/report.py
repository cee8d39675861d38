"""What the supervisor says: one line per event, and the address with the first accounts in a frame."""

import contextlib
import os
import sys
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from nps.config import Settings
from nps.supervisor.listen import is_loopback


def line(text: str) -> None:
    """One event, with the local time of this machine."""
    _say(f"{datetime.now().astimezone():%H:%M:%S} {text}")


def problem(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepared(settings: Settings, answer: dict[str, Any]) -> None:
    """Say what was done to the database and, the first time, who may log in: at once, whatever happens next."""
    if answer.get("copy"):
        line(f"База данных обновлена, прежняя сохранена: {answer['copy']}")
    if answer.get("accounts"):
        _say(_frame(_first_words(settings, answer)))


def started(settings: Settings) -> None:
    """Say that everything runs, where, and what to beware of."""
    host = urlsplit(settings.public_url).hostname or ""
    if not settings.is_https and not (is_loopback(host) and is_loopback(settings.bind)):
        line("Внимание: адрес без https, пароли и ответы идут по сети открыто (PUBLIC_URL, docs/deployment.md).")
    if settings.mail_is_caught:
        line("Письма остаются на этой машине, наружу не уходят: MAIL_SERVER не задан.")
    _say(f"Запущено за {_seconds_words(_seconds_since_start())}: {settings.public_url}")


def _say(text: str) -> None:
    # Whoever read this may be gone (a closed terminal, `| tee` and Ctrl-C): no reason to fall down in the middle.
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _first_words(settings: Settings, answer: dict[str, Any]) -> list[str]:
    """The address, the accounts in columns and what to do first."""
    rows = [(account["role"], account["login"], account["password"]) for account in answer["accounts"]]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    columns = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [
        f"Откройте {settings.public_url}",
        "",
        "Пароли показаны один раз, запишите их:",
        *columns,
        "",
        *answer.get("first_steps", ()),
    ]


def _frame(lines: list[str]) -> str:
    width = max(map(len, lines))
    inside = "\n".join(f"│ {text.ljust(width)} │" for text in lines)
    return f"┌{'─' * (width + 2)}┐\n{inside}\n└{'─' * (width + 2)}┘"


def _seconds_words(seconds: float) -> str:
    return f"{seconds:.1f} с".replace(".", ",")


def _seconds_since_start() -> float:
    """Seconds since this process began, the shell that it replaced by `exec` included."""
    with open("/proc/self/stat", encoding="utf-8") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")

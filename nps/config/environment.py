"""What the environment and `.env` say, by names that are known, read as numbers, flags and addresses."""

import re
from collections.abc import Mapping
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
LOCAL, PRODUCTION = "local", "production"
LOCAL_SENDER = "nps@localhost"
LOCAL_CATCHER_PORT = 8025
# A unix socket's path is 108 bytes with its closing zero on Linux.
SOCKET_PATH_LIMIT = 107
SECRET_KEY_MIN_LENGTH = 32

# Every setting there is. `.env.example` describes each (a test compares the two), and `.env` may hold no other, so that
# a mistyped name is not passed over in silence.
_ALL = """
NPS_ENV NPS_DATA DATABASE_URL REDIS_URL SECRET_KEY PUBLIC_URL BIND PORT TRUSTED_PROXIES WEB_WORKERS WEB_THREADS
MAIL_SERVER MAIL_PORT MAIL_USERNAME MAIL_PASSWORD MAIL_USE_TLS MAIL_USE_SSL MAIL_DEFAULT_SENDER MAIL_TIMEOUT
ESCALATION_RECIPIENT DIAL_LINK_FORMAT SETUP_ALLOWANCE OFFICE_ZONE MAX_CONTENT_LENGTH
LOG_FORMAT LOG_REQUESTS MONITOR_TOKEN
RECORDINGS_INBOX S3_ENDPOINT S3_BUCKET S3_ACCESS_KEY S3_SECRET_KEY S3_REGION
TELEPHONY_SECRET TELEPHONY_TOKEN MANGO_API_KEY MANGO_API_SALT ZADARMA_SECRET
AMI_HOST AMI_PORT AMI_USERNAME AMI_SECRET AMI_CHANNEL AMI_CONTEXT AMI_TRANSFER_CONTEXT AMI_CALL_LOG
RING_TIMEOUT TALK_SAFETY_MINUTES
"""
NAMES = frozenset(_ALL.split())


class ConfigError(Exception):
    """A setting can't be used; the text is a Russian sentence for the person who starts the system."""


def read_env_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of `.env`; {} without the file. Raises ConfigError for a line or name it doesn't know."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or name not in NAMES:
            raise ConfigError(f"{path.name}, строка {number}: настройки «{name}» нет, список — в .env.example.")
        found[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
    return found


class Environment:
    """Typed reading of a mapping of texts; every failure names the variable."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ConfigError(f"{name}: нужно целое число от {least} до {most}, а указано «{text}».")
        return int(text)

    def seconds(self, name: str, default: float, least: float, most: float) -> float:
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not least <= float(text) <= most:
            raise ConfigError(f"{name}: нужно число секунд от {least:g} до {most:g}, а указано «{text}».")
        return float(text)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text not in allowed:
            raise ConfigError(f"{name}: возможны {' и '.join(allowed)}, а указано «{text}».")
        return text

    def flag(self, name: str) -> bool:
        return self.choice(name, "0", ("0", "1")) == "1"

    def token(self, name: str) -> str:
        if (text := self.text(name)) and not re.fullmatch(r"[!-~]{24,}", text):
            raise ConfigError(f"{name}: нужно не меньше 24 знаков латиницы без пробелов.")
        return text

    def address(self, name: str, default: str) -> str:
        text = self.text(name, default)
        if not re.fullmatch(r"(?:[^<>@\r\n]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?", text):
            raise ConfigError(f"{name}: нужен один адрес почты, а указано «{text}».")
        return text

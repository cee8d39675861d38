"""Settings of what stands outside: the mail server, the storage of recordings, the telephone exchange."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nps.config.environment import (
    LOCAL_CATCHER_PORT,
    LOCAL_SENDER,
    SECRET_KEY_MIN_LENGTH,
    ConfigError,
    Environment,
)
from nps.domain.disposition import LEAST_RING_S


@dataclass(frozen=True, slots=True)
class Exchange:
    """An Asterisk. `safety_minutes`: a forgotten line is hung up after so long; 0: never."""

    host: str
    port: int
    username: str
    secret: str
    channel: str
    context: str
    transfer_context: str
    call_log: Path | None
    ring_s: int
    safety_minutes: int


def mail_settings(env: Environment, production: bool) -> dict[str, Any]:
    server = env.text("MAIL_SERVER")
    if not server and production:
        raise ConfigError("MAIL_SERVER: в рабочем режиме (NPS_ENV=production) нужен почтовый сервер.")
    tls, ssl = env.flag("MAIL_USE_TLS"), env.flag("MAIL_USE_SSL")
    if tls and ssl:
        raise ConfigError("MAIL_USE_TLS и MAIL_USE_SSL: включите что-то одно.")
    if server and not env.text("MAIL_DEFAULT_SENDER"):
        raise ConfigError("MAIL_DEFAULT_SENDER: укажите адрес, от имени которого уходят письма.")
    common_port = LOCAL_CATCHER_PORT if not server else 587 if tls else 465 if ssl else 25
    return {
        "mail_is_caught": not server,
        "mail_server": server or "127.0.0.1",
        "mail_port": env.whole("MAIL_PORT", common_port, 1, 65535),
        "mail_username": env.text("MAIL_USERNAME") or None if server else None,
        "mail_password": env.text("MAIL_PASSWORD") or None if server else None,
        "mail_use_tls": tls and bool(server),
        "mail_use_ssl": ssl and bool(server),
        "mail_default_sender": env.address("MAIL_DEFAULT_SENDER", LOCAL_SENDER),
        "mail_timeout_s": env.seconds("MAIL_TIMEOUT", 20, 1, 120),
    }


def s3_settings(env: Environment) -> tuple[str, str, str, str, str] | None:
    names = ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    values = [env.text(name) for name in names]
    if not any(values):
        return None
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: для хранилища записей нужны все четыре настройки S3.")
    endpoint = values[0].rstrip("/")
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+", endpoint):
        raise ConfigError(f"S3_ENDPOINT: нужен адрес вида https://storage.example.ru, а указано «{values[0]}».")
    return endpoint, values[1], values[2], values[3], env.text("S3_REGION", "us-east-1")


def hook_secrets(env: Environment) -> dict[str, str]:
    names = ("TELEPHONY_SECRET", "TELEPHONY_TOKEN", "MANGO_API_KEY", "MANGO_API_SALT", "ZADARMA_SECRET")
    found = {name: env.text(name) for name in names}
    for name in names[:2]:
        if found[name] and (len(found[name]) < SECRET_KEY_MIN_LENGTH or not re.fullmatch(r"[\w-]+", found[name])):
            raise ConfigError(f"{name}: нужно не меньше 32 случайных букв и цифр.")
    return found


def exchange_of(env: Environment) -> Exchange | None:
    host = env.text("AMI_HOST")
    if not host:
        return None
    for name in ("AMI_USERNAME", "AMI_SECRET"):
        if not env.text(name):
            raise ConfigError(f"{name}: со станцией (AMI_HOST) нужны имя и пароль её пользователя AMI.")
    channel = env.text("AMI_CHANNEL", "PJSIP/{extension}")
    if not re.fullmatch(r"[A-Za-z0-9]+/[^{}\s]*\{extension\}[^{}\s]*", channel):
        raise ConfigError(f"AMI_CHANNEL: нужен канал вида PJSIP/{{extension}}, а указано «{channel}».")
    safety = env.whole("TALK_SAFETY_MINUTES", 0, 0, 600)
    # A client is never cut off: the limit is for a line that somebody forgot.
    if 0 < safety < 10:
        raise ConfigError("TALK_SAFETY_MINUTES: 0 (не обрывать) или не меньше 10 минут.")
    log = env.text("AMI_CALL_LOG")
    return Exchange(
        host=host,
        port=env.whole("AMI_PORT", 5038, 1, 65535),
        username=env.text("AMI_USERNAME"),
        secret=env.text("AMI_SECRET"),
        channel=channel,
        context=env.text("AMI_CONTEXT", "nps-out"),
        transfer_context=env.text("AMI_TRANSFER_CONTEXT", "nps-transfer"),
        call_log=Path(log).expanduser().absolute() if log else None,
        ring_s=env.whole("RING_TIMEOUT", 45, LEAST_RING_S + 1, 300),
        safety_minutes=safety,
    )

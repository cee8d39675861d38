"""All settings of one installation in one object, and how Flask is told."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nps.config import values
from nps.config.environment import (
    LOCAL,
    NAMES,
    PRODUCTION,
    PROJECT_ROOT,
    SOCKET_PATH_LIMIT,
    Environment,
    read_env_file,
)
from nps.config.outside import Exchange, exchange_of, hook_secrets, mail_settings, s3_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one installation. Build it with `from_env`; tests may use `dataclasses.replace`."""

    environment: str
    #: What was set, by name, as it was written; the rest has its default.
    given: Mapping[str, str] = field(repr=False)
    data: Path
    database_url: str
    redis_url: str
    redis_is_ours: bool
    secret_key: str
    public_url: str
    public_url_is_given: bool
    bind: str
    port: int
    trusted_proxies: int
    web_workers: int
    web_threads: int
    mail_is_caught: bool
    mail_server: str
    mail_port: int
    mail_username: str | None
    mail_password: str | None
    mail_use_tls: bool
    mail_use_ssl: bool
    mail_default_sender: str
    mail_timeout_s: float
    escalation_recipient: str
    dial_link_format: str
    setup_allowance_s: float
    office_zone: str
    max_content_length: int
    log_format: str
    log_requests: bool
    monitor_token: str
    #: The watched folder; recordings that are put there find their calls.
    recordings_inbox: Path
    #: The storage that recordings move on to: endpoint, bucket, access key, secret key, region; None: this disk.
    s3: tuple[str, str, str, str, str] | None = field(repr=False)
    #: The exchange; None: operators dial by themselves.
    exchange: "Exchange | None" = field(repr=False)
    #: Secrets of exchanges that report over HTTP, by their settings' names; '' closes the address.
    hooks: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Settings from `environ`, or from `.env` overridden by the process environment when none is given.

        Creates the data folder (0700) and, when SECRET_KEY is not given, the file with the key (0600).
        Raises ConfigError with a Russian sentence for the first setting that can't be used.
        """
        if environ is None:
            environ = {**read_env_file(PROJECT_ROOT / ".env"), **os.environ}
        env = Environment(environ)
        production = env.choice("NPS_ENV", LOCAL, (LOCAL, PRODUCTION)) == PRODUCTION
        data = values.data_folder(env.text("NPS_DATA", str(PROJECT_ROOT / "var")))
        bind, port = env.text("BIND", "127.0.0.1"), env.whole("PORT", 8000, 1, 65535)
        return cls(
            environment=PRODUCTION if production else LOCAL,
            given={name: value for name in NAMES if (value := env.text(name))},
            data=data,
            database_url=values.database_url(env.text("DATABASE_URL", f"sqlite:///{data}/nps.sqlite3")),
            redis_url=env.text("REDIS_URL", f"unix://{redis_socket(data)}"),
            redis_is_ours=not env.text("REDIS_URL"),
            secret_key=values.given_key(env.text("SECRET_KEY")) or values.kept_key(data / "secret_key"),
            public_url=values.public_url(env.text("PUBLIC_URL", local_url(bind, port))),
            public_url_is_given=bool(env.text("PUBLIC_URL")),
            bind=bind,
            port=port,
            trusted_proxies=env.whole("TRUSTED_PROXIES", 0, 0, 5),
            web_workers=env.whole("WEB_WORKERS", 2, 1, 64),
            web_threads=env.whole("WEB_THREADS", 8, 1, 64),
            escalation_recipient=env.address("ESCALATION_RECIPIENT", "k.service@u-energo.ru"),
            dial_link_format=values.dial_link_format(env.text("DIAL_LINK_FORMAT", "tel:{e164}")),
            setup_allowance_s=env.seconds("SETUP_ALLOWANCE", 8, 0, 60),
            office_zone=values.zone(env.text("OFFICE_ZONE", "Europe/Samara")),
            max_content_length=env.whole("MAX_CONTENT_LENGTH", 64 * 1024 * 1024, 1024, 1 << 32),
            log_format=env.choice("LOG_FORMAT", "text", ("text", "json")),
            log_requests=env.flag("LOG_REQUESTS"),
            monitor_token=env.token("MONITOR_TOKEN"),
            recordings_inbox=values.inbox(env.text("RECORDINGS_INBOX"), data),
            s3=s3_settings(env),
            exchange=exchange_of(env),
            hooks=hook_secrets(env),
            **mail_settings(env, production),
        )

    @property
    def data_lock(self) -> Path:
        """The file whose lock says that a supervisor works on this data folder."""
        return self.data / "supervisor.lock"

    @property
    def recordings_folder(self) -> Path:
        return self.data / "recordings"

    @property
    def caught_mail_folder(self) -> Path:
        """Where the local mail catcher puts letters, one `.eml` file each."""
        return self.data / "mail"

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, or None when it isn't SQLite."""
        prefix = "sqlite:///"
        return Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None

    @property
    def is_https(self) -> bool:
        """True when people reach the system over https: cookies are Secure then, and only then."""
        return self.public_url.startswith("https:")

    def flask_config(self) -> dict[str, Any]:
        """What Flask, its extensions and the web layer read from `app.config`."""
        cookie = "__Host-nps" if self.is_https else "nps"
        return {
            "NPS_ENV": self.environment,
            "SETTINGS_GIVEN": self.given,
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            # A failed statement is logged without its values: they are names and phones.
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True, "pool_pre_ping": True},
            "REDIS_URL": self.redis_url,
            "DATA_FOLDER": self.data,
            "RECORDINGS_FOLDER": self.recordings_folder,
            "RECORDINGS_INBOX": self.recordings_inbox,
            "S3": self.s3,
            **self.hooks,
            "PUBLIC_URL": self.public_url,
            "BIND": self.bind,
            "PREFERRED_URL_SCHEME": "https" if self.is_https else "http",
            "TRUSTED_PROXIES": self.trusted_proxies,
            "MAX_CONTENT_LENGTH": self.max_content_length,
            "MONITOR_TOKEN": self.monitor_token,
            "SESSION_COOKIE_NAME": cookie,
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            # A page may stay open for a whole shift; the token lives as long as its session.
            "WTF_CSRF_TIME_LIMIT": None,
            # Flask-WTF would demand a Referer over https, and `Referrer-Policy: no-referrer` sends none.
            "WTF_CSRF_SSL_STRICT": False,
            "MAIL_CAUGHT": self.mail_is_caught,
            "MAIL_FOLDER": self.caught_mail_folder,
            "MAIL_SERVER": self.mail_server,
            "MAIL_PORT": self.mail_port,
            "MAIL_USERNAME": self.mail_username,
            "MAIL_PASSWORD": self.mail_password,
            "MAIL_USE_TLS": self.mail_use_tls,
            "MAIL_USE_SSL": self.mail_use_ssl,
            "MAIL_DEFAULT_SENDER": self.mail_default_sender,
            "MAIL_TIMEOUT_S": self.mail_timeout_s,
            "ESCALATION_RECIPIENT": self.escalation_recipient,
            "DIAL_LINK_FORMAT": self.dial_link_format,
            "SETUP_ALLOWANCE_S": self.setup_allowance_s,
            "OFFICE_ZONE": self.office_zone,
        }


def redis_socket(data: Path) -> Path:
    """Where our own Redis listens: in the data folder, or in a short one under /tmp when that path is too long."""
    inside = data / "redis" / "redis.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
        return inside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"nps-{os.getuid()}-{name}" / "redis.sock"


def local_url(bind: str, port: int) -> str:
    """The address to open on this machine for a server that listens on `bind`:`port`."""
    host = "127.0.0.1" if bind in ("0.0.0.0", "::", "") else bind
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

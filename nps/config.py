"""Settings of one installation, read from the environment and from `.env` once, at the start.

A wrong value stops the start with one Russian sentence that names the variable: whoever installs the system reads it.
Only the standard library is imported here, so that the supervisor stays small.
"""

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
LOCAL, PRODUCTION = "local", "production"
LOCAL_SENDER = "nps@localhost"
LOCAL_CATCHER_PORT = 8025
# A unix socket's path is 108 bytes with its closing zero on Linux.
SOCKET_PATH_LIMIT = 107
SECRET_KEY_MIN_LENGTH = 32

# Every setting there is. `.env.example` describes each (a test compares the two), and `.env` may hold no other, so that
# a mistyped name is not passed over in silence.
NAMES = frozenset(
    {
        "NPS_ENV",
        "NPS_DATA",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "PUBLIC_URL",
        "BIND",
        "PORT",
        "TRUSTED_PROXIES",
        "WEB_WORKERS",
        "WEB_THREADS",
        "MAIL_SERVER",
        "MAIL_PORT",
        "MAIL_USERNAME",
        "MAIL_PASSWORD",
        "MAIL_USE_TLS",
        "MAIL_USE_SSL",
        "MAIL_DEFAULT_SENDER",
        "MAIL_TIMEOUT",
        "ESCALATION_RECIPIENT",
        "DIAL_LINK_FORMAT",
        "SETUP_ALLOWANCE",
        "OFFICE_ZONE",
        "MAX_CONTENT_LENGTH",
        "LOG_FORMAT",
        "LOG_REQUESTS",
        "MONITOR_TOKEN",
        "RECORDINGS_INBOX",
        "S3_ENDPOINT",
        "S3_BUCKET",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
        "S3_REGION",
        "TELEPHONY_SECRET",
        "TELEPHONY_TOKEN",
        "MANGO_API_KEY",
        "MANGO_API_SALT",
        "ZADARMA_SECRET",
        "AMI_HOST",
        "AMI_PORT",
        "AMI_USERNAME",
        "AMI_SECRET",
        "AMI_CHANNEL",
        "AMI_CONTEXT",
        "AMI_TRANSFER_CONTEXT",
        "AMI_CALL_LOG",
        "RING_TIMEOUT",
        "TALK_SAFETY_MINUTES",
    }
)


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


class ConfigError(Exception):
    """A setting can't be used; the text is a Russian sentence for the person who starts the system."""


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
        env = _Environment(environ)
        production = env.choice("NPS_ENV", LOCAL, (LOCAL, PRODUCTION)) == PRODUCTION
        data = _data_folder(env.text("NPS_DATA", str(PROJECT_ROOT / "var")))
        bind, port = env.text("BIND", "127.0.0.1"), env.whole("PORT", 8000, 1, 65535)
        return cls(
            environment=PRODUCTION if production else LOCAL,
            given={name: value for name in NAMES if (value := env.text(name))},
            data=data,
            database_url=_database_url(env.text("DATABASE_URL", f"sqlite:///{data}/nps.sqlite3")),
            redis_url=env.text("REDIS_URL", f"unix://{redis_socket(data)}"),
            redis_is_ours=not env.text("REDIS_URL"),
            secret_key=_given_key(env.text("SECRET_KEY")) or _kept_key(data / "secret_key"),
            public_url=_public_url(env.text("PUBLIC_URL", local_url(bind, port))),
            public_url_is_given=bool(env.text("PUBLIC_URL")),
            bind=bind,
            port=port,
            trusted_proxies=env.whole("TRUSTED_PROXIES", 0, 0, 5),
            web_workers=env.whole("WEB_WORKERS", 2, 1, 64),
            web_threads=env.whole("WEB_THREADS", 8, 1, 64),
            escalation_recipient=env.address("ESCALATION_RECIPIENT", "k.service@u-energo.ru"),
            dial_link_format=_dial_link_format(env.text("DIAL_LINK_FORMAT", "tel:{e164}")),
            setup_allowance_s=env.seconds("SETUP_ALLOWANCE", 8, 0, 60),
            office_zone=_zone(env.text("OFFICE_ZONE", "Europe/Samara")),
            max_content_length=env.whole("MAX_CONTENT_LENGTH", 64 * 1024 * 1024, 1024, 1 << 32),
            log_format=env.choice("LOG_FORMAT", "text", ("text", "json")),
            log_requests=env.flag("LOG_REQUESTS"),
            monitor_token=env.token("MONITOR_TOKEN"),
            recordings_inbox=_inbox(env.text("RECORDINGS_INBOX"), data),
            s3=_s3(env),
            exchange=_exchange(env),
            hooks=_hooks(env),
            **_mail(env, production),
        )

    @property
    def data_lock(self) -> Path:
        """The file whose lock says that a supervisor works on this data folder."""
        return self.data / "supervisor.lock"

    @property
    def recordings_folder(self) -> Path:
        """Where recordings of conversations lie."""
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


class _Environment:
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


def _data_folder(text: str) -> Path:
    folder = Path(text).expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"NPS_DATA: папку «{folder}» нельзя создать ({error.strerror}).") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"NPS_DATA: в папку «{folder}» нельзя писать.")
    return folder


def _inbox(text: str, data: Path) -> Path:
    """The watched folder. One that is named must be there: a mistyped name would lose every recording in silence."""
    if not text:
        inbox = data / "inbox"
        inbox.mkdir(mode=0o700, exist_ok=True)
        return inbox
    inbox = Path(text).expanduser().absolute()
    if not inbox.is_dir() or not os.access(inbox, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"RECORDINGS_INBOX: папки «{inbox}» нет, или из неё нельзя забирать файлы.")
    return inbox


def _s3(env: _Environment) -> tuple[str, str, str, str, str] | None:
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


def _hooks(env: _Environment) -> dict[str, str]:
    names = ("TELEPHONY_SECRET", "TELEPHONY_TOKEN", "MANGO_API_KEY", "MANGO_API_SALT", "ZADARMA_SECRET")
    found = {name: env.text(name) for name in names}
    for name in names[:2]:
        if found[name] and (len(found[name]) < SECRET_KEY_MIN_LENGTH or not re.fullmatch(r"[\w-]+", found[name])):
            raise ConfigError(f"{name}: нужно не меньше 32 случайных букв и цифр.")
    return found


def _exchange(env: _Environment) -> Exchange | None:
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
        ring_s=env.whole("RING_TIMEOUT", 45, 21, 300),
        safety_minutes=safety,
    )


def _database_url(text: str) -> str:
    """One spelling for each engine; the short PostgreSQL forms get the driver that the project carries."""
    scheme, _, rest = text.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    # A database in memory would be another one in every process.
    if scheme == "sqlite" and rest.startswith("//") and len(rest) > 2 and "?" not in rest:
        return text
    raise ConfigError(
        "DATABASE_URL: возможны postgresql://… и sqlite:////полный/путь/nps.sqlite3, "
        f"а указано «{_without_password(text)}»."
    )


def _without_password(url: str) -> str:
    return re.sub(r"://[^@/]*@", "://…@", url)


def _public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"PUBLIC_URL: нужен адрес вида https://nps.example.ru без пути, а указано «{text}».")
    return f"{parts.scheme}://{parts.netloc}"


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"OFFICE_ZONE: нужен часовой пояс вида Europe/Samara, а указано «{text}».") from error


def _dial_link_format(text: str) -> str:
    # Only schemes that a telephone program takes: the link is followed without a question.
    if not re.fullmatch(r"(tel|sip|sips|callto):[^{}\s\"'<>]*\{(e164|digits)\}[^{}\s\"'<>]*", text):
        raise ConfigError(
            f"DIAL_LINK_FORMAT: нужна ссылка вида tel:{{e164}} или sip:{{digits}}@host, а указано «{text}»."
        )
    return text


def _mail(env: _Environment, production: bool) -> dict[str, Any]:
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


def _given_key(text: str) -> str:
    """SECRET_KEY as given ('' when not), refused when it is short or looks copied from an example."""
    if not text:
        return ""
    if (
        len(text) < SECRET_KEY_MIN_LENGTH
        or len(set(text)) < 10
        or re.search("change|example|secret|пример", text, re.I)
    ):
        raise ConfigError(
            "SECRET_KEY: нужен случайный ключ не короче 32 знаков; получить его можно командой "
            "python3 -c 'import secrets; print(secrets.token_hex(32))', а без SECRET_KEY ключ создаётся сам."
        )
    return text


def _kept_key(path: Path) -> str:
    """The key kept in `path`, made on the first start. Several processes may come at once: all get the same key."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its key holds
        finally:
            draft.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise ConfigError(f"Файл «{path}» с ключом испорчен: удалите его, все пользователи войдут заново.")
    return key

"""Single values that need more than a look: folders, addresses, the key. Each wrong one is named in a sentence."""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nps.config.environment import SECRET_KEY_MIN_LENGTH, ConfigError
from nps.domain.dial_link import is_dial_link


def data_folder(text: str) -> Path:
    folder = Path(text).expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"NPS_DATA: папку «{folder}» нельзя создать ({error.strerror}).") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"NPS_DATA: в папку «{folder}» нельзя писать.")
    return folder


def inbox(text: str, data: Path) -> Path:
    """The watched folder. One that is named must be there: a mistyped name would lose every recording in silence."""
    if not text:
        inbox = data / "inbox"
        inbox.mkdir(mode=0o700, exist_ok=True)
        return inbox
    inbox = Path(text).expanduser().absolute()
    if not inbox.is_dir() or not os.access(inbox, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"RECORDINGS_INBOX: папки «{inbox}» нет, или из неё нельзя забирать файлы.")
    return inbox


def database_url(text: str) -> str:
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


def public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"PUBLIC_URL: нужен адрес вида https://nps.example.ru без пути, а указано «{text}».")
    return f"{parts.scheme}://{parts.netloc}"


def zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"OFFICE_ZONE: нужен часовой пояс вида Europe/Samara, а указано «{text}».") from error


def dial_link_format(text: str) -> str:
    if not is_dial_link(text):
        raise ConfigError(
            f"DIAL_LINK_FORMAT: нужна ссылка вида tel:{{e164}} или sip:{{digits}}@host, а указано «{text}»."
        )
    return text


def given_key(text: str) -> str:
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


def kept_key(path: Path) -> str:
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

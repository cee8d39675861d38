"""Settings: defaults that start, refusals that name the variable."""

import re
import stat
from pathlib import Path

import pytest

from nps.config import NAMES, PROJECT_ROOT, ConfigError, Settings, read_env_file, redis_socket

MAIL = {"MAIL_SERVER": "mail.example.ru", "MAIL_DEFAULT_SENDER": "nps@example.ru"}


def settings(data: Path, **values: str) -> Settings:
    return Settings.from_env({"NPS_DATA": str(data), **values})


def test_nothing_has_to_be_set(data: Path) -> None:
    found = settings(data)
    assert found.sqlite_file == data / "nps.sqlite3"
    assert found.redis_is_ours
    assert found.mail_is_caught
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.flask_config()["SESSION_COOKIE_SECURE"] is False


def test_the_key_is_made_once_and_kept_private(data: Path) -> None:
    assert settings(data).secret_key == settings(data).secret_key
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600


def test_https_makes_cookies_secure(data: Path) -> None:
    config = settings(data, PUBLIC_URL="https://nps.example.ru/").flask_config()
    assert config["SESSION_COOKIE_SECURE"] is True
    assert config["SESSION_COOKIE_NAME"] == "__Host-nps"
    assert config["PUBLIC_URL"] == "https://nps.example.ru"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"NPS_ENV": "prod"}, "NPS_ENV"),
        ({"NPS_ENV": "production"}, "MAIL_SERVER"),
        ({"PORT": "80a"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"SECRET_KEY": "dev"}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-change-me-change-me-0123456789"}, "SECRET_KEY"),
        ({"DATABASE_URL": "mysql://u:pa55@h/db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///relative.sqlite3"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL"),
        ({"PUBLIC_URL": "nps.example.ru"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://nps.example.ru/nps"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://nps.example.ru:port"}, "PUBLIC_URL"),
        ({"DIAL_LINK_FORMAT": "javascript:alert({e164})"}, "DIAL_LINK_FORMAT"),
        ({"SETUP_ALLOWANCE": "-1"}, "SETUP_ALLOWANCE"),
        ({"ESCALATION_RECIPIENT": "a@b.ru, c@d.ru"}, "ESCALATION_RECIPIENT"),
        ({"MAIL_SERVER": "mail.example.ru"}, "MAIL_DEFAULT_SENDER"),
        ({**MAIL, "MAIL_USE_TLS": "1", "MAIL_USE_SSL": "1"}, "MAIL_USE_TLS"),
        ({"TRUSTED_PROXIES": "yes"}, "TRUSTED_PROXIES"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ({"MONITOR_TOKEN": "short"}, "MONITOR_TOKEN"),
        ({"MONITOR_TOKEN": "двадцать четыре знака и пробелы"}, "MONITOR_TOKEN"),
        ({"OFFICE_ZONE": "Europe"}, "OFFICE_ZONE"),
    ],
)
def test_a_wrong_value_is_refused_by_name(data: Path, values: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}") as refusal:
        settings(data, **values)
    assert re.search("[а-яё]", str(refusal.value))
    assert "pa55" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_driver_we_carry(data: Path, scheme: str) -> None:
    assert settings(data, DATABASE_URL=f"{scheme}://u@h/nps").database_url == "postgresql+psycopg://u@h/nps"


def test_a_long_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    assert redis_socket(tmp_path / "data") == tmp_path / "data/redis/redis.sock"
    short = redis_socket(tmp_path / ("длинное имя " * 10))
    assert len(str(short).encode()) <= 107
    assert short == redis_socket(tmp_path / ("длинное имя " * 10))


def test_env_file_is_read_and_a_mistyped_name_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert read_env_file(file) == {}
    file.write_text("# comment\n\nPORT = 8100\nMAIL_PASSWORD=\"a = 'b' # c\"\n", encoding="utf-8")
    assert read_env_file(file) == {"PORT": "8100", "MAIL_PASSWORD": "a = 'b' # c"}
    file.write_text("MAIL_SEVER=mail.example.ru\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="MAIL_SEVER"):
        read_env_file(file)


def test_env_example_and_readme_name_every_setting() -> None:
    example = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)) == NAMES
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z0-9_]+)`", readme, re.MULTILINE)) == NAMES


def test_env_example_starts_as_it_is(tmp_path: Path, data: Path) -> None:
    file = tmp_path / ".env"
    file.write_text((PROJECT_ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    assert settings(data, **read_env_file(file)) == settings(data)

"""How this installation sends letters."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Self

#: A letter as a whole gets so many steps' time: a server that is slow at every step holds up nobody else for longer.
STEPS_IN_ALL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How this installation sends. Times are in seconds.

    caught: the server is the local catcher, nothing leaves the machine. tls: trust other than the system's.
    """

    host: str
    port: int
    sender: str
    folder: Path
    public_url: str
    default_recipient: str
    caught: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = False
    implicit_tls: bool = False
    timeout_s: float = 20.0
    tls: ssl.SSLContext | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(
            host=config["MAIL_SERVER"],
            port=config["MAIL_PORT"],
            sender=config["MAIL_DEFAULT_SENDER"],
            folder=Path(config["MAIL_FOLDER"]),
            public_url=config["PUBLIC_URL"],
            default_recipient=config["ESCALATION_RECIPIENT"],
            caught=config["MAIL_CAUGHT"],
            username=config["MAIL_USERNAME"],
            password=config["MAIL_PASSWORD"],
            starttls=config["MAIL_USE_TLS"],
            implicit_tls=config["MAIL_USE_SSL"],
            timeout_s=config["MAIL_TIMEOUT_S"],
        )

    @property
    def longest_s(self) -> float:
        """No letter takes longer than this."""
        return self.timeout_s * STEPS_IN_ALL

    @property
    def trust(self) -> ssl.SSLContext:
        """Certificates are verified, host name included."""
        return self.tls or ssl.create_default_context()

    @property
    def sender_address(self) -> str:
        """The bare address of «Name <address>»."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """The sender's domain: it names this system to servers and inside Message-IDs."""
        return ascii_domain(self.sender_address.rpartition("@")[2]) or "localhost"


_settings: MailSettings | None = None


def configure(config: Mapping[str, Any]) -> None:
    """Set how this process sends; the application does it once when it is made."""
    global _settings
    _settings = MailSettings.from_config(config)


def settings() -> MailSettings:
    if _settings is None:
        raise RuntimeError("nps.adapters.mail.configure() comes first: create_app() does it")
    return _settings


def ascii_domain(domain: str) -> str:
    """The domain as it goes over the wire, a Russian one included; '' when it is none."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""

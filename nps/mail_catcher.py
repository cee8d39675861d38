"""A mail server for a machine without one: keeps each letter as a file and sends nothing on.

`python -m nps.mail_catcher --fd N --folder PATH` serves the listening socket N that the supervisor handed down. The
file is the letter as it came with the envelope on top: `X-MailFrom`, and `X-RcptTo` with the addresses by commas.
"""

import argparse
import asyncio
import os
import secrets
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_LETTER = 64 * 1024 * 1024


class Keeper:
    """Writes letters into `folder`, named so that the order of names is the order of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Answer 250 once the letter is on the disk."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.eml"
        head = f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n"
        draft = self._folder / f".{name}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(head.encode() + (envelope.original_content or b""))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / name)
        return "250 OK"


async def serve(listener: socket.socket, folder: Path) -> None:
    """Take letters until SIGTERM."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keeper = Keeper(folder)

    def conversation() -> SMTP:
        return SMTP(keeper, hostname="localhost", data_size_limit=LARGEST_LETTER, enable_SMTPUTF8=True)

    async with await loop.create_server(conversation, sock=listener):
        await stop.wait()


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m nps.mail_catcher")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    parser.add_argument("--folder", type=Path, required=True, help="where letters are kept")
    arguments = parser.parse_args()
    os.umask(0o077)
    asyncio.run(serve(socket.socket(fileno=arguments.fd), arguments.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())

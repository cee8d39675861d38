"""`flask nps exchange …`: the files of the telephone exchange beside the system."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from nps.adapters.asterisk.files import Installation
from nps.cli._output import emit, json_option, refusals
from nps.extensions import db
from nps.services.telephony.configuration import Written, write_configuration

#: Where Debian's package keeps the exchange's log of channels.
_CALL_LOG = Path("/var/log/asterisk/cel-custom/nps.csv")
_ALREADY = "уже задан"


def register(group: AppGroup) -> None:
    group.add_command(exchange)


exchange = AppGroup("exchange", help="Телефонная станция Asterisk: её настройки для этой системы.")


@exchange.command("config", help="Написать файлы настроек Asterisk: телефоны операторов, линия, AMI, запись.")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Папка, обычно /etc/asterisk.")
@click.option("--carrier", required=True, help="Адрес оператора связи: узел или узел:порт.")
@click.option("--carrier-login", default="", help="Логин у оператора связи, если он нужен.")
@click.option("--carrier-secret", default="", envvar="NPS_CARRIER_SECRET", help="Пароль к нему.")
@click.option("--number", required=True, help="Номер, который видят клиенты: 74951234567.")
@click.option("--recordings", type=click.Path(path_type=Path), default=None, help="Папка записей. RECORDINGS_INBOX.")
@click.option("--sip", default="0.0.0.0:5060", show_default=True, help="Адрес станции для телефонов и линии.")
@click.option("--rtp", nargs=2, type=int, default=(10000, 10999), show_default=True, help="Порты звука.")
@click.option("--product", default="127.0.0.1", show_default=True, help="Адрес этой системы для станции.")
@click.option("--call-log", type=click.Path(path_type=Path), default=None, help="Журнал каналов станции.")
@json_option
def config(
    folder: Path, carrier: str, carrier_login: str, carrier_secret: str, number: str, recordings: Path | None,
    sip: str, rtp: tuple[int, int], product: str, call_log: Path | None, as_json: bool,
) -> None:  # fmt: skip
    known = current_app.config["EXCHANGE"]
    log = call_log or (known.call_log if known and known.call_log else _CALL_LOG)
    made = Installation(
        ami_username=known.username if known else "nps",
        ami_secret=known.secret if known else "",
        ami_port=known.port if known else 5038,
        context=known.context if known else "nps-out",
        transfer_context=known.transfer_context if known else "nps-transfer",
        carrier=carrier, carrier_login=carrier_login, carrier_secret=carrier_secret, number=number.lstrip("+"),
        sip=sip, rtp=rtp, product=product, telephones=(),
        recordings=(recordings or current_app.config["RECORDINGS_INBOX"]).expanduser().absolute(),
    )  # fmt: skip
    with refusals(as_json):
        written = write_configuration(db.session(), made, current_app.config["SECRET_KEY"], folder, log)
    emit(asdict(written), _told(folder, made, written, log), as_json)


def _told(folder: Path, made: Installation, written: Written, log: Path) -> list[str]:
    lines = [f"Записано в {folder}: {', '.join(written.files)}.", "", "Настройки системы (.env):"]
    host = "127.0.0.1" if made.product == "127.0.0.1" else "адрес станции"
    lines += [f"AMI_HOST={host}", f"AMI_PORT={made.ami_port}", f"AMI_USERNAME={made.ami_username}"]
    lines += [f"AMI_SECRET={_ALREADY if made.ami_secret else written.ami_secret}", f"AMI_CALL_LOG={log}"]
    lines += [f"RECORDINGS_INBOX={made.recordings}", "", f"Телефоны операторов (станция {made.sip}):"]
    phones = [f"{one.extension:<12} пароль {one.secret}  {one.full_name}" for one in written.handsets]
    return lines + (phones or ["нет ни одного: назовите телефон на странице сотрудника и повторите команду."])

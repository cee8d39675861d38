"""Files of an Asterisk (16 or newer) that works for this installation. docs/telephony.md shows them word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Telephone:
    """An operator's telephone: the name it registers by and its password."""

    extension: str
    secret: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What the files are made of.

    `carrier` is a host with or without a port; with a login the exchange registers there. `number` is what clients see:
    digits. `product` is the address that the product connects from, `sip` what telephones and the carrier reach,
    `rtp` the first and the last port of sound.
    """

    ami_username: str
    ami_secret: str
    ami_port: int
    product: str
    context: str
    transfer_context: str
    carrier: str
    carrier_login: str
    carrier_secret: str
    number: str
    sip: str
    rtp: tuple[int, int]
    recordings: Path
    telephones: Sequence[Telephone]


def files_of(made: Installation) -> Mapping[str, str]:
    """The files by their names. Raises ValueError with the name of what can't stand in one."""
    _require_plain(made)
    return {
        "cel.conf": _CEL,
        "cel_custom.conf": _CEL_CUSTOM,
        "extensions.conf": _extensions(made),
        "http.conf": _HTTP,
        "indications.conf": _INDICATIONS,
        "manager.conf": _manager(made),
        "modules.conf": _MODULES,
        "pjsip.conf": _pjsip(made),
        "rtp.conf": f"[general]\nrtpstart = {made.rtp[0]}\nrtpend = {made.rtp[1]}\n",
    }


def _require_plain(made: Installation) -> None:
    """What has a meaning of its own in these files (a line break, a comma, a semicolon) would say something else."""
    address = r"[A-Za-z0-9.-]+(:\d{1,5})?"
    word = r"[\w.+@-]+"
    wanted = {
        "AMI_USERNAME": (word, made.ami_username),
        "AMI_SECRET": (r"[!-:<-~]+", made.ami_secret),
        "AMI_CONTEXT": (word, made.context),
        "AMI_TRANSFER_CONTEXT": (word, made.transfer_context),
        "RECORDINGS_INBOX": (r"/[\w./-]+", str(made.recordings)),
        "--carrier": (address, made.carrier),
        "--carrier-login": (f"({word})?", made.carrier_login),
        "--carrier-secret": (r"[!-:<-~]*", made.carrier_secret),
        "--number": (r"\d{3,15}", made.number),
        "--sip": (address, made.sip),
        "--product": (address, made.product),
    }
    for name, (form, value) in wanted.items():
        if not re.fullmatch(form, value, re.ASCII):
            raise ValueError(name)


def _manager(made: Installation) -> str:
    reached = _LOOPBACK if made.product == _LOOPBACK else "0.0.0.0"
    return f"""\
[general]
enabled = yes
bindaddr = {reached}
port = {made.ami_port}
timestampevents = yes

[{made.ami_username}]
secret = {made.ami_secret}
deny = 0.0.0.0/0.0.0.0
permit = {made.product}/255.255.255.255
read = call
write = originate,call
"""


def _extensions(made: Installation) -> str:
    file = f"{made.recordings}/.${{NPS_ID}}.wav"
    whole = f"{made.recordings}/${{NPS_ID}}.wav"
    return f"""\
; The operator has picked up; EXTEN is the client's number, 79170003794.
[{made.context}]
exten => _7XXXXXXXXXX,1,NoOp(${{NPS_ID}})
 same => n,MixMonitor({file},,mv {file} {whole})
 same => n,Set(CALLERID(all)={made.number} <{made.number}>)
 same => n,Set(OPTIONS=g)
 same => n,ExecIf($["${{NPS_LIMIT}}" != ""]?Set(OPTIONS=${{OPTIONS}}L(${{NPS_LIMIT}})))
 same => n,ExecIf($["${{NPS_EXT}}" != ""]?Set(OPTIONS=${{OPTIONS}}D(wwww${{NPS_EXT}})))
 same => n,Dial(PJSIP/${{EXTEN}}@trunk,${{NPS_RING}},${{OPTIONS}})
 same => n,Hangup()

; The trial of the page «Связь»: the operator's own telephone, recorded for three seconds.
[nps-test]
exten => s,1,MixMonitor({made.recordings}/.test-${{NPS_ID}}.wav)
 same => n,Playtones(425/300,0/200)
 same => n,Wait(3)
 same => n,Hangup()

; The client is connected with a branch; one that does not answer brings him back to the operator's telephone.
[{made.transfer_context}]
exten => _7XXXXXXXXXX,1,Set(OPTIONS=g)
 same => n,Set(CALLERID(all)={made.number} <{made.number}>)
 same => n,ExecIf($["${{NPS_EXT}}" != ""]?Set(OPTIONS=${{OPTIONS}}D(wwww${{NPS_EXT}})))
 same => n,Dial(PJSIP/${{EXTEN}}@trunk,30,${{OPTIONS}})
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER" | "${{NPS_PHONE}}" = ""]?over)
 same => n,Dial(${{NPS_PHONE}},30)
 same => n(over),Hangup()
"""


def _pjsip(made: Installation) -> str:
    return "\n".join(
        [
            f"[udp]\ntype = transport\nprotocol = udp\nbind = {made.sip}\n",
            _trunk(made),
            *(_telephone(telephone) for telephone in made.telephones),
        ]
    )


def _trunk(made: Installation) -> str:
    """The carrier. Nothing comes in by it: there is no context of that name."""
    host = made.carrier.partition(":")[0]
    auth = "outbound_auth = trunk\n" if made.carrier_login else ""
    endpoint = f"""\
[trunk]
type = endpoint
context = nps-nothing
disallow = all
allow = alaw
aors = trunk
direct_media = no
from_user = {made.number}
from_domain = {host}
{auth}
[trunk]
type = aor
contact = sip:{made.carrier}
"""
    if not made.carrier_login:
        return endpoint
    return f"""\
{endpoint}
[trunk]
type = auth
auth_type = userpass
username = {made.carrier_login}
password = {made.carrier_secret}

[trunk]
type = registration
outbound_auth = trunk
server_uri = sip:{made.carrier}
client_uri = sip:{made.carrier_login}@{made.carrier}
retry_interval = 30
"""


def _telephone(telephone: Telephone) -> str:
    name = telephone.extension
    return f"""\
[{name}]
type = endpoint
context = nps-nothing
disallow = all
allow = alaw
auth = {name}
aors = {name}
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes

[{name}]
type = auth
auth_type = userpass
username = {name}
password = {telephone.secret}

[{name}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 30
"""


_CEL = """\
[general]
enable = yes
events = ANSWER,HANGUP
dateformat = %s.%6q
"""
_CEL_CUSTOM = (
    "[mappings]\nnps.csv => ${CSV_QUOTE(${eventtype})},${CSV_QUOTE(${eventtime})},"
    "${CSV_QUOTE(${CHANNEL(uniqueid)})},${CSV_QUOTE(${CHANNEL(linkedid)})}\n"
)
_HTTP = """\
[general]
enabled = no
"""
#: Tones of the public network, GOST 45.223: 425 Hz, a second of ringing in five.
_INDICATIONS = """\
[general]
country = ru

[ru]
description = Russian Federation
ringcadence = 1000,4000
dial = 425
busy = 425/350,0/350
ring = 425/1000,0/4000
congestion = 425/175,0/175
callwaiting = 425/200,0/5000
record = 1400/400,0/15000
info = 950/330,1400/330,1800/330,0/1000
"""
#: chan_sip, gone since 21, would keep the port of SIP; what the rest would ask of the network is no concern of ours.
_MODULES = """\
[modules]
autoload = yes
noload = chan_sip.so
noload = pbx_dundi.so
noload = res_hep.so
"""

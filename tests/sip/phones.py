"""Two real telephones on the loopback: an operator's (baresip), who dials, and a client's (sipp), who is called.

What is said can be told apart by ear and by counting: the operator hums at 500 Hz, the client buzzes at 1000 Hz.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.redis_server import LEASH

RATE = 8000
OPERATOR_HZ, CLIENT_HZ = 500, 1000
#: Nothing here takes so long on any machine; a telephone that says nothing until then has failed.
_PATIENCE_S = 60
_SCENARIO = Path(__file__).with_name("client.xml")
_CONFIG = """\
module_path {modules}
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
ctrl_tcp_listen 127.0.0.1:{port}
audio_source aufile,{folder}/operator.wav
audio_player aufile,{folder}/loudspeaker.wav
audio_alert aufile,{folder}/loudspeaker.wav
snd_path {folder}
"""


def installed(program: str) -> str:
    """The program's path. Raises RuntimeError with what to do when there is none."""
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is not installed: bin/test installs it, or set NPS_TEST_WITHOUT_SIP=1")
    return path


@dataclass
class Client:
    """A telephone that will be called once."""

    port: int
    _process: subprocess.Popen[bytes]
    _log: Path

    def has_hung_up(self) -> bool:
        """Wait for the end of his call; whether everything went as he expected."""
        return self._process.wait(_PATIENCE_S) == 0

    def complaint(self) -> str:
        """What sipp had to say."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


@contextlib.contextmanager
def client(folder: Path, talk_s: int) -> Iterator[Client]:
    """A client who lets it ring for a second, talks so long and hangs up; sipp's files lie in `folder`."""
    folder.mkdir()
    # A square wave of eight samples: A-law has it in two code words (ITU-T G.711).
    (folder / "client.alaw").write_bytes((b"\xb4" * 4 + b"\x34" * 4) * (RATE // 8))
    port, media = _free_udp_ports()
    command = [installed("sipp"), "-sf", str(_SCENARIO), "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1"]
    command += ["-mp", str(media), "-m", "1", "-d", str(talk_s * 1000), "-nostdin", "-trace_err"]
    command += ["-error_file", str(folder / "errors.log")]
    with _running(command, folder) as process:
        _until(lambda: _is_bound(port), process)
        yield Client(port, process, folder / "errors.log")


@dataclass
class Phone:
    """The operator's telephone program: takes links, tells what happens on the line, and records both sides."""

    folder: Path
    _process: subprocess.Popen[bytes]
    _control: socket.socket
    _said: IO[bytes]
    #: Types of the events that have come, in order.
    events: list[str] = field(default_factory=list)

    def follow(self, link: str) -> None:
        """Dial what a browser hands over."""
        self._send(command="dial", params=link)

    def wait_for(self, event: str) -> None:
        """Read on until the program tells an event of this type. Raises RuntimeError when it leaves before."""
        while event not in self.events:
            told = self._read()
            if told.get("event"):
                self.events.append(str(told["type"]))

    def leave(self) -> tuple[array[int], array[int]]:
        """Close the program, which finishes its files; what the operator said and what he heard, 8,000 samples a s."""
        self._send(command="quit")
        self._process.wait(_PATIENCE_S)
        said, heard = (_samples(next(self.folder.glob(f"*-{side}.wav"))) for side in ("enc", "dec"))
        return said, heard

    def _send(self, **command: str) -> None:
        text = json.dumps(command).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))

    def _read(self) -> dict[str, Any]:
        """One netstring: its length, a colon, JSON, a comma."""
        length = b""
        while (digit := self._said.read(1)).isdigit():
            length += digit
        if digit != b":":
            raise RuntimeError(f"the telephone left after {self.events}")
        told: dict[str, Any] = json.loads(self._said.read(int(length)))
        self._said.read(1)
        return told


@contextlib.contextmanager
def phone(folder: Path) -> Iterator[Phone]:
    """A telephone program with no account of an exchange; its settings and files lie in `folder`."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = installed("baresip")
    modules = Path(program).resolve().parent.parent / "lib/baresip/modules"
    (folder / "config").write_text(_CONFIG.format(modules=modules, port=port, folder=folder))
    (folder / "accounts").write_text("<sip:operator@127.0.0.1>;regint=0;audio_codecs=pcma\n")
    hum = array("h", [8000] * (RATE // OPERATOR_HZ // 2) + [-8000] * (RATE // OPERATOR_HZ // 2))
    _write(folder / "operator.wav", 1, hum * (OPERATOR_HZ * _PATIENCE_S))
    with _running([program, "-f", str(folder)], folder) as process, contextlib.ExitStack() as stack:
        control = stack.enter_context(_connected(port, process))
        yield Phone(folder, process, control, stack.enter_context(control.makefile("rb")))


def both_sides(path: Path, said: array[int], heard: array[int]) -> None:
    """Write a recording of the call as recorders do: the operator on the left, the client on the right."""
    frames = max(len(said), len(heard))
    mixed = array("h", bytes(4 * frames))
    mixed[: 2 * len(said) : 2], mixed[1 : 2 * len(heard) : 2] = said, heard
    _write(path, 2, mixed)


def pitch_hz(samples: array[int]) -> float:
    """How often a sound swings in a second."""
    swings = sum(1 for before, after in zip(samples, samples[1:], strict=False) if before < 0 <= after)
    return swings * RATE / len(samples)


def _samples(path: Path) -> array[int]:
    with wave.open(str(path), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        return array("h", sound.readframes(sound.getnframes()))


def _write(path: Path, channels: int, samples: array[int]) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())


@contextlib.contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program for the block, in `folder`; it ends with the block, and with this process however that ends."""
    with (
        (folder / "output.log").open("wb") as log,
        subprocess.Popen([*LEASH, *command], cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            raise RuntimeError("the telephone ended at its start")


def _until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while not condition():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            raise RuntimeError("the client's telephone ended at its start")


def _free_udp_ports() -> tuple[int, int]:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _is_bound(port: int) -> bool:
    """Whether some program holds the UDP port of the loopback; asking by a bind would take it from that program."""
    return f" 0100007F:{port:04X} " in Path("/proc/net/udp").read_text()

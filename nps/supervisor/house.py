"""The running house: order of start, watching, order of stopping."""

import contextlib
import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import FrameType
from typing import Any

from nps.config import PRODUCTION, ConfigError, Settings, local_url
from nps.supervisor import listen, redis_server, report
from nps.supervisor.lock import AlreadyRunning, DataLock
from nps.supervisor.process import PYTHON, Process, Program

REDIS_READY_S, WEB_READY_S = 30.0, 60.0
#: How Redis ends when it can't read its own file, or has no room for it.
REDIS_REFUSES = 1
CHECK_EVERY_S = 0.05
# `timeout` and terminals may send the same signal twice in a row; a second wish comes later than that.
SAME_SIGNAL_S = 1.0
# Later ones are still needed by earlier ones while those finish what they are doing.
STOP_ORDER = (("web", "sweeper", "exchange"), ("letters", "bulk"), ("mail",), ("redis",))


class Stopped(Exception):
    """A signal asked the supervisor to end."""


class House:
    """All processes of one installation, by their short names."""

    def __init__(self, settings: Settings, lock: DataLock) -> None:
        self.settings = settings
        self._lock = lock
        self._processes: dict[str, Process] = {}
        self._stopping = False
        self._asked_at = 0.0
        self._news, wakeup = os.pipe()
        os.set_blocking(self._news, False)
        os.set_blocking(wakeup, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup)

    def start(self) -> None:
        """Start everything in order and say where it is. Raises Stopped, or ConfigError when a part doesn't come up."""
        web = listen.open_socket(
            self.settings.bind, self.settings.port, try_next=self.settings.environment != PRODUCTION
        )
        port = listen.port_of(web)
        if port != self.settings.port:
            report.line(f"Порт {self.settings.port} занят, беру следующий свободный: {port}.")
        self._settle_addresses(port)
        self._lock.publish(self.settings.public_url)
        if self.settings.redis_is_ours:
            self._start_redis()
        report.prepared(self.settings, self._prepare())
        if self.settings.mail_is_caught:
            self._start_catcher()
        self._start_web(web)
        self._run("letters", "Письма", (*PYTHON, "-m", "nps.runner", "letters"), stop_s=30)
        self._run("bulk", "Загрузки и выгрузки", (*PYTHON, "-m", "nps.runner", "bulk"), stop_s=15)
        self._run("sweeper", "Планировщик", (*PYTHON, "-m", "nps.runner", "sweeper"), stop_s=5)
        if self.settings.exchange is not None:
            self._run("exchange", "Связь со станцией", (*PYTHON, "-m", "nps.runner", "exchange"), stop_s=5)
        self._wait(lambda: listen.web_answers(self.settings.bind, port), WEB_READY_S, "web")
        report.started(self.settings)

    def _start_redis(self) -> None:
        """Start it, and once more without what it has kept when it does not come up with that."""
        config = redis_server.write_config(self.settings.data)
        self._run("redis", "Redis", (redis_server.binary(), str(config)))
        try:
            self._wait(lambda: redis_server.answers(self.settings.data), REDIS_READY_S, "redis")
        except ConfigError:
            self._processes["redis"].kill()
            if not self._begin_empty():
                raise
            self._processes["redis"].start()
            self._wait(lambda: redis_server.answers(self.settings.data), REDIS_READY_S, "redis")

    def _begin_empty(self) -> bool:
        aside = redis_server.set_aside(self.settings.data)
        if aside:
            report.line(
                f"Redis: свой файл прочитать не смог, он отложен в {aside}. Очередь начата заново, письма целы."
            )
        return bool(aside)

    def watch(self) -> None:
        """Start again what dies, until a signal comes (then raises Stopped)."""
        while True:
            due = [process.start_at for process in self._processes.values() if process.start_at is not None]
            self._listen(min(due) - time.monotonic() if due else None)
            self._restart_dead()

    def stop(self) -> None:
        """Ask each process to end, in order, and end what takes too long. A second signal ends everything at once."""
        self._stopping = False
        try:
            for names in STOP_ORDER:
                self._stop_group([self._processes[name] for name in names if name in self._processes])
        except Stopped:
            report.line("Второй сигнал: прерываю всё сразу.")
        finally:
            self.kill()

    def kill(self) -> None:
        for process in reversed(self._processes.values()):
            process.kill()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._asked_at > SAME_SIGNAL_S:
            self._asked_at, self._stopping = now, True

    def _listen(self, seconds: float | None) -> None:
        """Sleep until a signal (a child's end is one too) or for `seconds`. Raises Stopped when it was one to stop."""
        if not self._stopping:
            select.select([self._news], [], [], None if seconds is None else max(seconds, 0))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._news, 256):
                pass
        if self._stopping:
            raise Stopped

    def _settle_addresses(self, port: int) -> None:
        given = self.settings.public_url_is_given
        url = self.settings.public_url if given else local_url(self.settings.bind, port)
        self.settings = replace(self.settings, port=port, public_url=url)

    def _environ(self) -> dict[str, str]:
        """What every process below gets: its own environment and what has been decided here."""
        decided = {
            "NPS_DATA": str(self.settings.data),
            "PORT": str(self.settings.port),
            "PUBLIC_URL": self.settings.public_url,
            "REDIS_URL": self.settings.redis_url,
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if self.settings.mail_is_caught:
            decided["MAIL_PORT"] = str(self.settings.mail_port)
        return {**os.environ, **decided}

    def _run(
        self, name: str, title: str, command: Iterable[str], stop_s: float = 10, descriptors: tuple[int, ...] = ()
    ) -> None:
        # The shared lock goes along: it is free again when the last process is gone.
        program = Program(title, tuple(command), self._environ(), stop_s, (*descriptors, self._lock.shared))
        self._processes[name] = process = Process(program)
        process.start()

    def _start_catcher(self) -> None:
        listener = listen.open_socket("127.0.0.1", self.settings.mail_port, try_next=True)
        self.settings = replace(self.settings, mail_port=listen.port_of(listener))
        folder, descriptor = str(self.settings.caught_mail_folder), listener.detach()
        command = (*PYTHON, "-m", "nps.mail_catcher", "--fd", str(descriptor), "--folder", folder)
        self._run("mail", "Почта на этой машине", command, descriptors=(descriptor,))

    def _start_web(self, listener: Any) -> None:
        descriptor = listener.detach()
        gunicorn = ("-m", "gunicorn", "--bind", f"fd://{descriptor}", "--worker-class", "gthread", "--preload")
        size = ("--workers", str(self.settings.web_workers), "--threads", str(self.settings.web_threads))
        times = ("--keep-alive", "75", "--timeout", "60", "--graceful-timeout", "10")
        quiet = ("--no-control-socket", "--log-level", "warning", "wsgi:app")
        self._run("web", "Веб-сервер", (*PYTHON, *gunicorn, *size, *times, *quiet), 15, (descriptor,))

    def _prepare(self) -> dict[str, Any]:
        """Bring the database up to date and make the first accounts; what there is to tell a person."""
        with tempfile.TemporaryFile() as output:
            command = (*PYTHON, "-m", "nps.supervisor.prepare")
            process = Process(Program("Подготовка базы данных", command, self._environ(), 5, (self._lock.shared,)))
            self._processes["prepare"] = process
            process.start(output)
            while (code := process.ended()) is None:
                self._listen(None)
            if code:
                raise ConfigError("База данных не подготовлена: причина выше. Ничего не запущено.")
            del self._processes["prepare"]
            output.seek(0)
            prepared: dict[str, Any] = json.loads(output.read() or b"{}")
            return prepared

    def _wait(self, is_ready: Callable[[], bool], seconds: float, name: str) -> None:
        """Wait until it is ready. Raises ConfigError when it ends before that or takes longer than `seconds`."""
        title, process = self._processes[name].program.title, self._processes[name]
        deadline = time.monotonic() + seconds
        while not is_ready():
            code = process.ended()
            if code is not None:
                raise ConfigError(f"{title}: запуск не удался (код {code}), причина выше или в {self.settings.data}.")
            if time.monotonic() > deadline:
                raise ConfigError(f"{title}: за {seconds:.0f} с не отвечает.")
            self._listen(CHECK_EVERY_S)

    def _restart_dead(self) -> None:
        for name, process in self._processes.items():
            title, code = process.program.title, process.ended()
            if code is not None:
                # Killed from outside it comes back with what it has kept; by itself it ends only over that.
                if name == "redis" and code == REDIS_REFUSES:
                    self._begin_empty()
                delay = process.plan_restart()
                report.line(f"{title}: остановка с кодом {code}, новый запуск через {delay:g} с.")
            elif process.start_at is not None and time.monotonic() >= process.start_at:
                process.start()
                report.line(f"{title}: запуск.")

    def _stop_group(self, group: list[Process]) -> None:
        begin = time.monotonic()
        for process in group:
            process.ask_to_stop()
        while running := [process for process in group if process.ended() is None and process.is_running]:
            late = [process for process in running if time.monotonic() >= begin + process.program.stop_s]
            for process in late:
                report.line(f"{process.program.title}: не остановился за {process.program.stop_s:.0f} с, прерван.")
                process.kill()
            if not late:
                self._listen(CHECK_EVERY_S)


def main() -> int:
    """Run the house until a signal; the exit code."""
    os.umask(0o077)
    try:
        settings = Settings.from_env()
        lock = DataLock(settings.data_lock, settings.data / "processes.lock")
    except ConfigError as error:
        report.problem(str(error))
        return 1
    except AlreadyRunning as running:
        report.problem(
            f"Система уже работает с этими данными: {running.address}. Второй запуск не нужен."
            if running.address
            else "Система с этими данными уже запускается или ещё останавливается: повторите через несколько секунд."
        )
        return 1
    house = House(settings, lock)
    try:
        house.start()
        house.watch()
    except Stopped:
        report.line("Останавливаю…")
        house.stop()
        report.line("Остановлено.")
    except ConfigError as error:
        report.problem(str(error))
        return 1
    finally:
        house.kill()
    return 0

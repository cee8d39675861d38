"""The samples of deploy/ start what there is."""

import re
import shlex

import pytest

from nps.adapters.queue import QUEUES
from nps.config import PROJECT_ROOT
from nps.runner import SWEEPER

DEPLOY = PROJECT_ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def command(unit: str) -> list[str]:
    text = (DEPLOY / unit).read_text(encoding="utf-8").replace("\\\n", "")
    found = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)
    assert found, unit
    return shlex.split(found[1])


@pytest.mark.parametrize("unit", [path.name for path in UNITS])
def test_a_unit_names_files_and_modules_of_the_project(unit: str) -> None:
    program, *words = command(unit)
    assert program.startswith("/opt/nps/")
    assert program.endswith("/.venv/bin/python") or (PROJECT_ROOT / program.removeprefix("/opt/nps/")).is_file()
    for module in [after for word, after in zip(words, words[1:], strict=False) if word == "-m" and "nps" in after]:
        path = PROJECT_ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file(), module


def test_the_web_server_starts_as_the_supervisor_starts_it() -> None:
    """Options that were measured and tested there hold here."""
    source = (PROJECT_ROOT / "nps" / "supervisor" / "house.py").read_text(encoding="utf-8")
    begin = source[source.index("def _start_web") :]
    supervisors = set(re.findall(r'"(--[\w-]+)"', begin[: begin.index("self._run")]))
    assert {word for word in command("nps-web.service") if word.startswith("--")} == supervisors


def test_the_page_enables_each_working_process() -> None:
    page = (PROJECT_ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert set(re.findall(r"nps-runner@(\w+)", page)) == {*QUEUES, SWEEPER}
    for name in re.findall(r"deploy/([\w.@-]+)", page):
        assert (DEPLOY / name).is_file(), name

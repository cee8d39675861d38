"""The scripts of bin/: what they say where something can't be installed."""

import os
import subprocess
from pathlib import Path

import pytest

from nps.config import PROJECT_ROOT

SCRIPTS = sorted(path for path in (PROJECT_ROOT / "bin").iterdir() if path.suffix in ("", ".sh") and path.is_file())


def without_rights(folder: Path) -> dict[str, str]:
    """An environment in which the user is nobody special and sudo asks for a password."""
    for name, body in (("id", "echo 1000"), ("sudo", "exit 1"), ("apt-get", "exit 1")):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("script", [*SCRIPTS, PROJECT_ROOT / ".ci/run"], ids=lambda path: path.name)
def test_scripts_are_bash_that_parses(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True).stderr == ""
    assert script.name == "_common.sh" or os.access(script, os.X_OK)


def test_without_rights_one_sentence_names_the_command(tmp_path: Path) -> None:
    script = "source bin/_common.sh; apt_install python3.11-venv redis-server; echo went on"
    refused = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT_ROOT, env=without_rights(tmp_path), capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "Не хватает: python3.11-venv redis-server. "
        "Установите командой: sudo apt-get install -y python3.11-venv redis-server\n"
    )

"""What is in the tree belongs there: no registry host, no path of the machine it was written on."""

import re
import subprocess

import pytest

from nps.config import PROJECT_ROOT
from tests.conftest import LONGEST

# Written apart, so that this file doesn't hold them.
HOSTS = [("py" + "pi", "org"), ("python" + "hosted", "org"), ("npm" + "js", "(org|com)"), ("debian", "org")]
FORBIDDEN = {
    "registry host": re.compile("|".join(rf"\b{name}\.{zone}\b" for name, zone in HOSTS)),
    "path of a machine": re.compile(r"(?<![\w.~-])/(wo" + r"rk|home/\w+|ro" + r"ot)/"),
}


def tracked() -> list[str]:
    """Files that are or would be committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    return sorted({name for name in listed.split("\0") if name and (PROJECT_ROOT / name).is_file()})


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_it(what: str) -> None:
    found = []
    for name in tracked():
        try:
            text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match.group()}" for match in FORBIDDEN[what].finditer(text)]
    assert found == []


def test_the_files_that_are_begun_first_are_there() -> None:
    assert [name for name in LONGEST if not (PROJECT_ROOT / "tests" / name).is_file()] == []


def test_data_and_secrets_are_ignored() -> None:
    names = ["var/nps.sqlite3", ".env", ".venv/bin/python"]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert ignored.stdout.split() == names

"""Types hold and imports point down: the two checks that take long enough to be run beside other tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.long


@pytest.mark.parametrize("checker", ["mypy", "lint-imports"])
def test_the_checker_has_nothing_to_say(checker: str) -> None:
    command = Path(sys.executable).with_name(checker)
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Tests that need a program which somebody may do without: left out only when he says so, and then it is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def leave_out(config: pytest.Config, items: list[pytest.Item], folder: Path, switch: str, what: str) -> None:
    """Take the tests below `folder` out of `items` when the environment sets `switch`. For a conftest's collection."""
    mine = [item for item in items if folder in item.path.parents]
    if not mine or not os.environ.get(switch):
        return
    items[:] = [item for item in items if item not in mine]
    config.hook.pytest_deselected(items=mine)
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{switch} is set: {len(mine)} tests {what} are NOT run.\n")

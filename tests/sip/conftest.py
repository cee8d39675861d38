"""Real telephones for the tests here: Debian's baresip and sipp, over loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.switches import leave_out

HERE = Path(__file__).parent
SWITCH = "NPS_TEST_WITHOUT_SIP"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the two programs these tests fail, unless somebody has switched them off by hand; then it is said."""
    leave_out(config, items, HERE, SWITCH, "with real telephones")

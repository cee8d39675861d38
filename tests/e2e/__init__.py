"""The system in a real browser. Helpers fail with the same detail as the tests themselves."""

import pytest

pytest.register_assert_rewrite("tests.e2e.calls", "tests.e2e.people", "tests.e2e.states", "tests.e2e.workbooks")

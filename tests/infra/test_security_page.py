"""docs/security.md names tests: each of them exists, and each statement has one or says why not."""

import re

from nps.config import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:\w+/)+\w+\.py|…)(?:::(?:…::)?(\w+…?))?`")


def test_every_test_that_is_named_exists() -> None:
    file, named = "", 0
    for path, test in NAMED.findall(PAGE):
        file = path if path != "…" else file
        # Files of the program are named as well, to be read.
        known = [
            place for place in (PROJECT_ROOT / "tests" / file, *PROJECT_ROOT.glob(f"nps/**/{file}")) if place.is_file()
        ]
        assert known, file
        if test:
            begin = test.removesuffix("…")
            assert re.search(rf"def {begin}{'' if test == begin else '.*'}\b", known[0].read_text(encoding="utf-8")), (
                test
            )
            named += 1
    assert named > 40


def test_every_statement_has_a_status_and_a_reason() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if re.match(r"\| \d+ ", line)
    ]
    assert {int(row[0]) for row in rows} == set(range(1, 52))
    for number, asvs, statement, status, reason in rows:
        assert re.match(r"\d+\.\d", asvs) and statement, number
        assert status in ("yes", "part", "n/a"), number
        assert (status == "n/a") is not bool(NAMED.search(reason)), number
        assert status == "yes" or len(reason) > 40, f"{number}: why?"

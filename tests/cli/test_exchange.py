"""`flask nps exchange config`: the files, who may read them, and what it tells the administrator to do."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from tests import factories


def arguments(folder: Path, **more: str) -> list[str]:
    given: dict[str, object] = {"to": folder / "asterisk", "carrier": "sip.example.ru", "number": "+74951234567"}
    given |= {"recordings": folder / "recordings", "call-log": folder / "log/cel-custom/nps.csv"} | more
    return ["nps", "exchange", "config", *(word for name, value in given.items() for word in (f"--{name}", str(value)))]


def test_files_folders_and_passwords_are_made_and_stay_the_same(app: Flask, session: Session, tmp_path: Path) -> None:
    factories.user(session, extension="op1", full_name="Ольга Маркова")
    factories.user(session, extension="op2", active=False)
    runner = app.test_cli_runner()
    first = runner.invoke(args=arguments(tmp_path))
    assert first.exit_code == 0, first.output
    again = runner.invoke(args=arguments(tmp_path))

    assert again.output == first.output and "Ольга Маркова" in first.output and "op2" not in first.output
    assert f"AMI_CALL_LOG={tmp_path}/log/cel-custom/nps.csv" in first.output
    assert f"RECORDINGS_INBOX={tmp_path}/recordings" in first.output
    assert (tmp_path / "recordings").is_dir() and (tmp_path / "log/cel-custom").is_dir()
    written = {path.name: path for path in (tmp_path / "asterisk").iterdir()}
    assert {path.stat().st_mode & 0o777 for path in written.values()} == {0o640}
    (secret,) = (line.split("=")[1] for line in first.output.splitlines() if line.startswith("AMI_SECRET="))
    assert f"secret = {secret}\n" in written["manager.conf"].read_text() and len(secret) == 26
    assert not [name for name in written if name.endswith(".before-nps")]


def test_a_file_that_somebody_wrote_is_kept_beside_ours(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "asterisk").mkdir()
    (tmp_path / "asterisk/pjsip.conf").write_text("; theirs\n")
    runner = app.test_cli_runner()
    for number in ("74951234567", "74957654321"):
        assert runner.invoke(args=arguments(tmp_path, number=number)).exit_code == 0
    assert (tmp_path / "asterisk/pjsip.conf.before-nps").read_text() == "; theirs\n"
    assert "from_user = 74957654321" in (tmp_path / "asterisk/pjsip.conf").read_text()


def test_what_cannot_be_written_is_refused_in_words(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=arguments(tmp_path, carrier="sip example"))
    assert wrong.exit_code == 1 and "--carrier" in wrong.output
    (tmp_path / "file").write_text("")
    shut = runner.invoke(args=arguments(tmp_path, to=str(tmp_path / "file")))
    assert shut.exit_code == 1 and "Не записано" in shut.output

"""Bringing a database to the present version."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from nps.app import create_app
from nps.config import PROJECT_ROOT, Settings
from nps.extensions import db
from nps.extensions import migrate as migrations
from nps.supervisor.prepare import migrate

LATER = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "9999", "{head}"
branch_labels = depends_on = None
def upgrade():
    op.create_table(
        "later",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("campaign_id", sa.BigInteger, sa.ForeignKey("campaign.id")),
    )
"""


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def later_version(folder: Path) -> Path:
    """The migrations of a later version, which has one table more."""
    versions = folder / "migrations"
    shutil.copytree(PROJECT_ROOT / "migrations", versions, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(versions)).get_current_head()
    (versions / "versions" / "9999_later.py").write_text(LATER.format(head=head), encoding="utf-8")
    return versions


def test_a_new_database_is_made_and_an_old_one_is_copied_before_it_changes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_env({"NPS_DATA": str(data)})
    assert settings.sqlite_file is not None
    app = create_app(settings)
    with app.app_context():
        assert migrate(settings) is None, "there was nothing to copy"
        assert migrate(settings) is None, "there was nothing to do"
        assert not (data / "backups").exists()
        monkeypatch.setattr(migrations, "directory", str(later_version(tmp_path)))
        copy = migrate(settings)
        db.engine.dispose()

    assert copy is not None
    assert "later" in tables(settings.sqlite_file)
    assert tables(Path(copy)) == tables(settings.sqlite_file) - {"later"}

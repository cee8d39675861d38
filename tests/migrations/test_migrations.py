"""Migrations: one line of them, the same tables as the models, nothing lost on a filled database."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.domain.disposition import TABLE
from nps.domain.local_time import ZONES
from nps.extensions import Base, db
from nps.models import CallAttempt, DispositionRow, Region, Respondent
from tests import factories
from tests.live import ROOT

MIGRATIONS = ROOT / "migrations"


def test_there_is_one_head_and_each_file_is_named_after_its_revision() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_the_migrated_database_has_the_tables_of_the_models(session: Session) -> None:
    context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


def test_a_second_upgrade_changes_nothing(app: Flask, session: Session) -> None:
    client_id = factories.respondent(session, factories.campaign(session)).id
    db.session.remove()
    upgrade()
    assert db.session.get_one(Respondent, client_id).state == "waiting"


def test_the_table_of_results_is_the_domains(session: Session) -> None:
    stored = {row.code: row for row in session.scalars(select(DispositionRow))}
    assert set(stored) == set(TABLE)
    for code, row in TABLE.items():
        known = asdict(row)
        columns = ("label", "kind", "misses", "reaches_network", "conversation", "min_ring_s", "note_needed", "aapor")
        for name in columns:
            assert getattr(stored[code], name) == known[name], (code, name)


def test_the_regions_are_the_domains(session: Session) -> None:
    assert {region.code: region.zone for region in session.scalars(select(Region))} == dict(ZONES)


LOSING = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
def upgrade():
    op.execute("DELETE FROM attempt_outcome")
"""

REBUILDING = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
def upgrade():
    with op.batch_alter_table("respondent", recreate="auto") as batch:
        batch.alter_column("organisation", type_=sa.String(400), existing_type=sa.String(300))
"""


@pytest.fixture
def filled(app: Flask, session: Session) -> None:
    """A client with a call and its result, and nobody reading."""
    campaign = factories.campaign(session)
    factories.attempt(session, factories.respondent(session, campaign), factories.member(session, campaign), "refused")
    db.session.remove()


def with_one_more(tmp_path: Path, body: str) -> str:
    """A copy of the migrations with another one at the end."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    (folder / "versions" / "9999_more.py").write_text(body.format(head=head))
    return str(folder)


@pytest.mark.usefixtures("filled")
def test_a_migration_that_loses_rows_is_rolled_back(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="lost rows.*attempt_outcome"):
        upgrade(directory=with_one_more(tmp_path, LOSING))
    assert db.session.scalar(select(func.count()).select_from(factories.AttemptOutcome)) == 1


@pytest.mark.usefixtures("filled")
def test_rebuilding_a_parent_table_keeps_its_children(app: Flask, tmp_path: Path) -> None:
    upgrade(directory=with_one_more(tmp_path, REBUILDING))
    assert db.session.scalar(select(func.count()).select_from(CallAttempt)) == 1
    assert db.session.scalar(select(func.count()).select_from(factories.RespondentPhone)) == 1

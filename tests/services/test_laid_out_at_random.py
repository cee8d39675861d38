"""A base that a person can read is loaded, however it is laid out: each client with all that is said of him."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import ImportRow
from tests import factories
from tests.services.laying_out import Client, Layout, layouts
from tests.services.loading import Loader


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Files are read before any database sees them: one engine is enough."""
    return str(request.param)


@pytest.fixture
def loader(app: Flask, session: Session) -> Loader:
    return Loader(session, factories.campaign(session), factories.user(session, "specialist"))


def found(loader: Loader, layout: Layout) -> list[Client]:
    """The clients that the receipt of this base is ready to add, by their rows; the load is given up again."""
    load_id = loader.upload(layout.content, file_name=layout.name)
    assert loader.work(load_id) == "understood", loader.load(load_id).problem
    assert loader.confirm(load_id)
    assert loader.work(load_id) == "checked"
    taken = ImportRow.import_id == load_id, ImportRow.fate.in_(("accepted", "corrected"))
    clients = []
    for row in loader.session.scalars(select(ImportRow).where(*taken).order_by(ImportRow.row_no)):
        phones = (row.e164 or "", *(phone["e164"] for phone in row.spare_phones or ()))
        person = tuple((row.contact or "").split())
        clients.append(
            Client(row.raw["branch"], row.inn or "", row.organisation or "", person, phones, row.email or "")  # type: ignore[arg-type]
        )
    loader.cancel(load_id)
    return clients


@settings(
    max_examples=60, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(layout=layouts())
def test_every_client_is_found_however_his_base_is_laid_out(loader: Loader, layout: Layout) -> None:
    event(f"{layout.branch} {layout.name[-4:]}")
    assert found(loader, layout) == layout.clients

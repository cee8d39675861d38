"""The page «Файлы», and that page, workbook and table say the same of any campaign."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import Campaign, JobRun
from nps.services.reports import exporting
from tests import factories
from tests.factories import NOW
from tests.web.test_reports import answer, campaign, customer_of, words

__all__ = ["campaign"]

Login = Callable[..., FlaskClient]
TEXTS = st.text(st.sampled_from("аЯё=+-@;\"'\n\t «»<&\u2028\x07_x0041_#"), max_size=12)
CLIENTS = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 10), st.sampled_from(["refused", "unsuccessful", "inactive", "waiting"])),
        st.sampled_from(["udmurtia", "perm"]),
        TEXTS,
        st.sets(st.sampled_from(["срок доставки", "ассортимент", "другое"])),
    ),
    min_size=1,
    max_size=12,
)


def finish(session: Session) -> int:
    session.rollback()
    job_id = session.scalars(select(JobRun.id).order_by(JobRun.id.desc())).first()
    assert job_id is not None
    exporting.work(session, job_id, lambda: NOW)
    session.rollback()
    return job_id


def test_a_file_is_ordered_watched_and_taken(session: Session, campaign: Campaign, login: Login) -> None:
    person = login(customer_of(session, campaign))
    home = f"/campaigns/{campaign.id}/files"

    empty = person.get(home).text
    ordered = person.post(home, data={"form": "xlsx"})
    waiting = person.get(home, headers={"HX-Request": "true"}).text
    job_id = finish(session)
    ready = person.get(home).text
    with person.get(f"/files/{job_id}") as taken:
        data = taken.data

    assert "Файлов пока нет" in empty and (ordered.status_code, ordered.location) == (303, home)
    assert "Ждёт очереди" in waiting and 'hx-trigger="load delay:1s"' in waiting
    assert f'href="/files/{job_id}"' in ready and "hx-trigger" not in ready.split('id="files"')[1]
    assert taken.status_code == 200 and taken.headers["Cache-Control"] == "no-store"
    assert load_workbook(io.BytesIO(data))["Звонки"]["A2"].value == 3
    assert login("manager").get(f"/files/{job_id}").status_code == 404, "the link is its owner's"


def test_the_progress_is_shown_and_can_be_stopped(session: Session, campaign: Campaign, login: Login) -> None:
    manager = login("manager")
    manager.post(f"/campaigns/{campaign.id}/files", data={"form": "csv"})
    session.rollback()
    job = session.scalars(select(JobRun)).one()
    job.state, job.done, job.total, job.lease_token, job.lease_until = "running", 30_000, 100_000, "t", NOW
    session.commit()

    page = words(manager.get(f"/campaigns/{campaign.id}/files").text)
    manager.post(f"/files/{job.id}/cancel")

    assert "30 %, 30 000 строк" in page
    session.rollback()
    assert session.scalars(select(JobRun.cancel)).one()


@pytest.mark.parametrize("form", ["pdf", ""])
def test_another_kind_of_file_does_not_exist(campaign: Campaign, login: Login, form: str) -> None:
    assert login("manager").post(f"/campaigns/{campaign.id}/files", data={"form": form}).status_code == 404


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clients=CLIENTS)
def test_page_workbook_and_table_say_the_same(session: Session, login: Login, clients: list) -> None:
    wave = factories.campaign(session)
    operator = factories.member(session, wave)
    for what, region, text, reasons in clients:
        state = "surveyed" if isinstance(what, int) else what
        due = {} if state == "waiting" else {"next_call_at": None}
        client = factories.respondent(session, wave, region=region, state=state, organisation=f"ООО {text}", **due)
        if isinstance(what, int):
            call = factories.attempt(session, client, operator, "surveyed", talk_ms=61_000)
            answer(session, call, what, reasons=tuple(sorted(reasons)) if what < 9 else (), comment=text)
    manager = login("manager")  # another one each time: nobody may take so many files in a minute

    page = words(manager.get(f"/campaigns/{wave.id}").text)
    manager.post(f"/campaigns/{wave.id}/files", data={"form": "csv"})
    with manager.get(f"/files/{finish(session)}") as taken:
        table = taken.data.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(manager.get(f"/campaigns/{wave.id}/report.xlsx").data))

    ratings = [what for what, *_ in clients if isinstance(what, int)]
    totals = {row[0].value: row[1].value for row in book["Итоги"].iter_rows()}
    surveyed = sum(row[2].value for row in book["По ОП"].iter_rows(min_row=2, max_row=book["По ОП"].max_row - 1))
    assert totals["Опрошены"] == len(ratings) == surveyed
    assert f"{len(ratings)} из {len(clients)}" in page
    if ratings:
        gap = sum(rating >= 9 for rating in ratings) - sum(rating <= 6 for rating in ratings)
        assert f" {totals['NPS']} " in page
        assert abs(int(totals["NPS"].replace("−", "-")) - 100 * gap / len(ratings)) <= 0.5
        lost = book["Причины"].cell(book["Причины"].max_row, 5).value
        assert lost == pytest.approx(100 - 100 * gap / len(ratings))
    read = list(csv.reader(io.StringIO(table, newline=""), delimiter=";"))
    form = [["" if cell.value is None else str(cell.value) for cell in row] for row in book["Анкета"].iter_rows()]
    assert [[_plain(cell) for cell in row] for row in read] == [[_plain(cell) for cell in row] for row in form]
    assert sorted(int(row[5]) for row in read[1:]) == sorted(ratings)


def _plain(cell: str) -> str:
    """A cell without what each kind of file puts before it: the apostrophe of CSV, the plus of a phone."""
    found = cell.removeprefix("'") if re.match(r"'[=+\-@\t\r]", cell) else cell
    return re.sub(r"^\+(?=7\d{10})", "", found)

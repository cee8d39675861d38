"""Every press of a load's pages in every state that a load can be in: Back and other tabs send them at any time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.adapters.sample_sheet import store
from nps.models import SampleImport
from nps.models.sample import IMPORT_STATES
from nps.services.sample import lease
from tests import factories
from tests.services.loading import Loader, workbook

Login = Callable[..., FlaskClient]

_n = count(10)
#: The mapping form as the page shows it for such a base, and some that no page shows.
CHOSEN = {f"column-{index}": code for index, code in enumerate(("branch", "inn", "organisation", "contact", "phone"))}
FORMS: dict[str, list[dict[str, str]]] = {
    "place": [{"sheet": "0", "row": "1"}, {"sheet": "7", "row": "900"}, {}],
    "columns": [CHOSEN, {"column-0": "phone"}, CHOSEN | {"column-0": "", "column-999": "branch"}, {}],
    "back": [{}],
    "changes": [{"row": "2", "apply": "1"}, {"apply": "0"}, {}],
    "publish": [{}],
    "cancel": [{}],
}
#: What a load in a state takes; everything else is refused in words.
TAKEN = {
    "understood": {"place", "columns", "cancel"},
    "checked": {"back", "changes", "publish", "cancel"},
    **dict.fromkeys(("uploaded", "reading", "checking", "publishing", "failed", "failed_late"), {"cancel"}),
    "published": set(),
    "cancelled": set(),
}


def base() -> bytes:
    """A base of one client whom no other base has."""
    n = next(_n)
    return workbook(("Ижевск", "", f"ООО «Кабель-{n}»", f"Вахрушев Тимур {n}", f"8 (341) 200-80-{n}", ""))


def load_in(loader: Loader, state: str) -> int:
    """A load that has come to this state by its own steps."""
    if state == "failed":
        load_id = loader.upload(workbook(header=("",)))
        assert loader.work(load_id) == "failed"
        return load_id
    load_id = loader.upload(base())
    if state == "reading":
        assert lease.acquire(loader.session, load_id, loader.now)
    if state not in ("uploaded", "reading"):
        loader.work(load_id)
    if state in ("checking", "checked", "publishing", "published", "failed_late"):
        loader.confirm(load_id)
    if state == "failed_late":
        store.drop_rows(load_id)
    if state in ("checked", "publishing", "published", "failed_late"):
        loader.work(load_id)
    if state in ("publishing", "published"):
        loader.ask_to_publish(load_id)
    if state == "published":
        loader.work(load_id)
    if state == "cancelled":
        loader.cancel(load_id)
    assert loader.load(load_id).state == state.removesuffix("_late")
    return load_id


def test_every_state_is_tried() -> None:
    assert {state.removesuffix("_late") for state in TAKEN} == set(IMPORT_STATES)


@pytest.mark.parametrize("state", TAKEN)
def test_no_press_is_answered_by_a_fault_whatever_the_load_is_doing(session: Session, login: Login, state: str) -> None:
    campaign = factories.campaign(session)
    loader = Loader(session, campaign, factories.user(session, "specialist"))
    manager = login("manager")
    load_id = load_in(loader, state)

    for page in ("", "/progress", "/marked"):
        assert manager.get(f"/campaigns/{campaign.id}/base/{load_id}{page}").status_code < 500, page
    for act, forms in FORMS.items():
        for form in forms:
            answer = manager.post(f"/campaigns/{campaign.id}/base/{load_id}/{act}", data=form)
            assert answer.status_code in ((303, 422) if act in TAKEN[state] else (409, 422)), (act, form)
            if answer.status_code == 303:
                load_id = load_in(loader, state)
            else:
                assert "error" in answer.text or 'role="alert"' in answer.text, (act, form)


def test_the_columns_sent_again_after_they_were_taken_give_the_same_answer(session: Session, login: Login) -> None:
    campaign = factories.campaign(session)
    loader = Loader(session, campaign, factories.user(session, "specialist"))
    load_id = load_in(loader, "understood")
    page, manager = f"/campaigns/{campaign.id}/base/{load_id}", login("manager")
    (decided,) = loader.decisions(load_id).items()
    said = {**CHOSEN, **dict(zip(("branch_key", "branch"), decided, strict=True)), "form_key": "key"}
    answers = [manager.post(f"{page}/columns", data=said) for _ in range(2)]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, page), (303, page)]
    session.rollback()
    assert session.get_one(SampleImport, load_id).state == "checking"

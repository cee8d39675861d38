"""What the fold decides of a client is what happens to him and what people are shown, whatever has happened before."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nps.domain.case import QueueClass, State, Verdict
from nps.domain.phone import show
from nps.domain.wording import when, why_text
from nps.models import RespondentPhone, User
from nps.services.call_queue import Taken
from tests.services.lives import Lives

ZONE = "Europe/Samara"
STATES = {
    State.WAITING: "ещё звонить",
    State.MANAGER: "ждёт решения",
    State.REFUSED: "отказ",
    State.UNSUCCESSFUL: "неуспешный",
    State.INACTIVE: "нужен новый номер",
}


def text_of(page: str, pattern: str) -> str:
    """What stands there, without tags and with spaces of one kind."""
    found = re.search(pattern, page, re.DOTALL)
    assert found, page[:2000]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def number_of(session: Session, verdict: Verdict) -> str:
    number = session.get(RespondentPhone, verdict.phone_id) if verdict.phone_id else None
    return show(number.e164, number.extension) if number else "номера нет"


def first_of(lives: Lives, verdicts: dict[int, Verdict]) -> int | None:
    """Whom the verdicts name: of those due by now the best class, the longest due, then the first loaded."""
    due = [
        (verdict.queue_class, verdict.due, client_id)
        for client_id, verdict in verdicts.items()
        if verdict.due is not None and verdict.due <= lives.seat.now
    ]
    return min(due)[2] if due else None


def check_page(page: str, verdict: Verdict, lives: Lives) -> None:
    """The manager's page of a client: his state, when he is called, and why then."""
    assert text_of(page, r'<h1[^>]*>.*?</h1>.*?<span class="tag[^"]*">(.*?)</span>').casefold() == STATES[verdict.state]
    if verdict.due is None:
        planned = "Звонков больше не запланировано"
    elif verdict.due <= lives.seat.now:
        planned = "Следующий звонок — в ближайшее окно"
    else:
        planned = f"Следующий звонок {when(verdict.due, ZONE, lives.seat.now)}"
    assert planned in text_of(page, r'<div class="stack">\s*<section class="card stack">(.*?)</h2>')
    why = text_of(page, r'<p class="why">(.*?)</p>')
    assert why.startswith(" ".join(why_text(verdict.why, ZONE, lives.seat.now).split()))
    assert (f"без ответа {verdict.misses} из 3" in why) == (verdict.state is State.WAITING and verdict.misses > 0)


def check_desk(page: str, verdict: Verdict, session: Session, lives: Lives) -> None:
    """The card of the client before the dial: his number, which of the three calls this is, and why it is now."""
    assert 'data-state="ready"' in page
    assert text_of(page, r'<p class="phone">(.*?)</p>') == number_of(session, verdict)
    assert text_of(page, r"<dt>Попытка</dt><dd>(.*?)</dd>") == f"{min(verdict.misses + 1, 3)} из 3"
    why = " ".join(why_text(verdict.why, ZONE, lives.seat.now).split())
    assert text_of(page, r"<b>Почему сейчас</b>(.*?)</p>") == why[:1].upper() + why[1:]


@pytest.mark.parametrize("seed", range(2))
def test_who_is_called_when_and_on_which_number_is_what_the_fold_decided(
    session: Session, login: Callable[..., FlaskClient], seed: int
) -> None:
    lives, taken_clients = Lives(session, seed), 0
    operator, manager = (session.get_one(User, person) for person in (lives.seat.actor.id, lives.manager))
    with time_machine.travel(lives.seat.now, tick=False) as clock:
        for _ in range(15):
            lives.goes_on()
            clock.move_to(lives.seat.now)
            verdicts = {client_id: lives.verdict(client_id) for client_id in lives.clients}
            reader = login(manager)
            for client_id, verdict in verdicts.items():
                page = reader.get(f"/campaigns/{lives.campaign_id}/clients/{client_id}").text
                check_page(page, verdict, lives)
            taken = lives.seat.take()
            named = taken.respondent_id if isinstance(taken, Taken) else None
            assert named == first_of(lives, verdicts)
            if named is not None:
                assert verdicts[named].owner_id in (None, lives.seat.actor.id)
                assert (verdicts[named].owner_id is not None) == (verdicts[named].queue_class is QueueClass.CALLBACK)
                check_desk(login(operator).get("/desk").text, verdicts[named], session, lives)
                taken_clients += 1
                lives.is_called()
    assert taken_clients > 3

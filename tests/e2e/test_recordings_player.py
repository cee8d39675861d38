"""The player of recordings goes on playing while the list beside it changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from nps.extensions import db
from nps.models import Campaign
from nps.services import recordings
from tests import factories
from tests.e2e.people import Person
from tests.e2e.system import System
from tests.factories import NOW
from tests.services.test_recordings import LATER, wav

#: Resolves with the position once the sound is past the given second.
PLAYS_ON = """(after) => new Promise((done) => {
  const audio = document.querySelector('#player audio');
  audio.addEventListener('timeupdate', () => { if (audio.currentTime > after) done(audio.currentTime); });
})"""


def test_what_plays_goes_on_whatever_the_list_shows(system: System, visit: Callable[..., Any]) -> None:
    with system.app.app_context():
        session = db.session()
        campaign = factories.campaign(session, title="Волна")
        operator = factories.member(session, campaign)
        inbox = system.app.config["RECORDINGS_INBOX"]
        for n in range(2):
            campaign = session.get_one(Campaign, campaign.id)
            call = factories.attempt(
                session, factories.respondent(session, campaign), operator, "refused", talk_ms=20_000
            )
            (inbox / f"{call.id}.wav").write_bytes(wav(20, n + 1))
            os.utime(inbox / f"{call.id}.wav", (NOW.timestamp(), NOW.timestamp()))
        campaign_id, login = campaign.id, factories.user(session, "manager").login
        session.rollback()
        assert recordings.collect(db.session, LATER) == {"matched": 2}
    person: Person = visit(Person)
    person.log_in(login, factories.PASSWORD)
    person.open(f"/campaigns/{campaign_id}/recordings")
    buttons = person.page.locator("[data-play]")
    buttons.nth(1).click()
    heard = person.page.evaluate(PLAYS_ON, 0)

    person.page.get_by_label("Показать", exact=True).select_option("conversations")
    expect(person.page).to_have_url(f"{system.url}/campaigns/{campaign_id}/recordings?check=conversations")
    person.page.evaluate(PLAYS_ON, heard)

    expect(buttons.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(person.page.locator("tr.playing")).to_have_count(1)
    assert not person.page.evaluate("document.querySelector('#player audio').paused")

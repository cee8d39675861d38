"""The player of recordings goes on playing while the list beside it changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
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

AUDIO = Path(__file__).parents[1] / "data" / "audio"
#: Resolves with the position once the sound is past the given second.
PLAYS_ON = """(after) => new Promise((done) => {
  const audio = document.querySelector('#player audio');
  audio.addEventListener('timeupdate', () => { if (audio.currentTime > after) done(audio.currentTime); });
})"""

#: Resolves when something was heard, be it over by now.
HAS_PLAYED = """() => new Promise((done) => {
  const audio = document.querySelector('#player audio'), look = () => { if (audio.currentTime > 0) done(); };
  audio.addEventListener('timeupdate', look);
  look();
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


def test_what_a_browser_cannot_play_is_said_and_offered_for_download(system: System, visit: Callable[..., Any]) -> None:
    """GSM in WAV is known by its header; a list learns it from the browser. Every other kind is played."""
    calls = {}
    with system.app.app_context():
        session = db.session()
        campaign_id = factories.campaign(session, title="Волна").id
        operator = factories.member(session, session.get_one(Campaign, campaign_id))
        for file in sorted(AUDIO.iterdir()):
            client = factories.respondent(session, session.get_one(Campaign, campaign_id), organisation=file.name)
            call = factories.attempt(session, client, operator, "refused", talk_ms=2_000)
            calls[file.name] = call.id
            shutil.copy(file, system.app.config["RECORDINGS_INBOX"] / f"{call.id}{file.suffix}")
        login = factories.user(session, "manager").login
        session.rollback()
        assert recordings.collect(db.session, datetime.now(UTC) + timedelta(minutes=1)) == {"matched": len(calls)}
    person: Person = visit(Person)
    person.log_in(login, factories.PASSWORD)
    told = person.page.locator("#player [data-broken]")

    person.open(f"/campaigns/{campaign_id}/recordings")
    for name in ("talk_gsm.wav", *calls):
        person.page.locator("tr", has_text=name).locator("[data-play]").click()
        if name == "talk_gsm.wav":
            expect(told).to_be_visible()
        else:
            person.page.evaluate(HAS_PLAYED)
            expect(told).to_be_hidden()

    for name, call_id in calls.items():
        person.open(f"/calls/{call_id}/recording")
        expect(person.page.locator("audio")).to_have_count(0 if name == "talk_gsm.wav" else 1)
        expect(person.page.locator("[data-broken]")).to_be_visible(visible=name == "talk_gsm.wav")
    person.open(f"/calls/{calls['talk_gsm.wav']}/recording")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Скачать запись").click()
    assert download.value.path().read_bytes() == (AUDIO / "talk_gsm.wav").read_bytes()

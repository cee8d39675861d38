"""Who takes sound is written down, whatever the request looks like; parts are those that RFC 9110, 14 describes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.models import AccessLog, CallAttempt, User
from nps.services.journal import ONE_LOOK
from tests import factories
from tests.web.test_recordings import (  # noqa: F401
    Login,
    call,
    campaign,
    files,
    heard,
    kept,
    operator,
    send,
    store,
    wav,
)

SIZE = len(wav())
WHOLE = (200, SIZE, None)
#: Every spelling of a wish, and what goes out: status, octets, Content-Range.
WISHES = {
    "": WHOLE,
    "bytes=0-": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "BYTES=0-": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes= 0-": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes=00-": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes=1-": (206, SIZE - 1, f"bytes 1-{SIZE - 1}/{SIZE}"),
    f"bytes=-{SIZE}": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes=-99999999999": (206, SIZE, f"bytes 0-{SIZE - 1}/{SIZE}"),
    "bytes=-1": (206, 1, f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
    "bytes=5-99999999999": (206, SIZE - 5, f"bytes 5-{SIZE - 1}/{SIZE}"),
    "bytes=1-1": (206, 1, f"bytes 1-1/{SIZE}"),
    "bytes=0-0,2-2": WHOLE,
    "bytes=2-1": WHOLE,
    "bytes=x-": WHOLE,
    "bytes=": WHOLE,
    "bytes=-": WHOLE,
    "bytes": WHOLE,
    "bytes=٣-": WHOLE,
    "seconds=0-1": WHOLE,
    "=0-": WHOLE,
    "bytes=" + "9" * 5000 + "-": WHOLE,
    f"bytes={SIZE}-": (416, None, f"bytes */{SIZE}"),
    "bytes=99999999999-": (416, None, f"bytes */{SIZE}"),
}


def plays(session: Session) -> list[AccessLog]:
    session.rollback()
    return list(session.scalars(select(AccessLog).where(AccessLog.action == "recording_played").order_by(AccessLog.id)))


@pytest.mark.parametrize("wish", WISHES, ids=[wish[:20] or "none" for wish in WISHES])
def test_whoever_gets_octets_of_a_recording_is_written_down(
    session: Session,
    call: CallAttempt,  # noqa: F811
    operator: User,  # noqa: F811
    login: Login,
    wish: str,
) -> None:
    client = login(operator)
    send(client, call, wav())
    recording_id = kept(session).id
    status, octets, told = WISHES[wish]

    answer = heard(client, recording_id, **({"Range": wish} if wish else {}))

    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, told)
    if octets is None:
        assert plays(session) == []
        return
    assert len(answer.data) == octets == answer.content_length
    assert answer.data in wav() and answer.headers["Accept-Ranges"] == "bytes"
    (line,) = plays(session)
    assert (line.user_id, line.object_kind, line.object_id) == (operator.id, "recording", str(recording_id))


def test_a_play_in_hundreds_of_parts_is_one_line_and_every_new_quarter_of_an_hour_another(
    session: Session,
    call: CallAttempt,  # noqa: F811
    login: Login,
) -> None:
    send(login("manager"), call, wav())
    recording_id = kept(session).id
    with time_machine.travel(factories.NOW, tick=False) as clock:
        one, other = login("manager"), login("admin")
        for first in range(0, SIZE, SIZE // 100):
            assert heard(one, recording_id, Range=f"bytes={first}-{first + 99}").status_code == 206
        assert len(plays(session)) == 1
        assert heard(other, recording_id, Range="bytes=700-").status_code == 206
        assert len(plays(session)) == 2, "another person"
        clock.move_to(factories.NOW + ONE_LOOK - timedelta(seconds=1))
        heard(one, recording_id, Range="bytes=44-")
        assert len(plays(session)) == 2
        clock.move_to(factories.NOW + ONE_LOOK)
        heard(one, recording_id, Range="bytes=44-")
        assert len(plays(session)) == 3
        clock.move_to(factories.NOW - timedelta(days=1))
        heard(one, recording_id)
        assert len(plays(session)) == 4, "a clock that was set back hides nobody"


def test_asking_for_the_size_alone_takes_no_sound(
    session: Session,
    call: CallAttempt,  # noqa: F811
    login: Login,
) -> None:
    client = login("manager")
    send(client, call, wav())
    address = f"/recordings/{kept(session).id}"
    for headers in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=99999999-"}):
        with client.head(address, headers=headers) as answer:
            assert (answer.status_code, answer.content_length, answer.data) == (200, SIZE, b"")
    etag = answer.headers["ETag"]
    with client.get(address, headers={"If-None-Match": etag}) as known:
        assert known.status_code == 304
    assert plays(session) == []
    for validator, status in ((etag, 206), ('"other"', 200)):
        with client.get(address, headers={"Range": "bytes=1-", "If-Range": validator}) as part:
            assert part.status_code == status
    assert len(plays(session)) == 1


def test_what_is_no_ones_to_hear_or_is_gone_is_not_written_down_as_heard(
    session: Session,
    call: CallAttempt,  # noqa: F811
    login: Login,
    store: Path,  # noqa: F811
) -> None:
    manager = login("manager")
    send(manager, call, wav())
    recording_id = kept(session).id
    assert heard(login("customer"), recording_id, Range="bytes=1-").status_code == 404
    for path in files(store):
        path.unlink()
    assert heard(manager, recording_id).status_code == 404
    assert plays(session) == []

"""Overwriting in place: what says who a client is goes, what reports count stays (R20).

Ratings, the prompts that were agreed with, results, times, seconds, regions and branches stay. A number becomes a text
that is no number, the same for the same number, because reports count dead numbers once each. What the append-only
tables hold are ids and codes; so they need no way around their triggers.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, String, case, cast, func, literal, null, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable
from sqlalchemy.sql.selectable import ScalarSelect

from nps.domain.sample import Understood
from nps.models import (
    Answer,
    AttemptOutcome,
    CallAttempt,
    CaseEvent,
    Escalation,
    EscalationNote,
    ImportRow,
    Interview,
    LineCommand,
    Outbox,
    QualityReview,
    Recording,
    Respondent,
    RespondentPhone,
    SampleImport,
    Shift,
    ShiftMessage,
    TelephonyEvent,
    UnsuitableAnswer,
)
from nps.queries.personal_data import ERASED, Clients

_FILE_NAME = "Файл удалён.xlsx"
_CHUNK = 1000


def overwrite_clients(s: Session, clients: Clients, now: datetime) -> None:
    """Overwrite the clients with everything below them. `clients` selects ids; `now` is aware UTC."""
    calls = select(CallAttempt.id).where(CallAttempt.respondent_id.in_(clients))
    _overwrite_phones(s, clients)
    number = select(RespondentPhone.e164).where(RespondentPhone.id == CallAttempt.phone_id).scalar_subquery()
    _run(s, update(CallAttempt).where(CallAttempt.respondent_id.in_(clients)).values(e164=number, note=""))
    # A card whose result is still on an operator's screen could be taken up again from there.
    _run(s, update(Shift).where(Shift.shown_result_id.in_(calls)).values(shown_result_id=None))
    _run(s, update(AttemptOutcome).where(AttemptOutcome.attempt_id.in_(calls)).values(reason="", effects={}))
    # A choice, a rating and a promised time are bare codes; only the reasons of a rating carry words.
    worded = Answer.attempt_id.in_(calls), cast(Answer.value, String).like("{%")
    _run(s, update(Answer).where(*worded).values(value={"draft": True}))
    _run(s, update(UnsuitableAnswer).where(UnsuitableAnswer.attempt_id.in_(calls)).values(words=ERASED))
    # What was said about the call may say who it was with.
    _run(s, update(QualityReview).where(QualityReview.attempt_id.in_(calls)).values(note="", reply=""))
    # What an exchange reported are legs, causes and seconds: the times are computed from them (nps.domain.telephony).
    _run(s, update(LineCommand).where(LineCommand.attempt_id.in_(calls)).values(number=""))
    _run(s, update(Interview).where(Interview.respondent_id.in_(clients)).values(words="", comment=""))
    # The detail of an event is ids, which the fold of the case still needs; that of a withdrawal was typed.
    own = CaseEvent.respondent_id.in_(clients)
    _run(s, update(CaseEvent).where(own, CaseEvent.kind == "withdrawn").values(detail={}))
    _run(s, update(CaseEvent).where(own).values(reason=""))
    _overwrite_escalations(s, clients)
    _overwrite_messages(s, clients)
    _run(
        s,
        update(Respondent)
        .where(Respondent.id.in_(clients))
        .values(
            organisation=ERASED,
            inn=None,
            contact="",
            greeting_name="",
            email="",
            note="",
            search_fold="",
            identity=literal("erased:") + cast(Respondent.id, String),
            erased_at=now,
        ),
    )


def _overwrite_phones(s: Session, clients: Clients) -> None:
    rows = s.execute(
        select(RespondentPhone.id, RespondentPhone.e164, RespondentPhone.extension)
        .where(RespondentPhone.respondent_id.in_(clients))
        .order_by(RespondentPhone.id)
    ).all()
    first: dict[str, int] = {}
    changed = [
        {
            "id": row.id,
            "e164": f"удалён {first.setdefault(row.e164, row.id)}",
            # Two extensions of one number stay two rows.
            "extension": str(row.id % 10**10) if row.extension else "",
            "words": "",
        }
        for row in rows
    ]
    for start in range(0, len(changed), _CHUNK):
        s.execute(update(RespondentPhone), changed[start : start + _CHUNK])


def _overwrite_escalations(s: Session, clients: Clients) -> None:
    theirs = select(Escalation.id).where(Escalation.respondent_id.in_(clients))
    notes = EscalationNote.escalation_id.in_(theirs)
    _run(s, update(EscalationNote).where(notes).values(text=ERASED))
    resolution = case((Escalation.resolution == "", ""), else_=ERASED)
    emptied = {"inn": "", "contact": "", "phone": "", "email": "", "wished_time": ""}
    _run(
        s,
        update(Escalation)
        .where(Escalation.respondent_id.in_(clients))
        .values(organisation=ERASED, text=ERASED, resolution=resolution, **emptied),
    )


def _overwrite_messages(s: Session, clients: Clients) -> None:
    """What was asked beside a client's card and answered to it; the way to the card goes last."""
    asked = ShiftMessage.respondent_id.in_(clients)
    answers = ShiftMessage.request_id.in_(select(ShiftMessage.id).where(asked))
    emptied = case((ShiftMessage.text == "", ""), else_=ERASED)
    _run(s, update(ShiftMessage).where(or_(asked, answers)).values(text=emptied))
    _run(s, update(ShiftMessage).where(asked).values(respondent_id=None))


def overwrite_letters(s: Session, letters: Collection[int]) -> None:
    """Empty letters of the outbox; one that has not gone yet will never go."""
    waits = Outbox.state.in_(("waiting", "unknown"))
    _run(
        s,
        update(Outbox)
        .where(Outbox.id.in_(letters))
        .values(
            payload={},
            recipient="",
            server_said=ERASED,
            state=case((waits, "failed"), else_=Outbox.state),
            next_try_at=None,
        ),
    )


def overwrite_rows(s: Session, rows: Clients) -> None:
    """Empty rows of receipts: number, fate and branch of each stay. `rows` selects ids of ImportRow."""
    reason = case((ImportRow.reason == "", ""), else_=ERASED)
    known = case((ImportRow.identity.is_(None), null()), else_=literal("erased:") + cast(ImportRow.id, String))
    names = (
        "inn",
        "organisation",
        "contact",
        "greeting_name",
        "email",
        "search_fold",
        "e164",
        "extension",
        "phone_words",
    )
    _run(
        s,
        update(ImportRow)
        .where(ImportRow.id.in_(rows))
        .values(
            raw={},
            changed=[],
            faulty=[],
            reason=reason,
            identity=known,
            spare_phones=None,
            before=None,
            **dict.fromkeys(names),
        ),
    )


def overwrite_loads(s: Session, loads: Collection[int], *, names: bool) -> None:
    """Forget what was read of the workbooks of these loads, with `names` how the files were called too."""
    values: dict[str, object] = {"understood": Understood()}
    if names:
        values["file_name"] = _FILE_NAME
    _run(s, update(SampleImport).where(SampleImport.id.in_(loads)).values(values))


def forget_strangers(s: Session, phones: Collection[str]) -> None:
    """Calls of an exchange that are none of ours, from or to one of the numbers (E.164): the event stays, bare."""
    for phone in phones:
        theirs = cast(TelephonyEvent.raw, String).contains(phone, autoescape=True)
        _run(s, update(TelephonyEvent).where(TelephonyEvent.attempt_id.is_(None), theirs).values(raw={}))


def recordings_of(clients: Clients, phones: Collection[str]) -> Select[int]:
    """Recordings of the clients' calls, those that their names or a rule bring to one, and waiting ones of a number."""
    calls = select(CallAttempt.id).where(CallAttempt.respondent_id.in_(clients))
    waiting = (Recording.state != "matched") & Recording.e164.in_(phones)
    return select(Recording.id).where(
        or_(Recording.attempt_id.in_(calls), Recording.named_attempt_id.in_(calls), waiting)
    )


def count(s: Session, clients: Clients) -> dict[str, int]:
    """How much an act concerns, by what it is."""
    calls = select(CallAttempt.id).where(CallAttempt.respondent_id.in_(clients))

    def of(chosen: ScalarSelect[int]) -> int:
        return s.execute(select(chosen)).scalar_one()

    tables = {
        "clients": select(func.count()).where(Respondent.id.in_(clients)),
        "phones": select(func.count()).where(RespondentPhone.respondent_id.in_(clients)),
        "calls": select(func.count()).where(CallAttempt.respondent_id.in_(clients)),
        "interviews": select(func.count()).where(Interview.respondent_id.in_(clients), Interview.replaced_at.is_(None)),
        "escalations": select(func.count()).where(Escalation.respondent_id.in_(clients)),
        "recordings": select(func.count()).where(Recording.attempt_id.in_(calls)),
    }
    return {name: of(statement.scalar_subquery()) for name, statement in tables.items()}


def _run(s: Session, statement: Executable) -> None:
    s.execute(statement, execution_options={"synchronize_session": False})

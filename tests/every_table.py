"""Rows for the tables that the story of `tests.e2e.filled` leaves empty, and values that engines store differently."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.extensions import Base, db
from nps.models import (
    Answer,
    AnswerTerms,
    CallAttempt,
    Campaign,
    CampaignDay,
    ClaimKey,
    ExchangeLink,
    FormKey,
    JobRun,
    LineCommand,
    LoginAttempt,
    MailServer,
    Pause,
    QualityMark,
    QualityPlan,
    QualityReview,
    RecordingAbsence,
    Reminder,
    Respondent,
    ScriptDraft,
    ScriptVersion,
    Shift,
    ShiftMessage,
    ShiftMessageReader,
    UnsuitableAnswer,
    UnsuitableUse,
    User,
    UserSession,
)

#: Half a second, none, and the least and greatest that are kept.
MOMENTS = (
    datetime(2026, 11, 19, 7, 20, 0, 500_000, tzinfo=UTC),
    datetime(2026, 11, 19, 7, 20, tzinfo=UTC),
    datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC),
)
TEXTS = (
    "", " ", "\\N", "\\.", "\\\\", "\t\n\r\b\f\v", "«ёлочки»\u2028и 😀", "a\\tb", "'\"; --", "\x01\x1f\x7f", "é e\u0301"
)  # fmt: skip
#: A lone number becomes a number in SQLite, whatever it was written as.
VALUES = (0, -7, 10, 1.5, 100.0, 1e300, 2**62, "10", "", None, True, [], {}, {"а": [1, None, "\0\t\\"]}, "\ud83d\ude00")


def fill_the_rest(session: Session) -> None:
    """At least one row in every table; `empty_tables` says which are forgotten."""
    call = session.scalars(select(CallAttempt).where(CallAttempt.closed_at.is_not(None))).first()
    assert call is not None
    campaign, who, at = session.get_one(Campaign, call.campaign_id), call.operator_id, MOMENTS[0]
    version = session.get_one(ScriptVersion, campaign.script_version_id)
    client = session.scalars(select(Respondent.id)).first()
    shift, said = session.scalars(select(Shift.id)).first(), session.scalars(select(UnsuitableAnswer.id)).first()
    assert client is not None and who is not None and shift is not None and said is not None
    rows: list[Base] = [
        FormKey(key="k", user_id=who, route="web:test", body_hash="0" * 64, result={"go": "/"}, at=at),
        ExchangeLink(heard_at=None, problem=""),
        MailServer(id=1, failures=1, failing_since=at, said="421 позже"),
        JobRun(kind="export", state="done", arg={"a": 1}, owner_id=who, created_at=at),
        Reminder(kind="callback_soon", subject="7", user_id=who, due_at=at),
        ScriptDraft(script_id=version.script_id, based_on_id=version.id, body={"n": 1.50}, before=None, revision=1,
                    updated_at=at, updated_by=who),
        AnswerTerms(campaign_id=campaign.id, within_h=8, opens=time(9), closes=time(18, 30, 0, 250_000), zone="UTC"),
        CampaignDay(campaign_id=campaign.id, day=date(2026, 2, 28), is_open=False),
        QualityPlan(campaign_id=campaign.id, newcomer_calls=3, share_percent=5, criteria=[{"title": "Речь"}]),
        ClaimKey(key="+79170000000", respondent_id=client, operator_id=who),
        LineCommand(attempt_id=call.id, kind="call", at=at),
        RecordingAbsence(attempt_id=call.id, cause="lost", by=who, at=at),
        Pause(shift_id=shift, reason="break", started_at=at, ended_at=at + timedelta(minutes=5)),
        UnsuitableUse(unsuitable_id=said, used_as="answer", by=who, at=at),
    ]  # fmt: skip
    review = QualityReview(
        attempt_id=call.id, campaign_id=campaign.id, operator_id=who, reviewer_id=who, reason="share", begun_at=at
    )
    request = ShiftMessage(
        campaign_id=campaign.id, kind="request", author_id=who, respondent_id=client, sent_at=at, closed_at=at
    )
    session.add_all([*rows, review, request])
    session.flush()
    answer = ShiftMessage(campaign_id=campaign.id, kind="answer", author_id=who, request_id=request.id, sent_at=at)
    session.add(answer)
    session.flush()
    session.add(ShiftMessageReader(message_id=answer.id, user_id=who))
    session.add(QualityMark(review_id=review.id, position=0, title="Речь", mark=None))
    session.add_all(LoginAttempt(key=text, at=moment) for text in TEXTS for moment in MOMENTS)
    session.add_all(Answer(attempt_id=call.id, step=f"odd{n}", value=value, at=at) for n, value in enumerate(VALUES))
    for number, moment in enumerate(MOMENTS):
        session.add(UserSession(user_id=who, token_hash=f"{number:064d}", created_at=at, last_seen_at=moment))
    session.get_one(User, who).spoken_name = "Ольга\\\t«О»"
    session.commit()


def empty_tables(session: Session) -> list[str]:
    """Tables of the metadata without a row."""
    tables = db.metadata.sorted_tables
    return [table.name for table in tables if not session.scalar(select(func.count()).select_from(table))]

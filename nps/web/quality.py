"""Reviews of calls: the manager listens and fills a scorecard, the operator reads it and answers."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for

from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.quality import MARKS, REASONS, Criterion, Plan
from nps.extensions import db
from nps.queries import quality as queries
from nps.services import quality, supervision
from nps.services.supervision import Correction
from nps.web import forms, htmx
from nps.web.access import client_address, current_actor, roles
from nps.web.campaigns import words
from nps.web.campaigns.clients import RESULTS
from nps.web.campaigns.common import MANAGERS, campaign_or_404, instant
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.refusals import told_on

bp = Blueprint("quality", __name__)

_NOT_HEARD = ""


@bp.get("/campaigns/<int:campaign_id>/operators/quality")
@roles(*MANAGERS)
def index(campaign_id: int) -> Response:
    """What is to be listened to and why, what was, and each operator's rate."""
    return _index(campaign_id)


def _index(campaign_id: int, error: DomainError | None = None, plan: Plan | None = None) -> Response:
    campaign = campaign_or_404(campaign_id)
    return htmx.render(
        "quality/index.html",
        "quality/_index.html",
        status=status_of(error) if error else 200,
        campaign=campaign,
        waiting=queries.candidates(db.session(), campaign_id, now()),
        rates=queries.rates(db.session(), campaign_id),
        begun=queries.begun(db.session(), campaign_id),
        finished=queries.finished(db.session(), campaign_id),
        plan=plan or queries.plan(db.session(), campaign_id),
        reasons=REASONS,
        problem=error.message if error else "",
    )


@bp.post("/campaigns/<int:campaign_id>/operators/quality/plan")
@roles("manager")
def save_plan(campaign_id: int) -> Response:
    """Change how calls are sampled and what is listened for."""
    campaign_or_404(campaign_id)
    plan = None
    try:
        rows = zip(forms.texts("title", 400), forms.texts("hint", 400), strict=False)
        plan = Plan(
            forms.whole("newcomer_calls", 0, 1000, label="Первых звонков новичка"),
            forms.whole("share_percent", 0, 100, label="Доля звонков опытного"),
            tuple(Criterion(title, hint) for title, hint in rows if title),
        )
        quality.save_plan(db.session, current_actor().id, campaign_id, plan, now())
    except DomainError as error:
        return _index(campaign_id, error, plan)
    flash("Правила проверки сохранены.", "ok")
    return htmx.go(url_for("quality.index", campaign_id=campaign_id))


@bp.get("/campaigns/<int:campaign_id>/operators/quality/<uuid:attempt_id>")
@roles(*MANAGERS)
def review(campaign_id: int, attempt_id: UUID) -> Response:
    """One call: its recording with jumps to each answered step, and the scorecard; who looked is written down (R20)."""
    supervision.note_card_view(
        db.session(), user_id=current_actor().id, respondent_id=_call(campaign_id, attempt_id).respondent_id,
        address=client_address(), now=now(),
    )  # fmt: skip
    return _review(campaign_id, attempt_id)


def _review(
    campaign_id: int,
    attempt_id: UUID,
    error: DomainError | None = None,
    typed: dict[str, str] | None = None,
    correction: dict[str, str] | None = None,
) -> Response:
    """The page of one call; `typed` comes back into the scorecard, `correction` into the form of another result."""
    campaign, call = campaign_or_404(campaign_id), _call(campaign_id, attempt_id)
    waiting = [row.attempt_id for row in queries.candidates(db.session(), campaign_id, now())]
    criteria = queries.plan(db.session(), campaign_id).criteria
    standing = dict(call.review.marks) if call.review is not None else {}
    marks = [
        (typed or {}).get(f"mark-{n}", "" if standing.get(c.title) is None else str(standing[c.title]))
        for n, c in enumerate(criteria)
    ]
    return htmx.render(
        "quality/review.html",
        "quality/_review.html",
        status=status_of(error) if error else 200,
        campaign=campaign,
        call=call,
        criteria=list(zip(criteria, marks, strict=True)),
        choices=[*((str(mark), words) for mark, words in MARKS.items()), (_NOT_HEARD, "не было")],
        note=(typed or {}).get("note", call.review.note if call.review else ""),
        reasons=REASONS,
        following=next((other for other in waiting if other != attempt_id), None),
        may_review=_may_review(call),
        may_correct=_may_review(call) and campaign.closed_at is None,
        results=[("", "выберите итог"), *RESULTS],
        table=TABLE,
        words=words,
        correction=correction,
        problem=error.message if error else "",
    )


@bp.post("/campaigns/<int:campaign_id>/operators/quality/<uuid:attempt_id>/correct")
@roles("manager")
@told_on(lambda error, **address: _review(**address, error=error, correction=forms.typed()))
def correct(campaign_id: int, attempt_id: UUID) -> Response:
    """Give the call the result that was heard in it; the earlier word stays in its history."""
    call = _call(campaign_id, attempt_id)
    correction = Correction(
        disposition=forms.text("disposition", 32),
        reason=forms.text("reason", 500, label="Причина"),
        callback_at=instant("callback", call.zone, label="Когда перезвонить"),
    )
    quality.correct_result(db.session, current_actor(), campaign_id, attempt_id, correction, now())
    flash("Итог исправлен. Прежний остался в истории звонка, оператор увидит правку.", "ok")
    return htmx.go(url_for("quality.review", campaign_id=campaign_id, attempt_id=attempt_id))


@bp.post("/campaigns/<int:campaign_id>/operators/quality/<uuid:attempt_id>")
@roles("manager")
@told_on(lambda error, **address: _review(**address, error=error, typed=forms.typed()))
def save(campaign_id: int, attempt_id: UUID) -> Response:
    """Keep the scorecard; «Отправить разбор» shows it to the operator."""
    campaign_or_404(campaign_id)
    finish = request.form.get("act") == "finish"
    marks = [_mark(n) for n in range(len(queries.plan(db.session(), campaign_id).criteria))]
    note = forms.text("note", 2000, label="Что сказать оператору")
    quality.save_review(
        db.session, current_actor(), campaign_id, attempt_id, marks=marks, note=note, finish=finish, now=now()
    )
    flash("Разбор отправлен оператору." if finish else "Лист сохранён, оператор его ещё не видит.", "ok")
    if finish:
        return htmx.go(url_for("quality.index", campaign_id=campaign_id))
    return htmx.go(url_for("quality.review", campaign_id=campaign_id, attempt_id=attempt_id))


def _call(campaign_id: int, attempt_id: UUID) -> queries.CallToReview:
    campaign_or_404(campaign_id)
    call = queries.call_to_review(db.session(), campaign_id, attempt_id)
    if call is None:
        raise NotFoundError("Такого звонка в проекте нет.")
    return call


def _may_review(call: queries.CallToReview) -> bool:
    actor = current_actor()
    return actor.role == "manager" and (call.review is None or call.review.reviewer_id == actor.id)


def _mark(number: int) -> int | None:
    value = request.form.get(f"mark-{number}", _NOT_HEARD)
    if value == _NOT_HEARD:
        return None
    return int(forms.choice(f"mark-{number}", [str(mark) for mark in MARKS], label="Отметка"))


@bp.post("/desk/reviews/<int:review_id>/reply")
@roles("operator")
@told_on(lambda error, review_id: _answered(error.message, "warn"))
def reply(review_id: int) -> Response:
    """The operator answers a review of his call."""
    text = forms.text("reply", 2000, label="Ответ на разбор")
    quality.reply(db.session, current_actor(), review_id, text, now())
    return _answered("Ответ записан.", "ok")


def _answered(words: str, kind: str) -> Response:
    flash(words, kind)
    return htmx.go(url_for("day.page"))

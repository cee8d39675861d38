"""The specialist's desk: a campaign's escalations, one of them, and the address their letters go to (R15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, url_for
from werkzeug import Response as AnyResponse

from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.escalation import EscalationError
from nps.domain.wording import plural
from nps.extensions import db
from nps.queries import campaigns
from nps.queries import escalation_figures as figures
from nps.queries import escalation_list as listing
from nps.queries import escalations as queries
from nps.services import escalations
from nps.web import access, forms, htmx, sealed, shell
from nps.web.clock import now

bp = Blueprint("escalations", __name__)

#: Filters that are no states: «Просрочены», «Письмо не дошло», «Позвонить клиенту».
_BESIDE_STATES = (listing.OVERDUE, listing.TROUBLED, listing.TO_CALL)
#: A customer posts nothing: he narrows the list by branch alone.
_SEARCHERS = (*escalations.WORKERS, "admin")


@bp.get("/campaigns/<int:campaign_id>/escalations")
@access.roles(*queries.READERS)
def index(campaign_id: int) -> Response:
    """A campaign's escalations, narrowed by `state` (a state or another view), branch and words."""
    actor, session = access.current_actor(), db.session()
    campaign = _campaign(campaign_id)
    view, number = forms.arg("state"), forms.arg_number("page")
    wanted = listing.Wanted(
        view=view if view in listing.VIEWS else "",
        branch_id=forms.arg_number("branch", default=0, least=0) or None,
        text=sealed.arg("find"),
    )
    counts = queries.counts(session, campaign_id)
    total = listing.total(session, campaign_id, wanted, now())
    views = {name: listing.total(session, campaign_id, listing.Wanted(name), now()) for name in _BESIDE_STATES}
    return htmx.render(
        "escalations/index.html",
        "escalations/_index.html",
        campaign=campaign,
        lines=listing.lines(session, campaign_id, wanted, now(), number),
        counts=counts,
        views=views,
        wanted=wanted,
        find=sealed.seal(wanted.text),
        branches=[("", "все ОП"), *listing.branches(session, campaign_id)],
        total=total,
        number=number,
        pages=-(-total // listing.PAGE),
        terms=figures.terms_of(session, campaign_id),
        course=figures.course(session, campaign_id, now()),
        address=queries.address(session, campaign_id),
        default_address=current_app.config["ESCALATION_RECIPIENT"],
        trouble=queries.server_trouble(session),
        works=actor.role in escalations.WORKERS,
        searches=actor.role in _SEARCHERS,
        keeps_address=actor.role in escalations.ADDRESS_KEEPERS,
    )


@bp.post("/campaigns/<int:campaign_id>/escalations/search")
@access.roles(*_SEARCHERS)
def search(campaign_id: int) -> AnyResponse:
    """Lead to the list of what the typed text finds; the address holds it sealed."""
    _campaign(campaign_id)
    return sealed.lead_to("escalations.index", "state", "branch", campaign_id=campaign_id)


@bp.get("/escalations/<int:escalation_id>")
@access.roles(*queries.READERS)
def one(escalation_id: int) -> Response:
    """One escalation: what was asked, what became of its letter, what was done."""
    found = _case(escalation_id)
    escalations.seen(db.session(), access.current_actor(), found.id, address=access.client_address(), now=now())
    return _show(escalation_id)


@bp.post("/escalations/<int:escalation_id>/take")
@access.roles(*escalations.WORKERS)
def take(escalation_id: int) -> Response:
    """Take an escalation into work."""
    return _do(escalation_id, "", lambda: escalations.take(*_who(escalation_id), now=now()))


@bp.post("/escalations/<int:escalation_id>/note")
@access.roles(*escalations.WORKERS)
def note(escalation_id: int) -> Response:
    """Add a note."""
    return _do(escalation_id, "note", lambda: escalations.note(*_who(escalation_id), text=_text(), **_form()))


@bp.post("/escalations/<int:escalation_id>/answer")
@access.roles(*escalations.WORKERS)
def answer(escalation_id: int) -> Response:
    """Write down what the client was answered."""
    return _do(escalation_id, "answer", lambda: escalations.answer(*_who(escalation_id), text=_text(), **_form()))


@bp.post("/escalations/<int:escalation_id>/call")
@access.roles(*escalations.WORKERS)
def ask_to_call(escalation_id: int) -> Response:
    """Ask the call centre to call the client."""
    return _do(escalation_id, "call", lambda: escalations.ask_to_call(*_who(escalation_id), text=_text(), **_form()))


@bp.post("/escalations/<int:escalation_id>/close")
@access.roles(*escalations.WORKERS)
def close(escalation_id: int) -> Response:
    """Close it with a word about how it ended."""
    return _do(escalation_id, "close", lambda: escalations.close(*_who(escalation_id), resolution=_text(), **_form()))


@bp.get("/campaigns/<int:campaign_id>/escalations/address")
@access.roles(*escalations.ADDRESS_KEEPERS)
def address(campaign_id: int) -> Response:
    """Where the letters go, and the test letter that confirms it; the letter's link leads here."""
    return _address(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/escalations/address")
@access.roles(*escalations.ADDRESS_KEEPERS)
def change_address(campaign_id: int) -> Response:
    """Set another address."""
    return _do_address(
        campaign_id,
        lambda moved: f"Адрес сохранён.{_followed(moved)} Отправьте на него пробное письмо.",
        lambda actor: escalations.change_address(
            db.session(), actor, campaign_id, email=forms.text("email", 254, label="Адрес"), now=now()
        ),
    )


@bp.post("/campaigns/<int:campaign_id>/escalations/address/branches/<int:branch_id>")
@access.roles(*escalations.ADDRESS_KEEPERS)
def change_branch_address(campaign_id: int, branch_id: int) -> Response:
    """Set where escalations of a branch's clients go."""
    return _do_address(
        campaign_id,
        lambda moved: f"Адрес ОП сохранён.{_followed(moved)}",
        lambda actor: escalations.change_branch_address(
            db.session(), actor, campaign_id, branch_id, email=forms.text("email", 254, label="Адрес ОП"), now=now()
        ),
        branch_id=branch_id,
    )


@bp.post("/campaigns/<int:campaign_id>/escalations/address/test")
@access.roles(*escalations.ADDRESS_KEEPERS)
def send_test(campaign_id: int) -> Response:
    """Send a test letter."""
    return _do_address(
        campaign_id,
        lambda _: "Пробное письмо отправляется. Обновите страницу через минуту, чтобы увидеть ответ сервера.",
        lambda actor: escalations.send_test_letter(db.session(), actor, campaign_id, **_form()),
    )


@bp.post("/campaigns/<int:campaign_id>/escalations/address/confirm")
@access.roles(*escalations.ADDRESS_KEEPERS)
def confirm(campaign_id: int) -> Response:
    """Somebody saw the test letter arrive."""
    return _do_address(
        campaign_id,
        lambda _: "Адрес подтверждён.",
        lambda actor: escalations.confirm_address(
            db.session(), actor, campaign_id, letter_id=forms.whole("letter", 1, forms.MOST, label="Письмо"), now=now()
        ),
    )


def _campaign(campaign_id: int) -> campaigns.CampaignRow:
    campaign = campaigns.campaign_for(db.session(), access.current_actor(), campaign_id)
    if campaign is None:
        abort(404)
    return campaign


def _case(escalation_id: int) -> queries.Case:
    found = queries.case(db.session(), access.current_actor(), escalation_id)
    if found is None:
        abort(404)
    return found


def _who(escalation_id: int) -> tuple[Any, ...]:
    return db.session(), access.current_actor(), escalation_id


def _form() -> dict[str, Any]:
    return {"now": now(), "form_key": forms.sent_key()}


def _text() -> str:
    return forms.text("text", 4000)


def _do(escalation_id: int, form: str, act: Callable[[], None]) -> Response:
    """Carry out, then show the escalation; what was typed stays beside a refusal."""
    try:
        act()
    except NotFoundError:
        raise
    except DomainError as error:
        return _show(escalation_id, form=form, error=error.message, status=_status(error))
    return htmx.go(url_for("escalations.one", escalation_id=escalation_id))


def _show(escalation_id: int, *, form: str = "", error: str = "", status: int = 200) -> Response:
    actor, case = access.current_actor(), _case(escalation_id)
    shell.inside(case.campaign_id)
    return htmx.render(
        "escalations/one.html",
        "escalations/_one.html",
        status,
        case=case,
        works=actor.role in escalations.WORKERS,
        searches=actor.role in _SEARCHERS,
        may_resend=actor.role in escalations.ADDRESS_KEEPERS,
        sees_client=actor.role != "customer",
        form=form,
        error=error,
        typed=forms.typed() if form else {},
    )


def _do_address(
    campaign_id: int, done: Callable[[Any], str], act: Callable[[Any], object], *, branch_id: int | None = None
) -> Response:
    """Carry out and say so; a refusal stands at the field it is about: the campaign's, or that of a branch."""
    try:
        result = act(access.current_actor())
    except NotFoundError:
        raise
    except EscalationError as error:
        said = error.fields.get("email", error.message)
        return _address(campaign_id, field_error=said, branch_id=branch_id, status=422)
    except DomainError as error:
        return _address(campaign_id, error=error.message, status=_status(error))
    flash(done(result), "ok")
    return htmx.go(url_for("escalations.address", campaign_id=campaign_id))


def _followed(moved: int) -> str:
    """How many letters that had not gone yet follow a changed address."""
    if not moved:
        return ""
    letters = plural(moved, "письмо, которое ещё не ушло", "письма, которые ещё не ушли", "писем, которые ещё не ушли")
    return f" На него {plural(moved, 'уйдёт', 'уйдут', 'уйдут')} и {moved} {letters}."


def _address(
    campaign_id: int, *, error: str = "", field_error: str = "", branch_id: int | None = None, status: int = 200
) -> Response:
    campaign = _campaign(campaign_id)
    return htmx.render(
        "escalations/address.html",
        "escalations/_address.html",
        status,
        campaign=campaign,
        address=queries.address(db.session(), campaign_id),
        branches=queries.branch_addresses(db.session(), campaign.customer_id),
        default_address=current_app.config["ESCALATION_RECIPIENT"],
        caught=current_app.config["MAIL_CAUGHT"],
        trouble=queries.server_trouble(db.session()),
        error=error,
        field_error=field_error,
        wrong_branch=branch_id,
        typed=forms.typed(),
    )


def _status(error: DomainError) -> int:
    return 409 if isinstance(error, StaleError) else 422

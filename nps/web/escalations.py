"""The specialist's desk: a campaign's escalations, one of them, and the address their letters go to (R15)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, current_app, flash, request, url_for
from werkzeug import Response as AnyResponse

from nps.domain.errors import DomainError
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
from nps.web.errors import status_of
from nps.web.refusals import told_on

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


def _told(error: DomainError, escalation_id: int) -> Response:
    """The escalation with the sentence beside the form that was sent: a name of the views below."""
    form = str(request.endpoint).removeprefix("escalations.")
    return _show(escalation_id, form=form, error=error.message, status=status_of(error))


@bp.post("/escalations/<int:escalation_id>/take")
@access.roles(*escalations.WORKERS)
@told_on(_told)
def take(escalation_id: int) -> Response:
    """Take an escalation into work."""
    escalations.take(db.session(), access.current_actor(), escalation_id, now=now())
    return htmx.go(url_for("escalations.one", escalation_id=escalation_id))


@bp.post("/escalations/<int:escalation_id>/note")
@access.roles(*escalations.WORKERS)
@told_on(_told)
def note(escalation_id: int) -> Response:
    """Add a note."""
    return _write(escalations.note, escalation_id)


@bp.post("/escalations/<int:escalation_id>/answer")
@access.roles(*escalations.WORKERS)
@told_on(_told)
def answer(escalation_id: int) -> Response:
    """Write down what the client was answered."""
    return _write(escalations.answer, escalation_id)


@bp.post("/escalations/<int:escalation_id>/call")
@access.roles(*escalations.WORKERS)
@told_on(_told)
def ask_to_call(escalation_id: int) -> Response:
    """Ask the call centre to call the client."""
    return _write(escalations.ask_to_call, escalation_id)


@bp.post("/escalations/<int:escalation_id>/close")
@access.roles(*escalations.WORKERS)
@told_on(_told)
def close(escalation_id: int) -> Response:
    """Close it with a word about how it ended."""
    return _write(escalations.close, escalation_id)


def _write(word: Callable[..., None], escalation_id: int) -> Response:
    word(db.session(), access.current_actor(), escalation_id, text=forms.text("text", 4000), now=now())
    return htmx.go(url_for("escalations.one", escalation_id=escalation_id))


@bp.get("/campaigns/<int:campaign_id>/escalations/address")
@access.roles(*escalations.ADDRESS_KEEPERS)
def address(campaign_id: int) -> Response:
    """Where the letters go, and the test letter that confirms it; the letter's link leads here."""
    return _address(campaign_id)


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


def _told_of_address(error: DomainError, campaign_id: int, branch_id: int | None = None) -> Response:
    """A wrong address is told at its field, the campaign's or that of a branch; all else above."""
    if isinstance(error, EscalationError):
        said = error.fields.get("email", error.message)
        return _address(campaign_id, field_error=said, branch_id=branch_id, status=status_of(error))
    return _address(campaign_id, error=error.message, status=status_of(error))


@bp.post("/campaigns/<int:campaign_id>/escalations/address")
@access.roles(*escalations.ADDRESS_KEEPERS)
@told_on(_told_of_address)
def change_address(campaign_id: int) -> Response:
    """Set another address."""
    email = forms.text("email", 254, label="Адрес")
    moved = escalations.change_address(db.session(), access.current_actor(), campaign_id, email=email, now=now())
    return _done(campaign_id, f"Адрес сохранён.{_followed(moved)} Отправьте на него пробное письмо.")


@bp.post("/campaigns/<int:campaign_id>/escalations/address/branches/<int:branch_id>")
@access.roles(*escalations.ADDRESS_KEEPERS)
@told_on(_told_of_address)
def change_branch_address(campaign_id: int, branch_id: int) -> Response:
    """Set where escalations of a branch's clients go."""
    email = forms.text("email", 254, label="Адрес ОП")
    moved = escalations.change_branch_address(
        db.session(), access.current_actor(), campaign_id, branch_id, email=email, now=now()
    )
    return _done(campaign_id, f"Адрес ОП сохранён.{_followed(moved)}")


@bp.post("/campaigns/<int:campaign_id>/escalations/address/test")
@access.roles(*escalations.ADDRESS_KEEPERS)
@told_on(_told_of_address)
def send_test(campaign_id: int) -> Response:
    """Send a test letter."""
    escalations.send_test_letter(db.session(), access.current_actor(), campaign_id, now=now())
    words = "Пробное письмо отправляется. Обновите страницу через минуту, чтобы увидеть ответ сервера."
    return _done(campaign_id, words)


@bp.post("/campaigns/<int:campaign_id>/escalations/address/confirm")
@access.roles(*escalations.ADDRESS_KEEPERS)
@told_on(_told_of_address)
def confirm(campaign_id: int) -> Response:
    """Somebody saw the test letter arrive."""
    letter_id = forms.whole("letter", 1, forms.MOST, label="Письмо")
    escalations.confirm_address(db.session(), access.current_actor(), campaign_id, letter_id=letter_id, now=now())
    return _done(campaign_id, "Адрес подтверждён.")


def _done(campaign_id: int, words: str) -> Response:
    flash(words, "ok")
    return htmx.go(url_for("escalations.address", campaign_id=campaign_id))


def _followed(moved: int) -> str:
    """How many letters that had not gone yet follow a changed address."""
    if not moved:
        return ""
    letters = plural(moved, "письмо, которое ещё не ушло", "письма, которые ещё не ушли", "писем, которые ещё не ушли")
    return f" На него {plural(moved, 'уйдёт', 'уйдут', 'уйдут')} и {moved} {letters}."


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

"""Clients of a campaign: the list with its filters, and one client's card (R1, R16, R20)."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from nps.domain import local_time
from nps.domain.case import State, acts_of_manager
from nps.domain.desk import LEFT_ALONE
from nps.domain.disposition import TABLE
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.wording import why_text
from nps.extensions import db
from nps.queries import clients as client_queries
from nps.queries import escalations
from nps.queries.clients import ClientFilter, ClientLine
from nps.services import cases, supervision
from nps.web import access, forms, htmx, sealed
from nps.web.campaigns import bp, words
from nps.web.campaigns.common import KEEPERS, MANAGERS, campaign_or_404
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.same_list import same_list

#: Results a manager may give on the card, in the order of the table.
RESULTS = [(code, row.label) for code, row in TABLE.items() if code not in supervision.NOT_BY_CORRECTION]
_NO_CLIENT = "Такого клиента в проекте нет."


@bp.get("/campaigns/<int:campaign_id>/clients")
@access.roles(*KEEPERS)
def clients(campaign_id: int) -> Response:
    """One page of clients, each with his next call and why."""
    campaign = campaign_or_404(campaign_id)
    session = db.session()
    view = forms.arg("view")
    wanted = ClientFilter(
        text=sealed.arg("find"),
        view=view if view in client_queries.VIEWS else "",
        region=forms.arg("region", 16),
        branch_id=forms.arg_number("branch", default=0, least=0) or None,
    )
    page = client_queries.lines(session, campaign_id, wanted, forms.arg_number("page"))
    counts = client_queries.counts(session, campaign_id)
    regions, branches = client_queries.places(session, campaign_id)
    return htmx.render(
        "campaigns/clients.html",
        "campaigns/_clients.html",
        campaign=campaign,
        wanted=wanted,
        page=page,
        rows=[(line, why_of(line)) for line in page.rows],
        cards=[
            (counts[code or "all"], title, same_list(view=code, page=None), code == wanted.view)
            for code, title in words.VIEWS.items()
            if counts[code or "all"] or code in ("", "to_call", wanted.view)
        ],
        total=counts["all"],
        regions=[("", "все регионы"), *regions],
        branches=[("", "все ОП"), *branches],
        page_url=lambda number: same_list(page=number),
        words=words,
        may_load=access.may_open(f"/campaigns/{campaign_id}/base", access.current_actor().role),
    )


@bp.post("/campaigns/<int:campaign_id>/clients/search")
@access.roles(*KEEPERS)
def search_clients(campaign_id: int) -> AnyResponse:
    """Lead to the list of whom the typed text finds; the address holds it sealed."""
    campaign_or_404(campaign_id)
    kept = ("view", "region", "branch")
    return sealed.lead_to("campaigns.clients", *kept, longest=200, campaign_id=campaign_id)


def why_of(line: ClientLine) -> str:
    """Why the client is called when he is, by his own clock."""
    return why_text(line.why, line.zone or office_zone(), now())


@bp.get("/campaigns/<int:campaign_id>/clients/<int:respondent_id>")
@access.roles(*KEEPERS)
def client(campaign_id: int, respondent_id: int) -> Response:
    """The card; who looked is written down (R20)."""
    require_client(campaign_id, respondent_id)
    supervision.note_card_view(
        db.session(),
        user_id=access.current_actor().id,
        respondent_id=respondent_id,
        address=access.client_address(),
        now=now(),
    )
    return show_card(campaign_id, respondent_id)


def require_client(campaign_id: int, respondent_id: int) -> None:
    """404 unless the client is of this campaign, and the campaign this person's to see."""
    campaign_or_404(campaign_id)
    if not client_queries.is_of(db.session(), campaign_id, respondent_id):
        raise NotFoundError(_NO_CLIENT)


def client_of_call(campaign_id: int, attempt_id: UUID) -> tuple[int, str]:
    """The client of a call of this campaign and his zone ('' unknown), else 404."""
    campaign_or_404(campaign_id)
    found = client_queries.client_of_call(db.session(), campaign_id, attempt_id)
    if found is None:
        raise NotFoundError("Такого звонка в проекте нет.")
    return found


def show_card(campaign_id: int, respondent_id: int, error: DomainError | None = None, failed: str = "") -> Response:
    """Draw the card; `failed` names the form whose values come back beside the error's sentence."""
    campaign = campaign_or_404(campaign_id)
    card = client_queries.card(db.session(), campaign_id, respondent_id)
    if card is None:
        raise NotFoundError(_NO_CLIENT)
    role = access.current_actor().role
    is_live = campaign.closed_at is None and card.erased_at is None
    may_act = role == "manager" and is_live
    zone = card.line.zone or office_zone()
    waits = card.open_call
    last = local_time.to_local(waits.ended_at or waits.last_activity_at, zone) if waits else None
    return htmx.render(
        "campaigns/client.html",
        "campaigns/_client.html",
        status=status_of(error) if error else 200,
        campaign=campaign,
        card=card,
        line=card.line,
        zone=zone,
        why=why_of(card.line),
        last_activity=last,
        left_alone=waits is not None and now() - waits.last_activity_at > LEFT_ALONE,
        table=TABLE,
        results=[("", "выберите итог"), *RESULTS],
        escalations=escalations.of_respondent(db.session(), card.line.id),
        words=words,
        problem=error.message if error else "",
        failed=failed,
        typed=forms.typed() if error else {},
        acts=_acts(card.line.id, card.line.state) if may_act else [],
        may_act=may_act,
        may_number=role in ("manager", "specialist") and is_live,
        may_erase=role in MANAGERS and card.erased_at is None,
        hears=role in ("manager", "admin"),
        may_audit=role == "admin",
    )


def _acts(respondent_id: int, state: str) -> list[tuple[str, str, str]]:
    """What the manager may decide in this state: kind, words, and why it would change nothing ('' when it works)."""
    return [
        (kind, words.ACTS[kind], cases.why_not_back(db.session(), respondent_id, kind, now()))
        for kind in acts_of_manager(State(state))
    ]

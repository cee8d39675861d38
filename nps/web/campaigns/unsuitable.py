"""«Нет нужного ответа»: what clients said that the script has no answer for, for its author (R18)."""

from __future__ import annotations

from flask import Response, url_for

from nps.extensions import db
from nps.queries import scripts
from nps.queries import unsuitable as queries
from nps.queries.personal_data import ERASED
from nps.web import access, forms
from nps.web.campaigns import bp
from nps.web.campaigns.common import KEEPERS, campaign_or_404, settings_page

#: What has become of the words.
USES = {
    "answer": "в черновике: ответ",
    "prompt": "в черновике: вариант",
    "objection": "в черновике: возражение",
    "question": "в черновике: вопрос",
    "dismissed": "учтено",
}


@bp.get("/campaigns/<int:campaign_id>/settings/unsuitable")
@access.roles(*KEEPERS)
def unsuitable(campaign_id: int) -> Response:
    """The clients' words by step, the newest first."""
    campaign = campaign_or_404(campaign_id)
    places = queries.places(db.session(), campaign_id)
    counts = {step: notes for step, _, notes in places}
    step = forms.arg("step", 64)
    step = step if step in counts else ""
    total = counts.get(step, sum(counts.values()))
    return settings_page(
        "unsuitable",
        campaign,
        places=[
            ("", f"все шаги: {sum(counts.values())}"),
            *((code, f"{title}: {notes}") for code, title, notes in places),
        ],
        step=step,
        may_use=access.current_actor().role == "specialist",
        kinds={
            other.id: str(other.kind) for other in scripts.studio(db.session(), campaign.script_version_id).script.steps
        },
        uses=USES,
        erased=ERASED,
        page=queries.lines(db.session(), campaign_id, step, forms.arg_number("page"), total),
        page_url=lambda number: url_for(
            "campaigns.unsuitable", campaign_id=campaign_id, step=step or None, page=number
        ),
    )

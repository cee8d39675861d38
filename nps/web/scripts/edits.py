"""Changes of the draft, each a form of its own."""

from __future__ import annotations

from functools import partial

from flask import Response, flash, url_for

from nps.domain.errors import DomainError, NotFoundError
from nps.domain.script import Script, Step, StepKind, editing
from nps.extensions import db
from nps.queries import scripts as queries
from nps.queries.campaigns import CampaignRow
from nps.services import scripts
from nps.services.scripts import Edit
from nps.web import forms, htmx
from nps.web.access import current_actor, roles
from nps.web.campaigns.common import campaign_or_404
from nps.web.clock import now
from nps.web.refusals import told_on
from nps.web.scripts import bp, parsing
from nps.web.scripts.pages import KINDS, refused, show_studio


@bp.post("/step/<step_id>")
@roles("specialist")
def save_step(campaign_id: int, step_id: str) -> Response:
    """Save a step: its texts, answers and where they lead."""
    campaign = campaign_or_404(campaign_id)
    step = parsing.read_step(_step(campaign, step_id))
    return _save(campaign, step_id, partial(editing.with_step, step=step), "Шаг сохранён.")


@bp.post("/step/<step_id>/remove")
@roles("specialist")
def remove_step(campaign_id: int, step_id: str) -> Response:
    """Take a step out of the draft; what led to it is named by the checks."""
    campaign = campaign_or_404(campaign_id)
    _step(campaign, step_id)
    return _save(campaign, "", partial(editing.without_step, step_id=step_id), "Шаг удалён.", stays_on=step_id)


@bp.post("/step/<step_id>/first")
@roles("specialist")
def first_step(campaign_id: int, step_id: str) -> Response:
    """Begin the talk with this step."""
    campaign = campaign_or_404(campaign_id)
    _step(campaign, step_id)
    return _save(campaign, step_id, partial(editing.with_start, step_id=step_id), "Разговор начинается с этого шага.")


@bp.post("/steps")
@roles("specialist")
@told_on(refused)
def add_step(campaign_id: int) -> Response:
    """Add an empty step of a kind."""
    campaign = campaign_or_404(campaign_id)
    kind = StepKind(forms.choice("kind", [code for code, _ in KINDS], label="Вид шага"))
    title = forms.text("title", 80, label="Название шага", required=True)
    line = forms.text("line", 80)
    script = queries.studio(db.session(), campaign.script_version_id).script
    edit = partial(editing.with_new_step, kind=kind, title=title, line=line)
    return _save(campaign, editing.added_id(script), edit, "Шаг добавлен. Свяжите его с другими.")


@bp.post("/questions")
@roles("specialist")
def save_questions(campaign_id: int) -> Response:
    """Save the questions outside the survey with their replies."""
    campaign = campaign_or_404(campaign_id)
    edit = partial(editing.with_questions, questions=parsing.read_questions())
    return _save(campaign, "question", edit, "Вопросы сохранены.")


@bp.post("/complaint")
@roles("specialist")
def save_complaint(campaign_id: int) -> Response:
    """Save the line for complaints: steps, objections and replies."""
    campaign = campaign_or_404(campaign_id)
    edit = partial(editing.with_complaint, complaint=parsing.read_complaint())
    return _save(campaign, "complaint", edit, "Жалоба сохранена.")


def _step(campaign: CampaignRow, step_id: str) -> Step:
    """The step as it is saved now; one that was removed meanwhile is not there any more."""
    script: Script = queries.studio(db.session(), campaign.script_version_id).script
    found = next((step for step in script.steps if step.id == step_id), None)
    if found is None:
        raise NotFoundError("Такого шага в черновике нет: его могли удалить. Вернитесь к скрипту.")
    return found


def _save(campaign: CampaignRow, step_id: str, edit: Edit, said: str, *, stays_on: str = "") -> Response:
    """Save and show the step again; refused, the form keeps what was typed."""
    try:
        scripts.save(db.session, current_actor(), campaign.script_version_id, parsing.revision(), edit, now())
    except NotFoundError:
        raise
    except DomainError as error:
        return show_studio(campaign, stays_on or step_id, error, edit)
    flash(said, "ok")
    return htmx.go(url_for("scripts.page", campaign_id=campaign.id, step=step_id or None))

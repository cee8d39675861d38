"""What the studio shows: form and drawing, versions, what differs, the preview."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Response, make_response, request, url_for

from nps.domain.disposition import ENDS_OF_TALK, TABLE
from nps.domain.errors import DomainError, NotFoundError, StaleError
from nps.domain.script import Script, StepKind
from nps.domain.script.difference import compare
from nps.domain.script.drawing import draw, ways
from nps.domain.script.reading import routes, seconds_to_read, words_in
from nps.domain.script.repairs import repairs
from nps.extensions import db
from nps.queries import quality, unsuitable
from nps.queries import scripts as queries
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.preview import preview as desk_preview
from nps.queries.scripts import Studio
from nps.services import scripts
from nps.services.scripts import Edit
from nps.web import downloads, forms, htmx
from nps.web.access import current_actor, roles
from nps.web.campaigns.common import KEEPERS, campaign_or_404
from nps.web.clock import now
from nps.web.errors import status_of
from nps.web.filters import office_zone
from nps.web.scripts import bp

#: Lines that break in; they stand among the steps of the list.
BREAK_INS = {"question": "Вопрос не по опросу", "complaint": "Жалоба, негатив"}
KINDS = [
    (StepKind.CHOICE.value, "вопрос с ответами"),
    (StepKind.RATING.value, "оценка от 1 до 10"),
    (StepKind.REASONS.value, "причины оценки"),
    (StepKind.CALLBACK.value, "время перезвона"),
    (StepKind.END.value, "последний шаг с итогом"),
]
#: Results that a last step may carry: of a talk that has come to its end.
_ENDS = [(code, TABLE[code].label) for code in ENDS_OF_TALK]


@bp.get("")
@roles(*KEEPERS)
def page(campaign_id: int) -> Response:
    """The draft, or the latest version: a step as a form beside the drawing of all."""
    return show_studio(campaign_or_404(campaign_id), forms.arg("step", 64))


def show_studio(
    campaign: CampaignRow,
    step_id: str,
    error: DomainError | None = None,
    edit: Edit | None = None,
    chosen: Collection[int] | None = None,
) -> Response:
    """Draw the studio; after a refused save the form holds what was typed, on top of what is saved by now.

    `chosen`: the campaigns that were ticked when publishing was refused.
    """
    studio = queries.studio(db.session(), campaign.script_version_id)
    saved = studio.script
    shown, unsaved = _with(saved, edit)
    problems = shown.problems()
    step = next((step for step in shown.steps if step.id == step_id), None)
    if step is None and step_id not in BREAK_INS:
        step = next((step for step in shown.steps if step.id == shown.start), shown.steps[0])
    faulty = {problem.step_id for problem in problems}
    return _render(
        "page",
        campaign,
        studio,
        error,
        script=shown,
        step=step,
        break_in=step_id if step is None else "",
        break_ins=BREAK_INS,
        lines=_lines(shown),
        line_options=[(line, line or "без линии") for line, _ in _lines(shown)],
        problems=problems,
        repairs=repairs(shown, problems) if _may_edit() and not unsaved else [],
        faulty=faulty,
        chosen=chosen,
        said=unsuitable.waiting(db.session(), campaign.id),
        drawing=draw(shown, faulty),
        routes=[route for route in routes(shown) if route.is_survey],
        targets=[("", "не выбрано"), *((other.id, f"Шаг «{other.title}»") for other in shown.steps)],
        results=[("", "не выбран"), *_ENDS],
        kinds=KINDS,
        reading=(words_in(step.say), seconds_to_read(step.say)) if step is not None else (0, 0),
        callers=queries.callers(db.session(), campaign.script_version_id),
        medians=quality.medians(db.session(), campaign.script_version_id),
        is_stale=isinstance(error, StaleError),
        theirs=compare(shown, saved) if unsaved and isinstance(error, StaleError) else [],
    )


def refused(error: DomainError, campaign_id: int) -> Response:
    """The studio at the step of the form, with the sentence."""
    return show_studio(campaign_or_404(campaign_id), forms.text("step", 64), error)


def _with(saved: Script, edit: Edit | None) -> tuple[Script, bool]:
    """The saved script with the refused change, if it still fits."""
    try:
        return (edit(saved), True) if edit is not None else (saved, False)
    except DomainError:
        return saved, False


def _lines(script: Script) -> list[tuple[str, list[Any]]]:
    """The steps by the script's lines, in their order."""
    found: dict[str, list[Any]] = {}
    for step in script.steps:
        found.setdefault(step.line, []).append(step)
    return list(found.items())


def _may_edit() -> bool:
    return current_actor().role == "specialist"


def _render(
    name: str, campaign: CampaignRow, studio: Studio, error: DomainError | None = None, /, **values: Any
) -> Response:
    page, fragment, status = f"scripts/{name}.html", f"scripts/_{name}.html", status_of(error) if error else 200
    common = {"tabs": _tabs(campaign, studio, name), "may_edit": _may_edit(), "problem": error.message if error else ""}
    return htmx.render(page, fragment, status, campaign=campaign, studio=studio, **common, **values)


def _tabs(campaign: CampaignRow, studio: Studio, current: str) -> list[dict[str, object]]:
    """The pages of the studio."""
    draft = f"Черновик версии {studio.latest.no + 1}" if studio.draft is not None else f"Версия {studio.latest.no}"
    pages = [("page", draft), ("difference", "Сравнить"), ("versions", "Версии"), ("preview", "Предпросмотр")]
    return [
        {"label": title, "href": url_for(f"scripts.{name}", campaign_id=campaign.id), "current": name == current}
        for name, title in pages
    ]


@bp.get("/versions")
@roles(*KEEPERS)
def versions(campaign_id: int) -> Response:
    """All published versions, and files: to take one out, to bring one in."""
    return show_versions(campaign_or_404(campaign_id))


def show_versions(
    campaign: CampaignRow, error: DomainError | None = None, chosen: Collection[int] | None = None
) -> Response:
    s, version_id = db.session(), campaign.script_version_id
    rows, callers = queries.versions(s, version_id), queries.callers(s, version_id)
    studio = queries.studio(s, version_id)
    return _render("versions", campaign, studio, error, rows=rows, chosen=chosen, callers=callers)


@bp.get("/difference")
@roles(*KEEPERS)
def difference(campaign_id: int) -> Response:
    """What differs between two versions, word by word; without a choice the draft and what calls are made by now."""
    campaign = campaign_or_404(campaign_id)
    studio = queries.studio(db.session(), campaign.script_version_id)
    rows = queries.versions(db.session(), campaign.script_version_id)
    known = {str(line.no): line.script for line in rows}
    options = [(no, f"версия {no}") for no in known]
    if studio.draft is not None:
        known["draft"] = studio.draft.script
        options.insert(0, ("draft", "черновик"))
    new = _chosen("new", known, next(iter(options))[0])
    old = _chosen("old", known, str(studio.latest.no) if new == "draft" else str(max(1, int(new) - 1)))
    changes = compare(known[old], known[new])
    is_spoken = any(change.is_spoken for change in changes)
    callers = queries.callers(db.session(), campaign.script_version_id)
    shown = {"options": options, "old": old, "new": new, "changes": changes, "is_spoken": is_spoken}
    return _render("difference", campaign, studio, callers=callers, chosen=None, **shown)


def _chosen(name: str, known: dict[str, Script], default: str) -> str:
    wanted = forms.arg(name, 10)
    return wanted if wanted in known else default


@bp.get("/preview")
@roles(*KEEPERS)
def preview(campaign_id: int) -> Response:
    """A step as the operator will see it: the desk's own fragment, which answers nothing here."""
    campaign = campaign_or_404(campaign_id)
    studio = queries.studio(db.session(), campaign.script_version_id)
    script = studio.script
    by_id = {step.id: step for step in script.steps}
    step = by_id.get(forms.arg("step", 64)) or by_id.get(script.start) or script.steps[0]
    onward = [(way.label or "дальше", by_id[way.target]) for way in ways(step) if way.target in by_id]
    view = desk_preview(db.session(), script, step, campaign, current_actor(), str(office_zone()), now())
    return _render("preview", campaign, studio, step=step, steps=script.steps, onward=onward, view=view)


@bp.get("/file")
@roles(*KEEPERS)
def download(campaign_id: int) -> Response:
    """A version, or the draft, as a YAML file."""
    campaign = campaign_or_404(campaign_id)
    studio = queries.studio(db.session(), campaign.script_version_id)
    wanted = request.args.get("version", "")
    if wanted == "draft" and studio.draft is not None:
        script, name = studio.draft.script, "черновик"
    else:
        found = queries.version(db.session(), campaign.script_version_id, forms.arg_number("version", studio.latest.no))
        if found is None:
            raise NotFoundError("Такой версии скрипта нет.")
        script, name = found.script, f"версия {found.no}"
    response = make_response(scripts.as_file(script, f"{studio.title}, {name}"))
    response.mimetype = "application/yaml"
    response.headers["Content-Disposition"] = downloads.disposition(f"Скрипт, {name}.yaml", "script.yaml")
    return response

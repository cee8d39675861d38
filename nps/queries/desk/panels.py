"""What breaks into the step: questions, complaints, contacts, the results that ask for something.

The escalation's form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.desk import OF_PANEL, RETURN_REASONS
from nps.domain.disposition import TABLE
from nps.domain.script import Script, StepKind
from nps.models import Branch, BranchContact, Respondent
from nps.queries.campaigns import CampaignRow
from nps.queries.desk.steps import DayPicker

Panel = dict[str, Any]

#: Panels that need a call on the desk.
IN_CALL = (
    "question",
    "complaint",
    "inactive",
    "callback",
    "refusal",
    "other_person",
    "new_contact",
    "not_client",
    "more",
    "continue",
)

_REFUSAL_WORDS = {
    "soft_refusal": ("Не сейчас, времени не назвал", ""),
    "refused": ("Отказался от опроса", ""),
    "refused_org": ("Отказ от имени организации", "нужна причина; остальные контакты ждут руководителя"),
    "do_not_call": ("Просит больше не звонить", "номер попадёт в стоп-лист"),
}
_DEAD_WORDS = {
    "dead_number": ("Номер не существует", "автомат оператора связи"),
    "wrong_number": ("Чужой номер", "клиента там не знают"),
}
#: Panels by which the last result is corrected: what it could have been instead, and what each of them needs.
IN_CORRECTION = (*(name for name in IN_CALL if name not in ("question", "complaint", "continue")), "correct")


def _options(codes: tuple[str, ...], words: Mapping[str, tuple[str, str]]) -> list[Panel]:
    options = []
    for n, code in enumerate(codes, 1):
        label, hint = words.get(code, (TABLE[code].label, ""))
        options.append({"code": code, "label": label, "hint": hint, "key_label": n, "key_code": f"Digit{n}"})
    return options


def return_panel() -> Panel:
    """Why a shown client goes back to the queue."""
    return {"reasons": [{"code": code, "label": label} for code, label in RETURN_REASONS.items()]}


def contacts_panel(session: Session, campaign: CampaignRow, branch_id: int | None) -> Panel:
    """Contacts of branches and departments, those of the client's own branch first (R19)."""
    rows = session.execute(
        select(BranchContact, Branch.name)
        .outerjoin(Branch, Branch.id == BranchContact.branch_id)
        .where(BranchContact.customer_id == campaign.customer_id)
    ).all()
    ordered = sorted(rows, key=lambda row: (row[0].branch_id != branch_id, row[1] or "", row[0].department))
    return {
        "rows": [
            {"id": row.id, "branch": name or "—", "department": row.department, "name": row.person, "phone": row.phone}
            for row, name in ordered
        ]
    }


def escalation_panel(client: Respondent, phone: str, script: Script, campaign: CampaignRow, question: int) -> Panel:
    """The six columns of the letter, prefilled (R15); `question` (from 1) brings its reply to read aloud."""
    replies = [item.reply for item in script.questions]
    return {
        "organisation": client.organisation,
        "inn": client.inn or "",
        "contact": client.contact,
        "phone": phone,
        "email": client.email,
        "text": "",
        "wished_time": "",
        "to": campaign.escalation_email,
        "reply": replies[question - 1] if 0 < question <= len(replies) else "",
        "errors": {},
    }


def call_panel(name: str, client: Respondent, script: Script, picker: DayPicker) -> Panel:
    """A panel that a call or its correction opens. Raises KeyError for a name there is none of."""
    makers: dict[str, Callable[[], Panel]] = {
        "question": lambda: {
            "items": [{"n": n, "asks": item.ask, "reply": item.reply} for n, item in enumerate(script.questions, 1)]
        },
        "complaint": lambda: {
            "steps": [
                {"title": step.text, "phrases": step.words, "action": step.action} for step in script.complaint.steps
            ],
            "objections": [{"asks": item.complaint, "reply": item.reply} for item in script.complaint.objections],
        },
        "inactive": lambda: {"options": _options(OF_PANEL["inactive"], _DEAD_WORDS)},
        "callback": lambda: {
            "days": picker.days(),
            "break_text": picker.break_text(),
            "reply": _line(script, StepKind.CALLBACK),
            "hint": picker.hint(picker.days()),
        },
        "refusal": lambda: {
            "options": _options(OF_PANEL["refusal"], _REFUSAL_WORDS),
            "reply": _line(script, StepKind.END, "soft_refusal"),
            "note": "",
        },
        "other_person": lambda: {"days": picker.days(), "break_text": picker.break_text(), "note": ""},
        "new_contact": lambda: {"phone": "", "contact": client.contact, "note": "", "errors": {}},
        "not_client": lambda: {"note": "", "code": "not_client", "label": TABLE["not_client"].label, "errors": {}},
        "more": dict,
        "continue": dict,
        "correct": dict,
    }
    return makers[name]()


def _line(script: Script, kind: StepKind, disposition: str = "") -> str:
    """What the script reads at the step of this kind (and result), '' when it has none."""
    found = (step.say for step in script.steps if step.kind is kind and disposition in ("", step.disposition))
    return next(found, "")

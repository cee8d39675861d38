"""Letters as they should look: `python -m tests.letter_examples` writes the files that the tests compare with.

Look at what has changed, in a browser too, before committing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nps.adapters import mail
from nps.domain.escalation import COLUMNS

FOLDER = Path(__file__).parent / "data" / "letters"
PARTS = ("subject.txt", "body.txt", "body.html")

_ESCALATION: dict[str, Any] = {
    "number": 38,
    "path": "/escalations/38",
    "public_url": "https://nps.example.ru",
    "organisation": "ООО «Хлебокомбинат»",
    "columns": [
        [label, value]
        for (_, label), value in zip(
            COLUMNS,
            (
                "ООО «Хлебокомбинат»",
                "5973022713",
                "Кузнецова Светлана Ильинична",
                "+7 917 000-75-53",
                "zakaz1198@example.com",
                "Есть ли в Березниках кабель ВВГнг(А)-LS 3х2,5, 200 метров?\nИ какая цена?",
            ),
            strict=True,
        )
    ],
    "wished_time": "",
    "due": "17:42 сегодня",
    "campaign": "Уралэнерго, ноябрь 2026",
    "for_practice": False,
    "place": "ОП Березники, Пермский край",
    "written": "18 ноября 2026 года в 16:42",
    "whose_time": "по времени клиента",
    "operator": "Ольга Максимова",
    "operator_wrote": "записала",
}
_EVIL = '<img src=x onerror="alert(1)">\nBcc: thief@example.com\n.\n=HYPERLINK("http://x")'

_REPORT: dict[str, Any] = {
    "campaign": "Уралэнерго, ноябрь 2026",
    "path": "/campaigns/1",
    "settings_path": "/campaigns/1/letter",
    "public_url": "https://nps.example.ru",
    "day": "18 ноября",
    "data_age": "данные на 18 ноября 2026, 09:00 (UTC+4)",
    "state": "волна идёт до 26 ноября",
    "preliminary": True,
    "coverage": "61,4\xa0%",
    "nps": "+34",
    "often": "каждый день в 9:00",
    "corrected": [],
    "figures": [
        ["Опрошены", "737 из 1\u202f200", "702 из 1\u202f200"],
        ["Охват базы, по договору 75 %", "61,4\xa0%", "58,5\xa0%"],
        ["Минуты договора", "831 из 1\u202f260", "799 из 1\u202f260"],
        ["Звонки", "2\u202f114", "2\u202f020"],
        ["Неуспешные, три звонка без ответа", "96", "90"],
        ["Отказались", "54", ""],
        ["Неактивные номера", "31", "30"],
        ["Осталось позвонить", "282", "324"],
        ["NPS, шкала 1–10", "+34", "+33"],
        ["Анкет", "737", "702"],
        ["NPS, если ответят все", "+31…+37", "+30…+37"],
        ["Разговоры с записью", "100,0\xa0%", ""],
        ["Обращения отвечены", "10 из 12", "9 из 12"],
    ],
}

EXAMPLES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "escalation": ("escalation", _ESCALATION),
    "escalation_without_deadline": (
        "escalation",
        _ESCALATION | {"due": "", "wished_time": "завтра после обеда", "place": "", "for_practice": True},
    ),
    "escalation_hostile": (
        "escalation",
        _ESCALATION
        | {"columns": [[label, _EVIL] for _, label in COLUMNS], "wished_time": _EVIL, "campaign": _EVIL}
        | {"operator": _EVIL, "place": _EVIL},
    ),
    "reminder": (
        "reminder",
        {
            "number": 38,
            "path": "/escalations/38",
            "campaign": "Уралэнерго, ноябрь 2026",
            "due": "сегодня до 17:42",
            "late": False,
            "public_url": "https://nps.example.ru",
        },
    ),
    "digest": (
        "digest",
        {
            "campaign": "Уралэнерго, ноябрь 2026",
            "path": "/campaigns/1/escalations",
            "figures": {"new": 5, "taken": 9, "overdue": 2, "troubled": 0},
            "public_url": "https://nps.example.ru",
        },
    ),
    "report": ("report", _REPORT),
    "report_closed": (
        "report",
        _REPORT
        | {"preliminary": False, "state": "итоги окончательные", "often": "по понедельникам в 9:00"}
        | {"corrected": ["NPS: было +34, стало +33", "Разговоры с записью: было 100,0\xa0%, стало 41,2\xa0%"]},
    ),
    "report_hostile": ("report", _REPORT | {"campaign": _EVIL}),
    "test": (
        "test",
        {
            "campaign": "Уралэнерго, ноябрь 2026",
            "path": "/campaigns/1/escalations/address",
            "sent_by": "Марина Орлова",
            "public_url": "https://nps.example.ru",
        },
    ),
}


def rendered(name: str) -> dict[str, str]:
    """The parts of an example by their file names."""
    kind, context = EXAMPLES[name]
    letter = mail.render(kind, context)
    return dict(zip(PARTS, (letter.subject + "\n", letter.text, letter.html), strict=True))


def main() -> None:
    """Write all examples."""
    for name in EXAMPLES:
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        for part, text in rendered(name).items():
            (folder / part).write_text(text, "utf-8", newline="")


if __name__ == "__main__":
    main()

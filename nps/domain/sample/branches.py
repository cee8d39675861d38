"""Branches as a base spells them: which spellings are one branch, and what was decided about an unknown one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nps.domain.cities import AREA_CODE_OF, REGION_OF, REGION_OF_INN, REGION_OF_PHONE
from nps.domain.errors import DomainError
from nps.domain.local_time import ZONES
from nps.domain.search import fold

_EXTRA_WORDS = re.compile(r"\b(оп|филиал|подразделение|обособленное|отделение|офис|г|город|гор)\b\.?")
_NOT_DIGIT = re.compile(r"\D+")
_PUNCTUATION = re.compile(r"[«»\"'.,;:()]+")

#: What can be decided about an unknown branch besides an existing one (`branch:ID`) and a new one (`new:REGION`).
LATER, OUTSIDE = "later", "outside"


def branch_key(name: str) -> str:
    """Return what «Пермь», «Пермь ОП» and «г. Пермь» have in common. A name made of such words only stays as it is."""
    folded = _PUNCTUATION.sub(" ", fold(name))
    return " ".join(_EXTRA_WORDS.sub(" ", folded).split()) or " ".join(folded.split())


def suggested_region(name: str) -> str | None:
    """Return the code of the region whose city or cities the branch is named after, or None."""
    return _of_city(REGION_OF, name)


def suggested_area_code(name: str) -> str:
    """Return the area code of the city the branch is named after, or ''."""
    return _of_city(AREA_CODE_OF, name) or ""


def _of_city(table: Mapping[str, str], name: str) -> str | None:
    """What the table says of the cities in the name; None when it names none, or such that say different things."""
    key = branch_key(name)
    said = {table[key]} if key in table else {table[word] for word in re.split(r"[^\w]+", key) if word in table}
    return said.pop() if len(said) == 1 else None


#: Where rows of a branch seem to be: ("inn" or "phone", code of a region) -> rows.
Hints = Mapping[tuple[str, str], int]


def region_hints(inn: str, phone: str) -> list[tuple[str, str]]:
    """Return what the cells of a row say about its region; nothing when they say nothing."""
    hints = []
    inn_digits = _NOT_DIGIT.sub("", re.split(r"[/\\|]", inn)[0])
    office = f"0{inn_digits}" if len(inn_digits) in (9, 11) else inn_digits
    region = REGION_OF_INN.get(office[:2]) if len(office) in (10, 12) else None
    if region:
        hints.append(("inn", region))
    number = _NOT_DIGIT.sub("", phone)[:11]
    region = REGION_OF_PHONE.get(number[1:4] if len(number) == 11 else number[:3])
    if region:
        hints.append(("phone", region))
    return hints


@dataclass(frozen=True, slots=True)
class BranchGroup:
    """One branch of the base in all its spellings. key '' are rows that name no branch.

    `suggested`: region by the name. `hint`: region by INNs and telephones, with the rows that speak for it by each.
    """

    key: str
    name: str
    spellings: tuple[str, ...]
    rows: int
    branch_id: int | None
    suggested: str | None
    area_code: str = ""
    hint: tuple[str, int, int] | None = None


def group_branches(
    found: Mapping[str, int], known: Mapping[str, int], hints: Mapping[str, Hints] | None = None
) -> list[BranchGroup]:
    """Put the spellings of a base together, the most frequent branch first.

    `known`: folded aliases and keys of the customer's branches -> branch id. An alias wins over the key of a name.
    `hints`: by spelling.
    """
    groups: dict[str, list[str]] = {}
    for spelling in found:
        groups.setdefault(branch_key(spelling), []).append(spelling)
    result = []
    for key, spellings in groups.items():
        ids = (known.get(fold(spelling)) for spelling in spellings)
        branch_id = next((one for one in ids if one is not None), known.get(key)) if key else None
        result.append(
            BranchGroup(
                key=key,
                name=_best_name(key, spellings),
                spellings=tuple(sorted(spellings)),
                rows=sum(found[spelling] for spelling in spellings),
                branch_id=branch_id,
                suggested=suggested_region(key) if key else None,
                area_code=suggested_area_code(key),
                hint=_best_hint([(hints or {}).get(spelling, {}) for spelling in spellings]),
            )
        )
    return sorted(result, key=lambda group: (-group.rows, group.key))


def _best_hint(hints: list[Hints]) -> tuple[str, int, int] | None:
    """The region that most rows speak for; none when two do equally."""
    by_region: dict[str, list[int]] = {}
    for one in hints:
        for (kind, region), rows in one.items():
            by_region.setdefault(region, [0, 0])[kind == "phone"] += rows
    ranked = sorted(by_region.items(), key=lambda item: -sum(item[1]))
    if not ranked or (len(ranked) > 1 and sum(ranked[0][1]) == sum(ranked[1][1])):
        return None
    region, (by_inn, by_phone) = ranked[0]
    return region, by_inn, by_phone


def _best_name(key: str, spellings: list[str]) -> str:
    """The bare name when somebody wrote it so («Пермь»), else the shortest spelling."""
    return min(spellings, key=lambda spelling: (fold(spelling) != key, len(spelling), spelling))[:200]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of rows with an unknown branch.

    branch_id: they belong to it. region: a new branch there. Neither: `outside` refuses them, otherwise they are loaded
    without a region and wait until somebody gives them one (R7: not callable). `name`: that of the branch.
    """

    branch_id: int | None = None
    region: str | None = None
    outside: bool = False
    area_code: str = ""
    name: str = ""

    @property
    def code(self) -> str:
        """Return the form's word for it, which `read_decision` reads back."""
        if self.branch_id is not None:
            return f"branch:{self.branch_id}"
        if self.region is not None:
            return f"new:{self.region}"
        return OUTSIDE if self.outside else LATER


def read_decision(code: str, name: str) -> Decision:
    """Read a decision about the branch called `name`. Raises DomainError when there is none, or no such one."""
    kind, _, value = code.partition(":")
    if kind == "branch" and value.isascii() and value.isdigit():
        return Decision(branch_id=int(value))
    if kind == "new" and value in ZONES:
        return Decision(region=value)
    if code in (LATER, OUTSIDE):
        return Decision(outside=code == OUTSIDE)
    what = f"ОП «{name}»" if name else "строки без ОП"
    raise DomainError("branch_undecided", f"Решите, куда отнести {what}: выберите подразделение или регион из списка.")

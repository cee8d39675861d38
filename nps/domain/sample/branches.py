"""Branches as a base spells them: which spellings are one branch, and what was decided about an unknown one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nps.domain.cities import REGION_OF
from nps.domain.errors import DomainError
from nps.domain.local_time import ZONES
from nps.domain.search import fold

_EXTRA_WORDS = re.compile(r"\b(оп|филиал|подразделение|обособленное|отделение|офис|г|город|гор)\b\.?")
_PUNCTUATION = re.compile(r"[«»\"'.,;:()]+")

#: What can be decided about an unknown branch besides an existing one (`branch:ID`) and a new one (`new:REGION`).
LATER, OUTSIDE = "later", "outside"


def branch_key(name: str) -> str:
    """Return what «Пермь», «Пермь ОП» and «г. Пермь» have in common. A name made of such words only stays as it is."""
    folded = _PUNCTUATION.sub(" ", fold(name))
    return " ".join(_EXTRA_WORDS.sub(" ", folded).split()) or " ".join(folded.split())


def suggested_region(name: str) -> str | None:
    """Return the code of the region whose city the branch is named after, or None."""
    key = branch_key(name)
    return REGION_OF.get(key) or next((REGION_OF[word] for word in re.split(r"[\s-]+", key) if word in REGION_OF), None)


@dataclass(frozen=True, slots=True)
class BranchGroup:
    """One branch of the base in all its spellings. key '' are rows that name no branch."""

    key: str
    name: str
    spellings: tuple[str, ...]
    rows: int
    branch_id: int | None
    suggested: str | None


def group_branches(found: Mapping[str, int], known: Mapping[str, int]) -> list[BranchGroup]:
    """Put the spellings of a base together, the most frequent branch first.

    `known`: folded aliases and keys of the customer's branches -> branch id. An alias wins over the key of a name.
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
            )
        )
    return sorted(result, key=lambda group: (-group.rows, group.key))


def _best_name(key: str, spellings: list[str]) -> str:
    """The bare name when somebody wrote it so («Пермь»), else the shortest spelling."""
    return min(spellings, key=lambda spelling: (fold(spelling) != key, len(spelling), spelling))[:200]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of rows with an unknown branch.

    branch_id: they belong to it. region: a new branch there. Neither: `outside` refuses them, otherwise they are loaded
    without a region and wait until somebody gives them one (R7: not callable).
    """

    branch_id: int | None = None
    region: str | None = None
    outside: bool = False
    area_code: str = ""

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

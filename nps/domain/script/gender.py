"""Which form of a word the operator reads: «понял (а)» and «согласна» stay as they are written (R17)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Words the approved script has in one gender only: the other form by the gender of who reads.
_OTHER_FORM = {"male": {"согласна": "согласен"}, "female": {"согласен": "согласна"}}
_FORMS = re.compile(
    r"(?P<stem>[а-яё]+)(?P<ending> ?\((?:а|ла|на|ась)\))(?![а-яё])|\b(?P<single>согласна|согласен)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Form:
    """A piece of a line. mark: '' as it stands, `read` the form to read, `skip` one that is not read.

    `instead`: what is read in place of a skipped word that the line has in the other gender only.
    """

    text: str
    mark: str = ""
    instead: str = ""


def forms(line: str, gender: str) -> list[Form]:
    """Split a line into pieces by what this operator (`female` or `male`) reads; together they are the line again."""
    return [piece for piece in _split(line, gender) if piece.text]


def _split(line: str, gender: str) -> Iterator[Form]:
    at = 0
    for found in _FORMS.finditer(line):
        yield Form(line[at : found.start()])
        yield from _marked(found, gender)
        at = found.end()
    yield Form(line[at:])


def _marked(found: re.Match[str], gender: str) -> Iterator[Form]:
    word = found["single"]
    if word is None:
        both = gender == "female"
        yield Form(found[0] if both else found["stem"], "read")
        yield Form("" if both else found["ending"], "skip")
        return
    other = _OTHER_FORM.get(gender, {}).get(word.casefold(), "")
    other = other.capitalize() if word[0].isupper() else other
    yield Form(word, "skip" if other else "read", other)

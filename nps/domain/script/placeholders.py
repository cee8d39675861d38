"""What is filled in while a line is read, and what only looks as if it were (R17)."""

import re
from collections.abc import Collection

#: The placeholders of a line, folded.
PLACEHOLDERS = ("(имя клиента)", "(имя оператора)")
#: Nobody reads these brackets aloud; in round ones a word of explanation may stand.
_BRACKETED = re.compile(r"\[[^\]]*\]?|\{[^}]*\}?|<[^<>]*>?|\([^()]*\)?")
_STANDS_FOR = re.compile(
    r"\b(?:имя|имени|имена|фио|фамили\w*|отчеств\w*|клиент\w*|оператор\w*|организаци\w*|компани\w*|назван\w*"
    r"|должност\w*|город\w*|телефон\w*|номер\w*|дат[аеуы]|инн)\b",
    re.IGNORECASE,
)
_CLIENT = re.escape(PLACEHOLDERS[0])
#: The client's name as an address, with the comma that parts it off: «Имя, добрый день», «Добрый день, Имя!»
_ADDRESS = re.compile(rf"(?:^|(?<=[.!?])\s*){_CLIENT}\s*,\s*|,\s*{_CLIENT}(?=\s*[!?.,:;])", re.IGNORECASE)
_NAME = re.compile(rf"{_CLIENT}\s*,?\s*", re.IGNORECASE)


def dead_placeholders(text: str, known: Collection[str] = ()) -> list[str]:
    """What in the text would be read aloud with its brackets.

    `known`: the placeholders that are filled in here, folded.
    """
    return [found for found in _BRACKETED.findall(text) if found.casefold() not in known and _is_dead(found)]


def _is_dead(found: str) -> bool:
    return found[0] != "(" or found[-1] != ")" or _STANDS_FOR.search(found) is not None


def without_name(line: str) -> str:
    """The line for a client without a name; it reads well where his name was an address alone."""
    bare = _NAME.sub("", _ADDRESS.sub(_space, line))
    return bare if bare == line else bare[:1].upper() + bare[1:]


def needs_nameless(line: str) -> bool:
    """Whether the line can't be read to a client without a name: his name is more than an address in it."""
    return _NAME.search(_ADDRESS.sub("", line)) is not None


def _space(found: re.Match[str]) -> str:
    """Between two sentences one stays."""
    return " " if found[0][0].isspace() else ""

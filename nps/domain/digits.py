"""Digits as people and programs spoil them: look-alike letters, digits of other scripts, marks that nobody sees."""

from __future__ import annotations

import re
import unicodedata

#: Marks of direction and width that come along when a number is copied from a telephone or a messenger.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_ALIKE = str.maketrans("ОоOoЗзбlIІі", "00003361111")
_DIGIT = re.compile("[0-9]")
#: Letters that look like digits, Russian and Latin, and no other letter beside them: never the one in «доб.».
_LETTERS = re.compile(r"(?<![^\W\d_])[ОоOoЗзбlIІі]+(?![^\W\d_])")


def plain(text: str) -> str:
    """Return the text with digits of any script as 0-9, spaces of any width as one kind, without invisible marks."""
    if text.isascii():
        return text
    visible = _SPACE.sub(" ", _INVISIBLE.sub("", text))
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in visible)


def without_letters(text: str) -> str:
    """Return the number with look-alike letters read as digits («89О4» → «8904»); a text without digits stays."""
    if not _DIGIT.search(text):
        return text
    return _LETTERS.sub(lambda found: found[0].translate(_ALIKE), text)

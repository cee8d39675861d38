"""How long a line takes to read aloud."""

import re

#: Words a second of somebody who reads to be understood on the telephone.
WORDS_A_SECOND = 2.1
_WORD = re.compile(r"[^\W_]+(?:[-/][^\W_]+)*")


def words_in(text: str) -> int:
    """Return how many words a line has; «2-х» and «обмена/возврата» are one each."""
    return len(_WORD.findall(text))


def seconds_to_read(text: str) -> int:
    """Return the whole seconds a line takes, half up; 0 for a line without words."""
    return int(words_in(text) / WORDS_A_SECOND + 0.5)

"""The one spelling in which names are compared and searched."""

import unicodedata


def fold(text: str) -> str:
    """Return the search form: compatibility-composed, case folded, ё as е, white space collapsed.

    Two spellings of one branch («Ижевск ОП», « ижевск  оп») fold to the same text, as do «Ёлкина» and «Елкина».
    """
    composed = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(composed.split())

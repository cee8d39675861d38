"""INN, the taxpayer's number of an organisation (10 digits) or an entrepreneur (12 digits)."""

import re

from stdnum.ru import inn as stdnum_inn

from nps.domain.errors import InnError

_WHOLE_FLOAT = re.compile(r"^(\d+)[.,]0+$")
_MARKS = re.compile(r"[\s'\u200b\ufeff]+")
_LABEL = re.compile(r"^инн[:№.]*", re.IGNORECASE)
_KPP = re.compile(r"[/\\|].*$")
_LENGTHS = (10, 12)


def normal_inn(raw: object) -> str:
    """Return the INN as 10 or 12 digits with a true checksum, '' for an empty cell.

    Mends what workbooks do to it: a number kept as int or float, a KPP behind a slash, spaces, and the leading zero of
    Bashkiria (02) that Excel dropped. Raises InnError (codes: letters, length, checksum).
    """
    text = str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str("" if raw is None else raw)
    if not (text.isascii() and text.isdigit()):
        text = _KPP.sub("", _MARKS.sub("", text))
        text = _LABEL.sub("", text)
        if found := _WHOLE_FLOAT.match(text):
            text = found[1]
    if not text:
        return ""
    if not (text.isascii() and text.isdigit()):
        raise InnError("letters", "В ИНН должны быть только цифры. Проверьте ячейку.")
    if len(text) + 1 in _LENGTHS:
        text = f"0{text}"
    if len(text) not in _LENGTHS:
        raise InnError("length", f"В ИНН должно быть 10 или 12 цифр, здесь {len(text)}. Проверьте ячейку.")
    # The library's `validate` would clean once more what is clean, at three times the cost of the sum.
    check_digits = stdnum_inn.calc_company_check_digit if len(text) == 10 else stdnum_inn.calc_personal_check_digits
    if not text.endswith(check_digits(text)):
        raise InnError("checksum", "Контрольная сумма ИНН не сходится. Проверьте, нет ли опечатки.")
    return text

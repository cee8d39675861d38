import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.ru import inn as stdnum_inn

from nps.domain.errors import InnError
from nps.domain.inn import normal_inn


@pytest.mark.parametrize(
    ("raw", "inn"),
    [
        ("1897309111", "1897309111"),
        ("163190845240", "163190845240"),
        (5986668085, "5986668085"),
        (1839687548.0, "1839687548"),
        ("1839687548.0", "1839687548"),
        ("1800055762/180001001", "1800055762"),
        ("\xa01642384352 ", "1642384352"),
        ("ИНН 1642384352", "1642384352"),
        ("'1642384352", "1642384352"),
        (276885223, "0276885223"),
        ("020267355254/020201001", "020267355254"),
        (20267355254, "020267355254"),
        ("", ""),
        (None, ""),
        (" ", ""),
        ("-", ""),
        ("—", ""),
        ("нет", ""),
        ("Н/Д", ""),
        ("б/н", ""),
        ("не указан", ""),
        ("нет ИНН", ""),
        ("ИНН:", ""),
        (0, ""),
        ("ИНН/КПП: 1892820107/183101001", "1892820107"),
        ("1688197362 183101001", "1688197362"),
        ("0232729516\n183101001", "0232729516"),
        ("ИНН 215604806362 КПП 183101001", "215604806362"),
        ("КПП 183101001, ИНН 1892820107", "1892820107"),
        ("183101001/1892820107", "1892820107"),
        ("232729516/183101001", "0232729516"),
        ("597 839 7057", "5978397057"),
        ("1603748623,0", "1603748623"),
        ("1892820107.", "1892820107"),
        ("1892820107;", "1892820107"),
    ],
)
def test_an_inn_is_mended_of_what_workbooks_do_to_it(raw, inn):
    assert normal_inn(raw) == inn


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("1655000001", "checksum"),
        ("123", "length"),
        ("1800055762180001001", "length"),
        ("18О0055762", "letters"),
        ("нет данных о нём", "letters"),
        ("1,83E+09", "rounded"),
        ("1892820108/183101001", "checksum"),
    ],
)
def test_what_is_no_inn_is_refused_with_its_reason(raw, code):
    with pytest.raises(InnError) as refused:
        normal_inn(raw)
    assert refused.value.code == code


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.integers(0, 10**9 - 1))
def test_of_all_last_digits_the_librarys_own_is_the_true_one(nine: int) -> None:
    taken = []
    for last in range(10):
        with contextlib.suppress(InnError):
            taken.append(normal_inn(f"{nine:09d}{last}"))
    assert taken == [f"{nine:09d}{stdnum_inn.calc_company_check_digit(f'{nine:09d}')}"]

import pytest

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
        ("нет", "letters"),
    ],
)
def test_what_is_no_inn_is_refused_with_its_reason(raw, code):
    with pytest.raises(InnError) as refused:
        normal_inn(raw)
    assert refused.value.code == code

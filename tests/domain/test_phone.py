import pytest

from nps.domain.errors import PhoneError
from nps.domain.phone import Phone, digits, show
from nps.domain.phone_text import parse_phone


@pytest.mark.parametrize(
    ("raw", "e164", "extension"),
    [
        (79991234567.0, "+79991234567", ""),
        (89190006512, "+79190006512", ""),
        (9190006512, "+79190006512", ""),
        ("79991234567.0", "+79991234567", ""),
        ("7,9991234567E+10", "+79991234567", ""),
        ("8 (341) 200-80-32", "+73412008032", ""),
        ("88430009429", "+78430009429", ""),
        ("8-987-000-89-80", "+79870008980", ""),
        ("+7 843 000 94 09", "+78430009409", ""),
        ("+8 904 000 58 11", "+79040005811", ""),
        ("\xa0+7\xa0904\xa0000\xa058\xa011 ", "+79040005811", ""),
        ("'89040005811", "+79040005811", ""),
        ("тел. 8 904 000-58-11", "+79040005811", ""),
        ("8 800 000-58-11", "+78000005811", ""),
        ("+7 904 000 58 11 доб. 425", "+79040005811", "425"),
        ("83412003476 доб.253", "+73412003476", "253"),
        ("8 (3412) 00-34-76, доб. 12", "+73412003476", "12"),
        ("83412003476 (вн. 7)", "+73412003476", "7"),
        ("83412003476#425", "+73412003476", "425"),
        ("+73412003476 ext 9", "+73412003476", "9"),
    ],
)
def test_every_way_to_write_a_russian_number_gives_the_same_form(raw, e164, extension):
    assert parse_phone(raw) == Phone(e164, extension)


def test_a_local_number_is_completed_with_the_branchs_area_code_and_marked():
    assert parse_phone("00-11-22", "8352") == Phone("+78352001122", guessed=True)
    assert parse_phone("200-11-22", "342") == Phone("+73422001122", guessed=True)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "empty"),
        ("  ", "empty"),
        ("00-11-22", "short"),
        ("+7 904 000 58", "short"),
        ("8 904 000 58 11 22 33 4", "long"),
        ("89О40005843", "letters"),
        ("нет телефона", "words"),
        ("89040007284; +79190000956", "several"),
        ("89040007284, 89190000956", "several"),
        ("+375 29 000-11-22", "foreign"),
        ("810 375 29 000-11-22", "foreign"),
        ("+7 701 000 11 22", "foreign"),
        ("8 204 000 58 11", "code"),
        ("7,99912E+10", "rounded"),
    ],
)
def test_what_cannot_be_dialled_is_refused_with_its_reason(raw, code):
    with pytest.raises(PhoneError) as refused:
        parse_phone(raw)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


def test_an_area_code_that_does_not_make_ten_digits_is_not_used():
    with pytest.raises(PhoneError):
        parse_phone("00-11-22", "342")


def test_a_number_is_shown_in_groups_and_any_other_as_it_is():
    assert show("+79170007553") == "+7 917 000-75-53"
    assert show("+79170007553", "12") == "+7 917 000-75-53 доб. 12"
    assert show("+375290001122") == "+375290001122"


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("75-53", "7553"),
        ("+7 917", "917"),
        ("8 917 000", "917000"),
        ("8 (3412) 00-75-53", "3412007553"),
        ("8552", "8552"),
        ("Иванов", ""),
    ],
)
def test_a_part_of_a_number_is_looked_for_without_the_russian_prefix(typed, looked_for):
    assert digits(typed) == looked_for

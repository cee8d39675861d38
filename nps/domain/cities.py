"""Cities of the five regions (R7), to suggest the region of a branch named after one; a person confirms it.

Beside them the codes that say where an INN was given out and where a telephone line ends: they only suggest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nps.domain.search import fold

_CITIES = {
    "udmurtia": "Ижевск, Сарапул, Воткинск, Глазов, Можга, Камбарка, Удмуртия, Удмуртская Республика",
    "tatarstan": (
        "Казань, Набережные Челны, Нижнекамск, Альметьевск, Зеленодольск, Бугульма, Елабуга, Лениногорск, Чистополь, "
        "Заинск, Азнакаево, Нурлат, Менделеевск, Бавлы, Буинск, Арск, Агрыз, Мензелинск, Кукмор, Иннополис, "
        "Мамадыш, Тетюши, Лаишево, Болгар, Татарстан, Республика Татарстан"
    ),
    "bashkiria": (
        "Уфа, Стерлитамак, Салават, Нефтекамск, Октябрьский, Туймазы, Белорецк, Ишимбай, Кумертау, Сибай, Мелеуз, "
        "Белебей, Бирск, Учалы, Благовещенск, Дюртюли, Янаул, Давлеканово, Агидель, Межгорье, Баймак, Башкирия, "
        "Башкортостан, Республика Башкортостан"
    ),
    "chuvashia": (
        "Чебоксары, Новочебоксарск, Канаш, Алатырь, Шумерля, Ядрин, Козловка, Мариинский Посад, Цивильск, Чувашия, "
        "Чувашская Республика"
    ),
    "perm": (
        "Пермь, Березники, Соликамск, Чайковский, Кунгур, Лысьва, Краснокамск, Чусовой, Добрянка, Чернушка, Губаха, "
        "Верещагино, Оса, Кизел, Кудымкар, Нытва, Очёр, Александровск, Горнозаводск, Красновишерск, Оханск, Чермоз, "
        "Чердынь, Усолье, Гремячинск, Пермский край"
    ),
}

#: Folded name of a city or region -> code of the region.
REGION_OF: Mapping[str, str] = MappingProxyType(
    {fold(name): region for region, names in _CITIES.items() for name in names.split(", ")}
)

_AREA_CODES = {
    "3412": "Ижевск", "34147": "Сарапул", "34145": "Воткинск", "34141": "Глазов", "34139": "Можга",
    "843": "Казань", "8552": "Набережные Челны", "8555": "Нижнекамск", "8553": "Альметьевск", "84371": "Зеленодольск",
    "85594": "Бугульма", "85557": "Елабуга", "85595": "Лениногорск", "84342": "Чистополь",
    "347": "Уфа", "3473": "Стерлитамак", "3476": "Салават", "34783": "Нефтекамск", "34767": "Октябрьский",
    "34782": "Туймазы", "34792": "Белорецк", "34794": "Ишимбай", "34761": "Кумертау", "34775": "Сибай",
    "8352": "Чебоксары, Новочебоксарск", "83533": "Канаш", "83531": "Алатырь",
    "342": "Пермь", "3424": "Березники", "34253": "Соликамск", "34241": "Чайковский", "34271": "Кунгур",
    "34249": "Лысьва", "34273": "Краснокамск",
}  # fmt: skip

#: Folded name of a city -> area code of its local numbers.
AREA_CODE_OF: Mapping[str, str] = MappingProxyType(
    {fold(name): code for code, names in _AREA_CODES.items() for name in names.split(", ")}
)

#: First two digits of an INN -> region of the tax office that gave it.
REGION_OF_INN: Mapping[str, str] = MappingProxyType(
    {"18": "udmurtia", "16": "tatarstan", "02": "bashkiria", "21": "chuvashia", "59": "perm"}
)

#: First three national digits of a landline -> region.
REGION_OF_PHONE: Mapping[str, str] = MappingProxyType(
    {
        "341": "udmurtia",
        "843": "tatarstan",
        "855": "tatarstan",
        "347": "bashkiria",
        "835": "chuvashia",
        "342": "perm",
    }
)

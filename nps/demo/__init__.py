"""What the demonstration consists of: people, branches, contacts and a base. All of it is made up.

Numbers begin with +7 900 000, INNs with 00 (no region has that code), mailboxes lie under example.com (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The base as a customer would send it; loaded through the same services as any other.
WORKBOOK = Path(__file__).with_name("base_demo.xlsx")

CUSTOMER = "Уралэнерго (демонстрация)"
CONTRACT = "ДЕМО-1"
#: R6: the limit of the contract, in minutes.
MINUTES = 1260
TITLE = "Демонстрация: опрос клиентов"
#: Leads nowhere on purpose (RFC 2606): a made-up number may be somebody's.
DIAL_LINK = "sip:{e164}@demo.invalid"


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the demonstration. `gender` is that of the phrases the desk marks (R17)."""

    role: str
    login: str
    full_name: str
    gender: str
    spoken_name: str = ""


ACCOUNTS = (
    Account("admin", "admin", "Дмитрий Лосев", "male"),
    Account("manager", "manager", "Марина Власова", "female"),
    Account("specialist", "specialist", "Ксения Орлова", "female"),
    Account("customer", "customer", "Павел Зимин", "male"),
    Account("operator", "operator1", "Ольга Маркова", "female", "Ольга"),
    Account("operator", "operator2", "Антон Белов", "male", "Антон"),
)

#: Name, code of the region, area code.
BRANCHES = (
    ("Ижевск", "udmurtia", "3412"),
    ("Глазов", "udmurtia", "34141"),
    ("Казань", "tatarstan", "843"),
    ("Набережные Челны", "tatarstan", "8552"),
    ("Уфа", "bashkiria", "347"),
    ("Стерлитамак", "bashkiria", "3473"),
    ("Чебоксары", "chuvashia", "8352"),
    ("Канаш", "chuvashia", "83533"),
    ("Пермь", "perm", "342"),
    ("Березники", "perm", "3424"),
)

#: Branch ('' for the whole company), department, person, phone (R19).
CONTACTS = (
    ("", "Отдел клиентского сервиса", "Ксения Орлова", "+7 900 000-90-00"),
    ("", "Бухгалтерия", "Нина Сомова", "+7 900 000-90-01"),
    ("Ижевск", "Отдел продаж", "Роман Чижов", "+7 900 000-90-11, доб. 101"),
    ("Ижевск", "Склад", "Олег Дроздов", "+7 900 000-90-11, доб. 120"),
    ("Казань", "Отдел продаж", "Алия Сафина", "+7 900 000-90-21, доб. 101"),
    ("Уфа", "Отдел продаж", "Тимур Юлаев", "+7 900 000-90-31, доб. 101"),
    ("Чебоксары", "Отдел продаж", "Вера Петрова", "+7 900 000-90-41, доб. 101"),
    ("Пермь", "Отдел продаж", "Лев Камский", "+7 900 000-90-51, доб. 101"),
)

#: Printed beside the first passwords.
FIRST_STEPS = (
    "Всё в демонстрации выдумано: звонки и письма никуда не уходят.",
    "1. Войдите как operator1 и начните смену: карточка клиента уже на экране.",
    "2. Enter — позвонить, Enter — «Клиент ответил», дальше по скрипту клавишами с кнопок.",
    "3. Войдите как manager: ход опроса, отчёт и книга Excel одной кнопкой.",
    "4. Письмо с обращением специалист (specialist) видит на странице «Письма».",
    "Убрать демонстрацию: .venv/bin/flask nps demo remove",
)

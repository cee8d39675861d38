"""The journals in words: codes of actions, objects and details as an administrator reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nps.domain.disposition import TABLE
from nps.domain.recording import ABSENCES, PROBLEMS
from nps.domain.report_letter import OFTEN
from nps.domain.roles import ROLES
from nps.domain.wording import duration, minutes
from nps.queries import journal
from nps.services.personal_data.document import COUNTS
from nps.web.campaigns import words

#: Actions in words; a new one is shown by its code until it has words here.
ACTIONS = {
    "act_downloaded": "скачан акт об уничтожении данных",
    "help_answered": "руководитель ответил на просьбу о помощи",
    "help_asked": "оператор попросил помощи",
    "message_sent": "руководитель написал на смене",
    "address_changed": "изменён адрес для обращений",
    "address_confirmed": "подтверждён адрес для обращений",
    "answers_checked": "проверены анкеты",
    "answers_viewed": "просмотр анкет",
    "branch_added": "добавлен ОП",
    "branch_changed": "изменён ОП",
    "call_corrected": "исправлен итог звонка",
    "call_corrected_by_review": "исправлен итог при проверке звонка",
    "call_dialled": "звонок начат",
    "call_handed_over": "звонок без итога передан руководителю",
    "call_inbound": "клиент позвонил сам",
    "call_reviewed": "разобран звонок",
    "call_reopened": "итог звонка отменён",
    "call_seconds_corrected": "исправлено время звонка",
    "call_settled": "записан итог звонка",
    "calls_viewed": "просмотр звонков",
    "campaign_changed": "изменены настройки проекта",
    "campaign_closed": "проект закрыт",
    "campaign_created": "добавлен проект",
    "campaign_paused": "проект остановлен",
    "campaign_resumed": "проект продолжен",
    "campaign_erased": "данные проекта удалены",
    "client_freed": "клиент освобождён",
    "backup_made": "сделана копия системы",
    "client_moved": "другое ОП или название организации по новой базе",
    "client_refused": "отказ записан руководителем",
    "client_reopened": "клиент открыт заново",
    "client_returned": "клиент возвращён в работу",
    "client_withdrawn": "клиент исключён",
    "clients_withdrawn": "исключены клиенты, которых нет в новой базе",
    "contact_added": "добавлен контакт ОП",
    "contact_changed": "изменены контакты",
    "contact_edited": "изменён контакт ОП",
    "contact_removed": "удалён контакт ОП",
    "contract_added": "добавлен договор",
    "contract_changed": "изменены условия договора",
    "customer_added": "добавлен заказчик",
    "customer_renamed": "переименован заказчик",
    "data_terms": "изменён срок хранения данных",
    "day_closed": "закрыт день звонков",
    "day_opened": "открыт день звонков",
    "day_removed": "убран особый день",
    "demo_loaded": "загружена демонстрация",
    "demo_removed": "убрана демонстрация",
    "erasure_files_deleted": "файлы акта удалены",
    "erasure_finished": "база сжата после удаления данных",
    "quality_plan_changed": "изменены правила проверки",
    "script_published": "опубликован скрипт",
    "script_taken": "проект перешёл на другую версию скрипта",
    "escalation_answer": "ответ по обращению",
    "answer_terms_changed": "изменён срок ответа на обращения",
    "escalation_call": "просьба позвонить клиенту",
    "escalation_close": "обращение закрыто",
    "escalation_note": "заметка по обращению",
    "escalation_raised": "передано обращение",
    "escalation_taken": "обращение взято",
    "exchange_tried": "проверена связь со станцией",
    "branch_address_changed": "изменён адрес ОП для обращений",
    "letter_readdressed": "письмо уйдёт на новый адрес",
    "letter_again": "письмо отправлено заново",
    "letter_caught": "письмо осталось в системе",
    "letter_failed": "письмо не ушло",
    "letter_sent": "письмо отправлено",
    "letter_unknown": "судьба письма неизвестна",
    "limit_raised": "поднят лимит минут",
    "card_shown": "клиент показан оператору",
    "journal_exported": "журнал выгружен",
    "login": "вход",
    "login_failed": "неудачный вход",
    "logout": "выход",
    "number_added": "добавлен номер",
    "number_taken_back": "новый номер отменён вместе с итогом звонка",
    "operator_admitted": "оператор допущен",
    "operator_assigned": "оператор назначен",
    "organisation_taken_back": "вопрос об организации снят вместе с итогом звонка",
    "password_changed": "сменил пароль",
    "password_reset": "выдан новый пароль",
    "person_erased": "данные человека удалены",
    "queue_recomputed": "очередь пересчитана",
    "reconciliation_downloaded": "скачана сверка записей",
    "recording_absent": "сказано, почему нет записи",
    "recording_added": "загружена запись",
    "recording_attached": "запись привязана к звонку",
    "recording_detached": "запись снята со звонка",
    "recording_played": "прослушана запись",
    "recording_received": "пришла запись",
    "recording_set_aside": "запись отложена",
    "recordings_set_aside": "записи без проекта отложены",
    "recordings_purged": "записи удалены по сроку",
    "report_downloaded": "скачан отчёт",
    "report_exported": "выгружен отчёт",
    "report_letter_set": "письмо с итогами",
    "report_frozen": "закрыт период, сделан снимок отчёта",
    "restored": "система восстановлена из копии",
    "sample_downloaded": "скачан файл базы с пометками",
    "mail_server_probed": "проверен почтовый сервер",
    "sample_cancelled": "загрузка базы отменена",
    "sample_published": "база загружена",
    "sample_uploaded": "файл базы получен",
    "shift_ended": "смена закончена",
    "shift_started": "смена начата",
    "stop_list_added": "внесён в стоп-лист",
    "stop_list_lifted": "убран из стоп-листа",
    "stop_list_taken_back": "запись стоп-листа снята вместе с итогом звонка",
    "strangers_forgotten": "события чужих звонков удалены по сроку",
    "test_letter": "проверочное письмо",
    "user_extension": "изменён телефон на станции",
    "user_created": "добавлен сотрудник",
    "user_deleted": "удалён сотрудник",
    "user_disabled": "закрыт доступ",
    "user_email": "изменён адрес почты",
    "user_enabled": "возвращён доступ",
    "user_role": "изменена роль",
    "sessions_ended": "закончены входы сотрудника",
    "viewed": "просмотр",
    "windows_changed": "изменены окна звонков",
}
OBJECTS = {
    "attempt": "звонок",
    "backup": "копия системы",
    "branch": "ОП",
    "branch_contact": "контакт ОП",
    "call": "звонок",
    "campaign": "проект",
    "shift_message": "сообщение",
    "contract": "договор",
    "customer": "заказчик",
    "erasure": "акт",
    "exchange": "станция",
    "frozen_report": "снимок отчёта",
    "escalation": "обращение",
    "letter": "письмо",
    "journal": "журнал",
    "recording": "запись",
    "respondent": "клиент",
    "sample_import": "загрузка базы",
    "script": "скрипт",
    "shift": "смена",
    "stop_list": "стоп-лист",
    "telephony_event": "событие станции",
    "user": "сотрудник",
}

#: What was written down about an action.
DETAILS = {
    **COUNTS,
    "subjects": "номера клиентов",
    "accounts": "сотрудники",
    "admission": "допуск",
    "area_code": "код города",
    "billing": "счёт минут",
    "budget_s": "лимит",
    "cause": "почему",
    "chuvashia": "Чувашия",
    "bashkiria": "Башкирия",
    "perm": "Пермский край",
    "tatarstan": "Татарстан",
    "udmurtia": "Удмуртия",
    "clients": "клиентов",
    "consent_date": "дата согласия",
    "consent_number": "согласие заказчика",
    "contract": "договор",
    "customer_id": "заказчик",
    "day": "день",
    "delete_on": "удалить данные",
    "dial_link": "ссылка для набора",
    "digest": "контрольная сумма",
    "disposition": "итог",
    "ends_on": "окончание",
    "events": "событий",
    "every": "как часто",
    "first": "с",
    "gate": "что останавливает звонки",
    "held_by": "был у оператора",
    "last": "по",
    "legal_basis": "основание обработки данных",
    "name": "название",
    "number": "номер договора",
    "phone_id": "номер",
    "problem": "что не так",
    "priority": "приоритет",
    "purpose": "назначение",
    "reason": "причина",
    "readers": "получателей",
    "recording": "запись",
    "region": "регион",
    "replaced": "вместо записи",
    "respondent": "клиент",
    "role": "роль",
    "rows": "строк",
    "setup_allowance_s": "запас на соединение, с",
    "sha256": "SHA-256",
    "signed_on": "дата договора",
    "size": "байт",
    "answers_after_check": "ответы после проверки",
    "soft_refusal_final": "«не сейчас» — сразу отказ",
    "starts_on": "начало",
    "state": "состояние",
    "talk_ms": "разговор",
    "title": "название",
    "unreached": "не успели опросить",
    "version": "версия скрипта",
    "campaigns": "проектов",
    "criteria": "пунктов в листе",
    "newcomer_calls": "первых звонков новичка",
    "share_percent": "доля опытного, %",
    "points": "баллы",
    "most": "из возможных",
}
RECORDING_STATES = {
    "matched": "у звонка",
    "unmatched": "ждёт решения",
    "orphan": "не относится ни к одному звонку",
    "rejected": "лишняя",
    "empty": "пустая",
}
#: Codes of those details in words.
_CODES: Mapping[str, Mapping[str, str]] = {
    "admission": words.ADMISSIONS,
    "cause": ABSENCES,
    "billing": {"minute": "начатая минута целая", "second": "по секундам"},
    "disposition": {code: row.label for code, row in TABLE.items()},
    "every": OFTEN,
    "gate": {"billed": "счёт договора", "exact": "точные секунды"},
    "purpose": words.PURPOSES,
    "role": ROLES,
    "problem": PROBLEMS,
    "state": {code: label for code, (label, _) in words.STATES.items()} | RECORDING_STATES,
}
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
#: «1 10:00-12:00» is a window of Tuesday.
_WINDOW = re.compile(r"([0-6]) ([0-9:]{5})-([0-9:]{5})")
#: The head of a call's long id is enough to tell two calls apart.
_UUID_LENGTH, _SHOWN_OF_ID = 36, 8


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the journal in words."""

    at: datetime
    actor: str
    action: str
    subject: str
    object_kind: str
    object_id: str
    details: tuple[str, ...]
    address: str


def row_of(line: journal.Line, nobody: str) -> Row:
    """The line in words; `nobody` stands for an actor who is no person."""
    changed = [name for name in {**line.before, **line.after} if line.before.get(name) != line.after.get(name)]
    subject = subject_of(line.object_kind, line.object_id)
    return Row(
        at=line.at,
        actor=line.actor or nobody,
        action=ACTIONS.get(line.action, line.action),
        subject=f"{subject}, {line.campaign}" if line.campaign else subject,
        object_kind=line.object_kind,
        object_id=line.object_id,
        details=tuple(_change(name, line.before, line.after) for name in changed),
        address=line.address,
    )


def subject_of(object_kind: str, object_id: str) -> str:
    """«клиент 17»; '' for no object."""
    shown_id = object_id[:_SHOWN_OF_ID] if len(object_id) == _UUID_LENGTH else object_id
    return f"{OBJECTS.get(object_kind, object_kind)} {shown_id}".strip()


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    word = DETAILS.get(name, name)
    if name not in before:
        return f"{word}: {_value(name, after[name])}"
    return f"{word}: {_value(name, before[name])} → {_value(name, after.get(name, '—'))}"


def _value(name: str, value: Any) -> str:
    if value is None or value in ("", []):
        return "—"
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, list):
        return ", ".join(_value(name, item) for item in value)
    if name == "budget_s":
        return minutes(int(value))
    if name == "talk_ms":
        return duration(int(value) / 1000)
    text = _CODES.get(name, {}).get(str(value), str(value))
    text = _ISO_DAY.sub(r"\3.\2.\1", text)
    window = _WINDOW.fullmatch(text)
    return f"{words.WEEKDAYS[int(window[1])]} {window[2]}–{window[3]}" if window else text

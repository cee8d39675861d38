"""What can be wrong with a file as a whole."""

from __future__ import annotations

from nps.adapters.sample_sheet.limits import MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS
from nps.domain.errors import DomainError
from nps.domain.grouped import number

_SAVE_AS = "Откройте файл в Excel и сохраните как «Книга Excel (.xlsx)»."
_COPY = "Скопируйте строки базы в новую книгу и загрузите её."

_MESSAGES = {
    "empty_file": "Файл пустой. Выберите книгу Excel с базой клиентов.",
    "too_large": f"Файл больше {MAX_FILE_BYTES // 2**20} МБ. Уберите лишние листы и картинки или разделите базу.",
    "encrypted": "Книга защищена паролем. Снимите пароль в Excel («Файл» → «Сведения») и загрузите снова.",
    "xlsb": f"Это двоичная книга Excel (.xlsb). {_SAVE_AS}",
    "xml": f"Это таблица XML, а не книга Excel. {_SAVE_AS}",
    "csv_no_columns": f"Это текст без столбцов. Столбцы должны разделять «;», запятая, табуляция или «|». {_SAVE_AS}",
    "csv_damaged": f"Текстовый файл повреждён: кавычка не закрыта или не та кодировка. {_SAVE_AS}",
    "html": f"Это веб-страница с именем книги Excel. {_SAVE_AS}",
    "not_workbook": f"Это не книга Excel. {_SAVE_AS}",
    "bomb": f"Книга распаковывается в слишком большой объём. {_COPY}",
    "damaged": f"Книга повреждена, прочитать её не получилось. {_SAVE_AS}",
    "unsafe": f"В книге есть недопустимая разметка, мы её не читаем. {_SAVE_AS}",
    "heavy": f"Книга слишком сложная: на чтение не хватило времени или памяти. {_COPY}",
    "rows": f"Данные стоят ниже {number(MAX_ROWS)}-й строки. Разделите базу на части или удалите лишнее внизу листа.",
    "columns": f"Данные стоят правее {MAX_COLUMNS}-го столбца. {_COPY}",
    "repeated": f"В листе две строки с одним номером, и какая из них верна, не узнать. {_SAVE_AS}",
    "lost_row": f"Прочитать получилось не все строки листа. {_SAVE_AS}",
    "no_sheets": f"В книге нет листов с таблицами. {_SAVE_AS}",
    "no_rows": "В книге нет заполненных строк. Проверьте, ту ли книгу вы выбрали.",
    "lost": "Файл на сервере не найден. Загрузите его ещё раз.",
}


class SheetError(DomainError):
    """The file can't be read as a workbook; `place` names the cell where that is known."""

    def __init__(self, code: str, place: str = "") -> None:
        message = _MESSAGES[code]
        super().__init__(code, f"{message} Ячейка {place}." if place else message)


def is_known(code: object) -> bool:
    """Whether `SheetError` has words for the code: what a child says is not believed."""
    return isinstance(code, str) and code in _MESSAGES

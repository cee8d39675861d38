"""Taking back the result of a call until the next dial (requirements §4): may it still be done, and why not."""

from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """Whose the last word about a call is, as far as taking it back goes."""

    OPERATOR = "operator"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class LastCall:
    """What is true of an operator's call and its client when somebody wants to correct the result.

    is_last: he has dialled and taken nobody since. of_shift: of the shift and the campaign he is in now. decided: the
    manager has acted on the client since. called_since: another call of the client is newer. holder, on_phone: full
    names of others who have the client, or one of his numbers on another client's row, in their hands; '' for nobody.
    """

    is_settled: bool
    is_last: bool
    of_shift: bool
    word: Word
    is_handed_over: bool
    is_closed: bool
    is_erased: bool
    is_withdrawn: bool
    decided: bool
    called_since: bool
    holder: str
    on_phone: str


_TOO_LATE = "Исправить можно только последний звонок, пока не начат следующий. Дальше исправляет руководитель."


def why_not_corrected(call: LastCall | None) -> str:
    """Why the result may not be taken back any more, in a sentence with what to do; '' while it may.

    None stands for a call that is not this operator's. Asked by the page, which shows the button or the sentence, and
    by each act that takes a result back.
    """
    if call is None:
        return _TOO_LATE
    reasons = (
        (not call.is_last, _TOO_LATE),
        (call.is_handed_over, "Этот звонок передан руководителю: итог запишет он."),
        (not call.is_settled, _TOO_LATE),
        (call.is_erased, "Данные этого клиента удалены: звонок больше не исправить."),
        (call.is_closed, "Проект закрыт: его итоги больше не меняются."),
        (call.is_withdrawn, "Клиента исключили из базы по письму заказчика: исправить звонок может руководитель."),
        (
            call.word is Word.MANAGER,
            "Итог этого звонка уже исправил руководитель. Причина — на странице «Мой день».",
        ),
        (not call.of_shift, "Этот звонок из другой смены: исправить его может руководитель."),
        (call.decided, "Руководитель уже решил, что делать с этим клиентом: исправить звонок может он."),
        (call.called_since, "С этим клиентом уже говорили ещё раз: исправить прежний звонок может руководитель."),
        (bool(call.holder), f"С этим клиентом уже работает {call.holder}: исправить звонок может руководитель."),
        (
            bool(call.on_phone),
            f"По номеру этого клиента сейчас работает {call.on_phone}: исправьте, когда закончит.",
        ),
    )
    return next((sentence for holds, sentence in reasons if holds), "")

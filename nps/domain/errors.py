"""Errors of the rules: a code for programs, a sentence for people."""


class DomainError(Exception):
    """A rule said no.

    `code` is stable and English (tests and services compare it); `message` is a Russian sentence that says what is
    wrong and what to do, ready for the page.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


class PhoneError(DomainError):
    """The text is not a Russian phone number that can be dialled."""


class InnError(DomainError):
    """The text is not an INN."""


class AnswerError(DomainError):
    """The answer does not belong to the script's step."""


class ScriptError(DomainError):
    """The stored body is not a script at all (a script with mistakes is one: see `Script.problems`)."""


class CallError(DomainError):
    """A call's record contradicts its result."""


class StaleError(DomainError):
    """What was asked does not fit the present state (another page or person was first): the true one is shown."""


class TooOftenError(DomainError):
    """Somebody does this more often than work needs; `wait_s` seconds until it may be done again."""

    def __init__(self, code: str, message: str, *, wait_s: int) -> None:
        super().__init__(code, message)
        self.wait_s = wait_s


class NotFoundError(DomainError):
    """The object does not exist, or belongs to somebody else: both look the same from outside."""

    def __init__(self, message: str = "Такой записи нет.") -> None:
        super().__init__("not_found", message)

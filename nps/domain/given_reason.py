"""The reason that people give for what they decide about others: it is kept, so it has to be there."""

from nps.domain.errors import DomainError


def given_reason(reason: str, kept_in: str = "журнале", longest: int = 500) -> str:
    """Return the reason as it is kept. Raises DomainError (`reason`) when there is none; `kept_in`: «в чём»."""
    reason = reason.strip()
    if not reason:
        raise DomainError("reason", f"Напишите причину: она останется в {kept_in}.")
    return reason[:longest]

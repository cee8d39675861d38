"""What a client is to the survey, and the order in which clients are called (requirements §4)."""

from enum import IntEnum, StrEnum


class State(StrEnum):
    """The client's state; every client of a base has exactly one, so the counts add up to the base."""

    WAITING = "waiting"
    MANAGER = "manager"
    SURVEYED = "surveyed"
    REFUSED = "refused"
    UNSUCCESSFUL = "unsuccessful"
    INACTIVE = "inactive"
    UNREACHED = "unreached"
    WITHDRAWN = "withdrawn"

    @property
    def is_final(self) -> bool:
        """Whether nobody calls this client any more; `waiting` and `manager` are both «ещё звонить»."""
        return self not in (State.WAITING, State.MANAGER)


class QueueClass(IntEnum):
    """The client's place in the queue, smaller first."""

    AT_ONCE = 0
    CALLBACK = 1
    REPEAT = 2
    NEW = 3

"""The lines that break in at any moment and return to where the talk was left: questions and complaints (R17)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question outside the survey and its reply; each opens the escalation form (R15)."""

    id: str
    ask: str
    reply: str


@dataclass(frozen=True, slots=True)
class ComplaintStep:
    """What to do with an angry client, and in which words. action: '' | contacts | escalation."""

    text: str
    words: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """A complaint one hears often, and the reply."""

    id: str
    complaint: str
    reply: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """The whole line for a client who is aggressive or complains."""

    steps: tuple[ComplaintStep, ...] = ()
    objections: tuple[Objection, ...] = ()

"""Clients of a campaign as a manager sees them: found, counted, and one with his whole history (R1, R16)."""

from nps.queries.clients.calls import CallLine, Word, respondent_of_call, words_of, words_of_others
from nps.queries.clients.card import ClientCard, card
from nps.queries.clients.listing import VIEWS, ClientFilter, ClientLine, counts, lines, places

__all__ = [
    "VIEWS",
    "CallLine",
    "ClientCard",
    "ClientFilter",
    "ClientLine",
    "Word",
    "card",
    "counts",
    "lines",
    "places",
    "respondent_of_call",
    "words_of",
    "words_of_others",
]

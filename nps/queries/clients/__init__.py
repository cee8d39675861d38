"""Clients of a campaign as a manager sees them: found, counted, and one with his whole history (R1, R16)."""

from nps.queries.clients.calls import Word, client_of_call, words_of, words_of_others
from nps.queries.clients.card import ClientCard, card, is_of
from nps.queries.clients.listing import VIEWS, ClientFilter, ClientLine, counts, lines, places

__all__ = [
    "VIEWS", "ClientCard", "ClientFilter", "ClientLine", "Word", "card", "client_of_call", "counts", "is_of", "lines",
    "places", "words_of", "words_of_others",
]  # fmt: skip

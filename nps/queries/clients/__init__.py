"""Clients of a campaign as a manager sees them: found, counted, and one with his whole history (R1, R16)."""

from nps.queries.clients.calls import Word, client_of_call, words_of, words_of_others
from nps.queries.clients.card import ClientCard, card, is_of
from nps.queries.clients.listing import VIEWS, ClientFilter, ClientLine, counts, lines, places
from nps.queries.clients.whole import WholeClient, number_of_clients, whole_base

__all__ = [
    "VIEWS", "ClientCard", "ClientFilter", "ClientLine", "WholeClient", "Word", "card", "client_of_call",
    "counts", "is_of", "lines", "number_of_clients", "places", "whole_base", "words_of", "words_of_others",
]  # fmt: skip

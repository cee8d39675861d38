"""The desk of one operator at one moment, read whole: what the page and each of its fragments show."""

from nps.queries.desk.build import desk_view, polled_view
from nps.queries.desk.panels import Asked
from nps.queries.desk.search import FoundClient, find_clients
from nps.queries.desk.seat import Person, Seat, read_seat
from nps.queries.desk.view import DeskView

__all__ = [
    "Asked", "DeskView", "FoundClient", "Person", "Seat", "desk_view", "find_clients", "polled_view", "read_seat",
]  # fmt: skip

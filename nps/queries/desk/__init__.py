"""The desk of one operator at one moment, read whole: what the page and each of its fragments show."""

from nps.queries.desk.build import Person, desk_view
from nps.queries.desk.search import FoundClient, find_clients
from nps.queries.desk.views import DeskView

__all__ = ["DeskView", "FoundClient", "Person", "desk_view", "find_clients"]

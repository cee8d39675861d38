"""The demonstration: made-up clients in a campaign that is open around the clock; one command each to come and go."""

from nps.services.demo.loading import Issued, Loaded, load
from nps.services.demo.removal import Removed, remove

__all__ = ["Issued", "Loaded", "Removed", "load", "remove"]

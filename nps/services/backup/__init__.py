"""A copy of the whole installation while it works, and the way back from one.

The way back sends nothing twice: see `holding_back`.
"""

from nps.services.backup.folders import Places
from nps.services.backup.making import Made, check, make
from nps.services.backup.restoring import UNFINISHED, Restored, restore

__all__ = ["UNFINISHED", "Made", "Places", "Restored", "check", "make", "restore"]

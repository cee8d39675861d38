"""How long somebody waits who types wrong passwords (ASVS 6.3): twice as long each time, up to a limit."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
#: How long failures are remembered at all.
MEMORY = timedelta(days=1)
#: Failures of one login within an hour, from everywhere, after which an address it never came from is `HOT`:
#: guessing from many addresses is slowed, and the owner with the right password still gets in from anywhere.
HOT_LOGIN = 20


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many failures are `free`; then the `first` pause, and a longer one after each failure up to the `longest`."""

    free: int
    first: timedelta
    longest: timedelta

    def pause(self, failed: int) -> timedelta:
        """The pause that so many failures bring."""
        return min(self.first * (1 << min(max(failed - self.free, 0), 16)), self.longest)

    def wait(self, failed: int, last: datetime | None, now: datetime) -> timedelta:
        """What is left of it, `last` being the moment of the last failure; nothing or less: go on."""
        return last + self.pause(failed) - now if last is not None and failed >= self.free else timedelta(0)


#: One login from one address.
PAIR = Throttle(5, 5 * _MINUTE, HOUR)
#: The same, while the login is being guessed from many addresses.
HOT = Throttle(1, 5 * _MINUTE, HOUR)
#: One address within an hour, whatever the login. High: a call centre shares one address. Logins that have come from
#: there before are let through, each with its own free tries: nobody can shut his colleagues out.
PLACE = Throttle(40, _MINUTE, 15 * _MINUTE)


def network(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)

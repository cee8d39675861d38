"""Who acts: the person behind a request, as services and queries see him."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person. `customer_id` is set for the roles bound to one customer (`customer`, `specialist`)."""

    id: int
    role: str
    full_name: str
    customer_id: int | None = None
    spoken_name: str = ""
    gender: str = "female"

"""What reports read: calls and clients of real work. Training never gets here (R9).

`migrations/env.py` drops the views before migrations run and makes them anew afterwards: PostgreSQL refuses to alter a
table, and SQLite to rebuild one, on which a view stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VIEWS: Mapping[str, str] = MappingProxyType(
    {
        "reported_attempt": (
            "SELECT a.* FROM call_attempt a JOIN campaign c ON c.id = a.campaign_id WHERE c.purpose <> 'training'"
        ),
        "reported_respondent": (
            "SELECT r.* FROM respondent r JOIN campaign c ON c.id = r.campaign_id WHERE c.purpose <> 'training'"
        ),
    }
)

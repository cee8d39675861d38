"""The roles of requirements §3, in the order in which lists show them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Code -> what the interface calls it.
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "operator": "оператор",
        "specialist": "специалист ОКС",
        "manager": "руководитель",
        "customer": "заказчик",
        "admin": "администратор",
    }
)

#: Roles that belong to one customer organisation and see nothing of another.
BOUND_TO_CUSTOMER = frozenset({"specialist", "customer"})

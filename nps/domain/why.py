"""Why a client is called when he is: a code with values, kept beside the due time and worded on the card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a verdict. Instants among the params are ISO texts in UTC, so that the whole is JSON.

    Codes and their params: new · hour_later(last, plus_hour, due, moved, result), moved is '' | break | evening | day ·
    next_day(last, due, half, result), half is morning | afternoon · callback(asked_at, at, due) ·
    other_person(last, due, at | half) · hung_up(last, due, half) · soft_refusal(last, due, half) · technical(last) ·
    new_contact(last) · next_number(last, result) · number_added(at) · reopened(at) · returned(at) ·
    no_window(before, …): no window left before the campaign's end, `before` is the code it would have been ·
    no_region · no_number · manager(reason), reason is other_person | callbacks | technical | not_client |
    organisation · result(result): a final result of a call · ladder(last): the last miss of the ladder ·
    decided(at): refused by the manager · stop_list(at, phone_id or by=inn) · withdrawn(at) · unreached(at).
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        return {"code": self.code, **self.params}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read a stored reason; an empty mapping is «new»."""
        params = dict(value)
        return cls(str(params.pop("code", "new")), params)

    def instant(self, name: str) -> datetime | None:
        """Return the param as an aware UTC instant; None when it is absent."""
        text = self.params.get(name)
        return datetime.fromisoformat(text).astimezone(UTC) if text else None


def iso(at: datetime) -> str:
    """Return the instant as `Why` keeps it."""
    return at.astimezone(UTC).isoformat()

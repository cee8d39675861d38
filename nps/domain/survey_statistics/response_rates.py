"""Rates of AAPOR's Standard Definitions over the clients of a base (requirements §4)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Clients by AAPOR's groups.

    complete I, partial P, refused R, not_reached NC, other O; unknown: UH and UO together; not_eligible is in no
    denominator. A dead number is not eligible, a client nobody has called yet is unknown.
    """

    complete: int
    partial: int = 0
    refused: int = 0
    not_reached: int = 0
    other: int = 0
    unknown: int = 0
    not_eligible: int = 0

    @property
    def eligible(self) -> int:
        """The denominator of the rates: everybody who is or may be eligible."""
        return self._interviews + self.refused + self.not_reached + self.other + self.unknown

    @property
    def response(self) -> Fraction | None:
        """RR1, the lowest response rate: complete interviews of everybody who may be eligible."""
        return _part(self.complete, self.eligible)

    @property
    def cooperation(self) -> Fraction | None:
        """COOP1: complete interviews of everybody who was spoken to."""
        return _part(self.complete, self._interviews + self.refused + self.other)

    @property
    def refusal(self) -> Fraction | None:
        """REF1: refusals of everybody who may be eligible."""
        return _part(self.refused, self.eligible)

    @property
    def contact(self) -> Fraction | None:
        """CON1: everybody who was spoken to, of everybody who may be eligible."""
        return _part(self._interviews + self.refused + self.other, self.eligible)

    @property
    def _interviews(self) -> int:
        return self.complete + self.partial


def _part(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None

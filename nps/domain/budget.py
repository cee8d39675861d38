"""The contract's limit of outgoing traffic (R6). All amounts are seconds."""

from dataclasses import dataclass

# R6: what a call is expected to take at least, and what a call that waits for its operator's word may reserve at most.
LEAST_RESERVE_S = 60
MOST_RESERVE_WITHOUT_RESULT_S = 180
_CALLBACKS_ONLY, _WARNING = 95, 80

BILLING_RULES = ("second", "minute")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the budget allows now.

    level: 0, 80, 95 or 100, the highest share of the limit that is used up. left_s: seconds not used, not below 0.
    code: ok | warning | callbacks_only | open_calls (what is left is reserved by calls that are open) | used_up.
    """

    may_dial: bool
    may_start_new: bool
    level: int
    left_s: int
    code: str


@dataclass(frozen=True, slots=True)
class Budget:
    """The state of a contract's budget over all its campaigns, in the unit that is gated (see `billed`).

    open_calls: calls on the line. unsettled_calls: calls that are over but wait for a result. median_talk_s: the
    median talk so far, 0 before there is one.
    """

    limit_s: int
    used_s: int
    open_calls: int = 0
    unsettled_calls: int = 0
    median_talk_s: int = 0

    @property
    def per_call_s(self) -> int:
        """What one call is expected to take: the larger of 60 s and the median talk."""
        return max(LEAST_RESERVE_S, self.median_talk_s)

    @property
    def reserved_s(self) -> int:
        """What the calls that are not in `used_s` yet are expected to take."""
        unsettled = min(MOST_RESERVE_WITHOUT_RESULT_S, self.per_call_s)
        return self.open_calls * self.per_call_s + self.unsettled_calls * unsettled

    def decide(self) -> Decision:
        """Apply R6: a dial is allowed while used + reserved + this call <= limit; from 95 % no new clients."""
        free = self.limit_s - self.used_s
        may_dial = self.reserved_s + self.per_call_s <= free
        level = self._level()
        if not may_dial:
            code = "open_calls" if self.per_call_s <= free else "used_up"
        else:
            code = {0: "ok", 80: "warning"}.get(level, "callbacks_only")
        return Decision(may_dial, may_dial and level < _CALLBACKS_ONLY, level, max(0, free), code)

    def _level(self) -> int:
        for level in (100, _CALLBACKS_ONLY, _WARNING):
            if 100 * self.used_s >= level * self.limit_s:
                return level
        return 0


def billed(seconds: int, rule: str) -> int:
    """Return the seconds the contract bills for one call.

    Rule «second» bills what was talked; «minute» counts a started minute whole, and nothing for a call without talk.
    Raises ValueError for another rule.
    """
    if rule not in BILLING_RULES:
        raise ValueError(f"a billing rule is one of {BILLING_RULES}")
    return seconds if rule == "second" else -(-seconds // 60) * 60

"""The error budget: what every claim may spend, and the account of what it did spend."""

from __future__ import annotations

from dataclasses import dataclass

RUN_BUDGET = 1e-6
"""Probability that any interval of a whole run misses its truth, all claims, controls and reaches together."""

CAPACITY = 160
"""Claims the budget is divided among; a fixed number, so that a claim spends the same run alone or with others."""


@dataclass
class Budget:
    """The account of one part (trial or control) of one claim: half a claim's share of the run."""

    allotment: float = RUN_BUDGET / CAPACITY / 2
    spent: float = 0.0

    def spend(self, checks: int, share: float = 1.0) -> float:
        """The error probability of each of `checks` checks that together spend `share` of the allotment.

        Raises `ValueError` for no check or a share outside (0, 1], `OverflowError` when the allotment is exceeded.
        """
        if checks < 1 or not 0 < share <= 1:
            raise ValueError(f"needs checks ≥ 1 and 0 < share ≤ 1, got {checks} and {share}")
        self.spent += share * self.allotment
        if self.spent > self.allotment * (1 + 1e-9):
            raise OverflowError(f"error budget exceeded: {self.spent:.3g} of {self.allotment:.3g} spent")
        return share * self.allotment / checks

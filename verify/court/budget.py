"""The error budget: the probability of error that every claim may spend, and the account of what it spends."""

from __future__ import annotations

from dataclasses import dataclass

RUN_BUDGET = 1e-6
"""Probability that any interval of a whole run misses its truth, all claims, controls and reaches together."""

CAPACITY = 320
"""Number of claims that the budget is divided among; more than there are, so that a claim always spends the same."""

PARTS = 3
"""The trial of a claim, its negative and its positive control: each spends an account of its own."""


@dataclass
class Budget:
    """The account of one part of one claim, the trial or a control: `allotment` is a third of its share of a run."""

    allotment: float = RUN_BUDGET / CAPACITY / PARTS
    spent: float = 0.0

    def spend(self, checks: int, share: float = 1.0) -> float:
        """Return the error probability `share · allotment / checks` of each of `checks` ≥ 1 checks, and book their sum.

        Raises `ValueError` for no check or a share outside (0, 1], `OverflowError` when the allotment is exceeded.
        """
        if checks < 1 or not 0 < share <= 1:
            raise ValueError(f"needs checks ≥ 1 and 0 < share ≤ 1, got {checks} and {share}")
        self.spent += share * self.allotment
        if self.spent > self.allotment * (1 + 1e-9):  # shares such as three times 1/3 need not sum to 1 exactly
            raise OverflowError(f"error budget exceeded: {self.spent:.3g} of {self.allotment:.3g} spent")
        return share * self.allotment / checks

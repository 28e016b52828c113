"""Worlds broken on purpose: what the court has to notice.

A break changes one thing in the simulations, or in the measurements of deep networks, by a stated size; theory, claims
and judge stay. `with broken("gbp-leaks-5"): try_claim(…)` tries a claim in that world; the break is noticed if the
verdict is no longer the one on record. A claim declares what it must notice as `Claim(notices=(…, …))`, smallest first.
"""

from nfrlab.verify.breaks.worlds import BREAKS, Break, broken

__all__ = ["BREAKS", "Break", "broken"]

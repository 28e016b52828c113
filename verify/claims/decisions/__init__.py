"""Section V: maps fed back to the network. Key Information Sufficiency, what it tells, and four backdoors."""

from nfrlab.verify.claims.decisions import fig_7_failures, fig_8, fig_8_scores, fig_9, kis

MODULES = (fig_7_failures, kis, fig_8, fig_8_scores, fig_9)
"""The claims' modules."""

CLAIMS = tuple(claim for module in MODULES for claim in module.CLAIMS)

__all__ = ["CLAIMS"]

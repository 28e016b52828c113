"""The paper, and the premises that several claims share."""

PAPER = "arXiv 2503.11160"

NO_BIAS = "the layer has no bias"

ONE_WIDE_LAYER = (
    "neurons independent, each with a rotation-invariant law, mean zero, not identically zero",
    "hidden relevance r of random output weights: i.i.d. N(0, 1), independent of W",
    "N → ∞; 'R ≈ x' read as lim α(R, x) = 1, sampled as median α ≥ 0.98 at N = 100 n₁, n₁ the noise of GBP",
)
"""Theorem 1: the neurons, the relevance, the limit."""

ONE_LAYER = "one hidden layer, N → ∞, i.i.d. neurons, hidden relevance 1 (any non-negative one independent of W)"
"""Theorem 1 for α_∞: the layer, its limit, the relevance."""

ORTHOGONAL = "neurons pairwise orthogonal, of equal norm"
"""Theorem 2, as printed."""

SINGULAR = "W of any shape; the Gram matrix of the active neurons regular, of condition number κ"
"""Theorem 2 without orthogonality."""

GAUSSIAN_STACKS = "bias-free stacks with i.i.d. Gaussian weights, one linear output with random weights explained"
"""The cascade law."""

WITHOUT_WEIGHTS = "biases, and weights that are not Gaussian: the stacks are drawn from the law that these would have"
"""What claims on the cascade law are blind to; whole stacks are compared with that law in `cascade-repair`."""

"""What the law of α refuses."""

from __future__ import annotations

import numpy as np
import pytest

from nfrlab.theory.finite_width.law import alignment_law


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_a_share_lies_strictly_between_0_and_1(share: float) -> None:
    """Catches a quantile of none or of all of the maps, which says nothing, and one of more than all."""
    law = alignment_law("gbp", "gaussian", 5, 20)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        law.quantile(share)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        law.quantiles(np.array([0.5, share]))

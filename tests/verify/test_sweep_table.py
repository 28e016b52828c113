"""What `nfrlab sweep` prints of several seeds is what one sample of all their maps would say."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nfrlab.verify.commands.sweep import _pooled


def test_seeds_are_pooled_as_one_sample() -> None:
    """Catches a standard error that forgets how far the seeds lie apart, weighs a short one like a long one, or divides
    by n; and an empty seed that spoils the others.
    """
    rng = np.random.default_rng(4)
    sizes = (5, 40, 9), (3, 0, 2), (0, 0, 0)
    samples = [[rng.normal(seed, 0.3, size) for seed, size in enumerate(row)] for row in sizes]
    n = np.array([[len(v) for v in row] for row in samples])
    with np.errstate(invalid="ignore"):
        mean = np.array([[v.sum() / len(v) if len(v) else np.nan for v in row] for row in samples])
    M2 = np.array([[((v - v.mean()) ** 2).sum() if len(v) else np.nan for v in row] for row in samples])
    found = xr.Dataset({name: (("N", "seed"), values) for name, values in {"n": n, "mean": mean, "M2": M2}.items()})
    total, middle, error = _pooled(found)
    for place, row in enumerate(samples[:2]):
        whole = np.concatenate(row)
        assert total[place] == len(whole)
        np.testing.assert_allclose(middle[place], whole.mean(), rtol=1e-12)
        np.testing.assert_allclose(error[place], whole.std(ddof=1) / np.sqrt(len(whole)), rtol=1e-12)
    assert (total[2], np.isnan(middle[2]), np.isnan(error[2])) == (0, True, True)

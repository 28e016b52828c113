"""What `nfrlab sweep` prints of several seeds is what one sample of all their maps would say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import xarray as xr

from nfrlab.verify.commands.sweep import _pooled

Floats = npt.NDArray[np.float64]


def test_seeds_are_pooled_as_one_sample() -> None:
    """Catches a standard error that forgets how far the seeds lie apart, weighs a short one like a long one, or divides
    by n; and an empty seed that spoils the others.
    """
    rng = np.random.default_rng(4)
    sizes = (5, 40, 9), (3, 0, 1), (0, 0, 0)
    samples = [[rng.normal(seed, 0.3, size) for seed, size in enumerate(row)] for row in sizes]

    def by_seed(of: Callable[[Floats], float]) -> xr.DataArray:
        """A number of every sample, NaN of an empty one."""
        values = [[[of(v) if len(v) else np.nan for v in row]] for row in samples]
        return xr.DataArray(np.array(values), dims=("d", "N", "seed"))

    found = xr.Dataset({"mean": by_seed(np.mean), "M2": by_seed(lambda v: ((v - v.mean()) ** 2).sum())})
    total, middle, error = (v[:, 0] for v in _pooled(found.assign(n=by_seed(len).fillna(0).astype(int))))
    for place, row in enumerate(samples[:2]):
        whole = np.concatenate(row)
        assert total[place] == len(whole)
        np.testing.assert_allclose(middle[place], whole.mean(), rtol=1e-12)
        np.testing.assert_allclose(error[place], whole.std(ddof=1) / np.sqrt(len(whole)), rtol=1e-12)
    assert (total[2], np.isnan(middle[2]), np.isnan(error[2])) == (0, True, True)

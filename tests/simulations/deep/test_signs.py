"""LRP-γ at one layer, neuron by neuron: outputs and inputs of either sign."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nfrlab.simulations.deep.engine.ops import Record
from nfrlab.simulations.deep.engine.signs import amplified
from nfrlab.simulations.deep.engine.weighted import Linear


def by_neuron(W: np.ndarray, a: np.ndarray, r: np.ndarray, gamma: float) -> np.ndarray:
    """`Σ_j (w_ij + γ w_ij^±) z_j/(z_j + γ Z_j^±) r_j`, `w_ij^±` the weights whose contribution has the sign of z_j."""
    below = np.zeros(len(a))
    for j, w in enumerate(W):
        z = sum(w[i] * a[i] for i in range(len(a)))
        helps = [w[i] if w[i] * a[i] * z > 0 else 0.0 for i in range(len(a))]
        Z = sum(helps[i] * a[i] for i in range(len(a)))
        for i in range(len(a)):
            below[i] += (w[i] + gamma * helps[i]) * z / (z + gamma * Z) * r[j]
    return below


@pytest.mark.parametrize("signed", [False, True])
def test_gamma_follows_the_sign_of_every_output(signed: bool) -> None:
    """Catches outputs below zero that hand nothing down, and amplified contributions of the other sign."""
    rng = np.random.default_rng(4)
    W, r, a = rng.standard_normal((7, 5)), rng.standard_normal(7), rng.standard_normal(5)
    a = a if signed else np.abs(a)
    assert {True, False} == {bool(z > 0) for z in W @ a}
    weight, inputs = torch.tensor(W), torch.tensor(a)[None]
    record = Record((inputs,), inputs @ weight.T)
    found = amplified(Linear(weight), torch.tensor(r)[None], record, 0.7, "split", 0.0)
    np.testing.assert_allclose(found.numpy().ravel(), by_neuron(W, a, r, 0.7), rtol=1e-10)

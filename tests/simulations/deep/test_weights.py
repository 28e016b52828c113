"""Random weights for deep networks: the laws of the dense laboratory, the promised scales, the same bits again."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, ks_2samp

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.networks import models, weights
from nfrlab.simulations.dense import weights as lab
from nfrlab.theory.families import FAMILIES as LAWS

ALPHA = 1e-8
PAIRS, d = 20_000, 5
FRAMES = ("haar", "tilted")
ATOMS = (*FRAMES, "sphere", "axis", "sparse")  # float32 must not split what one number stands for


def band(n: int, m: int) -> float:
    """Two empirical distribution functions of one law differ by less, but for ALPHA: DKW for both, half of it each."""
    return sqrt(log(4 / ALPHA) / (2 * n)) + sqrt(log(4 / ALPHA) / (2 * m))


def assert_same_law(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ks_2samp(ours, theirs, method="asymp").statistic < band(len(ours), len(theirs))


def seen(w: np.ndarray) -> dict[str, np.ndarray]:
    """What the samplers are compared by: `(pairs, 2, d)` to numbers of every pair of neurons."""
    v, u = w[:, 0], w[:, 1]
    x = np.array([3, -1, 0.5, 2, -4])
    return {
        "first entry": v[:, 0],
        "last entry": v[:, -1],
        "projection": v @ x,
        "length": np.linalg.norm(v, axis=1),
        "largest entry": np.abs(v).max(axis=1),
        "inner product of neurons": (v * u).sum(axis=1),
        "hidden layer": np.maximum(v @ x, 0) - np.maximum(u @ x, 0),
        "product of entries": v[:, 0] * v[:, 1],
    }


def pairs(family: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of neurons as torch and as NumPy draw them; of frames, the first two of every block."""
    per_block = d if family in FRAMES else 2
    ours = weights.sample(family, PAIRS * per_block, d, torch.Generator().manual_seed(seed)).double().numpy()
    theirs = lab.sample(family, d, PAIRS * per_block, np.random.default_rng(seed)).T
    return tuple(w.reshape(PAIRS, per_block, d)[:, :2] for w in (ours, theirs))


def test_the_same_families() -> None:
    """Catches a family that the deep laboratory lacks, and a wrong second moment: the theory is asked."""
    assert set(weights.FAMILIES) == set(lab.FAMILIES)
    for name, (_, second_moment) in weights.FAMILIES.items():
        assert (second_moment or np.inf) == pytest.approx(LAWS[name].second_moment(7) / 7, rel=1e-12)


@pytest.mark.parametrize("family", weights.FAMILIES)
def test_the_same_laws(family: str) -> None:
    """Catches another law: a wrong scale, a radius shared by neurons, entries or neurons that depend, a bad tail."""
    ours, theirs = pairs(family, seed=1)
    for a, b in zip(seen(ours).values(), seen(theirs).values(), strict=True):
        if family in ATOMS:
            a, b = np.round(a, 4), np.round(b, 4)
        assert_same_law(a, b)


def test_the_comparison_can_fail() -> None:
    """Catches bands so wide that any law passes: neighbouring families are told apart."""
    for one, other in (("uniform", "uniform01"), ("ring", "sphere"), ("gaussian", "shifted"), ("laplace", "student")):
        ours, theirs = seen(pairs(one, 1)[0]), seen(pairs(other, 1)[1])
        apart = [ks_2samp(ours[name], theirs[name], method="asymp").statistic for name in ours]
        assert max(apart) > band(PAIRS, PAIRS)


def test_families_compare_in_pairs() -> None:
    """Catches normal numbers drawn in another order: directions of a seed are those of the Gaussian, uniforms its Φ."""
    made = {name: weights.sample(name, 30, 7, torch.Generator().manual_seed(3)).double() for name in weights.FAMILIES}
    for name in ("sphere", "ring", "student"):
        cosines = torch.cosine_similarity(made[name], made["gaussian"])
        torch.testing.assert_close(cosines, torch.ones(30).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(
        made["shifted"] - made["gaussian"], torch.full((30, 7), 0.25).double(), rtol=0, atol=1e-6
    )
    torch.testing.assert_close(made["uniform01"], torch.special.ndtr(made["gaussian"]), rtol=0, atol=1e-6)
    torch.testing.assert_close(made["uniform"], 2 * made["uniform01"] - 1, rtol=0, atol=1e-6)


def test_few_neurons_make_frames_too() -> None:
    """Catches the fast way to tall frames: every entry and sign as a Haar frame has them."""
    rng, numpy_rng = torch.Generator().manual_seed(2), np.random.default_rng(2)
    ours = torch.stack([weights.haar(torch.empty(2, 8), rng) for _ in range(8000)]).double().numpy() / sqrt(8)
    theirs = np.stack([lab.orthonormal(8, 2, numpy_rng).T for _ in range(8000)])
    for j, i in ((0, 0), (0, 7), (1, 0), (1, 7)):
        assert_same_law(ours[:, j, i], theirs[:, j, i])
    assert_same_law(ours[:, 0, 0] * ours[:, 1, 0], theirs[:, 0, 0] * theirs[:, 1, 0])


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**32))
def test_shapes_norms_and_angles(N: int, width: int, seed: int) -> None:
    """Catches frames that are not orthonormal within a block, a cosine that is not ½, wrong radii, NaN, a transpose."""
    rng = torch.Generator().manual_seed(seed)
    for family in weights.FAMILIES:
        w = weights.sample(family, N, width, rng)
        assert w.shape == (N, width)
        assert w.dtype == torch.float32
        assert torch.isfinite(w).all()
    for family in ("sphere", "axis", "haar", "tilted"):
        norms = weights.sample(family, N, width, rng).norm(dim=1)
        torch.testing.assert_close(norms, torch.full((N,), sqrt(width)), rtol=1e-4, atol=0)
    n = min(N, width)
    for family, cosine in (("haar", 0.0), ("tilted", 0.5)):
        block = weights.sample(family, N, width, rng)[:n].double()
        gram = block @ block.T / width
        torch.testing.assert_close(gram, (1 - cosine) * torch.eye(n).double() + cosine, rtol=0, atol=1e-4)


def small_network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 200, 3), nn.BatchNorm2d(200), nn.ReLU(), nn.Flatten(), nn.Linear(200, 300))


def seeded(*key: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(5, spawn_key=key)


@pytest.mark.parametrize(("scale", "target"), [("he", 2.0), ("default", 1 / 3)])
def test_scales(scale: str, target: float) -> None:
    """Catches a fan-in that is not the neuron's, and He's 2/d missed: `d Σ w² / target` is χ² of as many entries."""
    module = small_network()
    weights.randomise(module, "gaussian", seeded(), scale)
    for part in (module[0], module[4]):
        w = part.weight.detach().double()
        n = w.numel()
        low, high = chi2.ppf([ALPHA / 2, 1 - ALPHA / 2], n)
        assert low < float(w.square().sum()) * w[0].numel() / target < high
        assert (high - low) / n < 0.25


@pytest.mark.parametrize("family", weights.FAMILIES)
def test_raw_is_as_printed(family: str) -> None:
    """Catches a scale hidden in `raw`, and a sampler's columns that are not output channels."""
    module = small_network()
    weights.randomise(module, family, seeded(), "raw")
    rng = weights.generator(seeded(), 0)
    assert torch.equal(module[0].weight.flatten(1), weights.sample(family, 200, 27, rng))


def test_default_is_pytorchs() -> None:
    """Catches another law than PyTorch's own initialisation, of weights or of biases."""
    torch.manual_seed(0)
    theirs = nn.Linear(50, 20_000)
    ours = nn.Linear(50, 20_000)
    weights.randomise(ours, "uniform", seeded(), "default", bias=True)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_same_law(a.detach().flatten().numpy(), b.detach().flatten().numpy())


def test_cauchy_keeps_the_size_of_its_input() -> None:
    """Catches a network that overflows: `w·a` is Cauchy with scale mean |a|, so that its median length is that."""
    layer = nn.Linear(1000, 20_000, bias=False)
    weights.randomise(layer, "cauchy", seeded())
    z = layer(torch.ones(1, 1000)).detach().abs()
    below = float((z < 1).double().mean())
    assert abs(below - 0.5) < sqrt(log(2 / ALPHA) / (2 * 20_000))


def test_normalisations_and_biases() -> None:
    """Catches statistics of an earlier training left in place, biases that stay, and ones that are all alike."""
    module = small_network()
    module[1].running_var.fill_(9)
    nn.init.constant_(module[1].weight, 5)
    for bias in (True, False):
        weights.randomise(module, "gaussian", seeded(), "he", bias)
        assert torch.equal(module[1].running_var, torch.ones(200))
        assert torch.equal(module[1].weight, torch.ones(200))
        for part, fan_in in ((module[0], 27), (module[1], 27), (module[4], 200)):
            width = sqrt(3 * 2 / fan_in)
            assert part.bias.abs().max() <= width * 1.0001
            assert bool((part.bias.abs().max() > 0.9 * width) == bias)
            assert len(part.bias.unique()) > 190 or not bias


def test_the_same_bits() -> None:
    """Catches a seed that is used up, layers that share their numbers, and numbers that depend on the precision."""
    seed = seeded(3)
    made = {}
    for key, module in {"a": small_network(), "b": small_network(), "double": small_network().double()}.items():
        weights.randomise(module, "laplace", seed, "he", bias=True)
        made[key] = module.state_dict()
    other = small_network()
    weights.randomise(other, "laplace", seeded(4), "he", bias=True)
    for name, value in made["a"].items():
        assert torch.equal(value, made["b"][name])
        assert torch.equal(value, made["double"][name].to(value.dtype))
    assert not torch.equal(made["a"]["0.weight"], other.state_dict()["0.weight"])
    twice = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    weights.randomise(twice, "gaussian", seed)
    assert not torch.equal(twice[0].weight, twice[1].weight)


def test_bad_requests() -> None:
    """Catches silent defaults: every refusal names the thing."""
    with pytest.raises(ValueError, match="unknown weight family 'normal'; known families: gaussian"):
        weights.randomise(small_network(), "normal", seeded())
    with pytest.raises(ValueError, match="unknown scale 'xavier'; known scales: raw, he"):
        weights.randomise(small_network(), "gaussian", seeded(), "xavier")
    for layer in (nn.Conv3d(1, 2, 3), nn.LSTM(3, 2), nn.Bilinear(2, 3, 4)):
        with pytest.raises(ValueError, match=f"1, a {type(layer).__name__}, cannot be given random weights"):
            weights.randomise(nn.Sequential(nn.Linear(3, 3), layer), "gaussian", seeded())
    own = nn.Module()
    own.transposed = nn.Parameter(torch.ones(3, 3))
    with pytest.raises(ValueError, match="the model, a Module, cannot be given random weights"):
        weights.randomise(own, "gaussian", seeded())
    with pytest.raises(ValueError, match="the model has none; build it with biases"):
        weights.randomise(models.digits_vgg(bias=False), "gaussian", seeded(), bias=True)


class Tokens(nn.Module):
    """Parameters that are no weights."""

    def __init__(self) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.randn(1, 5, 6))
        self.layer_scale = nn.Parameter(torch.randn(6, 1, 1))


def test_every_kind_of_layer_is_drawn() -> None:
    """Catches a layer whose weights stay trained, neurons counted along the wrong axis, normalisations that keep their
    scale, and tokens or slopes that are drawn as if they were weights.
    """
    layers = {
        "lines": nn.Conv1d(4, 6, 3),
        "up": nn.ConvTranspose2d(4, 6, 3, groups=2),
        "heads": nn.MultiheadAttention(4, 2),
        "norm": nn.LayerNorm(6),
        "groups": nn.GroupNorm(2, 6),
        "slope": nn.PReLU(6, init=0.3),
        "tokens": Tokens(),
    }
    module = nn.ModuleDict(layers)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    weights.randomise(module, "sphere", seeded(), "he")
    after = module.state_dict()
    for name in ("slope.weight", "tokens.pos_embedding", "tokens.layer_scale"):
        assert torch.equal(after[name], before[name])
    for name in ("norm", "groups"):
        assert (after[f"{name}.weight"] == 1).all()
        assert (after[f"{name}.bias"] == 0).all()
    assert all((after[name] == 0).all() for name in after if name.endswith("bias"))
    up = after["up.weight"].unflatten(0, (2, 2)).transpose(1, 2)  # (group, neuron, channel, 3, 3)
    lengths = {
        "lines": after["lines.weight"].flatten(1).norm(dim=1),
        "up": up.flatten(2).norm(dim=2),
        "heads": after["heads.in_proj_weight"].norm(dim=1),
        "out": after["heads.out_proj.weight"].norm(dim=1),
    }
    for name, length in lengths.items():
        torch.testing.assert_close(length, torch.full_like(length, 2**0.5), msg=name)

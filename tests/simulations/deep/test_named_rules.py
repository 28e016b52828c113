"""Rules as a command writes them, and in words with all that changes their numbers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from nfrlab.simulations.bridge.settings import DEEP_ALONE
from nfrlab.simulations.deep.engine.named_rules import RULES, described, rule, rule_from
from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.networks.models import digits_vgg
from nfrlab.simulations.deep.networks.weights import randomise
from nfrlab.simulations.dense import RULES as ON_DENSE_LAYERS


def digit_network() -> torch.nn.Module:
    """The small VGG with random weights."""
    import numpy as np

    module = digits_vgg()
    randomise(module, "gaussian", np.random.SeedSequence(1), bias=True)
    return module


@pytest.mark.parametrize(
    ("text", "name", "switches"),
    [
        ("gbp", "gbp", {}),
        ("rectgrad:q=0.8:prr=true", "rectgrad", {"q": 0.8, "prr": True}),
        (
            "lrp-alpha-beta:alpha=3:bias=full:pooling=share",
            "lrp-alpha-beta",
            {"alpha": 3, "bias": "full", "pooling": "share"},
        ),
        ("epsilon-gamma-box:gamma=0.5:low=-9:high=9", "epsilon-gamma-box", {"gamma": 0.5, "low": -9.0, "high": 9.0}),
    ],
)
def test_switches_are_read(text: str, name: str, switches: dict[str, object]) -> None:
    """Catches a switch that is dropped, or a number that stays text."""
    x = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    module = digit_network()
    expected = attribution(module, x, rule(name, **switches))
    assert torch.equal(attribution(module, x, rule_from(text)), expected)
    assert rule_from(text).name == text
    if switches:
        plain = {key: value for key, value in switches.items() if key in ("low", "high")}
        assert not torch.equal(attribution(module, x, rule(name, **plain)), expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lime", "unknown rule 'lime'"),
        ("rectgrad:q", "'q' is no switch=value"),
        ("rectgrad:=1", "no switch=value"),
        ("gbp:q=1", "unexpected keyword"),
        ("zplus:bias=half", "bias is one of"),
        ("", "unknown rule ''"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, said: str) -> None:
    """Catches a misspelt switch that changes nothing, in silence."""
    with pytest.raises(ValueError, match=said):
        rule_from(text)


def test_names_are_known_without_pytorch() -> None:
    """Catches a rule that the command refuses, or promises and has not."""
    assert {*RULES} <= {*ON_DENSE_LAYERS, *DEEP_ALONE}
    assert {*DEEP_ALONE} == {*RULES} - {*ON_DENSE_LAYERS}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_all_that_changes_its_numbers(name: str) -> None:
    """Catches two settings of a rule that read alike."""
    usual = described(rule_from(name))
    assert usual.startswith(f"{name}: ")
    for switch in ("residual=norm", "pooling=share"):
        assert described(rule_from(f"{name}:{switch}")) != usual.replace(name, f"{name}:{switch}")
        assert switch.split("=")[0] in usual


def test_a_composite_names_the_rule_of_every_kind_of_layer() -> None:
    """Catches a composite that is printed by its name alone."""
    said = described(rule_from("epsilon-alpha2-beta1-flat:epsilon=0.25"))
    assert "convolutions=lrp_alpha_beta(alpha=2, beta=1, bias=split, eps=1e-06" in said
    assert "others=lrp_epsilon(eps=0.25" in said
    assert "where pixels are read flat(eps=1e-06), which gives the map" in said


@pytest.mark.parametrize("name", ["dtd", "epsilon-plus-flat", "epsilon-gamma-box"])
def test_pixels_may_be_normalised_inside(name: str) -> None:
    """Catches a network that is refused because it normalises pixels itself, and bounds or shares of the wrong image:
    the map is that of the network without the normalisation at the normalised image, pixel by pixel.
    """
    mean, sd = torch.tensor([[0.5, 0.4, 0.3], [0.2, 0.3, 0.4]], dtype=torch.float64)[:, :, None, None]
    inner = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 4)
    )
    inner = inner.double().eval()

    class Normalising(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            return self.inner((x - mean) / sd)

    x = torch.rand(2, 3, 9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    outside = (x - mean) / sd
    torch.testing.assert_close(attribution(Normalising().eval(), x, name), attribution(inner, outside, name))
    r0 = attribution(Normalising().eval(), x, name, bottom=False)
    torch.testing.assert_close(x * r0, attribution(inner, outside, name))

"""captum and zennit: the same maps on VGG16 where conventions coincide; elsewhere what differs, and who is right.

The judge is the relevance form of the publications as dense matrices (tests/support/oracles/jacobian.py); the table is
in docs/conventions.md.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import nn

from benchmarks.peers import LRP, Alpha1_Beta0_Rule, GuidedBackprop, LayerMapComposite, zennit
from nfrlab.simulations.deep.engine import rules
from nfrlab.simulations.deep.engine.backward import Rule, attribution
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.networks.models import VGG, VGG16_PLAN
from nfrlab.simulations.deep.networks.weights import randomise
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.oracles import jacobian as oracle

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks", "ignore:Setting forward", "ignore:Input Tensor"),
    pytest.mark.usefixtures("one_thread"),
]
AGREES, DIFFERS = 1 - 1e-10, 1 - 1e-6  # ten thousand times further apart than agreement allows
LOW, HIGH = torch.full((1, 3, 1, 1), -6.0), torch.full((1, 3, 1, 1), 6.0)


def cosine(a: Any, b: Any) -> float:
    """Of two maps."""
    a, b = np.asarray(a.detach()).ravel(), np.asarray(b.detach()).ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def composite(weighted: Callable[[], Any], first: Callable[[], Any] | None = None) -> Any:
    """zennit's map of the largest output: a rule at weighted layers, another at the first, ReLUs passed."""
    from zennit.composites import SpecialFirstLayerMapComposite
    from zennit.rules import Pass
    from zennit.types import Activation, Convolution, Linear

    layers = [(Activation, Pass()), (Linear, weighted())]
    if first is None:
        return zennit(lambda: LayerMapComposite(layers))
    return zennit(lambda: SpecialFirstLayerMapComposite(layers, [(Convolution, first())]))


def largest(module: nn.Module, x: Any) -> Any:
    """The class whose output is largest."""
    with torch.no_grad():
        return module(x).argmax(dim=1)


# On VGG16.


def vgg(bias: bool) -> Any:
    """VGG16 for images of 64 × 64: only the inputs of its first linear map are fewer. He's scale, float64."""
    module = VGG(VGG16_PLAN, (4096, 4096), 1000, 3, 2, bias).eval()
    randomise(module, "gaussian", np.random.SeedSequence(7), "he", bias)
    return module.double().requires_grad_(False)


@pytest.fixture(scope="module")
def biased() -> Any:
    return vgg(bias=True)


IMAGE = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def ours(module: nn.Module, used: Rule, x: Any = IMAGE) -> Any:
    """The engine's map of the largest output."""
    return attribution(rewrite(module, x).forward(x), used)


def test_guided_backpropagation_and_deconvnet_agree(biased: Any) -> None:
    """Catches a ReLU, a bias or a maximum treated differently from both peers on all of VGG16."""
    from captum.attr import Deconvolution
    from zennit.composites import DeconvNet
    from zennit.composites import GuidedBackprop as Guided

    k = largest(biased, IMAGE)
    maps = {name: ours(biased, rule(name)) for name in ("gbp", "deconv")}
    for name, by_captum, by_zennit in (("gbp", GuidedBackprop, Guided), ("deconv", Deconvolution, DeconvNet)):
        assert cosine(maps[name], by_captum(biased).attribute(IMAGE, target=k)) >= AGREES
        assert cosine(maps[name], zennit(by_zennit)(biased, IMAGE, k)) >= AGREES
    assert cosine(*maps.values()) < DIFFERS


@pytest.mark.parametrize("name", ["zplus", "lrp-alpha-beta", "lrp-epsilon"])
def test_relevance_rules_agree(name: str, biased: Any) -> None:
    """Catches a share, a bias or a stabiliser unlike zennit's: a signed image, biases, ε = 1e-6 as zennit has it."""
    from zennit.rules import AlphaBeta, Epsilon, ZPlus

    by_zennit = composite({"zplus": ZPlus, "lrp-alpha-beta": AlphaBeta, "lrp-epsilon": Epsilon}[name])
    theirs = by_zennit(biased, IMAGE, largest(biased, IMAGE))
    assert cosine(ours(biased, rule(name, eps=1e-6)), theirs) >= AGREES


def test_deep_taylor_agrees_without_biases() -> None:
    """Catches z^B bounds applied to the wrong weights: z⁺ above, z^B at the pixels, as zennit composes it."""
    from zennit.rules import ZBox, ZPlus

    module = vgg(bias=False)
    theirs = composite(ZPlus, lambda: ZBox(LOW, HIGH))(module, IMAGE, largest(module, IMAGE))
    assert cosine(ours(module, rule("dtd", low=LOW, high=HIGH, eps=1e-6)), theirs) >= AGREES


PRESETS = (
    "epsilon_plus",
    "epsilon_plus_flat",
    "epsilon_alpha2_beta1",
    "epsilon_alpha2_beta1_flat",
    "epsilon_gamma_box",
)


@pytest.mark.parametrize("preset", PRESETS)
def test_composites_are_zennits_presets(preset: str, biased: Any) -> None:
    """Catches a preset with another rule at a kind of layer or at the pixels, another ε, γ or treatment of biases: on
    VGG16 with a signed image, and on a small network whose inputs are signed at every layer.
    """
    from zennit.composites import COMPOSITES

    bounds = {"low": LOW, "high": HIGH} if "box" in preset else {}
    by_zennit, used = zennit(lambda: COMPOSITES[preset](**bounds)), rule(preset.replace("_", "-"), **bounds)
    signed = Small(*(op for i, op in enumerate(small_network()) if i not in (1, 6))).eval()  # one ReLU is left
    for module in (biased, signed):
        x = IMAGE if module is biased else IMAGE[:, :, :6, :6]
        assert cosine(ours(module, used, x), by_zennit(module, x, largest(module, x))) >= AGREES


def test_gamma_agrees(biased: Any) -> None:
    """Catches γ at the wrong sign of a contribution, and another γ than the one that was asked for."""
    from zennit.rules import Gamma

    theirs = composite(lambda: Gamma(gamma=0.7))(biased, IMAGE, largest(biased, IMAGE))
    assert cosine(ours(biased, rule("lrp-gamma", gamma=0.7, eps=1e-6)), theirs) >= AGREES
    assert cosine(ours(biased, rule("lrp-gamma", gamma=0.6, eps=1e-6)), theirs) < DIFFERS


class Apart(nn.Module):
    """The identity, as a tensor of its own: captum's DeepLift needs one between a ReLU and a maximum, see below."""

    def forward(self, x: Any) -> Any:
        return x.clone()


def spaced(modules: nn.Sequential) -> list[nn.Module]:
    """The modules with an identity before every maximum."""
    return [each for op in modules for each in ((Apart(), op) if isinstance(op, nn.MaxPool2d) else (op,))]


def by_captum(module: nn.Module, x: Any, reference: Any) -> Any:
    """captum's DeepLift of the largest output."""
    from captum.attr import DeepLift

    lift = DeepLift(module)  # it asks for gradients of what it is given
    return lift.attribute(x.clone(), reference.clone(), target=largest(module, x)).detach()


def rescaled(module: nn.Module, x: Any, reference: Any) -> Any:
    """The engine's Rescale of the largest output."""
    return attribution(rewrite(module, x).forward(x, reference=reference), rule("deeplift-rescale"))


def test_rescale_agrees(biased: Any) -> None:
    """Catches a secant, a cross maximum or a reference unlike captum's, on all of VGG16 with biases.

    The reference is no plain image, of which every window of every maximum is tied: see below.
    """
    module, reference = deepcopy(biased), IMAGE.flip(3)
    module.features = nn.Sequential(*spaced(biased.features))
    theirs, found = by_captum(module, IMAGE, reference), rescaled(biased, IMAGE, reference)
    assert cosine(found, theirs) >= AGREES
    assert float(found.norm() / theirs.norm()) == pytest.approx(1, abs=1e-9)
    assert cosine(theirs, ours(biased, rule("grad-input"))) < DIFFERS


# Where conventions part: a small network, and the oracle.


class Small(nn.Sequential):
    """Two convolutions, a maximum, two linear maps, of modules that captum and zennit know."""

    def forward(self, x: Any) -> Any:
        for op in self:
            x = op(torch.flatten(x, 1) if isinstance(op, nn.Linear) else x)
        return x


def small_network(bias: bool = True, scale: float = 1.0) -> Small:
    """The network with normal weights and biases of this scale."""
    convolutions = nn.Conv2d(3, 4, 3, padding=1, bias=bias), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3, bias=bias)
    made = Small(*convolutions, nn.ReLU(), nn.Linear(5, 4, bias), nn.ReLU(), nn.Linear(4, 3, bias))
    rng = torch.Generator().manual_seed(11)
    for p in made.double().parameters():
        p.data.normal_(generator=rng).mul_(scale)
    return made.requires_grad_(False).eval()


class Functional(nn.Module):
    """The small network with functions in place of modules."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(op for op in small_network() if isinstance(op, nn.Conv2d | nn.Linear))

    def forward(self, x: Any) -> Any:
        a = F.max_pool2d(F.relu(self.layers[0](x)), 2)
        a = torch.flatten(F.relu(self.layers[1](a)), 1)
        return self.layers[3](F.relu(self.layers[2](a)))


def by_oracle(module: Small, used: oracle.Rule, x: Any) -> Any:
    """The oracle's map of the largest output, module by module."""
    kinds = {nn.Conv2d: "affine", nn.Linear: "affine", nn.ReLU: "relu", nn.MaxPool2d: "max", nn.Flatten: "move"}
    parts = [
        oracle.Part(kinds[type(op)], op, (i - 1,), partial(F.avg_pool2d, kernel_size=2) if i == 2 else None)
        for i, op in enumerate([*list(module)[:5], nn.Flatten(), *list(module)[5:]])
    ]
    net = oracle.Net(parts, x)
    return oracle.propagate(net, used, oracle.at_output(net, used, int(largest(module, x))), net.layers[-1])


def captum_lrp(module: nn.Module, x: Any, calls: int = 1) -> Any:
    """captum's α1β0 of the largest output, asked so many times after the rules were set once."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.rule = Alpha1_Beta0_Rule()
    lrp = LRP(module)
    return [lrp.attribute(x, target=largest(module, x)) for _ in range(calls)][-1]


SMALL_IMAGE = torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_captum_clamps_weights_and_not_inputs() -> None:
    """Catches captum#1234 in our own code: at signed pixels z⁺ goes by the product a_i w_ij, captum's by w_ij alone.

    The oracle, share by share as published, sides with us; with captum's reading of it we give captum's map.
    """
    module = small_network(bias=False)
    theirs, published = captum_lrp(module, SMALL_IMAGE), by_oracle(module, oracle.relevance(oracle.z_plus), SMALL_IMAGE)
    assert cosine(ours(module, rule("zplus"), SMALL_IMAGE), published) >= AGREES
    assert cosine(theirs, published) < DIFFERS
    by_weight = ours(module, rule("zplus", sign="weight", eps=1e-9), SMALL_IMAGE)
    assert cosine(theirs, by_weight) >= AGREES
    positive = SMALL_IMAGE.abs()
    assert cosine(captum_lrp(module, positive), ours(module, rule("zplus"), positive)) >= AGREES


def test_captum_leaves_biases_whole() -> None:
    """Catches the two bias conventions confused: captum's denominator has all of b_j, ours and zennit's b_j⁺."""
    from zennit.rules import ZPlus

    module, x = small_network(), SMALL_IMAGE.abs()
    theirs, published = captum_lrp(module, x), by_oracle(module, oracle.relevance(oracle.z_plus), x)
    assert cosine(ours(module, rule("zplus"), x), published) >= AGREES
    assert cosine(composite(lambda: ZPlus(stabilizer=1e-12))(module, x, largest(module, x)), published) >= AGREES
    assert cosine(theirs, published) < DIFFERS
    assert cosine(theirs, ours(module, rule("zplus", bias="full", sign="weight", eps=1e-9), x)) >= AGREES


def test_captum_forgets_its_rules() -> None:
    """Documents captum#1059: the second call of the same object no longer has the rules set, and is LRP-ε."""
    module, x = small_network(), SMALL_IMAGE.abs()
    first, second = captum_lrp(module, x), captum_lrp(module, x, calls=2)
    assert cosine(first, second) < DIFFERS
    assert cosine(second, ours(module, rule("lrp-epsilon", eps=1e-9), x)) >= AGREES
    used = rule("zplus")
    assert torch.equal(ours(module, used, x), ours(module, used, x))


def test_captum_does_not_see_functional_relus() -> None:
    """Catches GBP that silently is the plain gradient: of F.relu captum sees nothing, the rewritten graph does."""
    module, modules = Functional().eval(), small_network()
    theirs = GuidedBackprop(module).attribute(SMALL_IMAGE, target=largest(module, SMALL_IMAGE))
    published = by_oracle(modules, oracle.modified_gradient(relu=oracle.guided), SMALL_IMAGE)
    assert cosine(theirs, by_oracle(modules, oracle.GRAD, SMALL_IMAGE)) >= AGREES
    assert cosine(theirs, published) < DIFFERS
    assert cosine(ours(module, rule("gbp"), SMALL_IMAGE), published) >= AGREES


def test_zennits_stabiliser_is_absolute() -> None:
    """Catches a stabiliser where 0/0 = 0 is meant: zennit's ε bends the maps of small activations."""
    from zennit.rules import ZPlus

    module, x = small_network(bias=False, scale=1e-3), SMALL_IMAGE
    published = by_oracle(module, oracle.relevance(oracle.z_plus), x)
    theirs = composite(ZPlus)(module, x, largest(module, x))
    assert cosine(ours(module, rule("zplus"), x), published) >= AGREES
    assert cosine(theirs, published) < DIFFERS
    assert cosine(theirs, ours(module, rule("zplus", eps=1e-6), x)) >= AGREES


def test_zennits_box_has_no_bias() -> None:
    """Documents a bias that cancels: zennit clamps b like W, and b − b⁺ − b⁻ = 0 is left of it, as eq. 11 is printed.

    Our default keeps b in the denominator of z^B as in every other rule; without it there we give zennit's map.
    """
    from zennit.rules import ZBox, ZPlus

    module, x = small_network(), SMALL_IMAGE
    bounds = {"low": LOW, "high": HIGH}
    theirs = composite(lambda: ZPlus(1e-12), lambda: ZBox(LOW, HIGH, 1e-12))(module, x, largest(module, x))
    whole = {side: v.expand_as(x) for side, v in bounds.items()}
    printed = by_oracle(module, oracle.relevance(oracle.z_plus, first=partial(oracle.z_box, **whole, bias="none")), x)
    absorbed = by_oracle(module, oracle.relevance(oracle.z_plus, first=partial(oracle.z_box, **whole)), x)
    assert cosine(theirs, printed) >= AGREES
    without = replace(rule("zplus"), first=partial(rules.z_box, **bounds, bias="none"))
    assert cosine(ours(module, without, x), printed) >= AGREES
    assert cosine(ours(module, rule("dtd", **bounds), x), absorbed) >= AGREES
    assert cosine(absorbed, printed) < AGREES


def difference(module: nn.Module, x: Any, reference: Any) -> float:
    """What contributions to the largest output have to add up to."""
    k = largest(module, x)
    return float(module(x)[0, k[0]] - module(reference)[0, k[0]])


def test_captum_deeplift_does_not_add_up_behind_a_relu() -> None:
    """Documents a maximum that reads a ReLU's output: captum's ReLU takes the gradient before the maximum replaced it.

    Contributions have to add up to the difference of the outputs. Ours do, and captum's with an identity in between,
    where both maps are one.
    """
    module, x = small_network(), SMALL_IMAGE
    wanted, theirs = difference(module, x, x.flip(3)), by_captum(module, x, x.flip(3))
    found, apart = rescaled(module, x, x.flip(3)), by_captum(Small(*spaced(module)), x, x.flip(3))
    assert float(found.sum()) == pytest.approx(wanted, rel=1e-9)
    assert cosine(found, apart) >= AGREES
    assert abs(float(theirs.sum()) / wanted - 1) > 1e-3


def test_captum_takes_the_first_of_equal_maxima() -> None:
    """Documents a tie at the reference: of a window below 0 captum takes the reference's first entry, 0 like all.

    Without biases and against 0 DeepLIFT, gradient times input and integrated gradients are one map wherever windows
    have a winner at x; ours is that map, captum's adds up to the same sum.
    """
    module = Small(*(op for i, op in enumerate(small_network(bias=False)) if i != 1)).eval()  # the maximum sees signs
    x, k = SMALL_IMAGE, largest(module, SMALL_IMAGE)
    theirs, found = by_captum(module, x, 0 * x), rescaled(module, x, 0 * x)
    path = []
    for step in range(16):  # the gradient is constant on the way from 0
        at = ((step + 0.5) / 16 * x).requires_grad_()
        path.append(torch.autograd.grad(module(at)[0, k[0]], at)[0])
    integrated = x * sum(path) / len(path)
    assert cosine(found, integrated) >= AGREES
    assert cosine(theirs, integrated) < DIFFERS
    for R in (theirs, found):
        assert float(R.sum()) == pytest.approx(difference(module, x, 0 * x), rel=1e-9)


def test_captum_deeplift_does_not_see_functional_relus() -> None:
    """Catches a Rescale that silently is the gradient: of F.relu captum sees nothing, and its sum is another one."""
    functional, x = Functional().eval(), SMALL_IMAGE
    theirs, found = by_captum(functional, x, x.flip(3)), rescaled(functional, x, x.flip(3))
    assert cosine(found, rescaled(small_network(), x, x.flip(3))) >= AGREES
    wanted = difference(functional, x, x.flip(3))
    assert float(found.sum()) == pytest.approx(wanted, rel=1e-9)
    assert abs(float(theirs.sum()) / wanted - 1) > 1e-3

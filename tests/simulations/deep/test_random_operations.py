"""Random networks of the listed operations, one behind the other and side by side, against autograd on their twins.

The twin of a convolution for z⁺ is `Z⁺ ⊙ (z/Z⁺)`, its quotient held; twins of the other steps are those of
`test_operations`. Steps are those that leave four channels of 4×4.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.simulations.deep.test_operations import CASES, Case, Step
from tests.support.guided import Guided
from tests.support.networks import gradient, images, off


def keeps_shape(case: Case) -> bool:
    """Whether a step leaves four channels of 4×4, and knows what to do with numbers of any sign."""
    a = images(2, 4, 4, 4, seed=9)
    with torch.no_grad():
        after = case.step(a)
    return after.shape == a.shape and bool(after.isfinite().all())


GATES = "sigmoid", "hardsigmoid"
"""Nonlinearities that `Guided` does not tell from gates; `test_operations` tries them."""
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch's, of even kernels
    STEPS = {name: case for name, case in sorted(CASES.items()) if name not in GATES and keeps_shape(case)}
CLOSE = 1e-7
"""Of maps through up to a dozen steps; secants near 0 lose half of the digits."""


def zplus_of(conv: nn.Conv2d) -> Step:
    """A convolution whose gradient is the modified gradient of z⁺: positive products in the denominator, its quotient
    with z held, 0 where there are none.
    """
    plus, minus = conv.weight.clamp(min=0), conv.weight.clamp(max=0)
    bias = None if conv.bias is None else conv.bias.clamp(min=0)

    def twin(a: Tensor) -> Tensor:
        z = F.conv2d(a, conv.weight, conv.bias, padding=conv.padding)
        positive, negative = torch.where(a >= 0, a, 0), torch.where(a < 0, a, 0)  # 0 counts as positive
        Z = F.conv2d(positive, plus, bias, padding=conv.padding) + F.conv2d(negative, minus, padding=conv.padding)
        held = torch.where(Z == 0, 0, z / Z).detach()
        return z.detach() + (Z * held - (Z * held).detach())

    return twin


class Chain(nn.Module):
    """Convolutions, ReLUs and named steps; of some a second branch is added or laid beside; three classes."""

    def __init__(self, plan: list[tuple[str, str]], biased: bool) -> None:
        super().__init__()
        self.plan = plan
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1, bias=biased) for _ in range(len(plan) + 1))
        self.first, self.out = nn.Conv2d(2, 4, 1, bias=biased), nn.Conv2d(4, 3, 4, bias=biased)

    def extra_repr(self) -> str:
        """The steps, in the print of a failure."""
        return " · ".join("/".join(each) for each in self.plan)

    def forward(self, x: Tensor, way: str = "plain") -> Tensor:
        """`way`: plain, held (other steps by their twins) or zplus (convolutions too)."""

        def through(conv: nn.Module, a: Tensor) -> Tensor:
            return zplus_of(conv)(a) if way == "zplus" else conv(a)

        def step(name: str, a: Tensor) -> Tensor:
            case = STEPS[name]
            if way == "plain" or case.twin is None:
                return case.step(a)
            line = case.twin(a)
            return case.step(a).detach() + (line - line.detach())  # the same bits: the same maxima, signs and ties

        a = through(self.first, x)
        for (name, joint), conv in zip(self.plan, self.convs, strict=False):
            b = step(name, a)
            if joint == "sum":
                b = b + a
            elif joint == "halves":
                b = torch.cat([b[:, :2], a[:, 2:]], 1)
            elif joint == "relu":
                b = F.relu(through(conv, b))
            a = b
        return through(self.out, a).flatten(1)


@st.composite
def chains(draw: Any) -> tuple[Chain, Tensor]:
    """A chain of one to six steps, and a batch of three images."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    joints = st.sampled_from(["none", "relu", "relu", "sum", "halves"])
    plan = draw(st.lists(st.tuples(st.sampled_from(list(STEPS)), joints), min_size=1, max_size=6))
    chain = Chain([*plan, ("factor", "relu")], draw(st.booleans())).double().eval()
    x = images(3, 2, 4, 4, seed=draw(st.integers(0, 2**31)))
    with torch.no_grad():
        f = chain(x)
    assume(bool(f.isfinite().all()) and float(f[:2].abs().max()) > 1e-6 and float(f.abs().max()) < 1e6)
    first, second = f.topk(2, dim=1).values.T
    assume(bool((first > second).all()))  # an image that nothing comes through has no largest class
    return chain, x


def twin_relevance(chain: Chain, x: Tensor, way: str) -> Tensor:
    """The image times the gradient of the twin."""
    k = chain(x.clone()).argmax(dim=1)
    leaf = x.clone().requires_grad_()
    (below,) = torch.autograd.grad(chain(leaf.clone(), way).gather(1, k[:, None]).sum(), leaf)
    return x * below


def check(chain: Chain, x: Tensor) -> None:
    """Every map of the chain against its oracle."""
    graph = rewrite(chain, x[:2])
    trace = graph.forward(x)
    assert off(trace.output, chain(x.clone()).detach()) <= CLOSE
    assert off(attribution(trace, rule("grad")), gradient(chain, x)) <= CLOSE
    for used in ("gbp", "deconv"):
        with Guided(used == "deconv"):
            expected = gradient(chain, x)
        assert off(attribution(trace, rule(used)), expected) <= CLOSE
    assert off(attribution(trace, rule("zplus")), twin_relevance(chain, x, "zplus")) <= CLOSE
    if chain.first.bias is None:
        assert off(attribution(trace, rule("lrp-z")), twin_relevance(chain, x, "held")) <= CLOSE


@settings(max_examples=40, deadline=None)
@given(chains())
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_random_networks_are_their_twins(case: tuple[Chain, Tensor]) -> None:
    """Catches operations that are right alone and wrong behind one another: maps summed where branches meet, a gate
    that is not found behind a change of shape, a nonlinearity that rules miss.
    """
    check(*case)

"""Every operation that docs/operations.md lists, in a small network, against autograd on a twin of it.

In the twin what relevance holds fixed is detached by hand: its gradient times the image is LRP-z of a network without
biases, so that the twin says what the convention of an operation is, in one line of PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F
from torch import Tensor, nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.cascades import cascade, cascades
from nfrlab.simulations.deep.engine.functions import Activation, Function, Held, Product
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import Subsample
from nfrlab.simulations.deep.reading.known_calls import AS_OP, FORMS
from nfrlab.simulations.deep.reading.operations_page import PAGE, operations_page
from nfrlab.simulations.deep.reading.recording import record
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.networks import EXACT, Net, gradient, images, off

Step = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A step on activations of four channels of 4×4, its twin (itself, where nothing is held), and whether relevance is
    conserved, as it is where no constant takes a share.
    """

    step: Step
    twin: Step | None = None
    conserves: bool = True


def secant(curve: Callable[[Tensor], Tensor]) -> Step:
    """φ(0) + z times its slope from 0, held; near 0 its own slope."""

    def twin(z: Tensor) -> Tensor:
        at_zero, leaf = curve(torch.zeros_like(z)), z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(curve(leaf).sum(), leaf)
        near = z.abs() < 1e-8  # where the difference has lost its digits
        return at_zero + z * torch.where(near, slope, (curve(z) - at_zero) / z).detach()

    return twin


def curved(curve: Any, conserves: bool = True) -> Case:
    """A nonlinearity; `conserves` where φ(0) = 0."""
    return Case(curve, secant(curve), conserves)


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """A module in float64, the same every time."""
    torch.manual_seed(11)
    return make().double().eval()


def standardised(a: Tensor, over: tuple[int, ...], eps: float = 1e-5) -> Tensor:
    """Centred, and divided by its deviation, which is held."""
    c = a - a.mean(over, keepdim=True)
    return c / (c.square().mean(over, keepdim=True) + eps).sqrt().detach()


def in_groups(a: Tensor, groups: int) -> Tensor:
    return standardised(a.reshape(len(a), groups, -1), (2,)).reshape(a.shape)


def attended(x: Tensor, weights: Callable[[Tensor], Tensor]) -> Tensor:
    """Tokens attending to each other, with what `weights` makes of the softmax."""
    q, k, v = x, x.flip(-1), x * 2
    return weights(torch.softmax(q @ k.transpose(-1, -2) / 2, -1)) @ v


def tokens(a: Any) -> Any:
    return a.flatten(2).transpose(1, 2)


CONV1D = seeded(lambda: nn.Conv1d(4, 3, 3, stride=2, padding=1, groups=1, bias=False))
TRANSPOSED = seeded(lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False))
REFLECT = seeded(lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="reflect", bias=False))
EVEN = seeded(lambda: nn.Conv2d(4, 3, 2, padding="same", bias=False))
COLUMNS = seeded(lambda: nn.Linear(4, 5, bias=False))
LAYER, GROUP = seeded(lambda: nn.LayerNorm(4)), seeded(lambda: nn.GroupNorm(2, 4))
INSTANCE = seeded(lambda: nn.InstanceNorm2d(4, affine=True))
HEADS = seeded(lambda: nn.MultiheadAttention(4, 2, bias=False, batch_first=True))
W = images(4, 5, seed=7)
C = images(4, 1, 1, seed=8)
TOKEN = images(1, 1, 4, seed=9)
PRELU = seeded(lambda: nn.PReLU(4))


def heads_by_hand(x: Tensor) -> Tensor:
    """Multi-head attention by its definition, the attention held."""
    q, k, v = (t.unflatten(-1, (2, 2)).transpose(1, 2) for t in F.linear(x, HEADS.in_proj_weight).chunk(3, -1))
    attention = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(2), -1).detach()
    return F.linear((attention @ v).transpose(1, 2).flatten(2), HEADS.out_proj.weight)


def squeeze_and_excite(a: Any, held: Callable[[Any], Any] = lambda gate: gate) -> Any:
    return a * held(torch.sigmoid(a.mean((2, 3), keepdim=True) * C))


LRN = nn.LocalResponseNorm(3, alpha=0.5, beta=0.75, k=2.0)


def lrn_by_hand(a: Tensor) -> Tensor:
    around = F.pad(a.square(), (0, 0, 0, 0, 1, 1))
    total = sum(around[:, i : i + 4] for i in range(3))
    return a / (2.0 + 0.5 * total / 3).pow(0.75).detach()


CASES: dict[str, Case] = {
    # linear maps without weights
    "cat": Case(lambda a: torch.cat([a, 2 * a, a], 1)),
    "stack": Case(lambda a: torch.stack([a, -a], 1)),
    "chunk": Case(lambda a: torch.chunk(a, 2, 1)[1]),
    "split": Case(lambda a: a.split([1, 3], 1)[1]),
    "unbind": Case(lambda a: a.unbind(1)[2]),
    "shuffle": Case(lambda a: a.view(a.size(0), 2, 2, 4, 4).transpose(1, 2).contiguous().view(a.size(0), 4, 4, 4)),
    "channel shuffle": Case(nn.ChannelShuffle(2)),
    "permute": Case(lambda a: a.permute(0, 2, 3, 1)),
    "roll": Case(lambda a: torch.roll(a, (1, 2), (2, 3))),
    "flip": Case(lambda a: a.flip(-1)),
    "crop": Case(lambda a: a[:, :, 1:, 1:]),
    "negative padding": Case(lambda a: F.pad(a, (0, 0, 0, 0, -1, -1))),
    "index": Case(lambda a: a[:, :, 0, 0]),
    "ellipsis": Case(lambda a: a[..., ::2, 1::2]),
    "windows": Case(
        lambda a: a.view(a.size(0), 4, 2, 2, 4).permute(0, 2, 1, 3, 4).reshape(a.size(0) * 2, 4, 2, 4)[::1]
    ),
    "pad by reflection": Case(lambda a: F.pad(a, (1, 2, 1, 1), mode="reflect")),
    "pad by a number": Case(lambda a: F.pad(a, (1, 1), value=0.5), conserves=False),
    "upsampling": Case(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)),
    "nearest": Case(lambda a: F.interpolate(a, size=(6, 7))),
    "pixel shuffle": Case(nn.PixelShuffle(2)),
    "mean of channels": Case(lambda a: a.mean(1)),
    "mean twice": Case(lambda a: a.mean(-1).mean(-1)),
    "sum": Case(lambda a: a.sum((2, 3))),
    "mean in place": Case(lambda a: (a * 1).sub_(a.mean((2, 3), keepdim=True))),
    "sum with a factor": Case(lambda a: torch.add(a, a, alpha=2)),
    "sum that broadcasts": Case(lambda a: a + a.mean((2, 3), keepdim=True)),
    "constant": Case(lambda a: a + 1, conserves=False),
    "one minus": Case(lambda a: 1 - a, conserves=False),
    "parameter": Case(lambda a: a + C, conserves=False),
    "factor": Case(lambda a: a * C),
    "quotient": Case(lambda a: a / 3),
    "normalised inside": Case(lambda a: (a - C) / C.square(), conserves=False),
    "token": Case(lambda a: torch.cat([TOKEN.expand(a.shape[0], -1, -1), tokens(a)], 1), conserves=False),
    "dropped paths": Case(lambda a: a + F.dropout(a, 0.5, False) / 0.5),
    "cast": Case(lambda a: a.to(torch.float64).double() + 0),
    # maxima
    "amax": Case(lambda a: a.amax((2, 3))),
    "adaptive maximum": Case(nn.AdaptiveMaxPool2d(2)),
    "maximum of a row": Case(lambda a: a.max(3)[0]),
    "maximum of two": Case(lambda a: torch.maximum(a, a.flip(1))),
    "maximum with indices": Case(lambda a: F.max_pool2d(a, 2, return_indices=True)[0]),
    "where": Case(lambda a: torch.where(a > 0.3, a, 2 * a)),
    # weights
    "convolution of lines": Case(lambda a: CONV1D(a.flatten(2))),
    "transposed convolution": Case(TRANSPOSED),
    "reflecting convolution": Case(REFLECT),
    "even kernel": Case(EVEN),
    "linear map of columns": Case(COLUMNS),
    "matrix": Case(lambda a: a @ W),
    "matrix in front": Case(lambda a: W.T @ a),
    # nonlinearities
    "relu6": curved(nn.ReLU6()),
    "clamp": curved(lambda a: a.clamp(-0.2, 0.4)),
    "leaky": curved(nn.LeakyReLU(0.1)),
    "prelu": curved(PRELU),
    "hardtanh": curved(nn.Hardtanh(-0.3, 0.5)),
    "silu": curved(nn.SiLU()),
    "gelu": curved(nn.GELU("tanh")),
    "hardswish": curved(nn.Hardswish()),
    "hardsigmoid": curved(nn.Hardsigmoid(), conserves=False),
    "elu": curved(nn.ELU(0.7)),
    "softplus": curved(nn.Softplus(2.0), conserves=False),
    "tanh": curved(torch.tanh),
    "sigmoid": curved(torch.sigmoid, conserves=False),
    "mish": curved(nn.Mish()),
    "square": curved(torch.square),
    "in place": Case(lambda a: F.silu(a * 1, inplace=True), secant(F.silu)),
    # products
    "squeeze and excite": Case(squeeze_and_excite, lambda a: squeeze_and_excite(a, lambda gate: gate.detach())),
    "swish by hand": Case(lambda a: a * torch.sigmoid(a), lambda a: a * torch.sigmoid(a).detach()),
    "gated": Case(lambda a: torch.sigmoid(-a) * a, lambda a: torch.sigmoid(-a).detach() * a),
    "product of equals": Case(lambda a: a * a.flip(1), lambda a: (a.detach() * a.flip(1) + a * a.flip(1).detach()) / 2),
    "divided by its size": Case(
        lambda a: a / (a.square().sum(1, keepdim=True) + 1).sqrt(),
        lambda a: a / (a.square().sum(1, keepdim=True) + 1).sqrt().detach(),
    ),
    "normalised": Case(
        lambda a: F.normalize(a, dim=1), lambda a: a / a.norm(dim=1, keepdim=True).clamp(min=1e-12).detach()
    ),
    "local response": Case(LRN, lrn_by_hand),
    "attention by hand": Case(
        lambda a: attended(tokens(a), lambda s: s), lambda a: attended(tokens(a), lambda s: s.detach())
    ),
    "attention": Case(
        lambda a: F.scaled_dot_product_attention(tokens(a), tokens(a).flip(-1), 2 * tokens(a), scale=0.5),
        lambda a: attended(tokens(a), lambda s: s.detach()),
    ),
    "heads": Case(
        lambda a: HEADS(tokens(a), tokens(a), tokens(a), need_weights=False)[0], lambda a: heads_by_hand(tokens(a))
    ),
    "heads with weights": Case(lambda a: HEADS(tokens(a), tokens(a), tokens(a))[0], lambda a: heads_by_hand(tokens(a))),
    "gate of another shape": Case(
        lambda a: a * torch.sigmoid(a.mean((2, 3))).view(a.size(0), 4, 1, 1).expand_as(a),
        lambda a: a * torch.sigmoid(a.mean((2, 3))).detach()[:, :, None, None],
    ),
    # normalisations
    "layer norm": Case(LAYER, lambda a: standardised(a, (3,))),
    "group norm": Case(GROUP, lambda a: in_groups(a, 2)),
    "instance norm": Case(INSTANCE, lambda a: in_groups(a, 4)),
    "rms norm": Case(
        lambda a: F.rms_norm(a, (4,), eps=1e-5), lambda a: a / (a.square().mean(-1, True) + 1e-5).sqrt().detach()
    ),
    "batch norm of lines": Case(
        seeded(lambda: Net(nn.Flatten(2), nn.BatchNorm1d(4))), lambda a: a.flatten(2) / math.sqrt(1 + 1e-5)
    ),
}


def statement(change: Callable[[Any], Any]) -> Step:
    """A step that changes a copy of its input in place."""

    def step(a: Any) -> Any:
        b = a * 1
        return change(b)

    return step


def plus(a: Any) -> Any:
    a += C
    return a


def minus(a: Any) -> Any:
    a -= C
    return a


def multiplied(a: Any) -> Any:
    a *= C
    return a


def divided(a: Any) -> Any:
    a /= 3
    return a


ROWS = torch.tensor([2, 0])
LINEAR: dict[str, Step] = {
    "T": lambda a: a.flatten(1).T.T,
    "mT": lambda a: a.mT,
    "t": lambda a: a.flatten(1).t().t(),
    "adjoint": lambda a: a.adjoint(),
    "swapaxes": lambda a: a.swapaxes(1, 2),
    "swapdims": lambda a: a.swapdims(1, 3),
    "moveaxis": lambda a: torch.moveaxis(a, 1, 3),
    "movedim": lambda a: a.movedim(1, 2),
    "rot90": lambda a: torch.rot90(a, 1, (2, 3)),
    "concat": lambda a: torch.concat([a, a], 2),
    "concatenate": lambda a: torch.concatenate([a, a], 3),
    "hstack": lambda a: torch.hstack([a, a]),
    "tensor_split": lambda a: a.tensor_split(3, 1)[0],
    "split_with_sizes": lambda a: a.split_with_sizes([1, 3], 1)[1],
    "unsafe_split": lambda a: a.unsafe_split(2, 1)[1],
    "unsafe_chunk": lambda a: a.unsafe_chunk(2, 1)[0],
    "narrow": lambda a: a.narrow(1, 1, 2),
    "select": lambda a: a.select(2, 1),
    "index_select": lambda a: a.index_select(1, ROWS),
    "take_along_dim": lambda a: torch.take_along_dim(a, ROWS.view(1, 2, 1, 1), 1),
    "gather": lambda a: torch.gather(a, 1, torch.zeros(a.shape[0], 1, 4, 4, dtype=torch.long)),
    "diagonal": lambda a: a.diagonal(0, 2, 3),
    "unsqueeze": lambda a: a.unsqueeze(2),
    "unflatten": lambda a: a.unflatten(1, (2, 2)),
    "unfold": lambda a: F.unfold(a, 2),
    "fold": lambda a: F.fold(F.unfold(a, 2), (4, 4), 2),
    "expand": lambda a: a.mean(1, keepdim=True).expand(-1, 3, -1, -1),
    "broadcast_to": lambda a: a.mean(1, keepdim=True).broadcast_to(a.shape),
    "repeat": lambda a: a.repeat(1, 2, 1, 1),
    "repeat_interleave": lambda a: a.repeat_interleave(2, 1),
    "tile": lambda a: torch.tile(a, (2, 1)),
    "pixel_unshuffle": lambda a: F.pixel_unshuffle(a, 2),
    "cumsum": lambda a: a.cumsum(1),
    "negative": lambda a: torch.negative(a),
    "positive": lambda a: +a,
    "subtract": lambda a: torch.subtract(a, a.flip(1)),
    "real": lambda a: torch.real(a),
    "abs": lambda a: abs(a),
    "absolute": lambda a: a.absolute(),
    "min": lambda a: a.min(3).values,
    "amin": lambda a: a.amin((2, 3)),
    "minimum": lambda a: torch.minimum(a, a.flip(1)),
    "avg_pool1d": lambda a: F.avg_pool1d(a.flatten(2), 2),
    "adaptive_avg_pool1d": lambda a: F.adaptive_avg_pool1d(a.flatten(2), 3),
    "adaptive_avg_pool2d": lambda a: F.adaptive_avg_pool2d(a, 2),
    "avg_pool2d": lambda a: F.avg_pool2d(a, 2),
    "max_pool2d": lambda a: F.max_pool2d(a, 2),
    "max_pool1d": lambda a: F.max_pool1d(a.flatten(2), 2),
    "adaptive_max_pool1d": lambda a: F.adaptive_max_pool1d(a.flatten(2), 3),
    "masked_fill": lambda a: a.masked_fill(a < 0.1, 0.0),
    "lt": lambda a: torch.where(torch.lt(a, 0.1) | ~(a > 1) & (a > 0.5), a, -a),
    "le": lambda a: torch.where(torch.logical_not(a <= 0.1), a, -a),
    "ge": lambda a: torch.where(torch.logical_and(a >= 0.1, a != 7), a, -a),
    "eq": lambda a: torch.where(torch.logical_or(a == 0.1, a > 0.2), a, -a),
    "clone": lambda a: a.clone().contiguous().type_as(a).type(torch.float64),
    "dropout1d": lambda a: F.dropout1d(a.flatten(2), 0.5, False),
    "dropout2d": lambda a: F.dropout2d(a, 0.5, False),
    "dropout3d": lambda a: F.dropout3d(a, 0.5, False),
    "alpha_dropout": nn.AlphaDropout().eval(),
    "feature_alpha_dropout": nn.FeatureAlphaDropout().eval(),
    "mm": lambda a: torch.mm(a.flatten(1), images(64, 5, seed=3)),
    "multiply": lambda a: torch.multiply(a, C),
    "divide": lambda a: torch.divide(a, 3),
    "true_divide": lambda a: a.true_divide(3),
    "imul": statement(multiplied),
    "itruediv": statement(divided),
    "einsum": lambda a: torch.einsum("bchw,cd->bdhw", a, W),
    "detach of a constant": lambda a: a * C.detach(),
}
CURVES: dict[str, Any] = {
    "softsign": nn.Softsign(),
    "celu": nn.CELU(0.8),
    "selu": nn.SELU(),
    "rrelu": nn.RReLU().eval(),
    "tanhshrink": nn.Tanhshrink(),
    "hardshrink": nn.Hardshrink(0.1),
    "softshrink": nn.Softshrink(0.1),
    "threshold": nn.Threshold(0.1, 0.0),
    "F.relu6": F.relu6,
    "clamp_max": lambda a: a.clamp_max(0.2),
    "clip": lambda a: a.clip(-0.1, 0.3),
    "expm1": torch.expm1,
    "sin": torch.sin,
    "atan": torch.atan,
    "arctan": torch.arctan,
    "erf": torch.erf,
    "asinh": torch.asinh,
    "log1p": lambda a: torch.log1p(a.relu()),
    "power": lambda a: a**3,
}
SHIFTED: dict[str, Any] = {"exp": torch.exp, "cos": torch.cos, "logsigmoid": nn.LogSigmoid()}
HELD: dict[str, Step] = {
    "reciprocal": lambda a: torch.reciprocal(2 + a.square()),
    "a constant's quotient": lambda a: 3 / (2 + a.square()),
    "rsqrt": lambda a: torch.rsqrt(2 + a.square()),
    "log": lambda a: torch.log(2 + a.square()),
    "norm": lambda a: a.norm(dim=1, keepdim=True),
    "linalg_norm": lambda a: torch.linalg.norm(a, dim=1, keepdim=True),
    "vector_norm": lambda a: torch.linalg.vector_norm(a, dim=1, keepdim=True),
    "std": lambda a: a.std((2, 3), keepdim=True),
    "var": lambda a: a.var((2, 3), keepdim=True),
    "softmax": lambda a: torch.softmax(a, 1),
    "log_softmax": lambda a: F.log_softmax(a, 1),
    "softmin": lambda a: F.softmin(a, 1),
}
CASES |= {name: Case(step) for name, step in LINEAR.items()}
CASES |= {name: curved(curve) for name, curve in CURVES.items()}
CASES |= {name: curved(curve, conserves=False) for name, curve in SHIFTED.items()}
CASES |= {
    f"beside {name}": Case(
        lambda a, step=step: a * step(a),
        lambda a, step=step: a * step(a).detach(),
    )
    for name, step in HELD.items()
}
CASES |= {
    "iadd": Case(statement(plus), conserves=False),
    "isub": Case(statement(minus), conserves=False),
    "sqrt": Case(
        lambda a: torch.sqrt(a.square() + 1),
        lambda a: secant(lambda v: torch.sqrt(v))(secant(torch.square)(a) + 1),
        False,
    ),
    "batched product": Case(
        lambda a: torch.bmm(a[:, 0], a[:, 1]),
        lambda a: (a[:, 0].detach() @ a[:, 1] + a[:, 0] @ a[:, 1].detach()) / 2,
    ),
}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_every_name_of_the_table_is_tried() -> None:
    """Catches a function that is listed, and has no case here."""
    tried = {call.name for case in CASES.values() for call in record(built(case.step)[0], images(2, 2, 4, 4))[0]}
    assert set(FORMS) - tried == {"detach", "data", "float", AS_OP}


def network(step: Step, biased: bool = False) -> tuple[nn.Module, nn.Module]:
    """A convolution, a ReLU, a convolution, the step, and a linear map; and the same with another step in its place."""
    torch.manual_seed(5)
    front = [nn.Conv2d(2, 4, 3, padding=1, bias=biased), nn.ReLU(), nn.Conv2d(4, 4, 1, bias=biased)]
    return Net(*front, step).double().eval()


def headed(front: nn.Module, step: Step, biased: bool = False) -> nn.Module:
    """With a linear map of what the step leaves, for every image."""
    with torch.no_grad():
        width = front(images(2, 2, 4, 4)).numel() // 2
    torch.manual_seed(6)
    return Net(front, lambda a: a.reshape(-1, width), nn.Linear(width, 3, bias=biased)).double().eval()


def built(step: Step, twin: Step | None = None, biased: bool = False) -> tuple[nn.Module, nn.Module]:
    """The network with the step, and with its twin in the place of it."""
    front = network(step, biased)
    module = headed(front, step, biased)
    other = Net(*front.steps[:-1], twin or step, *module.steps[1:]).double().eval()
    return module, other


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_outputs_and_gradients_are_pytorchs(case: Case) -> None:
    """Catches an operation read wrongly, or tied to the example: its batch or its numbers baked in. On three images
    that the rewriting has not seen, instead of two.
    """
    module, _ = built(case.step, biased=True)
    graph = rewrite(module, images(2, 2, 4, 4))
    x = images(3, 2, 4, 4, seed=1)
    with torch.no_grad():
        assert off(graph(x.clone()), module(x.clone())) <= EXACT
    assert off(attribution(graph.forward(x), rule("grad")), gradient(module, x)) <= EXACT


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_relevance_is_that_of_the_twin(case: Case) -> None:
    """Catches another convention than the one stated: LRP-z without biases is the image times the twin's gradient."""
    module, twin = built(case.step, case.twin)
    x = images(3, 2, 4, 4, seed=2)
    trace = rewrite(module, images(2, 2, 4, 4)).forward(x)
    found = attribution(trace, rule("lrp-z"))
    assert off(twin(x.clone()).detach(), module(x.clone()).detach()) <= EXACT
    k = trace.output.argmax(dim=1)
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(twin(leaf.clone()).gather(1, k[:, None]).sum(), leaf)
    assert off(found, x * expected) <= 1e-8
    if case.conserves:
        assert off(found.flatten(1).sum(1), trace.output.amax(dim=1)) <= 1e-8


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_all_cascades_are_the_cascades_one_by_one(case: Case) -> None:
    """Catches maps of one batch that are mixed up where the first axis is not that of the images, or is longer."""
    module, _ = built(case.step, biased=True)
    trace = rewrite(module, images(2, 2, 4, 4)).forward(images(3, 2, 4, 4, seed=3))
    used = rule("gbp")
    together = cascades(trace, used)
    for level in range(trace.graph.depth + 1):
        assert off(together[level], cascade(trace, used, level)) <= EXACT


@pytest.mark.parametrize("name", ["relu6", "silu", "gelu", "hardswish", "elu", "softplus", "mish", "hardtanh"])
@pytest.mark.parametrize("used", ["gbp", "deconv"])
def test_rules_of_signs_act_at_every_nonlinearity(name: str, used: str) -> None:
    """Catches a nonlinearity that rules pass by: GBP is autograd with the relevance above each cut to its positive
    part, Deconv puts that in the place of the gradient.
    """
    module, _ = built(CASES[name].step, biased=True)
    x = images(2, 2, 4, 4, seed=4)
    graph = rewrite(module, x)
    assert sum(isinstance(node.op, Activation) for node in graph.nodes) == 1
    found = attribution(graph.forward(x), rule(used))
    plain = gradient(module, x)
    for part in (CASES[name].step, next(p for p in module.modules() if isinstance(p, nn.ReLU))):
        hook(part, used)
    try:
        assert off(found, gradient(module, x)) <= EXACT
    finally:
        unhook(CASES[name].step)
    assert off(found, plain) > 0.05


def hook(part: nn.Module, used: str) -> None:
    if used == "gbp":
        part.register_full_backward_pre_hook(lambda part, above: (above[0].clamp(min=0),))
    else:
        part.register_full_backward_hook(lambda part, below, above: (above[0].clamp(min=0),))


def unhook(part: nn.Module) -> None:
    part._backward_hooks.clear()
    part._backward_pre_hooks.clear()


@pytest.mark.parametrize(
    ("pad", "kind"), [((0, 0, 0, 0, 2, 2), "Subsample"), ((0, 0, 0, 0, 1, 2), "Function"), ((1, 1), "Function")]
)
def test_as_many_channels_of_zeros_on_either_side_are_known(pad: tuple[int, ...], kind: str) -> None:
    """Catches shortcut A's padding that is read as any function, and another one that is read as that."""
    graph = rewrite(built(lambda a: F.pad(a, pad))[0], images(2, 2, 4, 4))
    assert [type(node.op).__name__ for node in graph.nodes if isinstance(node.op, Subsample | Function)] == [kind]


def test_a_gate_is_no_layer_but_a_layer_may_gate() -> None:
    """Catches a hidden tanh at which rules no longer act because its output is multiplied, and a gate's sigmoid at
    which they do.
    """

    def kinds(step: Step) -> list[str]:
        graph = rewrite(built(step)[0], images(2, 2, 4, 4))
        return [type(node.op).__name__ for node in graph.nodes if isinstance(node.op, Activation | Held | Product)]

    assert kinds(lambda a: a * torch.sigmoid(a)) == ["Held", "Product"]
    assert kinds(squeeze_and_excite) == ["Held", "Product"]
    assert kinds(lambda a: torch.tanh(a) * torch.tanh(a)) == ["Activation", "Activation", "Product"]
    squared, beside = statement(lambda b: torch.tanh(b)), lambda b: b * b.mean((2, 3), keepdim=True)
    assert kinds(lambda a: beside(squared(a))) == ["Activation", "Product"]
    assert kinds(lambda a: (lambda s: a * s + s)(torch.sigmoid(a))) == ["Activation", "Product"]


def test_a_softmax_over_the_output_is_left_out() -> None:
    """Catches a map of probabilities, which vanishes where the network is sure, and a silent change of what is
    explained.
    """
    module, _ = built(nn.Identity(), biased=True)
    for last in (nn.Softmax(1), lambda f: F.log_softmax(f, 1), torch.sigmoid):
        whole = Net(*module.steps, last).eval()
        x = images(2, 2, 4, 4)
        graph = rewrite(whole, x)
        assert len(graph.remarks) == 1
        assert off(graph(x), module(x).detach()) <= EXACT
        assert (
            off(attribution(graph.forward(x), rule("gbp")), attribution(rewrite(module, x).forward(x), rule("gbp")))
            == 0
        )


def test_flags_and_shapes_in_forward_are_followed() -> None:
    """Catches a tracer that runs no Python: a way by shapes, flags, assertions and lists, and `*arguments`."""

    class Flagged(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.out = nn.Conv2d(2, 3, 3, padding=1), nn.Linear(3, 4)

        def forward(self, x: Tensor, *arguments: Any, flag: bool = False) -> Tensor:
            assert x.shape[1] == 2, "two channels"
            torch._assert(x.dim() == 4, "images")
            found = []
            for _ in range(x.shape[-1] // 2):
                found.append(F.relu(self.one(x)) if not found else found[-1] + x.mean(1, keepdim=True))
            return self.out((found[0] if flag else found[-1]).mean((2, 3)))

    torch.manual_seed(0)
    module = Flagged().double().eval()
    graph = rewrite(module, images(2, 2, 4, 4))
    x = images(3, 2, 4, 4, seed=1)
    assert off(graph(x), module(x).detach()) <= EXACT


def test_a_list_that_is_filled_later_is_read_as_it_was() -> None:
    """Catches DenseNet's lists: the one that a concatenation read goes on growing."""

    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(nn.Conv2d(2 + 2 * i, 2, 3, padding=1) for i in range(3))
            self.out = nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            found = [x]
            for part in self.parts:
                found.append(F.relu(part(torch.cat(found, 1))))
            return self.out(torch.cat(found, 1).mean((2, 3)))

    torch.manual_seed(0)
    module = Dense().double().eval()
    x = images(3, 2, 4, 4, seed=1)
    graph: Graph = rewrite(module, images(2, 2, 4, 4))
    assert graph.depth == 4
    assert off(graph(x), module(x).detach()) <= EXACT


def test_the_page_of_operations_is_current() -> None:
    """Catches an operation that was added or redescribed without `make docs`."""
    assert PAGE.read_text(encoding="utf-8") == operations_page()


def test_premises_that_fail_are_said() -> None:
    """Catches a network of which the theory does not speak, and nobody is told."""

    def said(step: Step) -> str:
        return "; ".join(rewrite(built(step)[0], images(2, 2, 4, 4)).remarks)

    assert said(nn.Identity()) == ""
    assert said(nn.SiLU()) == "nonlinearities that are no ReLUs (1 silu): the propositions are about ReLUs"
    assert said(LAYER).startswith("not piecewise linear (1 normalisation): ")
    assert "1 attention, 1 product" in said(
        lambda a: squeeze_and_excite(
            HEADS(*[tokens(a)] * 3, need_weights=False)[0].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
        )
    )

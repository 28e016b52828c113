"""Networks of torchvision, twelve of which torch.fx could not follow: the same outputs, gradients and guided gradients.

They are built without weights from outside, and given small biases and statistics, so that nothing is 0 by chance.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")
if find_spec("torchvision") is None:
    pytest.skip("torchvision is not installed", allow_module_level=True)

from torch import Tensor, nn

from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.functions import Activation
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.engine.ops import ReLU
from nfrlab.simulations.deep.networks import named
from nfrlab.simulations.deep.reading.rewrite import rewrite
from tests.support.guided import Guided
from tests.support.networks import gradient, off

NAMES = (
    "vgg16_bn",
    "resnext50_32x4d",
    "mnasnet0_5",
    "squeezenet1_0",
    "densenet121",
    "googlenet",
    "inception_v3",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "efficientnet_b0",
    "shufflenet_v2_x0_5",
    "regnet_y_400mf",
    "convnext_tiny",
    "vit_b_32",
    "swin_t",
)
SIDES = {"inception_v3": 80, "vit_b_32": 224}
SIDE = 64


def made(name: str) -> tuple[nn.Module, Tensor]:
    """A network in float64 and an image for it."""
    module = named.build(f"torchvision:{name}").double().eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_(std=0.1)
                part.running_var.uniform_(0.5, 1.5)
        for parameter in module.parameters():
            if parameter.dim() == 1 or not parameter.any():
                parameter.add_(0.02 * torch.randn_like(parameter))
    side = SIDES.get(name, SIDE)
    return module, torch.rand(1, 3, side, side, dtype=torch.float64)


@pytest.mark.parametrize("name", NAMES)
def test_a_library_network_is_read(name: str) -> None:
    """Catches a network that is refused, or read so that outputs or gradient differ (`rewrite` compares both); and GBP
    or Deconv that miss a nonlinearity, or act at a gate: against autograd through steps exchanged one by one.
    """
    module, x = made(name)
    graph = rewrite(module, x)
    with torch.no_grad():
        assert off(graph(x), module(x)) <= 1e-9
    trace = graph.forward(x)
    for used in ("gbp", "deconv"):
        with Guided(used == "deconv") as guided:
            expected = gradient(module, x)
        acting = sum(isinstance(node.op, ReLU | Activation) for node in graph.nodes)
        assert guided.met == acting
        assert off(attribution(trace, rule(used)), expected) <= 1e-7


@pytest.mark.parametrize("name", NAMES)
def test_relevance_is_conserved(name: str) -> None:
    """Catches relevance that is made or lost at a concatenation, gate, normalisation or attention. Without biases and
    other constants, LRP-z hands on all of it.
    """
    module, x = made(name)
    with torch.no_grad():
        for label, parameter in module.named_parameters():
            if label.split(".")[-1] in ("bias", "in_proj_bias", "class_token", "pos_embedding"):
                parameter.zero_()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.zero_()
    trace = rewrite(module, x).forward(x)
    assert off(attribution(trace, rule("lrp-z")).sum(), trace.output.max()) <= 1e-6

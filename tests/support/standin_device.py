"""Every rule and effect on a device that is no CPU, without one: a stand-in whose numbers lie in the CPU's memory, and
on which an operation that mixes tensors of two devices fails as it does on a GPU.

Run by `tests/simulations/deep/test_device.py` in a process of its own: PyTorch takes a new device only before
autograd's first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
registration = pytest.importorskip("torch.utils.backend_registration")
if not hasattr(registration, "_setup_privateuseone_for_python_backend"):
    pytest.skip("this PyTorch has no devices written in Python", allow_module_level=True)

import xarray as xr
from torch import Generator, Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from nfrlab.simulations.bridge import draws
from nfrlab.simulations.bridge.settings import RANDOM
from nfrlab.simulations.deep.effects import pictures
from nfrlab.simulations.deep.engine.backward import attribution
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.named_rules import RULES, rule
from nfrlab.simulations.deep.engine.weighted import Weighted
from nfrlab.simulations.deep.networks import models, weights
from nfrlab.simulations.deep.patterns import with_patterns
from nfrlab.simulations.deep.reading.rewrite import rewrite
from nfrlab.simulations.dense import NEED_PATTERNS

NAME = "standin"
COPIES = "aten::copy_", "aten::_to_copy"
"""What may read one device and write another."""


class There(Tensor):
    """A tensor on the stand-in; `here` holds its numbers."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> There:
        shape = here.size(), here.stride(), here.storage_offset()
        there = Tensor._make_wrapper_subclass(cls, *shape, dtype=here.dtype, device=torch.device(NAME, 0))
        there.here = here
        return there

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(op, args, kwargs or {})


class StandIn(TorchDispatchMode):
    """Sees every operation, also those that make tensors from nothing."""

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(op, args, kwargs or {})


def compute(op: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The operation on the CPU; its result is there where its tensors are, or where it is told to be."""
    given = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
    there = {id(value.here): value for value in given if isinstance(value, There)}
    if there and op._schema.name not in COPIES and any(type(v) is not There and v.dim() for v in given):
        raise RuntimeError(f"Expected all tensors to be on the same device in {op}")
    result = op(*tree_map(bring_here, args), **tree_map(bring_here, kwargs))
    target = kwargs.get("device")
    stays = isinstance(args[0], There) if op._schema.name == "aten::copy_" else bool(there)
    if not (stays if target is None else torch.device(target).type == NAME):
        return result
    return tree_map(lambda v: there[id(v)] if id(v) in there else There(v) if type(v) is Tensor else v, result)


def bring_here(value: Any) -> Any:
    """A tensor's numbers; the CPU in place of the stand-in."""
    if isinstance(value, There):
        return value.here
    return torch.device("cpu") if isinstance(value, torch.device) else value


@pytest.fixture(scope="module", autouse=True)
def _device() -> None:
    torch.set_num_threads(1)
    if torch._C._get_privateuse1_backend_name() != NAME:
        registration._setup_privateuseone_for_python_backend(NAME)


def networks() -> Iterator[tuple[str, nn.Module]]:
    yield "vgg", models.VGG((8, 8, models.POOL, 16, models.POOL), (16,), 10, channels=3, pool=2, bias=True).eval()
    yield "resnet", models.cifar_resnet(8)


@pytest.fixture(scope="module", params=networks(), ids=lambda own: own[0])
def pair(request: pytest.FixtureRequest, _device: None) -> Iterator[tuple[Trace, Trace]]:
    """A network as it meets an image, on the CPU and on the stand-in."""
    module = request.param[1]
    weights.randomise(module, "gaussian", np.random.SeedSequence(0), bias=True)
    x = torch.randn(1, 3, 32, 32, generator=Generator().manual_seed(0))
    graph = rewrite(module, x)

    def move_weights(op: Any) -> Any:
        bias = None if op.bias is None else There(op.bias.detach())
        return replace(op, weight=There(op.weight.detach()), bias=bias)

    nodes = (replace(n, op=move_weights(n.op)) if isinstance(n.op, Weighted) else n for n in graph.nodes)
    with StandIn():
        yield graph.forward(x), Graph(tuple(nodes)).forward(There(x))


def test_the_stand_in_tells_devices_apart(pair: tuple[Trace, Trace]) -> None:
    """Catches a stand-in on which everything passes."""
    x = pair[1].x
    assert x.device.type == (x + 1).device.type == torch.zeros(2, device=x.device).device.type == NAME
    assert x.cpu().device.type == torch.zeros(2).device.type == "cpu"
    with pytest.raises(RuntimeError, match="same device"):
        x + torch.zeros(3, 32, 32)


@pytest.mark.parametrize("name", RULES)
def test_rules_stay_on_the_device(name: str, pair: tuple[Trace, Trace]) -> None:
    """Catches a constant made on the CPU, and a branch for CPUs that is taken elsewhere: it would need NumPy."""
    used = rule(name, low=-9.0, high=9.0) if name == "dtd" else rule(name)
    met = [with_patterns(t.graph, [t.x]).forward(t.x) for t in pair] if name in NEED_PATTERNS else pair
    wanted, found = (attribution(trace, used) for trace in met)
    assert found.device.type == NAME
    torch.testing.assert_close(found.cpu(), wanted)


def measure_on_both(effect: Callable[[Trace, Tensor], xr.Dataset], pair: tuple[Trace, Trace]) -> list[xr.Dataset]:
    others = torch.randn(4, 3, 32, 32, generator=Generator().manual_seed(1))
    return [effect(trace, move(others)) for trace, move in zip(pair, (lambda v: v, There), strict=True)]


@pytest.mark.parametrize("name", draws.EFFECTS)
def test_effects_run_on_the_device(name: str, pair: tuple[Trace, Trace]) -> None:
    """Catches an effect that leaves the device on its way, or arrives at other numbers."""
    setting = replace(RANDOM, removed=(2,))
    here, there = measure_on_both(
        lambda trace, others: draws.EFFECTS[name](setting, trace, others, Generator().manual_seed(2)), pair
    )
    xr.testing.assert_allclose(here, there, rtol=1e-5)


def test_pictures_come_back_from_the_device(pair: tuple[Trace, Trace]) -> None:
    """Catches maps that cannot be stored."""
    for picture in (
        lambda trace, _: pictures.measure(trace),
        lambda trace, _: pictures.maps_by_layer(trace),
        lambda trace, _: pictures.changed_maps(trace, RANDOM.rules, 2, Generator().manual_seed(3)),
    ):
        here, there = measure_on_both(picture, pair)
        xr.testing.assert_allclose(here, there, rtol=1e-5)

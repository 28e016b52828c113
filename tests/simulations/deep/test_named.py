"""Networks as people hand them over: a file with dataclasses and neighbours, wrappers, layers without a shape."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.engine.cascades import cascades
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.networks import named
from nfrlab.simulations.deep.reading.rewrite import rewrite

X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)).eval()


def test_a_file_may_do_what_files_do(tmp_path: Path) -> None:
    """Catches a dataclass whose module is not registered, and a neighbour that is not found."""
    (tmp_path / "width_of_mine.py").write_text("WIDTH = 4\n", encoding="utf-8")
    (tmp_path / "net.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
        "from width_of_mine import WIDTH\n@dataclass\nclass Config:\n    width: int = WIDTH\n"
        "def build():\n    return nn.Sequential(nn.Conv2d(3, Config().width, 3), nn.ReLU(), nn.Flatten())\n",
        encoding="utf-8",
    )
    assert named.build(f"{tmp_path / 'net.py'}:build")[0].out_channels == 4


@pytest.mark.parametrize("code", ["sys.exit(0)", "sys.exit(3)", "raise SystemExit", "os._exit(0)"])
def test_a_file_that_exits_is_refused(code: str, tmp_path: Path) -> None:
    """Catches a model file that ends the whole command, with exit status 0 and nothing said."""
    (tmp_path / "net.py").write_text(f"import os, sys\ndef build():\n    {code}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="failed: SystemExit"):
        named.build(f"{tmp_path / 'net.py'}:build")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_wrappers_are_taken_off(wrap: Callable[[nn.Module], nn.Module]) -> None:
    """Catches a network that is refused for what it is wrapped in, and one that is changed by unwrapping."""
    torch.testing.assert_close(rewrite(wrap(net()).eval(), X)(X), net()(X))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_what_cannot_be_read_is_named() -> None:
    """Catches an error of PyTorch in place of a sentence about scripted networks and lazy layers."""
    with pytest.raises(ValueError, match="scripted network"):
        rewrite(torch.jit.trace(net(), X), X)
    with pytest.raises(ValueError, match=r"parameter '0\.weight' is lazy"):
        rewrite(nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU()).eval(), X)


@pytest.mark.parametrize(
    ("compute", "sentence"),
    [
        (lambda: rewrite(net(), X[:0]), "at least one"),
        (lambda: rewrite(net(), X).forward(X[:0]), "the batch is empty"),
        (lambda: rewrite(nn.Sequential(nn.ReLU(), nn.Flatten()).eval(), X), "no convolution or linear map"),
    ],
)
def test_what_is_no_network_or_no_batch_is_told(compute: Callable[[], object], sentence: str) -> None:
    """Catches a KeyError or a message of PyTorch for an empty batch, and a network without weights."""
    with pytest.raises(ValueError, match=sentence):
        compute()


def test_other_kinds_are_told() -> None:
    """Catches an AttributeError for the name of a network and for an array; types are not checked in that process."""
    code = (
        "import torch, nfrlab\n"
        "net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU(), torch.nn.Linear(12, 2)).eval()\n"
        "x = torch.rand(1, 3, 2, 2)\n"
        "for network, images in (('vgg16', x), (net, x.numpy())):\n"
        "    try: nfrlab.attribution(network, images)\n"
        "    except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "a network is a torch.nn.Module, not a str"
    assert "a torch.Tensor of at least one" in second


def test_the_gradient_is_the_cascade_without_levels() -> None:
    """Catches N = 0 of a network whose one linear layer has a ReLU below it: the rule's map, not the gradient."""
    torch.manual_seed(2)
    module = nn.Sequential(nn.AvgPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(48, 3)).double().eval()
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    pixels = x.clone().requires_grad_()
    output = module(pixels)
    (gradient,) = torch.autograd.grad(output.max(dim=1).values.sum(), pixels)
    maps = cascades(rewrite(module, x).forward(x), rule("gbp"))
    torch.testing.assert_close(maps[0], gradient)
    assert not torch.allclose(maps[1], gradient)

"""Networks as people hand them over: a file with dataclasses and neighbours, wrappers, layers without a shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from nfrlab.simulations.deep.engine.backward import cascades, rule
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


@pytest.mark.parametrize("code", ["sys.exit(0)", "sys.exit(3)", "raise SystemExit"])
def test_a_file_that_exits_is_refused(code: str, tmp_path: Path) -> None:
    """Catches a model file that ends the whole command, with exit status 0 and nothing said."""
    (tmp_path / "net.py").write_text(f"import sys\ndef build():\n    {code}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="failed: SystemExit"):
        named.build(f"{tmp_path / 'net.py'}:build")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile])
def test_wrappers_are_taken_off(wrap: Callable[[nn.Module], nn.Module]) -> None:
    """Catches a network that is refused for what it is wrapped in, and one that is changed by unwrapping."""
    torch.testing.assert_close(rewrite(wrap(net()).eval(), X)(X), net()(X))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_what_cannot_be_read_is_named() -> None:
    """Catches an error of torch.fx in place of a sentence about scripted networks and lazy layers."""
    with pytest.raises(ValueError, match="scripted network"):
        rewrite(torch.jit.trace(net(), X), X)
    with pytest.raises(ValueError, match=r"parameter '0\.weight' is lazy"):
        rewrite(nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU()).eval(), X)


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

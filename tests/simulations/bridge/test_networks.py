"""A draw computes with the weights that it says, and is keyed by the content of what it computes with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from PIL import Image
from torch import Tensor, nn

from nfrlab.simulations.bridge import networks, populations
from nfrlab.simulations.bridge import run as bridge
from nfrlab.simulations.bridge.settings import CASCADE, Setting
from nfrlab.simulations.bridge.sources import Draw, Sources, file_digest
from nfrlab.simulations.deep.networks import weights
from nfrlab.simulations.deep.networks.plain import plain
from nfrlab.simulations.images import image_set

SIDE = 32
FRONT = (
    "import torch\nfrom torch import nn\n"
    "from torch.nn.utils import prune, spectral_norm, weight_norm, parametrizations as P\n"
)
TAIL = "nn.Flatten(), nn.Linear(6 * 196, 8), nn.ReLU(), nn.Linear(8, 4)"
NETWORKS = {
    "batch normalisation without parameters": (
        "def build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 16), nn.BatchNorm1d(16, affine=False), "
        "nn.ReLU(), nn.Linear(16, 4))\n"
    ),
    "batch normalisation as a function": (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.c, self.rest = nn.Conv2d(3, 6, 5, 2), nn.Sequential(nn.ReLU(), {TAIL})\n"
        "        self.register_buffer('m', torch.full((6,), 0.1)); self.register_buffer('v', torch.full((6,), 2.0))\n"
        "    def forward(self, x):\n"
        "        return self.rest(nn.functional.batch_norm(self.c(x), self.m, self.v))\n"
        "def build(): return Net()\n"
    ),
    "pruned": (
        f"def build():\n    net = nn.Sequential(nn.Conv2d(3, 6, 5, 2), nn.ReLU(), {TAIL})\n"
        "    prune.l1_unstructured(net[0], 'weight', 0.5)\n    return net\n"
    ),
    "weight normalisation by a hook": (
        f"def build():\n    return nn.Sequential(weight_norm(nn.Conv2d(3, 6, 5, 2)), nn.ReLU(), {TAIL})\n"
    ),
    "spectral normalisation by a hook": (
        f"def build():\n    return nn.Sequential(spectral_norm(nn.Conv2d(3, 6, 5, 2)), nn.ReLU(), {TAIL})\n"
    ),
    "weight normalisation as a parametrisation": (
        f"def build():\n    return nn.Sequential(P.weight_norm(nn.Conv2d(3, 6, 5, 2)), nn.ReLU(), {TAIL})\n"
    ),
}


def user_file(folder: Path, text: str, name: str = "net.py") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(FRONT + text, encoding="utf-8")
    return path


def setting_of(path: Path, weighted: str = "random") -> Setting:
    return Setting("mine", f"{path}:build", weighted, side=SIDE, effects=(CASCADE,), rules=("gbp",))


def guided(module: nn.Module, x: Tensor) -> float:
    """α of Guided BP by autograd: the gradient at every ReLU's output loses its negative part on the way down."""
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.register_full_backward_hook(lambda layer, below, above: (below[0].clamp(min=0),))
    pixels = x.clone().requires_grad_()
    output = module(pixels)
    (R,) = torch.autograd.grad(output.max(), pixels)
    return float(torch.cosine_similarity(R.flatten(), x.flatten(), dim=0))


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
@pytest.mark.parametrize("kind", NETWORKS)
def test_every_draw_computes_with_its_own_weights(kind: str, tmp_path: Path) -> None:
    """Catches a graph that keeps an earlier draw's weights, and trained weights that come back through a hook: α of
    every draw, one worker after another, is that of autograd on a network with exactly the weights of that draw.
    """
    path = user_file(tmp_path, NETWORKS[kind])
    setting, sources = setting_of(path), Sources(tmp_path / "out")
    measured = bridge.run([setting], 3, 0, sources, 1)["mine"]["alpha"].sel(rule="gbp")
    for index in range(3):
        draw = Draw(setting, 0, index, sources)
        module = networks.build(setting.network, "random", False, sources)
        weights.randomise(module, "gaussian", draw.seeds("weights"))
        x = populations.image(draw)
        assert float(measured[index, -1]) == pytest.approx(guided(module, x), abs=2e-6)


def test_a_hook_that_replaces_weights_is_refused(tmp_path: Path) -> None:
    """Catches drawn weights that something else replaces before they compute."""
    path = user_file(
        tmp_path,
        f"def build():\n    net = nn.Sequential(nn.Conv2d(3, 6, 5, 2), nn.ReLU(), {TAIL})\n"
        "    mine = net[0].weight.detach().clone()\n"
        "    def back(layer, x):\n        layer.weight.data.copy_(mine)\n"
        "    net[0].register_forward_pre_hook(back)\n    return net\n",
    )
    draw = Draw(setting_of(path), 0, 0, Sources(tmp_path / "out"))
    with pytest.raises(ValueError, match="not compute with the weights that were drawn"):
        networks.graph(draw, populations.image(draw))


def test_other_weights_at_every_call_are_refused(tmp_path: Path) -> None:
    """Catches workers that measure different networks as one: weights from random numbers that nobody seeds."""
    path = user_file(
        tmp_path,
        "import os\ndef build():\n"
        f"    net = nn.Sequential(nn.Conv2d(3, 6, 5, 2), nn.ReLU(), {TAIL})\n"
        "    torch.manual_seed(int.from_bytes(os.urandom(4), 'big'))\n"
        "    nn.init.normal_(net[0].weight)\n    return net\n",
    )
    with pytest.raises(ValueError, match="gives other weights"):
        bridge.run([setting_of(path, "trained")], 2, 0, Sources(tmp_path / "out"), 2)


PHOTOGRAPH = (np.random.default_rng(0).random((40, 40, 3)) * 255).astype(np.uint8)


def a_checkpoint(folder: Path) -> None:
    file = folder / "weights.pt"
    state = torch.load(file, weights_only=True)
    state["0.weight"][0, 0, 0, 0] += 1.0
    torch.save(state, file)


def an_import(folder: Path) -> None:
    file = folder / "arch.py"
    file.write_text(
        file.read_text(encoding="utf-8").replace("nn.ReLU()", "nn.Sequential(nn.ReLU(), nn.MaxPool2d(1))", 1)
    )


def an_image(folder: Path) -> None:
    Image.fromarray(255 - PHOTOGRAPH).save(folder / "photographs" / "a.bmp")


def nothing(folder: Path) -> None:
    file = folder / "net.py"
    file.write_text(file.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "again"), [(a_checkpoint, True), (an_import, True), (an_image, True), (nothing, False)]
)
def test_what_changes_the_numbers_is_measured_again(
    change: Callable[[Path], None], again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches yesterday's numbers after a checkpoint that FUNCTION loads, a file that it imports, or an image of the
    same size has changed; and work done twice where nothing that counts has.
    """
    user_file(tmp_path, f"def net(): return nn.Sequential(nn.Conv2d(3, 6, 5, 2), nn.ReLU(), {TAIL})\n", "arch.py")
    path = user_file(
        tmp_path,
        "from pathlib import Path\ndef build():\n    import arch\n    net = arch.net()\n"
        "    file = Path(__file__).parent / 'weights.pt'\n"
        "    state = torch.load(file, weights_only=True)\n"
        "    for part, value in zip(net.parameters(), state.values()):\n"
        "        part.data.copy_(value)\n    return net\n",
    )
    torch.manual_seed(0)
    torch.save(
        nn.Sequential(
            nn.Conv2d(3, 6, 5, 2), nn.ReLU(), *[nn.Flatten(), nn.Linear(6 * 196, 8), nn.ReLU(), nn.Linear(8, 4)]
        ).state_dict(),
        tmp_path / "weights.pt",
    )
    (tmp_path / "photographs").mkdir()
    Image.fromarray(PHOTOGRAPH).save(tmp_path / "photographs" / "a.bmp")
    sources = Sources(tmp_path / "out", images=tmp_path / "photographs")

    def measured_anew() -> int:
        steps: list[tuple[int, int]] = []
        for cached in (file_digest, networks.network, networks.network_digest, image_set, populations.files_in):
            cached.cache_clear()
        monkeypatch.delitem(__import__("sys").modules, "arch", raising=False)
        bridge.run([setting_of(path, "trained")], 2, 0, sources, 1, lambda *step: steps.append(step))
        return steps[-1][1] - steps[0][0]

    assert measured_anew() == 2
    assert measured_anew() == 0
    change(tmp_path)
    assert measured_anew() == (2 if again else 0)


def test_plain_weights_are_what_was_computed() -> None:
    """Catches a network that computes something else once its weights are parameters."""
    torch.manual_seed(0)
    x = torch.rand(2, 3, 8, 8)
    for wrap in (
        torch.nn.utils.parametrizations.weight_norm,
        torch.nn.utils.parametrizations.spectral_norm,
        lambda part: torch.nn.utils.prune.l1_unstructured(part, "weight", 0.5),
        torch.nn.utils.spectral_norm,
    ):
        module = nn.Sequential(wrap(nn.Conv2d(3, 4, 3)), nn.ReLU()).eval()
        before = module(x)
        assert "weight" in dict(plain(module)[0].named_parameters())
        torch.testing.assert_close(module(x), before, rtol=1e-5, atol=1e-6)

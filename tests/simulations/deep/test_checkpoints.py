"""Checkpoints as the world saves them: what is unambiguous is loaded, bit for bit; all else is one sentence."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file, save_model
from torch import Tensor, nn

from nfrlab.simulations.deep.networks import checkpoints


def net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


class Buffered(nn.Module):
    """With an index and a mask beside its weights, and two names for one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.b.weight = self.a.weight
        self.register_buffer("index", torch.arange(5))
        self.register_buffer("mask", torch.tensor([True, False]))


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


STATE = net(1).state_dict()
OTHER = net(2).state_dict()


def prefixed(prefix: str, state: dict[str, Tensor] = STATE) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in state.items()}


def looped() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["model"] = found
    return found


LOADED: dict[str, tuple[Any, str]] = {
    "plain": (STATE, ""),
    "in a dictionary": ({"state_dict": STATE, "epoch": 3}, ""),
    "with arguments": ({"model": STATE, "args": Namespace(lr=0.1, layers=[1, 2])}, ""),
    "with numbers of NumPy": ({"model": STATE, "best": np.float64(0.7), "seen": np.int64(4)}, ""),
    "with averages": ({"state_dict_ema": OTHER, "state_dict": STATE}, "'state_dict' is taken, 'state_dict_ema' left"),
    "averages alone": ({"state_dict_ema": STATE}, ""),
    "of a module in parallel": (prefixed("module."), "names are read without 'module.'"),
    "of a compiled module": (prefixed("_orig_mod."), "names are read without '_orig_mod.'"),
    "of a part": (prefixed("model."), "names are read without 'model.'"),
    "of a part of a part": (prefixed("net.backbone."), "names are read without 'net.backbone.'"),
    "in half precision": ({name: value.bfloat16() for name, value in STATE.items()}, ""),
    "in eight bits": ({name: value.to(torch.float8_e4m3fn) for name, value in STATE.items()}, ""),
}

REFUSED: dict[str, tuple[Any, str]] = {
    "a module": (
        net(),
        r"an object of torch\.nn\.modules\.\S+, and reading that could run code; save model\.state_dict",
    ),
    "itself": (looped(), "holds no weights by name|model is no tensor"),
    "two that fit": (prefixed("model.") | prefixed("ema.", OTHER), "'ema.' and 'model.', which fit equally well"),
    "other names": (
        {"w": torch.zeros(2), "v": torch.zeros(1)},
        r"has w, v, the model 0\.weight, 0\.bias, 2",
    ),
    "too much": (STATE | {"head": torch.zeros(1)}, "has head, which the model has not"),
    "too little": ({"0.weight": STATE["0.weight"]}, r"lacks 0\.bias"),
    "sparse": (STATE | {"0.weight": STATE["0.weight"].to_sparse()}, r"0\.weight is sparse"),
    "without data": (
        STATE | {"0.weight": torch.empty(4, 3, device="meta")},
        r"0\.weight is sparse, quantised",
    ),
    "complex": (STATE | {"0.weight": STATE["0.weight"] + 0j}, "non-real"),
    "beyond float32": (STATE | {"0.weight": STATE["0.weight"].double() * 1e300}, r"beyond the range of torch\.float32"),
}


@pytest.mark.parametrize("case", LOADED)
def test_what_is_unambiguous_is_loaded(case: str, tmp_path: Path) -> None:
    """Catches a refusal of what people have, the averages taken for the weights, and a choice in silence."""
    content, said = LOADED[case]
    torch.save(content, tmp_path / "file")
    module = net()
    assert checkpoints.load(module, tmp_path / "file") == said
    state = next((content[key] for key in ("state_dict", "model", "state_dict_ema") if key in content), content)
    for mine, theirs in zip(module.state_dict().values(), state.values(), strict=True):
        assert torch.equal(mine, theirs.float())


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_is_one_sentence(case: str, tmp_path: Path) -> None:
    """Catches a traceback, an endless search for the weights, weights made infinite, and a half-filled module."""
    content, sentence = REFUSED[case]
    torch.save(content, tmp_path / "file")
    module = net()
    with pytest.raises(ValueError, match=sentence) as error:
        checkpoints.load(module, tmp_path / "file")
    assert "\n" not in str(error.value)
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), net().state_dict().values(), strict=True)
    )


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pointer": (
        lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "git lfs pull",
    ),
    "a page": (lambda file: file.write_text("\n<!DOCTYPE html>\n<html>…</html>"), "a web page"),
    "nothing": (lambda file: file.write_bytes(b""), "is empty"),
    "half of it": (
        lambda file: (torch.save(STATE, file), file.write_bytes(file.read_bytes()[:700])),
        "damaged or incomplete; download",
    ),
    "half of a safe one": (
        lambda file: (save_file(STATE, file), file.write_bytes(file.read_bytes()[:-9])),
        "damaged or incomplete; download",
    ),
    "a pipe": (os.mkfifo, "no regular file"),
    "a folder": (lambda file: file.mkdir(), "no regular file"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_something_else(case: str, tmp_path: Path) -> None:
    """Catches a message on unpickling where a download went wrong, and a pipe that is waited for."""
    write, sentence = FILES[case]
    write(tmp_path / "file")
    with pytest.raises(ValueError, match=sentence):
        checkpoints.load(net(), tmp_path / "file")


def test_buffers_and_shared_weights(tmp_path: Path) -> None:
    """Catches an index or a mask refused for its kind, and a weight that is missed because it has two names."""
    theirs, module = Buffered(), Buffered()
    with torch.no_grad():
        theirs.a.weight.fill_(0.25)
        theirs.index.add_(7)
        theirs.mask.logical_not_()
    save_model(theirs, str(tmp_path / "file"))
    checkpoints.load(module, tmp_path / "file")
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), theirs.state_dict().values(), strict=True)
    )
    assert module.b.weight is module.a.weight

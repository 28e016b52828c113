"""What a network calls while it reads a batch: every function of PyTorch, its arguments, what it gave, and where.

Python itself runs the network, on real images: whatever `forward` does with shapes, flags and lists is done. What it
does with *numbers* of the images, in Python, is refused: another image would take another way.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from nfrlab.simulations.deep.engine.functions import mapped
from nfrlab.simulations.deep.reading import known_calls
from nfrlab.simulations.deep.reading.noted import Noted, tensors

INSTALLED = str(Path(torch.__file__).parent.parent)
OWN = str(Path(__file__).parent)
IN_PYTHON = {"item", "tolist", "numpy"}
IN_PYTHON |= {f"__{kind}__" for kind in ("bool", "float", "int", "index", "complex", "array", "contains")}
"""Ways in which numbers of a tensor reach Python."""
SHAPE_ALONE = {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like"}
SHAPE_ALONE |= {f"new_{kind}" for kind in ("zeros", "ones", "empty", "full", "tensor")}
"""Functions that ask a tensor for its shape or kind alone: what they give does not depend on the images."""


@dataclass
class Recorder(TorchFunctionMode):
    """Notes calls while it is active; `live` holds, by identity, the tensors that depend on the images."""

    names: dict[int, str]
    calls: list[Noted] = field(default_factory=list)
    live: dict[int, Tensor] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        """Call it, and note it if it reads something live; a function that is unknown is looked into, if it can be."""
        named = named or {}
        name = plain_name(function)
        if not self.reads(arguments, named) or name in SHAPE_ALONE:
            return function(*arguments, **named)
        label = self.label(name)
        if getattr(function, "__name__", "") in IN_PYTHON:
            raise ValueError(
                f"{label}: control flow or arithmetic of Python by numbers of the images; use functions of PyTorch"
            )
        if name not in known_calls.FORMS and inspect.isfunction(function):
            with self, _looked_into(function):
                return function(*arguments, **named)
        value = _called(label, function, arguments, named)
        if any(True for _ in tensors(value)) or value is None:
            self.note(function, name, arguments, named, value, label)
        return value

    def reads(self, *arguments: Any) -> bool:
        """Whether an argument is live."""
        return any(id(tensor) in self.live for tensor in tensors(arguments))

    def note(
        self, function: Any, name: str, arguments: tuple[Any, ...], named: dict[str, Any], value: Any, label: str
    ) -> None:
        """Note a call; what it gave is live. Lists are copied: the network may go on filling them."""
        place = self.running[-1] if self.running else ""
        arguments, named = mapped(lambda leaf: leaf, (arguments, named))
        self.calls.append(Noted(function, name, arguments, named, value, label, place))
        self.live |= {id(tensor): tensor for tensor in tensors(value)}

    def label(self, name: str) -> str:
        """`node 'layer1.conv1' (conv2d) at net.py:12`: the module that is running, what it calls, and where."""
        place = self.running[-1] if self.running else ""
        return f"node '{place or name}' ({name}){line(traceback.walk_stack(sys._getframe(2)))}"

    def entered(self, module: nn.Module, arguments: Any) -> None:
        """A module begins to run."""
        self.running.append(self.names.get(id(module), self.running[-1] if self.running else ""))

    def left(self, module: nn.Module, arguments: Any, value: Any) -> None:
        """A module has run."""
        self.running.pop()


def _called(label: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return function(*arguments, **named)
    except Exception as error:  # whatever a user's network stumbles over
        raise FailedCall(f"{label}: {first_line(error)}") from error


class FailedCall(ValueError):
    """The network itself stumbles, over an example that does not fit it."""


@torch.no_grad()
def record(module: nn.Module, batch: Tensor) -> tuple[list[Noted], Tensor, Any]:
    """The calls of a module that reads a batch, the tensor that it read, and what it gave.

    Raises `ValueError` where the network fails, and where its way depends on numbers of the images.
    """
    names = {id(part): name for name, part in module.named_modules()}
    recorder, x = Recorder(names), batch.clone()
    recorder.live[id(x)] = x
    try:
        with _hooked(recorder), _self_explaining(recorder, module), recorder:
            output = module(x)
    except Exception as error:
        if isinstance(error, ValueError) and not isinstance(error, FailedCall):
            raise
        at = "" if isinstance(error, FailedCall) else line(reversed(list(traceback.walk_tb(error.__traceback__))))
        raise ValueError(
            f"{type(module).__name__} cannot read an example of shape {tuple(batch.shape)}, {batch.dtype}{at}: "
            f"{first_line(error)}"
        ) from error
    return recorder.calls, x, output


@contextmanager
def _looked_into(function: FunctionType) -> Iterator[None]:
    """Functions of PyTorch in Python ask first whether someone takes the call as a whole: now nobody does."""
    own = {name: value for name, value in function.__globals__.items() if name.startswith("has_torch_function")}
    function.__globals__.update(dict.fromkeys(own, lambda *tensors: False))
    try:
        yield
    finally:
        function.__globals__.update(own)


@contextmanager
def _hooked(recorder: Recorder) -> Iterator[None]:
    """The recorder is told which module runs."""
    hooks = (
        register_module_forward_pre_hook(recorder.entered),
        register_module_forward_hook(recorder.left, always_call=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _self_explaining(recorder: Recorder, module: nn.Module) -> Iterator[None]:
    """Modules that say themselves what they do, by `as_op`, are noted as one call and not looked into."""

    def as_one(part: nn.Module) -> Callable[..., Any]:
        def forward(*arguments: Any, **named: Any) -> Any:
            label = recorder.label(type(part).__name__)
            with torch._C.DisableTorchFunction():
                value = _called(label, own, arguments, named)
            recorder.note(part, known_calls.AS_OP, arguments, named, value, label)
            return value

        own = part.forward
        return forward

    parts = [part for part in module.modules() if callable(getattr(part, "as_op", None))]
    for part in parts:
        part.forward = as_one(part)
    try:
        yield
    finally:
        for part in parts:
            del part.forward


def plain_name(function: Any) -> str:
    """`add` for `Tensor.__iadd__`, `add_` and `torch.add`; of a property its own name."""
    name = str(getattr(function, "__name__", function))
    if name == "__get__":
        name = str(getattr(function.__self__, "__name__", name))
    return name.strip("_")


def line(frames: Iterable[tuple[FrameType, int]]) -> str:
    """The innermost line of the user's code, of frames from the inside out; none in installed networks."""
    for file, number in ((frame.f_code.co_filename, number) for frame, number in frames):
        if not file.startswith((INSTALLED, OWN, "<")):
            return "" if file.startswith(NOT_USERS) else f" at {Path(file).name}:{number}"
    return ""


NOT_USERS = str(Path(__file__).parents[2])
"""Frames of the laboratory itself: beyond them no line of the user's follows."""


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return str(error).strip().split("\n")[0]


def alike(one: Sequence[Noted], other: Sequence[Noted]) -> bool:
    """Whether two recordings call the same functions in the same order."""
    return [call.name for call in one] == [call.name for call in other]

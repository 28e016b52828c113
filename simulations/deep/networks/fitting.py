"""The tensors of a checkpoint, fitted to a network by their names, whatever stands around and before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights")
AVERAGED = ("state_dict_ema", "model_ema", "ema", "ema_state_dict")
"""Moving averages of weights: taken where there are no others."""
DEEPEST = 8
COUNTER = "num_batches_tracked"  # of no use in evaluation, and absent from many files
SHOWN = 3

State = dict[str, Tensor]


@torch.no_grad()
def fill(module: nn.Module, found: Any, source: str) -> str:
    """Copy what a checkpoint holds into `module`, if it fits; return what has to be said of the choice.

    Raises `ValueError`, before anything is changed, for what holds no tensors by name, for names missing, unknown or
    ambiguous, other shapes and kinds, and weights that are NaN or infinite in the precision of the module.
    """
    needed = {name: value for name, value in module.state_dict().items() if not name.endswith(COUNTER)}
    state, said = unwrap(found, source)
    state = {name: value for name, value in state.items() if not name.endswith(COUNTER)}
    state, renamed = fit_names(state, needed, source)
    for name, value in state.items():
        require_fit(name, value, needed[name], source)
    for name, value in state.items():
        needed[name].copy_(value)
    return "; ".join(each for each in (said, renamed) if each)


def unwrap(found: Any, source: str) -> tuple[State, str]:
    """The tensors by name, out of the dictionaries around them, and which of several was taken."""
    said = []
    for _ in range(DEEPEST):
        inside = [key for key in (*WRAPPERS, *AVERAGED) if isinstance(found, dict) and isinstance(found.get(key), dict)]
        if not inside:
            break
        if len(inside) > 1:
            said.append(f"'{inside[0]}' is taken, {_quoted(inside[1:])} left")
        found = found[inside[0]]
    if not isinstance(found, dict) or not found:
        raise ValueError(f"{source} holds no weights by name; save model.state_dict()")
    wrong = [name for name, value in found.items() if not (isinstance(name, str) and isinstance(value, Tensor))]
    if wrong:
        raise ValueError(f"{source}: {_some(wrong)} is no tensor; save model.state_dict()")
    return dict(found), "; ".join(said)


def fit_names(state: State, needed: Mapping[str, Tensor], source: str) -> tuple[State, str]:
    """The tensors under the names of the network, and which prefix was taken off or put before them.

    A prefix such as `module.`, `_orig_mod.` or `model.` has to fit all names, and no other may. Of tensors that share
    memory in the network one is enough.
    """
    enough = {name for name in needed if not _shared_with(name, needed, state)}
    if enough <= state.keys():
        return _without_unknown(state, needed, source), ""
    for longer, shorter, what in ((state, enough, "without"), (enough, state, "with")):
        fitting = sorted(p for p in _prefixes(longer, shorter) if {p + name for name in shorter} <= {*longer})
        if len(fitting) > 1:
            raise ValueError(f"{source} holds {_quoted(fitting)}, which fit equally well; save one of them alone")
        if fitting:
            prefix = fitting[0]
            renamed = (
                {name.removeprefix(prefix): value for name, value in state.items()}
                if what == "without"
                else {prefix + name: value for name, value in state.items()}
            )
            return _without_unknown(renamed, needed, source), f"names are read {what} '{prefix}'"
    missing = [name for name in enough if name not in state]
    missing = [name for name in needed if name in missing]
    if len(missing) < len(enough):
        raise ValueError(f"{source} lacks {_some(missing)}; it belongs to another model")
    raise ValueError(f"{source} has {_some([*state])}, the model {_some([*needed])}: rename one to the other")


def _prefixes(longer: Mapping[str, Any] | set[str], shorter: Mapping[str, Any] | set[str]) -> set[str]:
    """What may stand before the names of `shorter`: whatever stands before one of them, up to a dot."""
    one = min(shorter, key=len)
    return {name[: -len(one)] for name in longer if name.endswith(f".{one}")}


def _shared_with(name: str, needed: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> bool:
    """Whether a name that is not in the file is another name of a tensor that is."""
    tied = (other for other in needed if other != name and needed[other].data_ptr() == needed[name].data_ptr())
    return name not in state and needed[name].numel() > 0 and any(other in state for other in tied)


def _without_unknown(state: State, needed: Mapping[str, Tensor], source: str) -> State:
    """The state, whose names the model has. Raises `ValueError` where it has more."""
    unknown = [name for name in state if name not in needed]
    if unknown:
        hint = "a model with biases" if all(name.endswith("bias") for name in unknown) else "another model"
        raise ValueError(f"{source} has {_some(unknown)}, which the model has not; it belongs to {hint}")
    return state


def require_fit(name: str, value: Tensor, wanted: Tensor, source: str) -> None:
    """Raise `ValueError` unless the value can stand in the place of the one that is wanted."""
    if value.layout != torch.strided or value.is_quantized or value.is_meta:
        raise ValueError(f"{source}: {name} is sparse, quantised or without data; save it dense, in floating point")
    if value.shape != wanted.shape:
        raise ValueError(f"{source}: {name} has shape {tuple(value.shape)}, the model needs {tuple(wanted.shape)}")
    if not wanted.is_floating_point():
        if value.dtype != wanted.dtype:
            raise ValueError(f"{source}: {name} is of {value.dtype}, the model needs {wanted.dtype}")
        return
    if not value.is_floating_point() or not torch.isfinite(value.float() if value.itemsize < 4 else value).all():
        raise ValueError(f"{source}: {name} has NaN, infinite or non-real entries; every weight must be finite")
    if not torch.isfinite(value.to(wanted.dtype)).all():
        raise ValueError(f"{source}: {name} has entries beyond the range of {wanted.dtype}; rescale or convert it")


def _some(names: Sequence[Any]) -> str:
    """The first names, and how many there are."""
    more = f", … ({len(names)} in all)" if len(names) > SHOWN else ""
    return ", ".join(map(str, names[:SHOWN])) + more


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)

"""nfrlab puts the negative-filtering theory of saliency maps on trial.

A researcher with a network asks how far a map is just the input:

>>> import torch, nfrlab
>>> net = torch.nn.Sequential(torch.nn.Linear(27, 8192), torch.nn.ReLU(), torch.nn.Linear(8192, 5)).eval()
>>> x = torch.rand(2, 27)
>>> bool(nfrlab.alignment(nfrlab.attribution(net, x, "gbp", target=3), x).min() > 0.9)
True

A theorist asks how wide a layer must be for that:

>>> nfrlab.required_neurons(0.9, "gbp", "gaussian", d=150_528)
6333525

A reviewer tries a claim again, and brings claims of his own (`nfrlab verify FILE.py:CLAIMS`):

>>> nfrlab.try_claim("prop-1").status
<Status.REFUTED: 'REFUTED'>
"""

from importlib import import_module
from pathlib import Path
from typing import Any

if not (Path(__file__).parent / "theory").is_dir():  # a source tree: the rooms lie beside the door
    __path__.append(str(Path(__file__).parents[1]))

PUBLIC = {
    "simulations.deep.maps": ("activation", "attribution", "cascades"),
    "simulations.deep": ("rewrite", "rule"),
    "simulations.deep.patterns": ("with_patterns",),
    "simulations.deep.methods": ("integrated_gradients", "method", "smoothgrad"),
    "simulations.alignment": ("alignment",),
    "simulations.sweep.once": ("sweep",),
    "theory.finite_width.law": ("alignment_law", "required_neurons"),
    "theory.family": ("Family",),
    "theory.families": ("FAMILIES",),
    "verify.audit.audit": ("audit",),
    "verify.court.claim": ("BrokenPremise", "Claim", "Examination", "RestoredPremise"),
    "verify.court.evidence": ("Claimed", "Evidence", "Finding", "Kind"),
    "verify.court.verdict": ("Verdict",),
    "verify.proceedings.registry": ("REGISTRY",),
    "verify.proceedings.trial": ("try_claim",),
}
ROOM_OF = {name: f"nfrlab.{room}" for room, names in PUBLIC.items() for name in names}
__all__ = list(ROOM_OF)


def __getattr__(name: str) -> Any:
    """A public name, from its room and only when it is asked for: PyTorch is imported by those that need it."""
    if name not in ROOM_OF:
        raise AttributeError(f"module 'nfrlab' has no attribute '{name}'; it has {', '.join(sorted(ROOM_OF))}")
    return getattr(import_module(ROOM_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *ROOM_OF])

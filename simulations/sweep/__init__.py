"""Grids of parameters, seeds, blocks, resumption and back ends: Monte Carlo that survives anything."""

from nfrlab.simulations.resumable import Stopped
from nfrlab.simulations.sweep.run import BACKENDS, Progress, run
from nfrlab.simulations.sweep.spec import Spec, read

__all__ = ["BACKENDS", "Progress", "Spec", "Stopped", "read", "run"]

"""Measurements of decisions on trained networks: Fig. 7 to 9 and their verdicts can be had without any training.

Each file is a sealed NetCDF that `nfrlab decisions` or `nfrlab failures` wrote; its attributes say the command, seed,
images, device, versions and checkpoint that it comes from. `cp results/bridge/decisions-*.nc verify/measured/` renews
them; a verdict that changes has to be accepted with a reason.
"""

__all__: list[str] = []

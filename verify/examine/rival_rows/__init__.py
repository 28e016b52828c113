"""The experiments on which the theories differ, row by row: what is measured, and what is known beforehand."""

from nfrlab.verify.examine.rival_rows.measures import Numbers
from nfrlab.verify.examine.rival_rows.rows import ROWS, Row
from nfrlab.verify.examine.rival_rows.sampled import SAMPLED, sample_layers

__all__ = ["ROWS", "SAMPLED", "Numbers", "Row", "sample_layers"]

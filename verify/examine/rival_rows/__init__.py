"""The experiments on which the theories differ, row by row: what is measured, and what is known beforehand."""

from nfrlab.verify.examine.rival_rows.measures import Numbers
from nfrlab.verify.examine.rival_rows.rows import ROWS, Row

__all__ = ["ROWS", "Numbers", "Row"]

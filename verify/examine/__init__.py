"""Instruments of the court, one file per way of knowing."""

"""Figures of deep networks, drawn from what `nfrlab bridge` stored."""

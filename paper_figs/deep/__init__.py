"""Figures of deep networks, drawn from what `nfrlab bridge` stored."""

__all__ = ["fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "stored", "table1"]

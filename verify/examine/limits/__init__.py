"""Where maps point as layers widen: in the mean at any width, in the median of wide layers, at the worst direction."""

__all__ = ["compensated_law", "map_point", "mean_map", "wide_layers", "worst_direction"]

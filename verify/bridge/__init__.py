"""The bridge: the effects of the paper on deep networks, measured draw by draw and judged from the stored numbers."""

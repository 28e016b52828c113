"""One module per proposition, theorem or corollary of the paper."""

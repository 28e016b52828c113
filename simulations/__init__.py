"""Witness 2: what does happen. Networks, backward rules, sampling; no formula from `theory`."""

"""What Key Information Sufficiency is by its definition alone, whatever the network."""

from nfrlab.theory.decisions.sufficiency import of_multiple, of_small_output

__all__ = ["of_multiple", "of_small_output"]

"""What commands on deep networks are made of: their options, how epochs are told and kept, networks with backdoors."""

__all__ = [
    "backdoors",
    "deep_options",
    "epochs",
]

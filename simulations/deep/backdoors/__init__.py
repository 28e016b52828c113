"""Four backdoors, written from their formulae: what a poisoned network learns to answer with one class.

`patches` (BadNet, Dynamic), `warping` (WaNet) and `input_aware` make triggers; `poisoning` puts them into a training,
`outcomes` counts what it came to. All write on normalised images, with labels as they are but for the target's.
"""

__all__ = [
    "attack",
    "attacking",
    "input_aware",
    "outcomes",
    "patches",
    "poisoning",
    "warping",
]

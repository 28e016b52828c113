"""The command line: one module per subcommand, and what several of them share."""

__all__ = [
    "bridge",
    "claims",
    "console",
    "converge",
    "deep_options",
    "figures",
    "law",
    "progress",
    "rivals",
    "show",
    "sweep",
    "tables",
    "train",
    "verify",
]

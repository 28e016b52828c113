"""The command line: one module per subcommand, and what several of them share."""

__all__ = [
    "bridge",
    "claims",
    "console",
    "converge",
    "deep_options",
    "deep_tables",
    "figures",
    "law",
    "progress",
    "show",
    "sweep",
    "train",
    "verdict_table",
    "verify",
]

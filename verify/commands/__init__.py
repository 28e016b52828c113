"""The command line: one module per subcommand, and what several of them share."""

__all__ = [
    "audit",
    "bridge",
    "claims",
    "console",
    "converge",
    "decisions",
    "failures",
    "figures",
    "law",
    "parts",
    "progress",
    "rivals",
    "show",
    "sweep",
    "tables",
    "train",
    "verify",
]

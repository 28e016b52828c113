"""The tables that commands print: of verdicts, of deep networks, of the rivals."""

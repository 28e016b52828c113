"""`docs/claims.md`, generated from the registry by `python -m nfrlab.verify.report.claims_page`; `--check` compares."""

from __future__ import annotations

import sys
from pathlib import Path

from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.court.claim import Claim
from nfrlab.verify.proceedings.record import kinds_of
from nfrlab.verify.proceedings.registry import REGISTRY

PAGE = Path(__file__).parents[2] / "docs" / "claims.md"
HEAD = """# Claims

Generated from the registry by `make docs`; do not edit. The verdicts are in `results/report.html` after `make verify`.
"""


def claims_page() -> str:
    """Every claim, in the order of the registry."""
    return "\n".join([HEAD, *map(printed, REGISTRY.values())])


def printed(claim: Claim) -> str:
    """A claim with its source, statement, premises, evidence, controls and repair."""
    rows = [
        ("source", claim.source),
        ("premises", "; ".join(claim.premises)),
        ("evidence", ", ".join(kinds_of(claim)) or "never tried"),
        ("negative control", claim.control.premise),
    ]
    if claim.restored:
        rows.append(("positive control", claim.restored.premise))
    if claim.notices:
        rows.append(("notices", "; ".join(BREAKS[id].what for id in claim.notices)))
    if claim.blind:
        rows.append(("is blind to", claim.blind))
    if claim.repairs:
        rows.append(("repairs", f"[{claim.repairs}](#{claim.repairs})"))
    if repairs := [f"[{other.id}](#{other.id})" for other in REGISTRY.values() if other.repairs == claim.id]:
        rows.append(("repaired by", ", ".join(repairs)))
    listing = "\n".join(f"- **{name}**: {text}" for name, text in rows)
    return f"## {claim.id}\n\n**{claim.title}.** {claim.statement}\n\n{listing}\n"


def is_printed(claim: Claim) -> bool:
    """Whether the page says of a claim all that it says itself, and no more."""
    return f"\n{printed(claim)}\n## " in f"{PAGE.read_text(encoding='utf-8')}\n## "


def main() -> None:
    """Write the page, or with `--check` exit with 1 if it is not current."""
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text(encoding="utf-8") != claims_page())
    PAGE.write_text(claims_page(), encoding="utf-8")


if __name__ == "__main__":
    main()

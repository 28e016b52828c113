"""Pages from templates that lie beside the code: nothing undefined, everything escaped."""

from __future__ import annotations

import jinja2


def environment(package: str) -> jinja2.Environment:
    """Where the templates of a package are read."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""The report: one self-contained HTML page from stored verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from markupsafe import Markup

from nfrlab.paper_figs import reach as reach_figure
from nfrlab.simulations.files import one_writer, write_atomically
from nfrlab.verify.breaks import BREAKS
from nfrlab.verify.proceedings import power, store
from nfrlab.verify.proceedings.power import Sight
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.report import wording
from nfrlab.verify.report.decisions import decisions_figures
from nfrlab.verify.report.networks import sections
from nfrlab.verify.report.rivals import rivals_section
from nfrlab.verify.report.templates import environment


@cache
def _template() -> jinja2.Template:
    templates = environment("nfrlab.verify.report")
    templates.globals.update(
        ground=wording.ground,
        reach=wording.reach,
        interval=wording.interval,
        numbers=wording.numbers,
        rates=wording.rates,
        rerun=wording.rerun,
        how_class=wording.how_class,
    )
    return templates.get_template("report.html.jinja")


def blind_to(ids: Iterable[str]) -> dict[str, list[str]]:
    """What claims say that they cannot notice, each sentence with the ids of those that say it."""
    found: dict[str, list[str]] = {}
    for id in ids:
        if sentence := REGISTRY[id].blind:
            found.setdefault(sentence, []).append(id)
    return found


def render(
    records: Mapping[str, Mapping[str, Any]],
    sights: Mapping[str, list[Sight]] = MappingProxyType({}),
    networks: Sequence[Mapping[str, Any]] = (),
    rivals: Mapping[str, Any] | None = None,
    decisions: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page for stored verdicts by claim id: summary, table, figure of the reaches, and every piece of evidence.

    With `sights`, what the claims saw of broken worlds, also the table claim × break; with `networks`, a section for
    each that `--model` named; with `rivals`, their table; with `decisions`, their figures.
    """
    verdicts = list(records.values())
    repaired_by = {verdict["repairs"]: verdict["id"] for verdict in verdicts if verdict["repairs"]}
    statuses = ("CONFIRMED", "REFUTED", "INCONCLUSIVE", "NOT RUN")
    return _template().render(
        verdicts=verdicts,
        repaired_by=repaired_by,
        ids={verdict["id"] for verdict in verdicts},
        counts={status: sum(v["status"] == status for v in verdicts) for status in statuses},
        run=sum(v["status"] != "NOT RUN" for v in verdicts),
        controls=sum(wording.is_refuted(v["control"]) for v in verdicts),
        refuted=sum(v["status"] == "REFUTED" for v in verdicts),
        upheld=sum(v["status"] == "REFUTED" and wording.is_upheld(v.get("restored")) for v in verdicts),
        alpha=sum(v["alpha"] for v in verdicts),
        breaks=BREAKS,
        sights={id: {row.broken: row for row in rows} for id, rows in sights.items()},
        blind=blind_to(id for id, rows in sights.items() if rows),
        registry=REGISTRY,
        networks=networks,
        rivals=rivals,
        decisions=decisions,
        figure=Markup(reach_figure.svg(verdicts)),
    )


def write_report(out: Path) -> None:
    """Write the page of all that is stored in `out` by then, whoever stored it. Raises `OSError` where the disk is full
    and `ValueError` for stored results that cannot be read.
    """
    with one_writer(out):
        verdicts = store.read(out)
        found = power.stored_sights(out), sections(out), rivals_section(out), decisions_figures(out, verdicts)
        write_atomically(out / "report.html", render(verdicts, *found))

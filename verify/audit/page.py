"""The page of an audit: one file, readable without network and JavaScript, by somebody who never saw the paper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jinja2
import numpy as np
import xarray as xr
from markupsafe import Markup
from matplotlib.figure import Figure

from nfrlab.paper_figs.deep.stored import draw_map, draw_tile
from nfrlab.paper_figs.render import render as rendered
from nfrlab.simulations.images import IMAGENET_MEAN, IMAGENET_SD
from nfrlab.verify.audit.questions import QUESTIONS
from nfrlab.verify.exhibits.stored import photograph
from nfrlab.verify.report.templates import environment

if TYPE_CHECKING:
    from nfrlab.verify.audit.audit import Audit


@cache
def _template() -> jinja2.Template:
    templates = environment("nfrlab.verify.audit")
    templates.globals["percent"] = lambda share: f"{100 * share:.0f} %"
    return templates.get_template("audit.html.jinja")


def render(audit: Audit) -> str:
    """The matrix of methods and questions, then a section a method with its maps, numbers and sentences."""
    return _template().render(
        audit=audit,
        questions=QUESTIONS,
        pictures={method: picture(audit, method) for method in audit.methods},
    )


def picture(audit: Audit, method: str) -> Markup:
    """Up to six images and the method's maps of them, with α; nothing for a method without maps."""
    x, maps = audit.pictures
    R = maps.get(method)
    if R is None:
        return Markup("")
    x, R = (v.detach().cpu().numpy().astype(float) for v in (x, R))

    def figure() -> Figure:
        drawing = Figure(figsize=(1.3 * len(x), 2.9))
        grid = drawing.subplots(2, len(x), squeeze=False)
        for (above, below), image, map in zip(grid.T, x, R, strict=True):
            draw_tile(above, as_seen(image))
            draw_map(below, map, image)
        return drawing

    text = rendered(figure)["svg"].decode()
    return Markup(text[text.index("<svg") :])


def as_seen(x: np.ndarray) -> np.ndarray:
    """An image in [0, 1]: ImageNet's normalisation taken back where that leads there, else from least to largest."""
    pixels = x.transpose(1, 2, 0)
    restored = pixels * IMAGENET_SD + IMAGENET_MEAN if pixels.shape[2] == 3 else pixels
    imagenets = pixels.shape[2] == 3 and restored.min() >= -0.01 and restored.max() <= 1.01
    return np.asarray(photograph(xr.DataArray(x, dims=("channel", "y", "x")), bool(imagenets)))

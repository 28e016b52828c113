"""Fig. 1: the geometry of a map in the plane, with 8 neurons, and its animation as the layer grows.

A map is a sum over neurons, `R = Σ_j s_j w_j`. The rules differ in the s_j of the active neurons (`w_j·x > 0`):
r_j of either sign for the plain gradient, relu(r_j) for GBP, 1 for constant weights, A_j for Activation.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Arc, Circle, Patch, Polygon
from PIL import Image

from nfrlab.paper_figs import palette
from nfrlab.paper_figs.render import STYLE
from nfrlab.theory.finite_width.law import alignment_law
from nfrlab.theory.numerics.vectors import cosine

Floats = npt.NDArray[np.float64]
RULES = {"grad": "plain gradient", "gbp": "GBP", "constant": "constant weights", "activation": "Activation"}
BAND = 0.05, 0.95
TICKS = 1.0, 0.9, 0.5, 0.0, -0.5, -0.9, -1.0
LIMIT = 1.62


@dataclass(frozen=True)
class Plane:
    """A layer of N neurons in the plane as the input x meets it: columns w_j, and what each passes under each rule."""

    x: Float[Floats, " 2"]
    W: Float[Floats, "2 N"]
    contributions: Mapping[str, Float[Floats, "2 N"]]


@dataclass(frozen=True)
class Growth:
    """A layer that grows, its first neurons staying: the map of each rule at each width, for W's first N columns."""

    x: Float[Floats, " 2"]
    W: Float[Floats, "2 most"]
    widths: tuple[int, ...]
    maps: Mapping[str, Float[Floats, "widths 2"]]


def alphas(growth: Growth, rule: str) -> Float[Floats, " widths"]:
    """Input alignment at each width."""
    return np.array([cosine(R, growth.x) for R in growth.maps[rule]])


def direction(v: Float[Floats, " 2"]) -> float:
    """Angle of v in degrees, in (−180, 180]."""
    return float(np.degrees(np.arctan2(v[1], v[0])))


def draw_arrow(
    axes: Axes, tip: Float[Floats, " 2"], color: str, width: float, order: float = 3, head: float = 1.0
) -> None:
    """An arrow from the origin to `tip`.

    Parameters
    ----------
    width
        Of the line, in points.
    order
        matplotlib's `zorder`: what is drawn above what.
    head
        Size of the arrow head, 1 for the usual one.
    """
    style = f"-|>,head_length={0.32 * head},head_width={0.16 * head}"
    shape = {"arrowstyle": style, "color": color, "linewidth": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
    axes.annotate("", tuple(tip), (0, 0), arrowprops=shape, zorder=order, annotation_clip=False)


def draw_stage(axes: Axes, x: Float[Floats, " 2"], limit: float = LIMIT, reach: float = 1.3) -> None:
    """The unit circle, the half-plane of the neurons that x switches on, its edge, and x as an arrow of length `reach`.

    The axes run from −`limit` to `limit`.
    """
    u = x / np.linalg.norm(x)
    along = 9 * np.array([-u[1], u[0]])
    axes.add_patch(Polygon([-along, along, along + 9 * u, -along + 9 * u], color="#f3f4f6", zorder=0))
    axes.plot(*np.stack([-along, along], axis=1), color="0.6", linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
    axes.add_patch(Circle((0, 0), 1, fill=False, color="0.75", linewidth=0.7, zorder=1))
    draw_arrow(axes, reach * u, "k", 1.6, order=5)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)


def active_neurons(x: Float[Floats, " 2"], W: Float[Floats, "2 N"]) -> npt.NDArray[np.bool_]:
    """Which neurons x switches on: `x·w_j > 0`."""
    return np.asarray(x @ W > 0)


def draw_layer(axes: Axes, plane: Plane) -> None:
    """The neurons before any rule."""
    draw_stage(axes, plane.x, max(LIMIT, 1.04 * float(np.linalg.norm(plane.W, axis=0).max())))
    for w, on in zip(plane.W.T, active_neurons(plane.x, plane.W), strict=True):
        draw_arrow(axes, w, "0.25" if on else "0.72", 1.1)
    u = plane.x / np.linalg.norm(plane.x)
    axes.text(1.45 * u[0], 1.45 * u[1], "x", ha="center", va="center", fontsize=9, style="italic")
    axes.set_title(f"{len(plane.W.T)} neurons\nand one input", fontsize=8)


def draw_rule(axes: Axes, plane: Plane, rule: str) -> None:
    """What the neurons pass under a rule, the longest at length 1; the direction of their sum, and its angle to x."""
    draw_stage(axes, plane.x)
    for w in plane.W.T:
        axes.plot([0, w[0]], [0, w[1]], color="0.8", linewidth=0.8, zorder=2)
    passed = plane.contributions[rule]
    for v in (passed / max(float(np.linalg.norm(passed, axis=0).max()), 1e-300)).T:
        if np.any(v):
            draw_arrow(axes, v, palette.RULES[rule], 1.0, order=3, head=0.8)
    R = passed.sum(axis=1)
    if not np.any(R):
        axes.set_title(f"{RULES[rule]}\nthe map is zero", fontsize=8)
        return
    ends = sorted((direction(plane.x), direction(plane.x) + turn(plane.x, R)))
    axes.add_patch(Arc((0, 0), 1.0, 1.0, theta1=ends[0], theta2=ends[1], color="k", linewidth=0.8, zorder=4))
    draw_arrow(axes, 1.3 * R / np.linalg.norm(R), palette.RULES[rule], 2.6, order=4, head=1.2)
    title = f"{RULES[rule]}\nα = {cosine(R, plane.x):.4f}, {abs(turn(plane.x, R)):.0f}° from x"
    axes.set_title(title.replace("-", "−"), fontsize=8)


def turn(x: Float[Floats, " 2"], R: Float[Floats, " 2"]) -> float:
    """The angle from x to R in degrees, in [−180, 180)."""
    return (direction(R) - direction(x) + 180) % 360 - 180


def figure(plane: Plane) -> Figure:
    """The layer, a legend, and one panel a rule; one column wide."""
    drawing = Figure(figsize=(3.5, 5.6))
    (first, legend), *rest = drawing.subplots(3, 2)
    draw_layer(first, plane)
    legend.axis("off")
    entries = [
        Line2D([], [], color="k", linewidth=1.6, label="input x"),
        Patch(color="#f3f4f6", label="half-plane w·x > 0"),
        Line2D([], [], color="0.25", linewidth=1.1, label="active neuron"),
        Line2D([], [], color="0.72", linewidth=1.1, label="inactive neuron"),
        Line2D([], [], color="C0", linewidth=1.0, label="what a neuron passes"),
        Line2D([], [], color="C0", linewidth=2.6, label="R, the sum (direction)"),
        Line2D([], [], color="0.75", linewidth=0.7, label="unit circle"),
    ]
    legend.legend(handles=entries, loc="center", fontsize=7.5, handlelength=1.4, borderaxespad=0)
    for axes, rule in zip(np.ravel(rest), RULES, strict=True):
        draw_rule(axes, plane, rule)
    return drawing


def draw_cloud(axes: Axes, growth: Growth, N: int) -> None:
    """The first N neurons, and the direction of each rule's map, shorter from rule to rule so that all show."""
    draw_stage(axes, growth.x, 2.1, 2.02)
    W, on = growth.W[:, :N], active_neurons(growth.x, growth.W[:, :N])
    size = float(np.clip(700 / N, 1.5, 14))
    for side, color in ((~on, "0.8"), (on, "0.45")):
        axes.scatter(W[0, side], W[1, side], s=size, color=color, linewidth=0, zorder=2)
    if N <= 32:
        axes.plot(*np.stack([0 * W, W, np.nan * W], axis=2).reshape(2, -1), color="0.8", linewidth=0.8, zorder=1.5)
    for rule, length in zip(RULES, (1.75, 1.55, 1.25, 0.95), strict=True):
        R = growth.maps[rule][growth.widths.index(N)]
        if np.any(R):
            draw_arrow(axes, length * R / np.linalg.norm(R), palette.RULES[rule], 2.6, order=6, head=1.2)
    axes.set_title(f"N = {N:,} neurons", fontsize=11)


def angle(alpha: Float[Floats, " n"]) -> Float[Floats, " n"]:
    """The angle in degrees whose cosine is α."""
    return np.degrees(np.arccos(np.clip(alpha, -1, 1)))


def bands(widths: Sequence[int]) -> dict[str, Float[Floats, "2 widths"]]:
    """Where the law puts the middle 90 % of layers at each width, in degrees; not for the plain gradient, which may
    point anywhere.
    """
    laws = {rule: [alignment_law(rule, "gaussian", 2, N) for N in widths] for rule in RULES if rule != "grad"}
    return {
        rule: angle(np.transpose([law.quantiles(np.array(BAND)) for law in of_rule])) for rule, of_rule in laws.items()
    }


def draw_alphas(axes: Axes, growth: Growth, N: int, middle: Mapping[str, Float[Floats, "2 widths"]]) -> None:
    """α against the width up to N, spaced by the angle that one sees, and the law's bands."""
    widths, shown = np.array(growth.widths), growth.widths.index(N) + 1
    for rule, name in RULES.items():
        if rule in middle:
            axes.fill_between(widths, *middle[rule], color=palette.RULES[rule], alpha=0.13, linewidth=0)
            axes.plot(widths, middle[rule][0], color=palette.RULES[rule], linewidth=0.7)
        turned = angle(alphas(growth, rule))[:shown]
        axes.plot(
            widths[:shown], turned, color=palette.RULES[rule], marker="o", markersize=4, linewidth=1.4, label=name
        )
    axes.set(xscale="log", xlim=(widths[0] / 1.2, widths[-1] * 1.2), ylim=(184, -4))
    axes.set_xticks(widths[::2], [f"{width:,}" for width in widths[::2]])
    axes.set_yticks(angle(np.array(TICKS)), [f"{alpha:g}".replace("-", "−") for alpha in TICKS])
    axes.minorticks_off()
    axes.set_xlabel("neurons N; shaded: where the law puts 90 % of layers")
    axes.set_ylabel("input alignment α")
    axes.legend(fontsize=8, loc="lower center", ncols=4, bbox_to_anchor=(0.47, 1.0), columnspacing=1, handlelength=1.3)


def frames(growth: Growth) -> Iterator[Image.Image]:
    """One picture a width, 800 × 400."""
    middle = bands(growth.widths)
    with matplotlib.rc_context(fname=STYLE):
        for N in growth.widths:
            drawing = Figure(figsize=(8, 4), dpi=100)
            left, right = drawing.subplots(1, 2, width_ratios=(1, 1.1))
            draw_cloud(left, growth, N)
            draw_alphas(right, growth, N, middle)
            buffer = io.BytesIO()
            drawing.savefig(buffer, format="rgba", dpi=100)
            yield Image.frombytes("RGBA", (800, 400), buffer.getvalue()).convert("RGB")


def animation(pictures: Sequence[Image.Image], each: int = 900, last: int = 3000) -> bytes:
    """An endless GIF, all pictures in the colours of the last one; `each` and `last` are shown so many milliseconds."""
    colours = pictures[-1].quantize(256, kmeans=3)
    colours.putpalette([255 if level > 247 else level for level in colours.getpalette() or ()])  # white stays white
    drawn = [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures]
    times = [each] * (len(drawn) - 1) + [last]
    buffer = io.BytesIO()
    drawn[0].save(buffer, format="GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=False)
    return buffer.getvalue()


def contact_sheet(pictures: Sequence[Image.Image], columns: int = 2) -> bytes:
    """All pictures of the animation side by side, as PNG."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % columns * width, number // columns * height))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()

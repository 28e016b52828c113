"""Every number on the decisions of a network, image by image: what the claims on Fig. 8 and 9 are judged from."""

from __future__ import annotations

import torch
import xarray as xr
from jaxtyping import Float, Int64
from torch import Generator, Tensor

from nfrlab.simulations.deep.backdoors.attack import Attack, changed
from nfrlab.simulations.deep.decisions.curves import aopc, rise
from nfrlab.simulations.deep.decisions.insertion import above_mean, kept, largest
from nfrlab.simulations.deep.decisions.nulls import nulls
from nfrlab.simulations.deep.decisions.rescaling import as_input
from nfrlab.simulations.deep.decisions.sufficiency import READINGS, Decision, decision, sufficiency
from nfrlab.simulations.deep.effects.common import as_float64, dataset_of
from nfrlab.simulations.deep.effects.randomisation import randomised_network
from nfrlab.simulations.deep.engine.backward import Rule, attribution, start_at_output
from nfrlab.simulations.deep.engine.graph import Graph, Trace
from nfrlab.simulations.deep.engine.measure import alignment
from nfrlab.simulations.deep.inputs.images import IMAGENET

Images = Float[Tensor, "B C H W"]
SHARES = (0.1, 0.25, 0.5)
"""Of the entries of an image: what Insertion keeps where the mass is matched."""


def measure(
    graph: Graph, x: Images, y: Int64[Tensor, " B"], rule: Rule, rng: Generator, curves: bool = False
) -> xr.Dataset:
    """One row an image: `S`, Insertion and what stands beside them, of the map of `rule` for the class decided on.

    `s(reading)` of the map; `s_fed(input)` of the default reading of each null, of the same rule in a randomised
    network and for the second class; `s_kept(mask)` of images of which a part is kept, `mass(mask)` which part that is;
    `same(input)`: whether the class decided anew is the same. `right`, `label`, `probability` (the largest),
    `margin`, `alignment` with the image; `insertion`, `deletion` and `aopc`, NaN without `curves`.
    """
    trace = graph.forward(x)
    f = trace.output.double()
    k = f.argmax(1)
    top = f.topk(2, dim=1).values
    R = attribution(trace, rule)
    before = decision(trace, k)
    fed = inputs_fed(graph, trace, R, rule, rng)
    readings, same = {}, {}
    for space, seen in (("normalised", as_input(R, x)), ("pixels", through_pixels(R, x))):
        after = graph.forward(seen)
        anew = after.output.argmax(1)
        for decided, classes in (("anew", anew), ("kept", k)):
            found = decision(after, classes)
            for reading in READINGS:
                if (reading.space, reading.decided) == (space, decided):
                    readings[reading.name] = sufficiency(before, found, reading)
        same[space] = anew == k
    s_fed = {name: judged(graph, before, seen) for name, seen in fed.items()}
    masks = masks_of(R, rng)
    s_kept = {name: judged(graph, before, kept(x, mask)) for name, mask in masks.items()}
    mass = [mask.double().mean((1, 2, 3)) for mask in masks.values()]
    rows = {
        "right": (k == y).double(),
        "label": y.double(),
        "decided": k.double(),
        "probability": f.softmax(1).amax(1),
        "margin": top[:, 0] - top[:, 1],
        "alignment": alignment(R, x),
    }
    unknown = torch.full_like(rows["margin"], torch.nan)
    rows["insertion"], rows["deletion"] = rise(graph, x, R, k) if curves else (unknown, unknown)
    rows["aopc"] = aopc(graph, x, R, k) if curves else unknown
    order = [reading.name for reading in READINGS]
    return dataset_of(
        **{name: (("image",), values.cpu().numpy()) for name, values in rows.items()},
        s=(("reading", "image"), as_float64(readings[name] for name in order)),
        same=(("space", "image"), as_float64(same.values())),
        s_fed=(("input", "image"), as_float64(s_fed.values())),
        s_kept=(("mask", "image"), as_float64(s_kept.values())),
        mass=(("mask", "image"), as_float64(mass)),
    ).assign_coords(reading=order, space=list(same), input=list(s_fed), mask=list(masks))


def measure_triggered(
    graph: Graph, attack: Attack, x: Images, y: Int64[Tensor, " B"], rule: Rule, rng: Generator
) -> xr.Dataset:
    """One row an image that bears a trigger: `s` of its map in the default reading, and what could make it so by
    construction.

    `s_trigger(trigger)`: S, beside the triggered image's, of the trigger on grey, on another image, and of the
    triggered image with the pixels of the trigger grey; no map is fed there. `inside`: the share of the size of the map
    in the pixels of the trigger; `inside_clean`: of the map of the image without it; `pixels`: how many of all they
    are. `label` and `decided`, and `same` as in `measure`.
    """
    seen = attack.triggered(x, rng)
    trace, clean = graph.forward(seen), graph.forward(x)
    k = trace.output.argmax(1)
    before, place, grey = decision(trace, k), changed(x, seen), torch.zeros_like(x)
    R, R_clean = attribution(trace, rule), attribution(clean, rule, start_at_output(clean, k))
    after = graph.forward(as_input(R, seen))
    anew = after.output.argmax(1)
    inputs = {
        "trigger on grey": attack.moved(grey, x, seen),
        "trigger on another image": attack.moved(x.roll(1, 0), x, seen),
        "trigger blanked": torch.where(place, grey, seen),
    }
    shares = [(map.abs() * place).sum((1, 2, 3)) / map.abs().sum((1, 2, 3)) for map in (R, R_clean)]
    rows = {
        "label": y,
        "decided": k,
        "same": anew == k,
        "s": sufficiency(before, decision(after, anew)),
        "inside": shares[0],
        "inside_clean": shares[1],
        "pixels": place.double().mean((1, 2, 3)),
    }
    return dataset_of(
        **{name: (("image",), values.double().cpu().numpy()) for name, values in rows.items()},
        s_trigger=(("trigger", "image"), as_float64(judged(graph, before, each) for each in inputs.values())),
    ).assign_coords(trigger=list(inputs))


def measure_plain(graph: Graph, x: Images, y: Int64[Tensor, " B"], rule: Rule) -> xr.Dataset:
    """`s_clean` of the map in the default reading, and `right_clean`."""
    trace = graph.forward(x)
    k = trace.output.argmax(1)
    s = judged(graph, decision(trace, k), as_input(attribution(trace, rule), x))
    return dataset_of(s_clean=(("image",), s.cpu().numpy()), right_clean=(("image",), (k == y).double().cpu().numpy()))


def judged(graph: Graph, before: Decision, seen: Images) -> Float[Tensor, " B"]:
    """S, in the default reading, of what is fed."""
    after = graph.forward(seen)
    return sufficiency(before, decision(after, after.output.argmax(1)))


def inputs_fed(graph: Graph, trace: Trace, R: Images, rule: Rule, rng: Generator) -> dict[str, Images]:
    """What is fed in the place of the map, by name: the nulls, and the rule's maps of another network and class."""
    x = trace.x
    maps = nulls(x, R, rng)
    second = trace.output.topk(2, dim=1).indices[:, 1]
    maps["second class"] = attribution(trace, rule, start_at_output(trace, second))
    random = randomised_network(graph, rng).forward(x)
    maps["random network"] = attribution(random, rule)
    return {name: as_input(map, x) for name, map in maps.items()}


def through_pixels(R: Images, x: Images) -> Images:
    """`R̃` of the image in pixels, then normalised as images are: another range in every channel."""
    mean, sd = (torch.tensor(values).to(x)[: x.shape[1], None, None] for values in IMAGENET)
    return (as_input(R, x * sd + mean) - mean) / sd


def masks_of(R: Images, rng: Generator) -> dict[str, Tensor]:
    """What is kept of an image, by name: as printed, and at matched mass; by no map, at random."""
    noise = torch.rand(R.shape, generator=rng).to(R)
    found = {"insertion": above_mean(R), "insertion-abs": above_mean(R.abs())}
    for share in SHARES:
        for name, order in (("largest", R), ("largest size", R.abs()), ("random", noise)):
            found[f"{name}, {share:.0%}"] = largest(order, share)
    return found

"""What others measure: the class's probability while pixels are put in or taken out by the order of the map."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from nfrlab.simulations.deep.engine.graph import Graph

STEPS, PATCH, BLUR = 16, 8, 5.0
"""Steps of a curve; the side of AOPC's patches and the s.d. of the blur that insertion starts from, in pixels."""
Images = Float[Tensor, "B C H W"]


def rise(graph: Graph, x: Images, R: Images, k: Int64[Tensor, " B"]) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
    """Insertion and deletion of Petsiuk et al. 2018: the area under the probability of class k, by trapezoids, while
    the pixels of x replace a blurred x (insertion), or are replaced by 0, the mean colour (deletion), largest sum of R
    over the channels first.
    """
    order = R.sum(1).flatten(1).argsort(dim=1, descending=True, stable=True)
    rank = torch.zeros_like(order).scatter_(1, order, torch.arange(order.shape[1]).expand_as(order))
    rank = rank.view(len(x), 1, *x.shape[2:])

    def area(inside: Images, outside: Images) -> Tensor:
        points = [
            probability(graph, torch.where(rank < round(i / STEPS * order.shape[1]), inside, outside), k)
            for i in range(STEPS + 1)
        ]
        return torch.trapezoid(torch.stack(points), dx=1 / STEPS, dim=0)

    return area(x, blurred(x)), area(torch.zeros_like(x), x)


def aopc(graph: Graph, x: Images, R: Images, k: Int64[Tensor, " B"]) -> Float[Tensor, " B"]:
    """Samek et al. 2017: the mean, over the steps from 0, of `p_k(x) − p_k` of the image without its so many patches
    of the largest mean of R; patches are taken out as the mean colour. Sides have to be multiples of the patch's.
    """
    score = F.avg_pool2d(R.sum(1, keepdim=True), PATCH).flatten(1)
    order = score.argsort(dim=1, descending=True, stable=True)
    rank = torch.zeros_like(order).scatter_(1, order, torch.arange(order.shape[1]).expand_as(order))
    rank = rank.view(len(x), 1, x.shape[2] // PATCH, x.shape[3] // PATCH)
    rank = rank.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    whole = probability(graph, x, k)
    drops = [whole - probability(graph, x * (rank >= i), k) for i in range(order.shape[1] + 1)]
    return torch.stack(drops).mean(0)


def probability(graph: Graph, x: Images, k: Int64[Tensor, " B"]) -> Float[Tensor, " B"]:
    """The softmax of class k."""
    return graph(x).double().softmax(1).gather(1, k[:, None])[:, 0]


def blurred(x: Images) -> Images:
    """Gaussian blur; what lies outside is as at the border."""
    reach = int(3 * BLUR)
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1).to(x) / BLUR) ** 2)
    line = (line / line.sum()).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), line, groups=x.shape[1])
    return F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), line.transpose(2, 3), groups=x.shape[1])

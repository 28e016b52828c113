"""What the measured variables are, in words, as stored results say."""

from __future__ import annotations

MEANINGS = {
    "finite": "1 where every number of the forward pass is finite, 0 after an overflow",
    "alpha": "input alignment α of the map r_0 of a cascade",
    "alpha_naive": "the same computed in the map's precision without scaling",
    "alpha_activation": "α of Activation from a layer, before its pooling",
    "alpha_activation_pooled": "α of Activation from a layer, after its pooling if there is one",
    "alpha_map": "α of a map with a target",
    "alpha_detector": "α of an edge detector's map with a target",
    "network": "number of the network; equal numbers, equal weights",
    "image": "number of the image; equal numbers, equal images",
    "alpha_part": "α of the map of the largest or smallest activations of a layer",
    "between": "cosine between the maps of the largest and the smallest activations",
    "alpha_half": "α of the map of one half of the highest layer's activations, made by chance",
    "by_chance": "cosine between the maps of the two halves",
    "alpha_changed": "α after the top layers were changed",
    "sanity": "agreement of a map with another map, or with the image",
    "kept": "α between a component of Activation's map and of the image",
    "margin": "relative margin of ineq. 13",
    "csc": "median |cosine| of maps that began as different vectors",
    "csc_mean": "mean cosine of them",
    "csc_null": "median |cosine| of maps of two images",
    "alpha_pairs": "mean product of two maps' alignments with the activation",
    "rank_one": "share of the leading singular value, squared, of the maps",
    "direction": "|cosine| of their leading singular vector with a target",
    "between_networks": "mean cosine of maps of one image in two networks",
    "alpha_between": "mean product of their alignments with the image",
    "lost": "share of f that ⟨A_l, r_l⟩ of the gradient misses",
    "lost_to_bias": "share of f that the biases above the layer hold",
}

"""Which calls are known: the functions and methods of PyTorch by their plain names, each with the form that reads it.

Modules are known by the functions that they call. docs/operations.md is written from this table.
"""

from __future__ import annotations

from collections.abc import Callable

from nfrlab.simulations.deep.reading import curves, forms
from nfrlab.simulations.deep.reading.forms import Met, Ops
from nfrlab.simulations.deep.reading.noted import Noted

Form = Callable[..., Ops]
AS_OP = "as_op"
"""The name of a module that says itself what it does."""

NAMES: dict[Form, str] = {
    forms.linear: "linear",
    curves.matmul: "matmul mm",
    forms.conv: "conv2d",
    forms.conv_of_lines: "conv1d",
    forms.conv_transpose: "conv_transpose2d",
    forms.batch_norm: "batch_norm",
    forms.relu: "relu",
    curves.clamp: "clamp clamp_min clip",
    forms.max_pool: "max_pool2d",
    forms.avg_pool: "avg_pool2d",
    forms.adaptive_avg_pool: "adaptive_avg_pool2d",
    forms.mean: "mean",
    forms.add: "add",
    forms.flatten: "flatten view reshape squeeze",
    forms.subsample: "getitem",
    forms.pad: "pad",
    forms.dropout: "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
    forms.nothing: "contiguous clone to type type_as float double",
    forms.detached: "detach data",
    curves.linear_map: (
        "sub subtract rsub neg negative positive sum cumsum cat concat concatenate stack hstack chunk split "
        "split_with_sizes tensor_split unbind unsafe_chunk unsafe_split narrow select index_select take_along_dim "
        "gather permute transpose swapaxes swapdims t T mT adjoint movedim moveaxis roll flip rot90 unsqueeze "
        "unflatten expand expand_as broadcast_to repeat repeat_interleave tile diagonal unfold fold interpolate "
        "pixel_shuffle pixel_unshuffle channel_shuffle avg_pool1d avg_pool3d adaptive_avg_pool1d real where "
        "masked_fill max min amax amin maximum minimum abs absolute max_pool1d adaptive_max_pool1d adaptive_max_pool2d "
        "max_pool2d_with_indices eq ne lt le gt ge logical_not logical_and logical_or or and invert"
    ),
    curves.activation: (
        "relu6 leaky_relu prelu rrelu hardtanh clamp_max silu gelu hardswish hardsigmoid elu celu selu softplus tanh "
        "sigmoid mish softsign log_sigmoid threshold hardshrink softshrink tanhshrink"
    ),
    curves.curve: "square pow exp expm1 sqrt sin cos atan arctan erf asinh log1p",
    curves.held: "softmax log_softmax softmin reciprocal rsqrt log norm linalg_vector_norm linalg_norm var std",
    curves.product: "mul multiply bmm einsum",
    curves.quotient: "div divide true_divide",
    curves.attention: "scaled_dot_product_attention",
    curves.layer_norm: "layer_norm",
    curves.rms_norm: "rms_norm",
    curves.group_norm: "group_norm",
    curves.instance_norm: "instance_norm",
    forms.own: AS_OP,
}
FORMS: dict[str, Form] = {name: form for form, names in NAMES.items() for name in names.split()}
GATES = frozenset({"sigmoid", "hardsigmoid", *NAMES[curves.held].split()}), frozenset({"tanh"})
"""What makes a factor a gate; in a product of one of the first kind with one of the second, the first."""
SOFTMAX = {"softmax", "log_softmax", "sigmoid", "log_sigmoid"}
"""What stands over an output without being part of what is explained."""


def form_of(noted: Noted) -> Callable[[Met], Ops]:
    """How a call is read. Raises `ValueError` for one that is not known."""
    form = FORMS.get(noted.name)
    if form is None:
        raise ValueError(
            "this function is not handled; docs/operations.md lists what is, and a module may say what it does by as_op"
        )
    return lambda met: form(met, *noted.arguments, **noted.named)

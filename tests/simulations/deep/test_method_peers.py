"""captum and zennit beside the methods: the same maps where conventions coincide, and where not, who is right.

The judge is what is printed: an integral is an integral, GradCAM is `relu(Σ_c w_c A_c)`.
"""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from benchmarks.peers import Alpha1_Beta0_Rule, zennit
from nfrlab.simulations.deep.engine.graph import Graph, Node
from nfrlab.simulations.deep.engine.weighted import Linear
from nfrlab.simulations.deep.maps import attribution
from nfrlab.simulations.deep.methods import integrated_gradients, method, smoothgrad
from tests.simulations.deep.test_peers import AGREES, DIFFERS, SMALL_IMAGE, cosine, largest, small_network

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks", "ignore:Input Tensor"),
    pytest.mark.usefixtures("one_thread"),
]
ROUNDED = 1e-6
"""captum rounds nodes and weights to float32."""


def distance(a: Any, b: Any) -> float:
    """`‖a − b‖ / ‖b‖`: the scale of a map counts too."""
    return float((a.detach() - b).norm() / b.norm())


# Integrated Gradients.


def captum_ig(module: nn.Module, x: Any, k: Any, quadrature: str, multiply: bool = True, **given: Any) -> Any:
    """captum's map with 20 steps."""
    from captum.attr import IntegratedGradients

    named = "gausslegendre" if quadrature == "gauss" else f"riemann_{quadrature}"
    return IntegratedGradients(module, multiply).attribute(x, target=k, n_steps=20, method=named, **given)


@pytest.mark.parametrize("multiply", [True, False])
@pytest.mark.parametrize("quadrature", ["gauss", "left", "right", "middle"])
def test_captums_integrated_gradients_agree(quadrature: str, multiply: bool) -> None:
    """Catches nodes or weights of another rule, another line, or a factor too many; with a baseline and biases."""
    module, x = small_network(), SMALL_IMAGE
    k, x0 = largest(module, x), torch.full_like(x, 0.3)
    theirs = captum_ig(module, x, k, quadrature, multiply, baselines=x0)
    ours = integrated_gradients(module, x, k, baseline=x0, steps=20, quadrature=quadrature, multiplier=multiply)
    assert distance(theirs, ours.map) < ROUNDED


def test_captums_defect_is_ours() -> None:
    """Catches a completeness that is counted the other way round."""
    module, x = small_network(), SMALL_IMAGE
    k = largest(module, x)
    _, theirs = captum_ig(module, x, k, "middle", return_convergence_delta=True)
    ours = integrated_gradients(module, x, k, steps=20, quadrature="middle")
    torch.testing.assert_close(theirs, ours.defect, rtol=1e-4, atol=1e-4)


def test_captums_trapezoid_loses_a_share() -> None:
    """Documents weights that do not sum to 1: m nodes make m − 1 trapezoids, captum divides by m.

    Of a linear network the integral is w: ours, and captum's with a twentieth missing.
    """
    module = nn.Linear(6, 3).double().requires_grad_(False)
    graph = Graph((Node("linear", Linear(module.weight, module.bias), (-1,)),))
    x = torch.rand(1, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    exact = module.weight[1] * x
    theirs = captum_ig(module, x, 1, "trapezoid")
    ours = integrated_gradients(graph, x, 1, steps=20, quadrature="trapezoid").map
    assert distance(ours, exact) < 1e-14
    assert distance(theirs, exact * 19 / 20) < ROUNDED


def test_zennits_integrated_gradients_are_those_to_the_right() -> None:
    """Catches a start at the baseline itself: zennit's nodes are s/m, s = 1 … m."""
    from zennit.attribution import IntegratedGradients

    module, x = small_network(), SMALL_IMAGE
    k = largest(module, x)
    one = torch.zeros(1, 3, dtype=x.dtype).scatter_(1, k[:, None], 1)
    with IntegratedGradients(module, n_iter=20) as attributor:
        _, theirs = attributor(x, one)
    assert distance(theirs, integrated_gradients(module, x, k, steps=20, quadrature="right").map) < ROUNDED


# SmoothGrad.


def test_zennits_smoothgrad_has_one_sample_without_noise() -> None:
    """Documents a mean that is drawn to the gradient: of n samples zennit's last one has no noise.

    With one sample its map is the gradient; ours is a mean over noise alone, and refuses to state an error of one.
    """
    from zennit.attribution import SmoothGrad

    module, x = small_network(), SMALL_IMAGE
    k = largest(module, x)
    one = torch.zeros(1, 3, dtype=x.dtype).scatter_(1, k[:, None], 1)
    with SmoothGrad(module, noise_level=0.15, n_iter=1) as attributor:
        _, theirs = attributor(x, one)
    assert cosine(theirs, attribution(module, x, "grad", k)) >= AGREES
    with pytest.raises(ValueError, match="at least 2 samples"):
        smoothgrad(module, x, k, samples=1)


def test_captums_smoothgrad_agrees_within_both_errors() -> None:
    """Catches noise of another size: captum's σ is absolute, and given ours the two means differ by their errors."""
    from captum.attr import NoiseTunnel, Saliency

    torch.manual_seed(0)
    module, x = small_network(), SMALL_IMAGE
    k, n = largest(module, x), 2000
    sigma = float(0.15 * (x.max() - x.min()))
    theirs = NoiseTunnel(Saliency(module)).attribute(x, nt_samples=n, stdevs=sigma, target=k, abs=False)
    ours = smoothgrad(module, x, k, samples=n)
    expected = 2 * float(ours.error.square().sum())
    assert 0.3 < float((theirs - ours.map).square().sum()) / expected < 3
    other = smoothgrad(module, x, k, samples=n, noise=0.3)
    assert float((theirs - other.map).square().sum()) / expected > 10


# GradCAM.

IMAGES = torch.randn(2, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


def pooled_network() -> nn.Sequential:
    """The small network with a mean over places after its last convolution, for images of any size."""
    module = small_network()
    return nn.Sequential(*module[:5], nn.AdaptiveAvgPool2d(1), nn.Flatten(), *module[5:]).eval()


def test_captums_gradcam_agrees_at_the_relu() -> None:
    """Catches another layer, mean or class; captum's is asked for the positive part, which it leaves in by default.

    Given the convolution captum takes what comes before its ReLU; the authors of GradCAM take what comes after it.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    module, x = pooled_network(), IMAGES
    at_relu, at_convolution = LayerGradCam(module, module[4]), LayerGradCam(module, module[3])
    for k in range(3):
        theirs = LayerAttribution.interpolate(at_relu.attribute(x, k, relu_attributions=True), (8, 8), "bilinear")
        assert torch.allclose(theirs.expand_as(x), method("gradcam")(module, x, k), rtol=1e-12, atol=1e-12)
    signed = torch.cat([at_relu.attribute(x, k).detach() for k in range(3)])
    assert signed.min() < 0 < signed.max()
    before = torch.cat([at_convolution.attribute(x, k).detach() for k in range(3)])
    assert cosine(before.clamp(min=0), signed.clamp(min=0)) < DIFFERS


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_captums_guided_gradcam_agrees(interpolation: str) -> None:
    """Catches a product of maps of two classes, or of another size: biases, a signed image, captum's own GBP."""
    from captum.attr import GuidedGradCam

    module, x = pooled_network(), IMAGES
    k = largest(module, x)
    theirs = GuidedGradCam(module, module[4]).attribute(x, k, interpolate_mode=interpolation)
    assert distance(theirs, method("guided-gradcam", interpolation=interpolation)(module, x, k)) < 1e-12


# Excitation BP, and LRP-αβ of any β.


def test_captums_rule_without_biases_is_excitation_backpropagation() -> None:
    """Catches a product that is clamped in place of the weight: of signed images captum's α1β0 is not z⁺."""
    from captum.attr import LRP

    module = small_network()
    for part in module:
        if isinstance(part, nn.Conv2d | nn.Linear):
            part.rule = Alpha1_Beta0_Rule(set_bias_to_zero=True)
    k = largest(module, SMALL_IMAGE)
    ours = attribution(small_network(), SMALL_IMAGE, "excitation-bp", k)
    assert cosine(LRP(module).attribute(SMALL_IMAGE, target=k), ours) >= AGREES
    assert cosine(attribution(small_network(), SMALL_IMAGE, "zplus", k, bias="none"), ours) < DIFFERS


def test_zennits_excitation_backpropagation_agrees_at_positive_images() -> None:
    """Documents the sign: zennit's composite goes by that of the product, the publication by that of the weight."""
    from zennit.composites import ExcitationBackprop

    by_zennit = zennit(lambda: ExcitationBackprop(stabilizer=1e-12, zero_params="bias"))
    module, x = small_network(), SMALL_IMAGE
    for image, agrees in ((x.abs(), True), (x, False)):
        k = largest(module, image)
        found = cosine(by_zennit(module, image, k), attribution(module, image, "excitation-bp", k))
        assert found >= AGREES if agrees else found < DIFFERS


def test_other_betas_are_zennits_where_it_has_them() -> None:
    """Catches a β that is not taken, or one that is: zennit's α5β4, and a β of one's own, which zennit refuses."""
    from zennit import types
    from zennit.composites import LayerMapComposite
    from zennit.rules import AlphaBeta, Pass

    layers = [(types.Activation, Pass()), (types.Linear, AlphaBeta(alpha=5.0, beta=4.0))]
    module, x = small_network(), SMALL_IMAGE
    theirs = zennit(lambda: LayerMapComposite(layers))(module, x, largest(module, x))
    assert cosine(theirs, attribution(module, x, "lrp-alpha-beta", alpha=5.0, eps=1e-6)) >= AGREES
    assert cosine(theirs, attribution(module, x, "lrp-alpha-beta", alpha=5.0, beta=3.0, eps=1e-6)) < DIFFERS
    with pytest.raises(ValueError, match="must equal 1"):
        AlphaBeta(alpha=5.0, beta=3.0)

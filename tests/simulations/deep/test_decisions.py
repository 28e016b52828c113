"""Key Information Sufficiency, Insertion and the curves against slow oracles on small networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import Generator, Tensor, nn

from nfrlab.simulations.deep.backdoors import attacking
from nfrlab.simulations.deep.decisions import curves, insertion, measuring, nulls, tracking
from nfrlab.simulations.deep.decisions.rescaling import as_input
from nfrlab.simulations.deep.decisions.sufficiency import DEFAULT, READINGS, Reading, decision, sufficiency
from nfrlab.simulations.deep.effects import information
from nfrlab.simulations.deep.engine.backward import attribution, carry_down, start_at_output
from nfrlab.simulations.deep.engine.graph import Graph
from nfrlab.simulations.deep.engine.measure import alignment
from nfrlab.simulations.deep.engine.named_rules import rule
from nfrlab.simulations.deep.networks import models, weights
from nfrlab.simulations.deep.reading.rewrite import rewrite


def rng(seed: int = 0) -> Generator:
    """Random numbers."""
    return Generator().manual_seed(seed)


def some(count: int, seed: int = 0, side: int = 16) -> Tensor:
    """Images of one channel."""
    return torch.randn(count, 1, side, side, generator=rng(seed))


@pytest.fixture(scope="module")
def digits() -> tuple[Graph, models.VGG]:
    """The digits' network with random weights and biases."""
    module = models.digits_vgg()
    weights.randomise(module, "gaussian", np.random.SeedSequence(3))
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.3, generator=rng(4))
    return rewrite(module, some(1)), module


# R̃


@settings(max_examples=50, deadline=None)
@given(a=st.floats(0.01, 100), b=st.floats(-10, 10), seed=st.integers(0, 999))
def test_a_map_that_is_the_input_becomes_the_input(a: float, b: float, seed: int) -> None:
    """Catches a range over the batch, of one image for another, a shift or scale that is lost: a x + b gives x."""
    x = some(3, seed).double()
    torch.testing.assert_close(as_input(a * x + b, x), x)
    turned = as_input(-a * x + b, x)
    least, most = x.flatten(1).amin(1).view(-1, 1, 1, 1), x.flatten(1).amax(1).view(-1, 1, 1, 1)
    torch.testing.assert_close(turned, least + most - x)


def test_a_map_has_the_range_of_its_image() -> None:
    """Catches a map that is clipped, or has the range of another image; a constant one is the image's minimum."""
    x, R = some(3) * torch.tensor([1.0, 5.0, 0.2]).view(3, 1, 1, 1), some(3, 1)
    R[1] = 7.0
    found = as_input(R, x)
    for b in range(3):
        expected = (R[b] - R[b].min()) / (R[b].max() - R[b].min()) if b != 1 else torch.zeros_like(R[b])
        torch.testing.assert_close(found[b], expected * (x[b].max() - x[b].min()) + x[b].min())


# S


def by_hand(module: models.VGG, x: Tensor, seen: Tensor, reading: Reading) -> list[float]:
    """S of every image, number by number, from the features before the last linear layer."""
    last = module.classifier[-1]
    assert isinstance(last, nn.Linear)

    def features(v: Tensor) -> np.ndarray:
        below = nn.Sequential(module.features, module.avgpool, nn.Flatten(), *list(module.classifier)[:-1])
        return below(v).double().detach().numpy()

    W, bias = last.weight.double().detach().numpy(), last.bias.double().detach().numpy()
    found = []
    for A, B in zip(features(x), features(seen), strict=True):
        k = int(np.argmax(W @ A + bias))
        star = int(np.argmax(W @ B + bias)) if reading.decided == "anew" else k
        one = [W[k, i] * A[i] for i in range(len(A))] + ([bias[k]] if reading.bias else [])
        other = [W[star, i] * B[i] for i in range(len(B))] + ([bias[star]] if reading.bias else [])
        if reading.product == "scalar":
            one, other = [sum(one)], [sum(other)]
        found.append(1 - sum(abs(b - a) for a, b in zip(one, other, strict=True)) / sum(map(abs, one)))
    return found


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_every_reading_is_the_equation(digits: tuple[Graph, models.VGG], reading: Reading) -> None:
    """Catches products that are summed too early or too late, a class that is not the one decided on, a bias that is
    left out or in, and the features of the wrong layer.
    """
    graph, module = digits
    x, R = some(20), some(20, 1)
    seen = as_input(R, x) if reading.space == "normalised" else measuring.through_pixels(R, x)
    trace, after = graph.forward(x), graph.forward(seen)
    k = trace.output.argmax(1)
    star = after.output.argmax(1) if reading.decided == "anew" else k
    assert reading.decided == "kept" or not torch.equal(star, k)
    found = sufficiency(decision(trace, k), decision(after, star), reading)
    np.testing.assert_allclose(found.numpy(), by_hand(module, x, seen, reading), rtol=1e-4, atol=1e-5)


def test_there_are_sixteen_readings_and_one_default() -> None:
    """Catches two readings that are the same, and a default that is not among them."""
    assert len({reading.name for reading in READINGS}) == 16
    assert READINGS[0] == DEFAULT == Reading()


def test_pixels_have_another_range_than_normalised_images() -> None:
    """Catches a space that makes no difference: with three channels it does, with one it cannot."""
    x = torch.randn(2, 3, 8, 8, generator=rng())
    R = torch.randn(2, 3, 8, 8, generator=rng(1))
    assert float((measuring.through_pixels(R, x) - as_input(R, x)).abs().max()) > 0.05
    torch.testing.assert_close(measuring.through_pixels(some(2, 1), some(2)), as_input(some(2, 1), some(2)))


def test_the_input_scores_one_and_nothing_scores_zero(digits: tuple[Graph, models.VGG]) -> None:
    """Catches S that is not 1 for the same decision; S that is not 0 for features that vanish or double; and 0/0."""
    graph, _ = digits
    trace = graph.forward(some(5))
    k = trace.output.argmax(1)
    before = decision(trace, k)
    for reading in READINGS:
        assert torch.equal(sufficiency(before, before, reading), torch.ones(5).double())
        for factor in (0.0, 2.0):
            other = type(before)(before.parts * factor, before.rest * factor)
            torch.testing.assert_close(sufficiency(before, other, reading), torch.zeros(5).double())
    nothing = type(before)(torch.zeros_like(before.parts), torch.zeros_like(before.rest))
    assert torch.equal(sufficiency(nothing, nothing), torch.ones(5).double())
    assert torch.equal(sufficiency(nothing, before), torch.full((5,), -torch.inf).double())


def test_a_convolution_at_the_end_counts_the_places_that_fire() -> None:
    """Catches a head that only linear layers have: SqueezeNet ends in a convolution, a ReLU and a mean."""
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    module.append(nn.Flatten())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng(2)))
    x = some(2, side=6)
    graph = rewrite(module.eval(), x)
    A, W, bias = module[1](module[0](x)), module[2].weight[:, :, 0, 0], module[2].bias
    k = torch.tensor([1, 2])
    found = decision(graph.forward(x), k)
    for b in range(2):
        fires = torch.einsum("i,ihw->hw", W[k[b]], A[b]) + bias[k[b]] > 0
        expected = W[k[b]][:, None, None] * A[b] * fires / 16
        torch.testing.assert_close(found.parts[b], expected.double().flatten(), rtol=1e-5, atol=1e-6)
        rest = (bias[k[b]] * fires).sum() / 16
        torch.testing.assert_close(found.rest[b], rest.double(), rtol=1e-4, atol=1e-5)


# Insertion


def test_insertion_keeps_what_is_above_the_mean() -> None:
    """Catches a mean over the batch, a map without its sign, and a constant map of which all is kept."""
    R = torch.tensor([[1.0, 2.0, 3.0, 10.0], [-9.0, 0.0, 0.0, 1.0], [5.0, 5.0, 5.0, 5.0]]).view(3, 1, 2, 2)
    expected = [[0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert insertion.above_mean(R).view(3, 4).int().tolist() == expected
    assert insertion.above_mean(R.abs())[1].view(4).int().tolist() == [1, 0, 0, 0]
    assert insertion.kept(R, insertion.above_mean(R))[0].view(4).tolist() == [0, 0, 0, 10]


@settings(max_examples=50, deadline=None)
@given(share=st.floats(0, 1), seed=st.integers(0, 99), tied=st.booleans())
def test_matched_mass_is_the_same_for_every_map(share: float, seed: int, tied: bool) -> None:
    """Catches ties that are all kept or all dropped, and the smallest in the place of the largest."""
    R = some(2, seed, 4).round() if tied else some(2, seed, 4)
    mask = insertion.largest(R, share)
    assert torch.equal(mask.sum((1, 2, 3)), torch.full((2,), round(share * 16)))
    for values, inside in zip(R, mask, strict=True):
        if inside.any() and not inside.all():
            assert float(values[inside].min()) >= float(values[~inside].max())
    with pytest.raises(ValueError, match="lies in"):
        insertion.largest(R, 1.5)


# Curves


def test_rise_and_aopc_are_their_definitions(digits: tuple[Graph, models.VGG]) -> None:
    """Catches pixels put in from the wrong end, channels ranked apart, a substrate that is not what is said, endpoints
    left out, and the trapezoid of another step.
    """
    graph, module = digits
    x, R = some(3), some(3, 1)
    k = graph(x).argmax(1)
    soft = curves.blurred(x)
    inserted, deleted = curves.rise(graph, x, R, k)
    drops = curves.aopc(graph, x, R, k)

    def p(v: Tensor, b: int) -> float:
        return float(module(v[None]).detach().double().softmax(1)[0, k[b]])

    for b in range(3):
        order = np.argsort(-R[b, 0].flatten().numpy(), kind="stable")
        up, down = [], []
        for i in range(curves.STEPS + 1):
            inside = torch.zeros(256, dtype=torch.bool)
            inside[torch.from_numpy(order[: round(i * 256 / curves.STEPS)].copy())] = True
            inside = inside.view(1, 16, 16)
            up.append(p(torch.where(inside, x[b], soft[b]), b))
            down.append(p(torch.where(inside, torch.zeros_like(x[b]), x[b]), b))
        assert float(inserted[b]) == pytest.approx(np.trapezoid(up, dx=1 / curves.STEPS), rel=1e-4)
        assert float(deleted[b]) == pytest.approx(np.trapezoid(down, dx=1 / curves.STEPS), rel=1e-4)
        patches = {(i, j): float(R[b, 0, i : i + 8, j : j + 8].mean()) for i in (0, 8) for j in (0, 8)}
        whole, v, found = p(x[b], b), x[b].clone(), [0.0]
        for i, j in sorted(patches, key=lambda place: -patches[place]):
            v[0, i : i + 8, j : j + 8] = 0
            found.append(whole - p(v, b))
        assert float(drops[b]) == pytest.approx(np.mean(found), rel=1e-4, abs=1e-6)


# Nulls


def test_nulls_know_nothing_of_the_network() -> None:
    """Catches noise at another alignment than the map's, phases that change the amplitudes, a low-pass that lets the
    finest frequencies through, and an edge detector that answers to a constant.
    """
    x, R = torch.randn(4, 3, 16, 16, generator=rng()) + 1, torch.randn(4, 3, 16, 16, generator=rng(1))
    found = nulls.nulls(x, R, rng(2))
    torch.testing.assert_close(alignment(found["noisy image"], x), alignment(R, x), atol=1e-5, rtol=0)
    amplitudes = [torch.fft.fft2(v.double()).abs() for v in (found["scrambled phases"], x)]
    torch.testing.assert_close(*amplitudes, atol=1e-3, rtol=1e-3)
    assert float(alignment(found["scrambled phases"] - x.mean((2, 3), keepdim=True), x).abs().max()) < 0.5
    fine = torch.ones(16, 16)
    fine[::2, ::2] = fine[1::2, 1::2] = -1
    torch.testing.assert_close(nulls.low_pass(fine.expand(1, 1, 16, 16)), torch.zeros(1, 1, 16, 16), atol=1e-6, rtol=0)
    assert float(nulls.laplacian(torch.full((1, 1, 8, 8), 3.0)).abs().max()) == 0
    assert torch.equal(found["other image"][1], x[0])
    assert len(found["constant"].unique()) == 1


def test_every_number_of_an_image_is_there(digits: tuple[Graph, models.VGG]) -> None:
    """Catches a number that is another image's: each row is what its image gives alone, but for what is drawn."""
    graph, _ = digits
    x, y = some(6), torch.arange(6)
    found = measuring.measure(graph, x, y, rule("gbp"), rng(), curves=True)
    alone = measuring.measure(graph, x[4:5], y[4:5], rule("gbp"), rng(), curves=True)
    drawn = ("noisy image", "scrambled phases", "noise", "random network", "other image")
    for name, variable in alone.data_vars.items():
        one, other = variable.isel(image=0), found[name].isel(image=4)
        if "input" in one.dims:
            one, other = one.drop_sel(input=list(drawn)), other.drop_sel(input=list(drawn))
        if "mask" in one.dims:
            random = [each for each in one["mask"].values if str(each).startswith("random")]
            one, other = one.drop_sel(mask=random), other.drop_sel(mask=random)
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4, err_msg=str(name))
    R = attribution(graph.forward(x), rule("gbp"))
    np.testing.assert_allclose(found["alignment"], alignment(R, x), rtol=1e-6)
    np.testing.assert_allclose(found["s_fed"].sel(input="image"), 1, atol=1e-5)
    assert 0.2 < float(found["mass"].sel(mask="largest, 25%").mean()) < 0.3


# Triggers


def test_a_triggered_image_stands_beside_what_is_no_map() -> None:
    """Catches S of the clean image in the place of the triggered one's, a map of another class, a trigger that is not
    on grey, and shares that do not count all channels.
    """
    module = models.small_resnet18(4)
    weights.randomise(module, "gaussian", np.random.SeedSequence(1))
    x = torch.randn(3, 3, 32, 32, generator=rng())
    graph, attack, y = rewrite(module, x), attacking.made("badnet", 0), torch.arange(3)
    found = measuring.measure_triggered(graph, attack, x, y, rule("gbp"), rng())
    seen = attack.triggered(x, rng())
    trace = graph.forward(seen)
    k = trace.output.argmax(1)
    R = attribution(trace, rule("gbp"))
    clean = graph.forward(x)
    R_clean = attribution(clean, rule("gbp"), start_at_output(clean, k))

    def s(fed: Tensor) -> np.ndarray:
        after = graph.forward(fed)
        return sufficiency(decision(trace, k), decision(after, after.output.argmax(1))).numpy()

    np.testing.assert_allclose(found["s"], s(as_input(R, seen)), atol=1e-6)
    grey = torch.zeros_like(x)
    grey[:, :, -3:, -3:] = seen[:, :, -3:, -3:]
    blanked = seen.clone()
    blanked[:, :, -3:, -3:] = 0
    for name, fed in {"trigger on grey": grey, "trigger blanked": blanked}.items():
        np.testing.assert_allclose(found["s_trigger"].sel(trigger=name), s(fed), atol=1e-6, err_msg=name)
    for name, map in {"inside": R, "inside_clean": R_clean}.items():
        sizes = map.abs().double()
        expected = sizes[:, :, -3:, -3:].sum((1, 2, 3)) / sizes.sum((1, 2, 3))
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(found["pixels"], 9 / 1024)
    np.testing.assert_allclose(found["decided"], k)
    plain = measuring.measure_plain(graph, x, y, rule("gbp"))
    whole = measuring.measure(graph, x, y, rule("gbp"), rng())
    np.testing.assert_allclose(plain["s_clean"], whole["s"].sel(reading=DEFAULT.name), atol=1e-6)
    np.testing.assert_allclose(plain["right_clean"], whole["right"])


# Layer by layer


def test_what_is_left_is_what_the_bridge_measures(digits: tuple[Graph, models.VGG]) -> None:
    """Catches layers in another order, and an image's numbers that are its neighbour's."""
    graph, _ = digits
    x = torch.cat([some(3), some(1) * 0 + 1])[:3]
    found = tracking.tracked(graph, x, torch.zeros(3, dtype=torch.long), rule("gbp"), rng())
    for i in range(3):
        alone = information.measure(graph.forward(x[i : i + 1]))["kept"]
        for name in ("image", "luminance", "middle", "fine"):
            expected = alone.sel(component=name, layer=found["layer"].values)
            np.testing.assert_allclose(found["kept"].sel(information=name).isel(image=i), expected, atol=1e-5)
    assert found["layer"].values[0] == 1
    assert found["layer"].values[-1] == graph.depth


def test_two_classes_part_at_the_top(digits: tuple[Graph, models.VGG]) -> None:
    """Catches a class compared with itself, and relevance of one layer taken for another's."""
    graph, _ = digits
    x = some(4)
    trace = graph.forward(x)
    k = trace.output.argmax(1)
    found = tracking.tracked(graph, x, k, rule("gbp"), rng())
    second = trace.output.topk(2, dim=1).indices[:, 1]
    np.testing.assert_allclose(found["parted"].sel(layer=graph.depth), 0, atol=1e-6)
    maps = [carry_down(trace, rule("gbp"), start_at_output(trace, each)) for each in (k, second)]
    first = graph.cuts[1]
    assert first >= 0
    below = tracking.cosines(trace, rule("gbp"), k, second, [1])[0]
    assert float(below.min()) > 0
    one = tracking.cosines(trace, rule("gbp"), k, k, [1])[0]
    torch.testing.assert_close(one, torch.ones(4).double())
    assert float((alignment(*maps) - below).abs().max()) < 0.5  # a layer further down, the same neighbourhood
    wrong = (k + 1) % 10
    other = tracking.tracked(graph, x, wrong, rule("gbp"), rng())
    expected = tracking.cosines(trace, rule("gbp"), k, wrong, other["layer"].values.tolist())
    np.testing.assert_allclose(other["parted"], torch.stack(expected), atol=1e-6)


def test_maps_lie_on_the_object_by_chance_or_more(digits: tuple[Graph, models.VGG]) -> None:
    """Catches a share that is not held against the size of the object: 1 of the whole image, 2 of halves together."""
    graph, _ = digits
    x, whole = some(2), torch.ones(2, 1, 16, 16, dtype=torch.bool)
    half = whole.clone()
    half[..., 8:] = False
    shares = [
        tracking.tracked(graph, x, torch.zeros(2, dtype=torch.long), rule("gbp"), rng(), masks)["on_object"]
        for masks in (whole, half, ~half)
    ]
    np.testing.assert_allclose(shares[0], 1)
    np.testing.assert_allclose(shares[1] + shares[2], 2, rtol=1e-6)

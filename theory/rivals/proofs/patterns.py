"""The derivation behind `theory.rivals.patterns`: the pattern of a neuron is the regression of its inputs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from nfrlab.theory.numerics.proof import Derivation, Exact, argued, certain, false_with, symbolic, vanishes

if TYPE_CHECKING:
    import sympy as sp
else:
    sp = lazy_loader.load("sympy")


def _reflection_keeps_law_and_neuron() -> bool:
    """Whether `x → 2 (wᵀx/‖w‖²) w − x` keeps ‖x‖ and wᵀx."""
    w, x = (sp.Matrix(sp.symbols(f"{name}1:4", real=True)) for name in "wx")
    mirrored = 2 * w.dot(x) / w.dot(w) * w - x
    return vanishes(mirrored.dot(mirrored) - x.dot(x)) and vanishes(mirrored.dot(w) - x.dot(w))


def _uncorrelated(w: sp.Matrix, covariance: sp.Matrix) -> bool:
    """Whether `x − (Σw/wᵀΣw) y` and `y = wᵀx` are uncorrelated."""
    along = covariance * w
    rest = along - along / w.dot(along) * w.dot(along)  # Cov(x, y) − a Var y
    return all(vanishes(entry) for entry in rest)


def _pattern(w: sp.Matrix, regression: sp.Matrix) -> list[sp.Expr]:
    """a⁺ as it is printed where `E[x | y] = regression · y`, from `E₊ y` and `E₊ y² = (E₊ y)² + v`."""
    mean, v = sp.symbols("m v", positive=True)
    numerator = regression * (mean**2 + v) - regression * mean * mean
    return list(numerator / w.dot(numerator))


def _half_normal_variance() -> sp.Expr:
    """The variance of y given y > 0, y ~ N(0, s²)."""
    y, s = sp.symbols("y s", positive=True)
    density = 2 * sp.exp(-(y**2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    first, second = (sp.integrate(y**p * density, (y, 0, sp.oo)) for p in (1, 2))
    return sp.simplify(second - first**2)


@false_with(power=(1, 0), total=(2,), bent=(1,))
def pattern_of_elliptical_inputs(power: Exact = 2, total: Exact = 1, bent: Exact = 0) -> Derivation:
    """The patterns of rotation-invariant and of elliptical inputs."""
    w = sp.Matrix(sp.symbols("w1:4", positive=True))  # the sign of an entry is that of its axis
    length = sp.sqrt(w.dot(w))
    isotropic = _pattern(w, w / w.dot(w))
    pair, (a, b, c) = sp.Matrix(sp.symbols("w1:3", real=True)), sp.symbols("a b c", real=True)
    covariance = sp.Matrix([[a, b], [b, c]])
    along = covariance * pair
    stated = (covariance + bent * sp.eye(2)) * pair
    weights = [sp.cancel(each * of) for each, of in zip(w, isotropic, strict=True)]
    s = sp.symbols("s", positive=True)
    return Derivation(
        "A neuron y = wᵀx with any bias b, E₊ the mean where y + b > 0, which has positive probability and second "
        "moments; y varies there. First x rotation invariant, then elliptical of mean 0 with covariance Σ.",
        (
            symbolic(
                "The reflection at the axis w keeps ‖x‖ and y: x and 2 (y/‖w‖²) w − x have one law, given y.",
                _reflection_keeps_law_and_neuron(),
            ),
            argued(
                "Hence E[x | y] = y w/‖w‖², and E₊[x g(y)] = E₊[y g(y)] w/‖w‖² for every function g: no bias matters."
            ),
            symbolic("Elliptical: x − (Σw/wᵀΣw) y is uncorrelated with y,", _uncorrelated(pair, covariance)),
            argued("and of mean 0 given y, as regressions of elliptical laws are linear: E[x | y] = y Σw/wᵀΣw."),
            symbolic(
                "y does vary: without a bias and for Gaussian inputs Var₊ y = (1 − 2/π) E y² > 0.",
                vanishes(_half_normal_variance() - (1 - 2 / sp.pi) * s**2),
            ),
        ),
        (
            symbolic(
                "x rotation invariant: a⁺ = w/‖w‖², so PatternNet is the gradient of unit-scaled weights;",
                all(vanishes(found - each / length**power) for found, each in zip(isotropic, w, strict=True)),
            ),
            symbolic(
                "PatternAttribution has the weights w_i²/‖w‖² ≥ 0, which sum to 1;",
                all(certain(weight >= 0) for weight in weights) and vanishes(sum(weights) - total),
            ),
            symbolic(
                "x elliptical: a⁺ = Σw/wᵀΣw.",
                all(
                    vanishes(found - each / pair.dot(stated))
                    for found, each in zip(_pattern(pair, along / pair.dot(along)), stated, strict=True)
                ),
            ),
        ),
    )

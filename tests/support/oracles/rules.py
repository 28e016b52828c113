"""Element-wise oracle for the backward rules of one dense ReLU layer: loops over i and j, nothing else.

W[i][j] is the weight from input i to neuron j; z_j = sum_i a_i w_ij + b_j; A_j = relu(z_j); M_j = 1[z_j > 0].
v^+ = max(v, 0) and v^- = min(v, 0). With Fractions throughout, every result but `alignment` is exact.
"The paper" is Zheng, Sang, Xu, arXiv 2503.11160 (2025). A quotient with denominator exactly 0 counts as 0.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

Scalar: TypeAlias = float | Fraction
Vector: TypeAlias = Sequence[Scalar]
Matrix: TypeAlias = Sequence[Sequence[Scalar]]


def relu(v: Scalar) -> Scalar:
    """relu(v) = v if v > 0, else 0 (the paper, notation); the derivative at 0 is taken as 0 below."""
    return v if v > 0 else v * 0


def _neg(v: Scalar) -> Scalar:
    """v^- = min(v, 0), not positive."""
    return v if v < 0 else v * 0


def _ratio(num: Scalar, den: Scalar) -> Scalar:
    """num / den, and 0 where den is exactly 0."""
    return num * 0 if den == 0 else num / den


def forward(W: Matrix, b: Vector, a: Vector) -> tuple[list[Scalar], list[Scalar]]:
    """z_j = sum_i a_i w_ij + b_j and A_j = relu(z_j) (the paper, notation; there b = 0)."""
    z: list[Scalar] = []
    for j in range(len(b)):
        total = b[j]
        for i in range(len(a)):
            total = total + a[i] * W[i][j]
        z.append(total)
    return z, [relu(v) for v in z]


def grad(a: Vector, W: Matrix, b: Vector, r: Vector) -> list[Scalar]:
    """Gradient, r' = W M r: r'_i = sum_j w_ij 1[z_j > 0] r_j (the paper, backward rules)."""
    z, _ = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if z[j] > 0:
                out[i] = out[i] + W[i][j] * r[j]
    return out


def gbp(a: Vector, W: Matrix, b: Vector, r: Vector) -> list[Scalar]:
    """Guided backprop, r' = W M relu(r): r'_i = sum_j w_ij 1[z_j > 0] 1[r_j > 0] r_j (the paper, Prop. 1)."""
    z, _ = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if z[j] > 0 and r[j] > 0:
                out[i] = out[i] + W[i][j] * r[j]
    return out


def deconv(a: Vector, W: Matrix, b: Vector, r: Vector) -> list[Scalar]:
    """Deconvnet, r' = W relu(r), no forward mask: r'_i = sum_j w_ij 1[r_j > 0] r_j (arXiv 1912.09818)."""
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if r[j] > 0:
                out[i] = out[i] + W[i][j] * r[j]
    return out


def rectgrad(a: Vector, W: Matrix, b: Vector, r: Vector, tau: Scalar) -> list[Scalar]:
    """RectGrad, r' = W M (r * 1[A * r > tau]), strict (the paper, eq. 15, with M); tau may be negative."""
    z, act = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if z[j] > 0 and act[j] * r[j] > tau:
                out[i] = out[i] + W[i][j] * r[j]
    return out


def quantile(values: Vector, q: Scalar) -> Scalar:
    """x_(k) + (h - k)(x_(k+1) - x_(k)), h = (n - 1) q, k = floor(h), x sorted (Hyndman & Fan type 7)."""
    x = list(values)
    for m in range(1, len(x)):  # insertion sort
        p = m
        while p > 0 and x[p - 1] > x[p]:
            x[p - 1], x[p] = x[p], x[p - 1]
            p -= 1
    h = (len(x) - 1) * q
    k = math.floor(h)
    return x[k] if k == h else x[k] + (h - k) * (x[k + 1] - x[k])


def rectgrad_quantile(a: Vector, W: Matrix, b: Vector, r: Vector, q: Scalar) -> list[Scalar]:
    """RectGrad with tau = the q-quantile of A * r over the layer, zeros included (the paper, experiments)."""
    _, act = forward(W, b, a)
    return rectgrad(a, W, b, r, quantile([act[j] * r[j] for j in range(len(b))], q))


def lrp_z(a: Vector, W: Matrix, b: Vector, R: Vector) -> list[Scalar]:
    """LRP-z: R'_i = sum_j a_i w_ij / (sum_k a_k w_kj + b_j) R_j (the paper, backward rules, plus bias)."""
    out: list[Scalar] = [0] * len(a)
    for j in range(len(b)):
        den = b[j]
        for k in range(len(a)):
            den = den + a[k] * W[k][j]
        for i in range(len(a)):
            out[i] = out[i] + _ratio(a[i] * W[i][j], den) * R[j]
    return out


def lrp_alpha_beta(a: Vector, W: Matrix, b: Vector, R: Vector, alpha: Scalar, beta: Scalar) -> list[Scalar]:
    """LRP-alpha-beta (the paper, backward rules): z_ij = a_i w_ij, either sign possible through a_i,
    R'_i = sum_j (alpha z_ij^+ / (sum_k z_kj^+ + b_j^+) - beta z_ij^- / (sum_k z_kj^- + b_j^-)) R_j.
    """
    out: list[Scalar] = [0] * len(a)
    for j in range(len(b)):
        pos, neg = relu(b[j]), _neg(b[j])
        for k in range(len(a)):
            pos, neg = pos + relu(a[k] * W[k][j]), neg + _neg(a[k] * W[k][j])
        for i in range(len(a)):
            z = a[i] * W[i][j]
            out[i] = out[i] + (alpha * _ratio(relu(z), pos) - beta * _ratio(_neg(z), neg)) * R[j]
    return out


def zplus(a: Vector, W: Matrix, b: Vector, R: Vector) -> list[Scalar]:
    """z^+: R'_i = sum_j (a_i w_ij)^+ / (sum_k (a_k w_kj)^+ + b_j^+) R_j (the paper, backward rules)."""
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            den = relu(b[j]) + sum(relu(a[k] * W[k][j]) for k in range(len(a)))
            out[i] = out[i] + _ratio(relu(a[i] * W[i][j]), den) * R[j]
    return out


def excitation_bp(a: Vector, W: Matrix, b: Vector, R: Vector) -> list[Scalar]:
    """Excitation BP: R'_i = sum_j a_i w_ij^+ / (sum_k a_k w_kj^+) R_j, without biases (arXiv 1608.00507)."""
    out: list[Scalar] = [0] * len(a)
    for j in range(len(b)):
        den = sum(a[k] * relu(W[k][j]) for k in range(len(a)))
        for i in range(len(a)):
            out[i] = out[i] + _ratio(a[i] * relu(W[i][j]), den) * R[j]
    return out


def zplus_gradient(a: Vector, W: Matrix, b: Vector, rho: Vector) -> list[Scalar]:
    """z^+ as a modified gradient, one factor per neuron (the paper, backward rules; relevance is a * rho):
    gamma_j = A_j / (sum_k (a_k w_kj)^+ + b_j^+), rho'_i = sum_j w_ij 1[a_i w_ij > 0] gamma_j rho_j.
    An input a_i = 0 gets rho'_i = 0; "W^+" gives another value there, of no effect on the relevance.
    """
    _, act = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            gamma = _ratio(act[j], relu(b[j]) + sum(relu(a[k] * W[k][j]) for k in range(len(a))))
            if a[i] * W[i][j] > 0:
                out[i] = out[i] + W[i][j] * gamma * rho[j]
    return out


def zplus_filter(a: Vector, W: Matrix, b: Vector, r: Vector) -> list[Scalar]:
    """W diag(1[W > 0]) M r without gamma: r'_i = sum_j w_ij 1[w_ij > 0] M_j r_j (the paper, Prop. 3)."""
    z, _ = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if W[i][j] > 0 and z[j] > 0:
                out[i] = out[i] + W[i][j] * r[j]
    return out


def scalar_gamma(a: Vector, W: Matrix, b: Vector, r: Vector) -> Scalar:
    """The gamma with sum_i a_i gamma zplus_filter_i = sum_j A_j r_j; 0 if undefined (the paper, Prop. 3)."""
    _, act = forward(W, b, a)
    filtered = zplus_filter(a, W, b, r)
    return _ratio(sum(act[j] * r[j] for j in range(len(b))), sum(a[i] * filtered[i] for i in range(len(a))))


def z_box(a: Vector, W: Matrix, b: Vector, R: Vector, low: Vector, high: Vector) -> list[Scalar]:
    """z^B for low_i <= a_i <= high_i: R'_i = sum_j n_ij / (sum_k n_kj + b_j) R_j,
    n_ij = a_i w_ij - low_i w_ij^+ - high_i w_ij^- (the paper, backward rules, DTD; the bias is a convention).
    """
    out: list[Scalar] = [0] * len(a)
    for j in range(len(b)):
        n = [a[i] * W[i][j] - low[i] * relu(W[i][j]) - high[i] * _neg(W[i][j]) for i in range(len(a))]
        for i in range(len(a)):
            out[i] = out[i] + _ratio(n[i], sum(n) + b[j]) * R[j]
    return out


def _reference(W: Matrix, b: Vector, a: Vector, a0: Vector | None) -> tuple[list[Scalar], list[Scalar], Vector]:
    """z of a, z of the reference a0 (zeros where none is given), and a0."""
    there = [v * 0 for v in a] if a0 is None else a0
    return forward(W, b, a)[0], forward(W, b, there)[0], there


def _rescale_multiplier(z0: Scalar, z: Scalar) -> Scalar:
    """Delta y / Delta z of y = relu(z); the derivative 1[z > 0] where Delta z = 0 (arXiv 1704.02685, sec. 3.5.2)."""
    if z == z0:
        return 1 if z > 0 else 0
    return (relu(z) - relu(z0)) / (z - z0)


def deeplift_rescale(a: Vector, W: Matrix, b: Vector, r: Vector, a0: Vector | None = None) -> list[Scalar]:
    """DeepLIFT, Rescale: m'_i = sum_j w_ij (Delta y_j / Delta z_j) m_j (arXiv 1704.02685, eq. 3 and sec. 3.5)."""
    z, z0, _ = _reference(W, b, a, a0)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i] = out[i] + W[i][j] * _rescale_multiplier(z0[j], z[j]) * r[j]
    return out


def _revealcancel_multiplier(z0: Scalar, own: Scalar, other: Scalar) -> Scalar:
    """Delta y^s / Delta z^s for one sign s, Delta z^s = own (arXiv 1704.02685, sec. 3.5.3):
    Delta y^s = (y(z0 + own) - y(z0) + y(z0 + other + own) - y(z0 + other)) / 2; the limit own -> 0 where own = 0.
    """
    if own == 0:
        return Fraction((1 if z0 > 0 else 0) + (1 if z0 + other > 0 else 0), 2)
    y = (relu(z0 + own) - relu(z0) + relu(z0 + other + own) - relu(z0 + other)) / 2
    return y / own


def deeplift_revealcancel(a: Vector, W: Matrix, b: Vector, r: Vector, a0: Vector | None = None) -> list[Scalar]:
    """DeepLIFT, RevealCancel: contributions c_ij = Delta a_i w_ij > 0 make up Delta z_j^+, those < 0 Delta z_j^-;
    m'_i = sum_j w_ij m_j^+ r_j over c_ij > 0, plus w_ij m_j^- r_j over c_ij < 0, plus half of each where
    Delta a_i = 0 (arXiv 1704.02685, sec. 3.5.1).
    """
    _, z0, there = _reference(W, b, a, a0)
    out: list[Scalar] = [0] * len(a)
    for j in range(len(b)):
        c = [(a[i] - there[i]) * W[i][j] for i in range(len(a))]
        pos, neg = sum(relu(v) for v in c), sum(_neg(v) for v in c)
        m_pos, m_neg = _revealcancel_multiplier(z0[j], pos, neg), _revealcancel_multiplier(z0[j], neg, pos)
        for i in range(len(a)):
            m = m_pos if c[i] > 0 else m_neg if c[i] < 0 else (m_pos + m_neg) / 2
            out[i] = out[i] + W[i][j] * m * r[j]
    return out


def deeplift_ablated(a: Vector, W: Matrix, b: Vector, r: Vector, a0: Vector | None = None) -> list[Scalar]:
    """DeepLIFT without cross terms (arXiv 1912.09818): of Rescale only what a difference Delta a_i > 0 adds to Delta
    z_j > 0, and Delta a_i < 0 to Delta z_j < 0, that is w_ij > 0 in both; so too where Delta a_i = 0.
    """
    z, z0, _ = _reference(W, b, a, a0)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if W[i][j] > 0:
                out[i] = out[i] + W[i][j] * _rescale_multiplier(z0[j], z[j]) * r[j]
    return out


def pattern(inputs: Matrix, w: Vector, b: Scalar, rectified: bool = True) -> list[Scalar]:
    """(E[x_i y] - E[x_i] E[y]) / sum_k w_k (E[x_k y] - E[x_k] E[y]), y = sum_i w_i x_i, E the mean over the inputs with
    y + b > 0, or over all of a linear neuron (arXiv 1705.05598, eq. 8-9 and the two estimators before them).
    """
    kept: list[tuple[Vector, Scalar]] = []
    for x in inputs:
        y = sum((w[i] * x[i] for i in range(len(w))), w[0] * 0)
        if not rectified or y + b > 0:
            kept.append((x, y))
    if not kept:
        return [v * 0 for v in w]
    n = len(kept)
    mean_y = sum(y for _, y in kept) / n
    num = [sum(x[i] * y for x, y in kept) / n - sum(x[i] for x, _ in kept) / n * mean_y for i in range(len(w))]
    den = sum(w[i] * num[i] for i in range(len(w)))
    return [_ratio(v, den) for v in num]


def pattern_net(a: Vector, W: Matrix, b: Vector, r: Vector, P: Matrix) -> list[Scalar]:
    """PatternNet: r'_i = sum_j p_ij 1[z_j > 0] r_j, patterns p_j in place of weights (arXiv 1705.05598)."""
    z, _ = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if z[j] > 0:
                out[i] = out[i] + P[i][j] * r[j]
    return out


def pattern_attribution(a: Vector, W: Matrix, b: Vector, r: Vector, P: Matrix) -> list[Scalar]:
    """PatternAttribution: r'_i = sum_j w_ij p_ij 1[z_j > 0] r_j (arXiv 1705.05598)."""
    z, _ = forward(W, b, a)
    out: list[Scalar] = [0] * len(a)
    for i in range(len(a)):
        for j in range(len(b)):
            if z[j] > 0:
                out[i] = out[i] + W[i][j] * P[i][j] * r[j]
    return out


def alignment(R: Vector, x: Vector) -> float:
    """alpha(R, x) = <R, x> / (|R| |x|), nan if either norm is zero (the paper, Def. 1)."""
    norm_r, norm_x = math.sqrt(sum(float(v) ** 2 for v in R)), math.sqrt(sum(float(v) ** 2 for v in x))
    if norm_r == 0 or norm_x == 0:
        return float("nan")
    return sum(float(R[i]) * float(x[i]) for i in range(len(x))) / (norm_r * norm_x)


def margin(a: Vector, FWM_r: Vector, WM_r: Vector) -> Scalar:
    """<a, F(WM) r> - <a, WM r>, which the paper's Def. 2 wants strictly positive where F(WM) != WM."""
    return sum(a[i] * FWM_r[i] for i in range(len(a))) - sum(a[i] * WM_r[i] for i in range(len(a)))

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2 · How wide is wide enough?
#
# Theorem 1 says: if a random layer has *sufficiently many* neurons, the saliency map is just the input. How many is
# that — a hundred, a million? This notebook turns “sufficiently many” into a formula and checks it against random
# networks, at the size of real images.
#
# Reminder from notebook 1. A neuron is an arrow $w_j$ of random weights, active if $w_j\cdot x > 0$. A map is a sum
# $R = \sum_j s_j w_j$ over the active neurons, and its **input alignment** α is the cosine between R and the input x: 1
# if the map is the input up to brightness, 0 if it has nothing to do with it. The methods differ in $s_j$:
#
# - **GBP**: the relevance $r_j$ that comes from the output, a random number, where it is positive; else 0;
# - **constant weights**: 1;
# - **Activation**: $A_j = w_j\cdot x$, how strongly the neuron was excited.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from nfrlab.paper_figs.render import STYLE
from nfrlab.simulations.dense import montecarlo, reduced
from nfrlab.simulations.images import normalise, photographs
from nfrlab.theory.finite_width.law import KAPPA, alignment_law, required_neurons
from nfrlab.verify.court.claim import BrokenPremise, Claim
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.examine.finite_width import law_evidence
from nfrlab.verify.proceedings.trial import try_claim

try:  # sliders, where there is a page to show them on
    from IPython import get_ipython
    from ipywidgets import SelectionSlider, interact

    SLIDERS = get_ipython() is not None
except ImportError:
    SLIDERS = False

plt.style.use(STYLE)
rng = np.random.default_rng(2)
images = photographs()
RULES = {"activation": "Activation", "constant": "constant weights", "gbp": "GBP"}
COLOURS = {"activation": "C1", "constant": "C2", "gbp": "C0"}

# %% [markdown]
# ## One width, many layers
#
# Our input is a photograph shrunk to 8 × 8 pixels in three colours, so $d = 192$ numbers. We build a layer of $N = 512$
# Gaussian neurons, compute the GBP map, note its α — and repeat with fresh random numbers, 400 times.
#
# α is not one number. It varies from layer to layer, and the curve is the law that this notebook is about.

# %%
small = images.frame(8, rng)
x = normalise(small)
d, N = len(x), 512
along, across = montecarlo.parts("gbp", "gaussian", x, N, 400, rng)
alpha = along / np.hypot(along, across)

law = alignment_law("gbp", "gaussian", d, N)
figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.8), width_ratios=(1, 3))
left.imshow(small.reshape(8, 8, 3))
left.set_title("the input x", fontsize=9)
left.axis("off")
edges = np.linspace(law.quantile(1e-4), law.quantile(1 - 1e-4), 25)
expected = np.diff([law.cdf(edge) for edge in edges]) * len(alpha)
right.hist(alpha, edges, color="C0", alpha=0.35, label="400 random layers")
right.stairs(expected, edges, color="k", linestyle=":", linewidth=1.6, label="the law")
right.set(xlabel=f"input alignment α of GBP, d = {d}, N = {N}", ylabel="layers")
right.legend()
plt.show()

# %% [markdown]
# ## Forward and sideways
#
# Where does the law come from? Split every arrow into its part along x and the rest. The map splits likewise:
#
# - **forward**: the parts along x. They are all positive (that is what *active* means), so they add up;
# - **sideways**: the rest, in the other $d - 1$ directions. They have no preferred sign, and partly cancel.
#
# For Gaussian weights the two have nothing to do with each other. Take constant weights: half of the N neurons are
# active, each goes $\sqrt{2/\pi} \approx 0.80$ forward on average, and the sideways steps of length $\sqrt{d-1}$ go in
# random directions. So, roughly,
#
# $$\text{forward} \approx \frac N2 \sqrt{\frac2\pi}\,, \qquad \text{sideways} \approx \sqrt{\frac N2\,(d-1)}\,.$$

# %%
along, across = montecarlo.parts("constant", "gaussian", x, N, 200, rng)
print(f"forward:  sampled {along.mean():6.1f}   predicted {N / 2 * np.sqrt(2 / np.pi):6.1f}")
print(f"sideways: sampled {across.mean():6.1f}   predicted {np.sqrt(N / 2 * (d - 1)):6.1f}")

# %% [markdown]
# ## A rule of thumb
#
# The angle between R and x has tangent sideways / forward. Square it: $\tan^2 \approx \pi\,(d-1)/N$. For small angles
# $\alpha = \cos \approx 1 - \tfrac12\tan^2$, and therefore
#
# $$1 - \alpha \;\approx\; \kappa\,\frac{d-1}{2N}\,.$$
#
# Only the number of neurons *per pixel* matters, and one number κ for each method: π for constant weights. The more
# uneven and the less fitting the factors $s_j$ are, the more sideways noise they let in, and the larger κ is. GBP keeps
# only a quarter of the neurons, with factors that are random.

# %%
for name, kappa in sorted(KAPPA.items(), key=lambda pair: pair[1]):
    print(f"{RULES[name]:17} κ = {kappa:.3f}")
print(f"\nGBP needs π²/2 = {KAPPA['gbp'] / KAPPA['activation']:.2f} times the neurons of Activation for the same α.")

# %% [markdown]
# The plain gradient is missing from the list. Its $s_j$ have either sign, so nothing adds up: its mean α is 0 at every
# width.
#
# ## The whole law
#
# The rule of thumb needs $N \gg d$. Without that condition, for Gaussian weights and *any* N and d,
#
# $$\alpha = \frac{T}{\sqrt{T^2 + \chi^2_{d-1}}}\,,$$
#
# where $T = \sum_j s_j z_j / \lVert s\rVert$ is the forward part, in units of the sideways step, and $\chi^2_{d-1}$ is
# the squared length of a Gaussian arrow in $d - 1$ dimensions. The number of pixels enters only there, the method only
# in T. `alignment_law` does the rest: mean, spread and quantiles of α.

# %%
for name, title in RULES.items():
    law = alignment_law(name, "gaussian", d, N)
    low, high = law.quantile(0.05), law.quantile(0.95)
    print(f"{title:17} mean α = {law.mean:.3f} ± {law.sd:.3f}, 90 % of layers in [{low:.3f}, {high:.3f}]")

# %% [markdown]
# ## Real images
#
# Is it true for real sizes? A photograph for a network like VGG16 has 224 × 224 × 3 = 150,528 numbers. A layer of
# 100,000 neurons would need 15 billion weights — for a single point of a single curve.
#
# There is a way round. By symmetry, α depends on each neuron through a few scalars only; one can draw these directly.
# The result has *exactly* the same law. First a check of this trick at d = 192, against weights that are really drawn:
# the two should lie on the diagonal, up to chance.

# %%
along, across = montecarlo.parts("gbp", "gaussian", x, N, 400, rng)
whole = np.sort(along / np.hypot(along, across))
few = np.sort(reduced.alignments("gbp", "gaussian", d, N, 400, rng))
figure, axes = plt.subplots(figsize=(3, 3))
axes.plot(whole, few, "o", markersize=2.5)
axes.axline((few.mean(), few.mean()), slope=1, color="k", linestyle=":")
axes.set(xlabel="α, weights drawn", ylabel="α, scalars drawn", aspect="equal")
plt.show()

# %% [markdown]
# Now the large ones: a 28 × 28 digit (d = 784), a 32 × 32 colour picture (d = 3,072), and the 224 × 224 photograph,
# from one neuron per hundred pixels to a hundred neurons per pixel. Lines are the law, with nothing fitted; points are
# the means of random layers, bars hold 90 % of them.

# %%
SIZES = {784: "o", 3072: "s", 150_528: "D"}
figure, axes = plt.subplots(figsize=(6.4, 3.8))
ratios = np.logspace(-2, 2, 25)
for name, title in RULES.items():
    line = [alignment_law(name, "gaussian", 3072, max(1, round(3072 * ratio))).mean for ratio in ratios]
    axes.plot(ratios, line, color=COLOURS[name], label=title)
    for size, marker in SIZES.items():
        for ratio in (0.01, 0.1, 1, 10, 100):
            wide = round(size * ratio)
            if wide <= 400_000:
                alpha = reduced.alignments(name, "gaussian", size, wide, 60, rng)
                axes.plot(wide / size, np.nanmean(alpha), marker, color=COLOURS[name], markersize=4.5, mfc="white")
                axes.vlines(wide / size, *np.nanquantile(alpha, (0.05, 0.95)), color=COLOURS[name], linewidth=1)
for size, marker in SIZES.items():
    axes.plot([], [], marker, color="0.3", mfc="white", markersize=4.5, label=f"sampled, d = {size:,}")
axes.set(xscale="log", xlabel="neurons per pixel value, N/d", ylabel="input alignment α")
axes.legend(fontsize=8)
plt.show()

# %% [markdown]
# All sizes fall on one curve per method. And the *order* is the same everywhere: Activation above constant weights
# above GBP. Notebook 3 proves a part of that.
#
# ## How wide, then?
#
# Turn the law round: which is the smallest N whose mean α reaches a target? Compare the last column with any real
# network. In VGG16 the first dense layer has 4,096 neurons for 25,088 inputs: what would α between its map and *its
# own* input be, were it random?

# %%
print(f"{'':17} {'d':>8} {'α = 0.5':>12} {'α = 0.9':>12}")
for name, title in RULES.items():
    for size in SIZES:
        needed = [required_neurons(target, name, "gaussian", size) for target in (0.5, 0.9)]
        print(f"{title:17} {size:8,} {needed[0]:12,} {needed[1]:12,}")
print()
for name, title in RULES.items():
    print(f"VGG16's first dense layer, {title}: mean α = {alignment_law(name, 'gaussian', 25_088, 4096).mean:.2f}")

# %% [markdown]
# So a single random dense layer of a usual size does *not* turn the map into its input; for that one needs many neurons
# per pixel. Convolutional layers come nearer to it: the first layer of VGG16 has 64 neurons at every place of the
# image, each of which sees only 3 × 3 × 3 = 27 numbers.

# %%
for name, title in RULES.items():
    print(f"one 3 × 3 colour patch, 64 neurons, {title}: mean α = {alignment_law(name, 'gaussian', 27, 64).mean:.2f}")

# %% [markdown]
# Is the rule of thumb good enough? $1 - \alpha$ on a logarithmic scale: dotted is $\kappa (d-1)/2N$, the line is the
# whole law. They agree once 1 − α is below about 0.05.

# %%


def rule_of_thumb(size):
    """1 − α against N, the whole law and the thumb."""
    axes = plt.figure(figsize=(5.4, 3)).add_subplot()
    widths = np.unique(np.round(size * np.logspace(-1, 3, 15)).astype(int))
    for name, title in RULES.items():
        whole_law = [1 - alignment_law(name, "gaussian", size, int(width)).mean for width in widths]
        axes.plot(widths, whole_law, color=COLOURS[name], label=title)
        axes.plot(widths, KAPPA[name] * (size - 1) / 2 / widths, color=COLOURS[name], linestyle=":")
    axes.set(xscale="log", yscale="log", ylim=(1e-4, 2), xlabel="neurons N", ylabel="1 − α", title=f"d = {size:,}")
    axes.legend(fontsize=8)
    plt.show()


rule_of_thumb(3072)

# %%
if SLIDERS:
    interact(rule_of_thumb, size=SelectionSlider(options=[3, 27, 192, 784, 3072, 150_528], value=192))

# %% [markdown]
# ## The trial
#
# A plot that looks right is not evidence. The court of this laboratory asks: is the mean of α within 0.002 of the law,
# and the share of layers below *every* α within 0.02 of it? It fixes the number of random layers beforehand, such that
# it is wrong with probability below one in a million.
#
# We write a claim for GBP at the size of our picture, at a width where α is most sensitive, and — as the **negative
# control** — the same claim with κ wrong by just 2 %. The claim must be confirmed, and the control refuted. (The
# laboratory's own claims, such as `law-gbp`, do this for many sizes: `nfrlab verify law-gbp`.)

# %%
here = alignment_law("gbp", "gaussian", d, round(KAPPA["gbp"] * (d - 1) / 2))
claim = Claim(
    id="law-of-this-size",
    title="The law of α for GBP at the size of this picture",
    source="this notebook",
    statement=f"GBP, d = {here.d}, N = {here.N}: mean α within 0.002 and distribution within 0.02 of the law",
    premises=("one hidden layer, Gaussian weights, relevance N(0, 1)",),
    examine=lambda exam: law_evidence(exam, [here]),
    control=BrokenPremise(
        premise="κ wrong by 2 %", examine=lambda exam: law_evidence(exam, [replace(here, c=1.02 * here.c)])
    ),
)
verdict = try_claim(claim, seed=0, profile="quick", images=images)
print(f"{verdict.statement}: {verdict.status}\n")
for name, evidence in (("claim", verdict.evidence), ("control", verdict.control.evidence)):
    for piece in evidence:
        statement, low, high = piece.statement.split(":")[0], *piece.interval
        print(f"  {name:8} {piece.finding:9} {statement:34} sampled: [{low:.4f}, {high:.4f}]")

# %%
assert verdict.status is Status.CONFIRMED
assert verdict.control.status is Status.REFUTED

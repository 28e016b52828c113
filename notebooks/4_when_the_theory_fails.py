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
# # 4 · When the theory fails
#
# Theorem 1 says: a random layer with many neurons turns a filtered saliency map into the input. It has premises: the
# neurons prefer no direction (they are **isotropic**), their mean is zero, and the rule filters what is negative. Here
# we break them one after another and see what gives way. There are five exercises; each checks your answer by
# computing.
#
# Reminder. A neuron is an arrow w of random weights, *active* if $w\cdot x > 0$. A map adds up active neurons,
# $R = \sum_j s_j w_j$. Its **input alignment** $\alpha(R, x)$ is the cosine between map and input: 1 means the same
# picture. We use **GBP**, Guided Backpropagation: $s_j$ is the relevance from above where it is positive, else 0.

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from nfrlab.paper_figs.render import STYLE
from nfrlab.simulations.dense import alignment, attribution, layer, rule, rules, sample
from nfrlab.simulations.images import digit, photographs
from nfrlab.theory.families import FAMILIES
from nfrlab.theory.limit.direction import gbp_limit, zplus_filter_direction
from nfrlab.verify.claims.theorem_1.thm_1_anisotropic import deviation_evidence
from nfrlab.verify.court.claim import BrokenPremise, Claim
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import try_claim

try:  # sliders, where there is a page to show them on
    from IPython import get_ipython
    from ipywidgets import IntSlider, interact

    SLIDERS = get_ipython() is not None
except ImportError:
    SLIDERS = False

plt.style.use(STYLE)
rng = np.random.default_rng(4)
images = photographs()
TESTS = {}


def check(exercise, guess):
    """Say whether a guess is right; None, no guess yet, is neither."""
    if guess is None:
        print(f"Exercise {exercise}: no answer yet. Replace None and run the cell again.")
        return None
    try:
        right = bool(TESTS[exercise](guess))
    except (TypeError, ValueError, AttributeError):  # an answer of the wrong kind
        right = False
    print(f"Exercise {exercise}: {'right!' if right else 'not yet.'}")
    return right


# %% [markdown]
# ## Clouds of neurons
#
# For two pixels a neuron is a point in the plane. Six laws that one might use for random weights, 600 neurons each:
#
# - **gaussian** and **sphere** prefer no direction: turn the page and nothing changes;
# - **uniform**: each weight uniform on [−1, 1], a usual way to initialise networks. The cloud is a square;
# - **axis**: each neuron looks at a single pixel;
# - **powerlaw**: some pixels have larger weights than others;
# - **shifted**: the weights have a mean, ¼ instead of 0.

# %%
CHOSEN = ("gaussian", "sphere", "uniform", "axis", "powerlaw", "shifted")
figure, axes = plt.subplots(1, 6, figsize=(11, 2.2))
for frame, name in zip(axes, CHOSEN, strict=True):
    W = sample(name, 2, 600, rng)
    scale = np.sqrt(np.mean(W**2)) * 3
    frame.scatter(*W / scale, s=14 if name == "axis" else 2)
    frame.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[], title=name)
plt.show()

# %% [markdown]
# ## Where does the map go?
#
# The more neurons, the more R looks like the *average* arrow of the active half-plane,
#
# $$\mu(x) = E\left[\,w \;\text{if}\; w\cdot x > 0,\ \text{else}\ 0\,\right].$$
#
# This is the law of large numbers, and nothing else. So the limit of α is the cosine between $\mu(x)$ and x; we write
# $\alpha_\infty(x)$. For isotropic neurons $\mu(x)$ points to x, by mirror symmetry (notebook 1). For the others it can
# be computed. First, does it agree with random networks?

# %%
x = np.array([3.0, 1.0])
print(f"{'':9} computed  sampled (N = 100,000)")
for name in CHOSEN:
    hidden = layer(x, sample(name, 2, 100_000, rng))
    R = attribution((hidden,), rule("gbp"), rng.standard_normal(100_000))
    print(f"{name:9} {gbp_limit(FAMILIES[name], x).value:.4f}    {alignment(R, x):.4f}")

# %% [markdown]
# Now let x turn through all directions of the plane.

# %%
degrees = np.arange(0.5, 180, 1.0)
circle = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
around = {name: np.array([gbp_limit(FAMILIES[name], u).value for u in circle]) for name in CHOSEN}
figure, axes = plt.subplots(figsize=(6.4, 3))
for number, (name, values) in enumerate(around.items()):
    axes.plot(degrees, values, color=f"C{number}", linestyle=":" if name == "sphere" else "-", label=name)
axes.set(xlabel="direction of x, degrees", ylabel="limit α∞", xticks=range(0, 181, 45))
axes.legend(ncols=6, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), columnspacing=1)
plt.show()

# %% [markdown]
# Isotropic laws stay at 1. The others leave it, but look how differently: the square cloud of *uniform* hardly notices,
# while *axis* falls deep, just beside the axes.
#
# ### Exercise 1
#
# *axis*: every neuron looks at one pixel, with weight + or −, all equally likely. Then the average active arrow is
# proportional to $(\operatorname{sign} x_1, \operatorname{sign} x_2)$: the map keeps the signs of the pixels and
# forgets their sizes. What is $\alpha_\infty$ for $x = (3, 4)$? Three decimals.

# %%
TESTS["1"] = lambda guess: abs(guess - gbp_limit(FAMILIES["axis"], np.array([3.0, 4.0])).value) < 6e-4

# %%
check("1", None)  # your number instead of None

# %% [markdown]
# ### Exercise 2
#
# Find two pixels for which *axis* goes as wrong as it can: $\alpha_\infty(x) < 0.72$. (Not on the axis itself: a pixel
# that is exactly 0 switches off every neuron that looks at it.)

# %%
TESTS["2"] = lambda guess: gbp_limit(FAMILIES["axis"], np.asarray(guess, dtype=float)).value < 0.72

# %%
check("2", None)  # your pixels, for example (3, 4), instead of None

# %% [markdown]
# ### Exercise 3
#
# *uniform*: how bad can it get? Read the lowest point of its curve, or compute it: `around["uniform"]`. Three decimals.

# %%
TESTS["3"] = lambda guess: abs(guess - around["uniform"].min()) < 6e-4

# %%
check("3", None)  # your number instead of None

# %% [markdown]
# ## A real picture
#
# A handwritten digit has 64 pixels. Here is the map in the limit, $\mu(x)$, for all six laws: this is what GBP would
# show with infinitely many random neurons.

# %%
x = digit(rng)
figure, axes = plt.subplots(1, 7, figsize=(12, 2.2))
axes[0].imshow(x.reshape(8, 8), cmap="gray_r")
axes[0].set_title("the input x", fontsize=9)
for frame, name in zip(axes[1:], CHOSEN, strict=True):
    frame.imshow(FAMILIES[name].half_space_mean(x).value.reshape(8, 8), cmap="gray_r")
    frame.set_title(f"{name}\nα∞ = {gbp_limit(FAMILIES[name], x).value:.4f}", fontsize=9)
for frame in axes:
    frame.axis("off")
plt.show()

# %% [markdown]
# - *axis* shows a silhouette: signs, no grey values.
# - *powerlaw* shows the pixels that have large weights: the first rows.
# - *shifted* adds a grey wash: the mean of the weights. Printed with its own black and white, it still *looks* right.
#   The eye is a poor judge of α.
# - *uniform* shows the digit, though its cloud is a square. With many pixels of similar size the sum $w\cdot x$ is
#   nearly Gaussian, whatever the single weights are.
#
# The paper expects otherwise: weights that are not isotropic, “uniform above all”, should deviate. We put that on trial
# at the end.

# %%
if SLIDERS:

    @interact(angle=IntSlider(value=20, min=1, max=179), law=list(CHOSEN))
    def turn(angle, law):
        """2,000 neurons, those that x switches on, and where x and the limit of the map point."""
        u = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        W = sample(law, 2, 2000, np.random.default_rng(0)) / 3
        mean = FAMILIES[law].half_space_mean(u).value
        axes = plt.figure(figsize=(3.4, 3.6)).add_subplot()
        axes.scatter(*W, s=2, c=np.where(u @ W > 0, "0.4", "0.85"))
        for tip, color in ((u, "k"), (mean / np.linalg.norm(mean), "C1")):
            axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 2})
        axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal", title=f"α∞ = {alignment(mean, u):.4f}")
        plt.show()


# %% [markdown]
# ## Is isotropy necessary?
#
# It suffices, and breaking it did harm. But is it *necessary*: does $\alpha_\infty = 1$ for every x need a round cloud?
#
# Look at this one. Neurons on a circle, crowded at three of its directions, 120° apart; density proportional to
# $1 + \cos 3\theta$. Not isotropic: turn it by 60° and it changes.


# %%
def three_cornered(N):
    """N unit arrows whose angle θ has a density proportional to 1 + cos 3θ."""
    theta = rng.uniform(0, 2 * np.pi, 3 * N)
    kept = theta[rng.random(3 * N) < (1 + np.cos(3 * theta)) / 2][:N]
    return np.stack([np.cos(kept), np.sin(kept)])


theta = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
density, arrows = (1 + np.cos(3 * theta)) / 3600, np.stack([np.cos(theta), np.sin(theta)])
means = [arrows @ (density * np.clip(np.sign(u @ arrows), 0, 1)) for u in circle]
three = np.array([alignment(mean, u) for mean, u in zip(means, circle, strict=True)])

W = three_cornered(100_000)
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), width_ratios=(1, 2))
left.scatter(*(W[:, :400] * rng.uniform(0.97, 1.03, 400)), s=2)
left.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[], title="three-cornered neurons")
right.plot(degrees, three, label="computed limit α∞")
some = circle[::12]
sampled = [alignment(attribution((layer(u, W),), rule("gbp"), rng.standard_normal(W.shape[1])), u) for u in some]
right.plot(degrees[::12], sampled, "o", markersize=3, label="sampled, N = 100,000")
right.set(xlabel="direction of x, degrees", ylim=(0.97, 1.003))
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# ### Exercise 4
#
# True or False: “if $\alpha_\infty(x) = 1$ for every x in the plane, the law of the neurons is isotropic”?

# %%
TESTS["4"] = lambda guess: guess is bool(three.min() < 1 - 1e-5)

# %%
check("4", None)  # True or False instead of None

# %% [markdown]
# What *is* necessary? $\mu(x)$ is the gradient of the mean activation $E\max(w\cdot x, 0)$. It points to x everywhere
# if and only if that mean depends on the length of x alone. Since $\max(z, 0) = (z + |z|)/2$, this asks for two things:
#
# 1. the mean of w is zero, and
# 2. the mean of $|w\cdot x|$ is the same for all x of one length.
#
# Three corners pass: $|w\cdot x|$ does not distinguish an arrow from its opposite, and a three-cornered cloud laid over
# its opposite is spread evenly enough. (The laboratory tries this too: `nfrlab verify isotropy-necessary`.)
#
# ## A filter that is none
#
# The paper's argument rests on a definition. A rule is a **negative filtering rule** if what it drops is really
# negative: with filter, the map has a larger product with the input than without, $\langle x, R_\text{filtered}\rangle
# > \langle x, R_\text{plain}\rangle$, whenever something is dropped.
#
# **RectGrad** hands down the relevance $r_j$ only where $A_j r_j > \tau$, with $A_j$ the activation. Proposition 2 says
# that it is a negative filtering rule, for every threshold τ.
#
# ### Exercise 5
#
# It is not. One pixel x, one neuron with weight w: find whole numbers x, w, r, τ such that the filter drops something
# and the product with the input gets *smaller*.


# %%
def product_with_input(x, w, r, tau=None):
    """⟨x, R⟩ for one pixel and one neuron: RectGrad at τ, or the plain gradient."""
    one = layer(np.array([float(x)]), np.array([[float(w)]]))
    relevance = np.array([float(r)])
    R = rules.grad(one, relevance) if tau is None else rules.rectgrad(one, relevance, tau)
    return float(R @ one.a)


TESTS["5"] = lambda guess: product_with_input(*guess) < product_with_input(*guess[:3])

# %%
check("5", None)  # your (x, w, r, tau) instead of None

# %% [markdown]
# ## A picture that only looks right
#
# The **z⁺ rule** drops negative *weights*: each active neuron hands down $\max(w_j, 0)$, times its relevance (above
# zero). Snow without its negative half has a mean, and the mean of everything is grey: for isotropic neurons the map
# tends to a constant plus the input, proportional to $1 + \hat x_i$, where $\hat x = x/\lVert x\rVert$. Multiplying by
# the input at the end, as the method prescribes, blackens the paper again.

# %%
limit = zplus_filter_direction(FAMILIES["gaussian"], x)
figure, axes = plt.subplots(1, 3, figsize=(6.4, 2.3))
for frame, (name, R) in zip(axes, {"input x": x, "z⁺": limit, "z⁺ times x": limit * x}.items(), strict=True):
    frame.imshow(R.reshape(8, 8), cmap="gray_r", vmin=0)
    frame.set_title(f"{name}\nα = {alignment(R, x):.3f}", fontsize=9)
    frame.axis("off")
plt.show()

# %% [markdown]
# So what resembles the input here is owed to the multiplication by the input as much as to the rule.
#
# ## The trials
#
# Three statements before the court. The first two are in the laboratory's registry:
#
# - the paper says that its premise is *milder* than independent Gaussian weights. But independent entries that are
#   isotropic *are* Gaussian (Maxwell);
# - Proposition 2, repaired: for $\tau \le 0$ RectGrad does filter negatives only.
#
# The third one is ours: “with uniform weights the map deviates from a real picture”, meaning by more than 0.02.


# %%
def tried(claim):
    """The verdict, in two lines."""
    verdict = try_claim(claim, seed=0, profile="quick", images=images)
    print(verdict.statement)
    print(f"→ {verdict.status}; negative control ({verdict.control.premise}): {verdict.control.status}\n")
    return verdict


premise = tried(REGISTRY["thm-1-premise"])
threshold = tried(REGISTRY["prop-2-repair"])
uniform = tried(
    Claim(
        id="uniform-deviates",
        title="Uniform weights deviate",
        source="Fig. 3 of the paper",
        statement="One hidden layer, entries U[−1, 1], x an image patch: lim α ≤ 0.98 for GBP, RectGrad and z⁺",
        premises=("neurons independent", "x an image patch, as it is or normalised"),
        examine=lambda exam: deviation_evidence(exam, ("uniform",)),
        control=BrokenPremise(
            premise="isotropic weights", examine=lambda exam: deviation_evidence(exam, ("gaussian",))
        ),
    )
)

# %% [markdown]
# ## Solutions
#
# Not written down but computed: 1 from the limit direction; 2 and 3 by trying all directions; 4 by a cloud; 5 by trying
# small whole numbers.

# %%
fine = np.array([[np.cos(t), np.sin(t)] for t in np.radians(np.arange(0.1, 90, 0.1))])
worst = min(fine, key=lambda u: gbp_limit(FAMILIES["axis"], u).value)
small = (numbers for numbers in product(range(-2, 3), repeat=4) if TESTS["5"](numbers))
solutions = {
    "1": gbp_limit(FAMILIES["axis"], np.array([3.0, 4.0])).value,
    "2": worst,
    "3": around["uniform"].min(),
    "4": bool(min(sampled) < 0.97),
    "5": next(small),
}
solved = [check(exercise, solution) for exercise, solution in solutions.items()]

# %%
assert all(solved)
assert premise.status is Status.REFUTED
assert threshold.status is Status.CONFIRMED
assert uniform.status is Status.REFUTED
assert all(verdict.control.status is Status.REFUTED for verdict in (premise, threshold, uniform))

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
# # 1 · What is input alignment?
#
# A **saliency map** is meant to show which pixels made a neural network decide as it did. For some popular kinds of map
# there is a puzzle: replace all the network's weights by random numbers — it now knows nothing — and the map still
# looks like a tidy drawing of the picture that went in.
#
# A paper of 2025 (arXiv 2503.11160) explains this with one number, the **input alignment** α, and one theorem. This
# notebook goes from one photograph and eight arrows to that theorem, and then puts it on trial.

# %%
import matplotlib.pyplot as plt
import numpy as np

from nfrlab.paper_figs import fig1
from nfrlab.paper_figs.render import STYLE
from nfrlab.simulations.dense import alignment, attribution, layer, rule
from nfrlab.simulations.images import photographs
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.exhibits.fig1 import plane
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import try_claim

try:  # sliders, where there is a page to show them on
    from IPython import get_ipython
    from ipywidgets import SelectionSlider, interact

    SLIDERS = get_ipython() is not None
except ImportError:
    SLIDERS = False

plt.style.use(STYLE)
rng = np.random.default_rng(1)
images = photographs()  # the two photographs that come with scikit-learn; `folder(Path("my_photos"))` takes yours


def gallery(pictures, width=1.6):
    """Lists of pixels as grey pictures side by side, black the lowest and white the highest value of each."""
    axes = plt.figure(figsize=(width * len(pictures), width + 0.45)).subplots(1, len(pictures), squeeze=False)
    for frame, (title, pixels) in zip(axes[0], pictures.items(), strict=True):
        frame.imshow(np.reshape(pixels, (SIDE, SIDE)), cmap="gray")
        frame.set_title(title, fontsize=8)
        frame.axis("off")
    plt.show()


# %% [markdown]
# ## One picture
#
# We take a photograph of a flower, make it grey, and shrink it to 24 × 24 pixels. As networks like it, we subtract a
# medium grey, so that dark pixels become negative numbers and bright ones positive.
#
# To a network this is a list of 576 numbers, which we call **x**. A list of numbers is an *arrow*: two numbers are an
# arrow in the plane, 576 numbers an arrow in a space of 576 dimensions.

# %%
SIDE = 24


def shrunk(photograph, top, left):
    """A square of the photograph in grey, each 16 × 16 block averaged to one pixel, medium grey subtracted."""
    square = photograph[top : top + 16 * SIDE, left : left + 16 * SIDE].mean(axis=2)
    return (square.reshape(SIDE, 16, SIDE, 16).mean(axis=(1, 3)).ravel() - 0.45) / 0.225


china, flower = (shrunk(photograph, 20, 130) for photograph in images.images)
x = flower
print(f"x is a list of {len(x)} numbers: {x[0]:.2f}, {x[1]:.2f}, {x[2]:.2f}, …")
gallery({"x": x}, width=2.4)

# %% [markdown]
# ## How alike are two arrows?
#
# Let R be another list of as many numbers, for instance a saliency map. The **input alignment** is the cosine of the
# angle between R and x:
#
# $$\alpha(R, x) = \frac{\langle R, x\rangle}{\lVert R\rVert\,\lVert x\rVert}$$
#
# Above the line stands $\langle R, x\rangle = \sum_i R_i x_i$: multiply pixel by pixel and add up. Below stand the two
# lengths, so that making R brighter or paler changes nothing.
#
# - α = 1: R *is* the input, up to brightness.
# - α = 0: R is at a right angle to x, it has nothing to do with it.
# - α = −1: R is the negative of x.

# %%
noise = rng.standard_normal(len(x))
candidates = {"x itself": x, "3 x": 3 * x, "its negative": -x, "x + noise": x + noise, "noise": noise, "china": china}
gallery({f"{name}\nα = {alignment(R, x):+.2f}": R for name, R in candidates.items()})

# %% [markdown]
# ## A layer of neurons
#
# A **neuron** j has one weight per pixel. So its weights $w_j$ are an arrow in the same space as x, and look like a
# picture too. Here the weights are random; the picture is snow.
#
# The neuron computes $z_j = w_j\cdot x$ (again: multiply and add up). It is **active** if $z_j > 0$, and its
# *activation* is then $A_j = z_j$; otherwise it is silent, $A_j = 0$. This is all that “ReLU” means.

# %%
MOST = 16_384
W = rng.standard_normal((len(x), MOST))  # a column of 576 random weights for each neuron
hidden = layer(x, W[:, :1024])
print(f"{hidden.mask.sum()} of the first 1024 neurons are active")
gallery({f"neuron {j}: z = {hidden.z[j]:+.0f}": W[:, j] for j in range(4)})

# %% [markdown]
# ## A map is a sum of neurons
#
# To explain a decision, one sends **relevance** back from the output: each neuron j receives a number $r_j$, how much
# the output depends on it. For random output weights the $r_j$ are random, half of them negative. Each *active* neuron
# then hands its own weights down, times a factor $s_j$, and all are added up:
#
# $$R = \sum_{j\ \text{active}} s_j\, w_j$$
#
# The methods differ in the factor only:
#
# | method | $s_j$ | in words |
# |---|---|---|
# | plain gradient (Grad) | $r_j$ | everything, of either sign |
# | Guided Backpropagation (GBP) | $\max(r_j, 0)$ | negative relevance is dropped |
# | RectGrad | $r_j$ if $A_j r_j$ is among the top 10 % | only the strongest contributions |
# | constant weights | 1 | every active neuron counts the same |
# | Activation | $A_j$ | each counts as much as it was excited |
#
# A sixth one, the **z⁺** rule, drops the negative *weights* instead, and hands down $\max(w_j, 0)$; notebook 4 comes to
# it. Dropping what is negative is called **negative filtering**.
#
# The picture x decides who is active, but nobody hands down x itself: only random weights are added up.

# %%
MAPS = {"Grad": rule("grad"), "GBP": rule("gbp"), "RectGrad": rule("rectgrad", q=0.9)}


def saliency(method, N, r):
    """The map R of the first N neurons. `bottom=False`: the bare sum, nothing done to it at the pixels."""
    at = layer(x, W[:, :N])
    if method == "constant":
        return attribution((at,), rule("grad"), np.ones(N))
    if method == "Activation":
        return attribution((at,), rule("grad"), at.act)
    return attribution((at,), MAPS[method], r[:N], bottom=False)


# %% [markdown]
# ## Eight arrows
#
# Two pixels and eight neurons, so that all fits in the plane. (x is the red and green of one pixel of a photograph.)
# The shaded half-plane is where $w\cdot x > 0$: neurons that point there are active. Thin arrows are what each neuron
# hands down, the thick one is the direction of their sum R.

# %%
figure, axes = plt.subplots(1, 5, figsize=(11.5, 2.8))
eight = plane(images, seed=0)
fig1.draw_layer(axes[0], eight)
for frame, method in zip(axes[1:], fig1.RULES, strict=True):
    fig1.draw_rule(frame, eight, method)
plt.show()

# %% [markdown]
# With eight neurons luck decides. The plain gradient may even point backwards, for it turns some arrows round. The
# other three add up arrows of the shaded half-plane only, and such a sum always points forward, $\alpha \ge 0$.
#
# ## Many arrows: mirror images
#
# Why should a sum of *random* arrows point to x? Fold the plane along x. If no direction is preferred — the weights are
# **isotropic** — then for every arrow its mirror image is just as likely. Both are active or neither is. Added up,
# their sideways parts cancel, and their forward parts do not.
#
# So as neurons are added the forward part of R grows like N, and the sideways part only like the track of somebody who
# walks left and right at random, $\sqrt N$. Let us measure both, for the flower and constant weights.

# %%
unit = x / np.linalg.norm(x)
widths = 2 ** np.arange(4, 15)
forward, sideways = [], []
for N in widths:
    R = saliency("constant", N, np.ones(N))
    forward.append(R @ unit)
    sideways.append(np.linalg.norm(R - (R @ unit) * unit))
figure, axes = plt.subplots(figsize=(4.6, 3))
axes.loglog(widths, forward, "o-", label="forward, along x")
axes.loglog(widths, sideways, "s-", label="sideways, all other directions")
axes.set(xlabel="neurons N", ylabel="length of that part of R")
axes.legend()
plt.show()

# %% [markdown]
# The forward part overtakes. In 576 dimensions there are 575 directions to go astray and one to go forward; hence it
# takes *many* neurons. Notebook 2 counts them.
#
# ## The flower out of snow
#
# Now the maps themselves, at three widths. Each is a sum of nothing but snow.

# %%
r = rng.standard_normal(MOST)
for N in (256, 2048, 16_384):
    found = {name: saliency(name, N, r) for name in ("Grad", "GBP", "RectGrad", "constant", "Activation")}
    gallery({f"{name}, N = {N:,}\nα = {alignment(R, x):+.2f}": R for name, R in found.items()}, width=2.0)

# %% [markdown]
# The plain gradient stays snow. Everything that filters, or weighs with positive numbers, turns into the input.
#
# Here is the sober reading of the “tidy drawing”. This network knows nothing about flowers. The map shows the flower
# because the flower went in.

# %%
if SLIDERS:

    @interact(N=SelectionSlider(options=[int(N) for N in widths], value=1024), method=["GBP", "RectGrad", "Activation"])
    def drag(N, method):
        """The map of a method at a width of your choice."""
        R = saliency(method, N, r)
        gallery({f"{method}, N = {N:,}: α = {alignment(R, x):+.2f}": R}, width=3.2)


# %% [markdown]
# ## Other random numbers, same map
#
# If a map explains the network, another network should have another map. We draw the relevance r and all the weights
# anew, three times, and compare each map with the first network's, again by the cosine.

# %%
first = {name: saliency(name, MOST, r) for name in ("Grad", "GBP", "Activation")}
for again in range(3):
    W[:] = rng.standard_normal(W.shape)
    other = {name: saliency(name, MOST, rng.standard_normal(MOST)) for name in first}
    print(f"network {again + 2}:", ", ".join(f"{name} {alignment(first[name], other[name]):+.2f}" for name in first))

# %% [markdown]
# Plain gradients of different networks have nothing in common. The filtered maps of different networks are much alike,
# and the more so the wider the layer.
#
# ## Theorem 1
#
# > *One hidden layer, random weights, isotropic and with zero mean: if the number of neurons N is large, the map of a
# > negative filtering rule is the input x, up to scale.*
#
# In symbols: $\alpha(R, x) \to 1$ as $N \to \infty$.
#
# ## The trial
#
# This laboratory holds a small court. A *claim* is examined with a derivation, a search for counterexamples or fresh
# random networks; and the same examination is repeated with one premise broken on purpose, the **negative control**,
# which has to fail. Here is Theorem 1 for GBP.

# %%
verdict = try_claim(REGISTRY["thm-1-gbp"], seed=0, profile="quick", images=images)
print(f"{verdict.title}: {verdict.status}\n")
for piece in verdict.evidence[:8]:
    interval = "" if piece.interval is None else f"  lim α is in [{piece.interval[0]:.4f}, {piece.interval[1]:.4f}]"
    print(f"  {piece.kind:12} {piece.finding:9} {piece.statement[:60]:60}{interval}")
print(f"  … {len(verdict.evidence)} pieces of evidence\n")
print(f"Negative control, {verdict.control.premise}: {verdict.control.status}")

# %% [markdown]
# The control replaced isotropic neurons by neurons that look at a single pixel each. With that, the theorem fails: that
# no direction is preferred is needed, at least in some form. Notebook 4 asks in which.

# %%
assert verdict.status is Status.CONFIRMED
assert verdict.control.status is Status.REFUTED

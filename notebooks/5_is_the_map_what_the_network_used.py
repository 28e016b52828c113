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
# # 5 · Is the map what the network used?
#
# A saliency map shows where a network looked, one hopes. Here is a way to ask the network itself: **feed the map back**
# in the place of the image. If the map holds what the network used, it should decide as before. A paper of 2025 makes a
# number of this idea, *Key Information Sufficiency*, and reads much from it. We compute it, and put what nobody would
# call an explanation beside it.

# %%
import matplotlib.pyplot as plt
import numpy as np

from nfrlab.paper_figs.render import STYLE
from nfrlab.simulations.dense.sufficiency import as_input, sufficiency
from nfrlab.simulations.images import digit, photographs
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.examine.decisions import BACKDOORS, shipped
from nfrlab.verify.intervals.separation import auc
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.proceedings.trial import try_claim

try:  # sliders, where there is a page to show them on
    from IPython import get_ipython
    from ipywidgets import FloatSlider, interact

    SLIDERS = get_ipython() is not None
except ImportError:
    SLIDERS = False

plt.style.use(STYLE)
rng = np.random.default_rng(5)
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
# ## A map as an image
#
# A map has numbers of any size. Before it is fed, it is brought to the range of the image:
#
# $$\tilde R = (R - \min R)\,\frac{\max x - \min x}{\max R - \min R} + \min x .$$
#
# A digit, a map that is its edges, and a map that is the digit, three times as strong on grey:

# %%
x = digit(rng).reshape(8, 8)
edges = np.abs(np.gradient(x)[0]) + np.abs(np.gradient(x)[1])
grey = 3 * x + 40
figure, axes = plt.subplots(1, 3, figsize=(6, 2))
for frame, (name, image) in zip(
    axes, {"image": x, "edges, fed": as_input(edges, x), "3x + 40, fed": as_input(grey, x)}.items(), strict=True
):
    frame.imshow(image, cmap="gray", vmin=x.min(), vmax=x.max())
    frame.set(title=name, xticks=[], yticks=[])
plt.show()
print("largest difference between x and what 3x + 40 becomes:", np.abs(as_input(grey, x) - x).max())

# %% [markdown]
# The second map *is* the image, by the time it is fed. Remember that.
#
# ## How far is the decision?
#
# A network ends in a linear layer. Its features A are multiplied by the weights v of the class that is decided on. Let
# $v^*$ and $A^*$ be what the map gives. Then
#
# $$S = 1 - \frac{\sum_i |v^*_i A^*_i - v_i A_i|}{\sum_i |v_i A_i|}.$$
#
# S is 1 where nothing changes. Here is a network of one hidden layer with random weights, and the S of some maps.

# %%
W, V = rng.standard_normal((32, 64)), rng.standard_normal((10, 32))


def decided(image):
    """The class that the network decides on, and the products of weights and features behind it."""
    A = np.maximum(W @ (image.ravel() - image.mean()), 0)
    k = int(np.argmax(V @ A))
    return k, V[k] * A


def S(R):
    """Key Information Sufficiency of a map of the digit."""
    return sufficiency(decided(x)[1], decided(as_input(R, x))[1])


for name, R in {"3x + 40": grey, "edges": edges, "noise": rng.standard_normal((8, 8)), "−x": -x}.items():
    print(f"{name:8} S = {S(R):6.2f}   class {decided(as_input(R, x))[0]}, before {decided(x)[0]}")

# %% [markdown]
# The map that is the image has S = 1, in any network. It is the best map there is by this number, and explains nothing.
#
# ### Exercise 1
#
# The features of a map are twice those of the image, $A^* = 2A$, and the class is the same. What is S?

# %%
products = decided(x)[1]
TESTS["1"] = lambda guess: np.isclose(guess, sufficiency(products, 2 * products)) and not isinstance(guess, str)

# %%
check("1", None)  # your number instead of None

# %% [markdown]
# So zero is no level of chance: it means *as far from the decision as no decision is*, on either side.
#
# ## From the image to its edges
#
# With a slider: a mixture of the image and its edges. Where does the class change, and what does S do there?


# %%
def mixture(share):
    """Show S of a mixture."""
    R = (1 - share) * x / x.std() + share * edges / edges.std()
    print(f"{share:.2f} edges: S = {S(R):5.2f}, class {decided(as_input(R, x))[0]}")


if SLIDERS:
    interact(mixture, share=FloatSlider(min=0, max=1, step=0.05))
else:
    for share in np.linspace(0, 1, 6):
        mixture(share)

# %% [markdown]
# ## Ten thousand images
#
# The paper says: on CIFAR-10 S has **two peaks**, one above zero and one below, and these are *two types of decisions*;
# right decisions lie more often on the right. This was measured with a trained ResNet on all test images (the numbers
# come with nfrlab, so that nothing has to be trained here).

# %%
data = shipped()["decisions-cifar"]
right = data["right"].values == 1
ANEW, KEPT = "element-wise-anew-no-bias-normalised", "element-wise-kept-no-bias-normalised"
figure, axes = plt.subplots(1, 2, figsize=(8, 2.6), sharex=True)
for frame, (title, name) in zip(axes, {"class decided anew": ANEW, "class kept": KEPT}.items(), strict=True):
    s = np.clip(data["s"].sel(reading=name).values, -1.5, 1)
    for label, chosen in {"right": right, "wrong": ~right}.items():
        frame.hist(s[chosen], 50, range=(-1.5, 1), density=True, alpha=0.5, label=label)
    frame.set(title=title, xlabel="S", yticks=[])
axes[0].legend()
plt.show()

# %% [markdown]
# On the left as printed: two peaks. On the right the same, but for one thing: $v^*$ is the weight of the class that was
# decided on *before*. One peak is left. The star on v is all there is to the two types:

# %%
same = data["same"].sel(space="normalised").values == 1
above = data["s"].sel(reading=ANEW).values > 0
print(f"S > 0 exactly where the map is given the same class: on {np.mean(same == above):.1%} of the images")

# %% [markdown]
# ### Exercise 2
#
# How well does S tell right decisions from wrong ones? The **AUC** is the probability that a right decision has a
# larger S than a wrong one: ½ for a coin, 1 at best. Which of these has the largest AUC? Guess first.
#
# "map" (S of the map) · "edges" (S of the edges of the image) · "probability" (the network's largest probability)

# %%
scores = {
    "map": data["s"].sel(reading=ANEW).values,
    "edges": data["s_fed"].sel(input="edges").values,
    "probability": data["probability"].values,
}
TESTS["2"] = lambda guess: guess == max(scores, key=lambda name: auc(scores[name], right))

# %%
check("2", None)  # "map", "edges" or "probability" instead of None

# %%
for name, values in scores.items():
    print(f"{name:12} AUC {auc(values, right):.3f}")

# %% [markdown]
# ## Backdoors
#
# A network can be taught a **backdoor**: a small pattern that makes it say "airplane", whatever the image shows. The
# paper finds some backdoors on the right peak, others on the left. But would they not be there without any map? Beside
# S of the map stands S of the pattern alone, on grey: no map is made for it.

# %%
backdoors = shipped()[BACKDOORS]
for attack in ("badnet", "dynamic", "inputaware", "wanet"):
    networks = backdoors.isel(model=np.flatnonzero((backdoors["attack"] == attack) & ~backdoors["scratch"]))
    found = {"map": networks["s"], "on grey": networks["s_trigger"].sel(trigger="trigger on grey")}
    shares = ", ".join(f"{name} {float((s > 0).mean()):.0%}" for name, s in found.items())
    print(f"{attack:10} share of images with S > 0: {shares}")

# %% [markdown]
# ## The verdicts
#
# The court has examined these sentences, with intervals whose errors are bounded.

# %%
maximal = try_claim(REGISTRY["kis-input"], seed=0, profile="quick", images=images)
peaks = try_claim(REGISTRY["fig-8-peaks"], seed=0, profile="quick", images=images)
types = try_claim(REGISTRY["fig-8-types"], seed=0, profile="quick", images=images)
baseline = try_claim(REGISTRY["fig-8-scores-baseline"], seed=0, profile="quick", images=images)
for verdict in (maximal, peaks, types, baseline):
    print(f"{verdict.status:10} {verdict.title}")

# %%
assert maximal.status is Status.CONFIRMED
assert peaks.status is Status.CONFIRMED
assert types.status is Status.REFUTED
assert baseline.status is Status.REFUTED

"""`import nfrlab`: it is light to open, leads to what is public, and takes what a researcher brings."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import nfrlab
from nfrlab.simulations.deep import rewrite, rule
from nfrlab.theory.finite_width.law import alignment_law

ROOT = Path(__file__).parent.parent
HEAVY = (
    "torch",
    "scipy.stats",
    "sympy.core",
    "matplotlib",
    "pandas",
    "xarray",
    "hypothesis.core",
    "sklearn",
    "PIL",
    "jinja2",
)


def test_the_door_only_leads_on() -> None:
    """Catches definitions in `nfrlab/__init__.py`, a public name that is not there, and one that `dir` hides."""
    path = ROOT / "nfrlab" / "__init__.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    assert set(nfrlab.__all__) <= set(dir(nfrlab))
    assert all(getattr(nfrlab, name) is not None for name in nfrlab.__all__)
    assert nfrlab.alignment_law is alignment_law
    assert nfrlab.rule is rule
    with pytest.raises(AttributeError, match=r"it has .*required_neurons"):
        nfrlab.no_such_name  # noqa: B018


def test_every_package_says_what_is_public() -> None:
    """Catches a package without `__all__`, and one that exports what it does not have."""
    for room in ("theory", "simulations", "verify", "paper_figs"):
        for path in sorted((ROOT / room).rglob("__init__.py")):
            name = "nfrlab." + ".".join(path.parent.relative_to(ROOT).parts)
            package = importlib.import_module(name)
            assert hasattr(package, "__all__"), name
            for public in package.__all__:
                assert hasattr(package, public) or importlib.util.find_spec(f"{name}.{public}"), (name, public)


def test_the_three_examples_run() -> None:
    """Catches an example of the door's docstring that does not print what it says."""
    found = doctest.testmod(nfrlab)
    assert found.attempted >= 6
    assert found.failed == 0


def loaded(code: str) -> list[str]:
    """Which of the heavy packages a fresh interpreter has loaded after this code."""
    code += f"\nprint(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1].split()


def test_the_door_is_light() -> None:
    """Catches heavy packages that are loaded before anything is asked for."""
    assert loaded("import sys, nfrlab") == []


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "claims",
        "show prop-1",
        "show nonsense",
        "law --help",
        "law gbp --d 27 --N 9 --family nonsense",
        "verify nonsense",
        "verify --seed -1",
        "sweep no_such_file.toml",
        "converge --most 3",
        "figures nonsense",
        "bridge --model nonsense",
        "bridge --rules nonsense",
        "bridge --device nonsense",
        "bridge --size 1",
        "train --size 1",
    ],
)
def test_a_refusal_is_light(line: str, tmp_path: Path) -> None:
    """Catches heavy packages that are loaded to print help, to list the claims, or to refuse an argument."""
    arguments = ["nfrlab", *line.split(), *(["--out", str(tmp_path)] if line.startswith("bridge") else [])]
    code = f"import os, sys; os.environ.pop('NFRLAB_DATA', 0); sys.argv = {arguments!r}\n"
    code += "from nfrlab.verify.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    assert loaded(code) == []


def test_only_those_who_need_torch_load_it() -> None:
    """Catches a law, a claim or an alignment of arrays that imports PyTorch."""
    code = """
import sys, numpy as np, nfrlab
nfrlab.required_neurons(0.9, "gbp", "gaussian", d=100), nfrlab.REGISTRY, nfrlab.FAMILIES
nfrlab.alignment(np.ones((2, 3)), np.ones((2, 3)))
print("torch" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# --- What a researcher asks for ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    """A network with two hidden layers, of float64."""
    torch.manual_seed(3)
    layers = [
        torch.nn.Linear(12, 40),
        torch.nn.ReLU(),
        torch.nn.Linear(40, 30),
        torch.nn.ReLU(),
        torch.nn.Linear(30, 4),
    ]
    return torch.nn.Sequential(*layers).double().eval()


def images(n: int = 3) -> torch.Tensor:
    """Inputs in [0, 1]."""
    return torch.rand(n, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


def test_attribution_in_one_call(network: torch.nn.Module) -> None:
    """Catches a gradient that is not autograd's, a target that is ignored, and other ways in that lead elsewhere."""
    x = images().requires_grad_()
    (wanted,) = torch.autograd.grad(network(x)[:, 3].sum(), x)
    given = x.detach()
    torch.testing.assert_close(nfrlab.attribution(network, given, "grad", target=3), wanted)
    graph = rewrite(network, given)
    assert torch.equal(
        nfrlab.attribution(graph, given, "gbp", target=3), nfrlab.attribution(network, given, rule("gbp"), target=3)
    )
    assert torch.equal(
        nfrlab.attribution(graph.forward(given), rule="gbp", target=[3, 3, 3]),
        nfrlab.attribution(network, given, "gbp", target=3),
    )
    best = network(given).argmax(dim=1)
    torch.testing.assert_close(
        nfrlab.attribution(network, given, "gbp"), nfrlab.attribution(network, given, target=best)
    )


def test_cascades_end_in_the_map(network: torch.nn.Module) -> None:
    """Catches cascades that are counted from the wrong end: none is the gradient, all of them the rule's `r_0`."""
    x = images()
    levels = nfrlab.cascades(network, x, "gbp", target=1)
    torch.testing.assert_close(levels[0], nfrlab.attribution(network, x, "grad", target=1, bottom=False))
    torch.testing.assert_close(levels[-1], nfrlab.attribution(network, x, "gbp", target=1, bottom=False))
    assert torch.equal(nfrlab.activation(network, x, 0), x)


@pytest.mark.parametrize(
    ("target", "message"),
    [(4, "classes run from 0 to 3"), (-1, "classes run from 0 to 3"), ([0, 1], "one for each of the 3 images")],
)
def test_a_wrong_target_is_refused(network: torch.nn.Module, target: object, message: str) -> None:
    """Catches a class that wraps round to another, and classes that are broadcast over the images."""
    with pytest.raises(ValueError, match=message):
        nfrlab.attribution(network, images(), "gbp", target=target)  # type: ignore[arg-type]


def test_a_module_without_images_is_refused(network: torch.nn.Module) -> None:
    """Catches a map of nothing."""
    with pytest.raises(ValueError, match="needs the images"):
        nfrlab.attribution(network)


@pytest.mark.parametrize("shape", [(12,), (3, 12), (3, 2, 4, 4)])
def test_alignment_is_the_cosine_for_arrays_and_tensors(shape: tuple[int, ...]) -> None:
    """Catches an axis too many or too few, and a mixture of array and tensor that is refused."""
    rng = np.random.default_rng(5)
    R, x = rng.standard_normal((2, *shape))
    rows = [(R, x)] if R.ndim == 1 else list(zip(R, x, strict=True))
    wanted = np.array([(r * v).sum() / np.sqrt((r * r).sum() * (v * v).sum()) for r, v in rows]).reshape(
        shape[:1] * (R.ndim > 1)
    )
    for map in (R, torch.as_tensor(R)):
        for image in (x, torch.as_tensor(x)):
            found = nfrlab.alignment(map, image)
            assert np.shape(found) == wanted.shape
            np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-12)
            assert isinstance(found, torch.Tensor) == (map is not R or image is not x)


def test_alignment_refuses_what_does_not_fit() -> None:
    """Catches a map that is broadcast to its input."""
    with pytest.raises(ValueError, match="one shape"):
        nfrlab.alignment(np.ones(3), np.ones((2, 3)))


# --- What a reviewer brings -------------------------------------------------------------------------------------------


def hits(low: float, high: float) -> Callable[[nfrlab.Examination], list[nfrlab.Evidence]]:
    """An examination: the share of uniform numbers in [low, high], claimed to be ½ ± 0.1, with Hoeffding's interval."""

    def examine(exam: nfrlab.Examination) -> list[nfrlab.Evidence]:
        miss, n = exam.budget.spend(1), 100_000
        u = exam.rng("uniform").random(n)
        share, radius = float(np.mean((low <= u) & (u <= high))), float(np.sqrt(np.log(2 / miss) / (2 * n)))
        claimed = nfrlab.Claimed.exactly(0.5, resolution=0.1)
        interval = share - radius, share + radius
        return [
            nfrlab.Evidence.from_interval(
                nfrlab.Kind.MONTE_CARLO, "the share is ½", interval, claimed, "Hoeffding", miss=miss, n=n
            )
        ]

    return examine


def test_a_claim_needs_nothing_but_the_door() -> None:
    """Catches a piece of a claim that a reviewer would have to look for elsewhere, and a control that is not tried."""
    claim = nfrlab.Claim(
        id="half",
        title="Half of the numbers",
        source="a reviewer",
        statement="A uniform number lies in [0, ½] with probability ½.",
        premises=("uniform on [0, 1]",),
        examine=hits(0.0, 0.5),
        control=nfrlab.BrokenPremise(premise="[0, ½] shortened to [0, 0.3]", examine=hits(0.0, 0.3)),
    )
    verdict = nfrlab.try_claim(claim)
    assert isinstance(verdict, nfrlab.Verdict)
    assert (verdict.status.value, verdict.control.status.value) == ("CONFIRMED", "REFUTED")
    assert {piece.finding for piece in verdict.evidence} == {nfrlab.Finding.SUPPORTS}

"""`import nfrlab`: one name for everything, installed or not, and a door that is light to open."""

from __future__ import annotations

import doctest
import importlib.metadata
import importlib.util
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import nfrlab
from nfrlab.simulations.deep import rewrite, rule
from nfrlab.theory.finite_width.law import alignment_law
from tests.test_recipes import copy_of_the_house

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


def python(code: str, *, cwd: Path, places: tuple[Path, ...] = (), links: Path | None = None) -> str:
    """What a fresh interpreter prints that knows our dependencies, but no nfrlab other than that in `places`.

    `links` is a folder of an editable install.
    """
    known = [*map(str, places), sysconfig.get_path("purelib")]
    start = f"import sys; sys.path += {known!r}\n" + (
        f"import site; site.addsitedir({str(links)!r})\n" if links else ""
    )
    done = subprocess.run(
        [sys.executable, "-E", "-S", "-c", start + code], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the house."""
    house, target = copy_of_the_house(tmp_path_factory.mktemp("house")), tmp_path_factory.mktemp("wheel")
    pip("wheel", str(house), "--wheel-dir", str(target))
    return next(target.glob("nfrlab-*.whl"))


def pip(command: str, *arguments: str) -> None:
    """Run pip, without the network: everything a build needs is here."""
    subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", "--no-deps", "--no-build-isolation", *arguments],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which that wheel is installed."""
    target = tmp_path_factory.mktemp("installed")
    pip("install", "--target", str(target), str(wheel))
    return target


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A researcher's working folder, with modules of his own that are called like our rooms."""
    (tmp_path / "verify.py").write_text("mine = True\n", encoding="utf-8")
    for room in ("theory", "simulations", "tests", "paper_figs"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("mine = True\n", encoding="utf-8")
    return tmp_path


# --- One name ---------------------------------------------------------------------------------------------------------


def test_the_wheel_is_nfrlab_alone(wheel: Path) -> None:
    """Catches a second name at the top of what is installed, tests that are shipped, and files that are not."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"nfrlab"}
    shipped = {name.removeprefix("nfrlab/") for name in names}
    assert "py.typed" in shipped
    ours = [path for room in ("theory", "simulations", "verify", "paper_figs") for path in (ROOT / room).rglob("*")]
    wanted = {path.relative_to(ROOT).as_posix() for path in ours if path.is_file() and "__pycache__" not in path.parts}
    assert wanted <= shipped


TRIED = """
import nfrlab, theory, simulations, verify
assert theory.mine and simulations.mine and verify.mine
print(nfrlab.try_claim("prop-1").status.value, nfrlab.__file__)
"""


def test_a_working_folder_may_use_our_names(unpacked: Path, crowded: Path) -> None:
    """Catches rooms that import each other by a bare name, which a researcher's own modules would answer."""
    status, file = python(TRIED, cwd=crowded, places=(unpacked,)).split()
    assert status == "REFUTED"
    assert Path(file).is_relative_to(unpacked)


def test_the_verify_of_another_project_is_left_alone(unpacked: Path, tmp_path: Path) -> None:
    """Catches a package of ours that lies where another distribution's `verify` does."""
    theirs = {str(file) for file in importlib.metadata.files("verify") or ()}
    assert "verify/__init__.py" in theirs
    code = 'import verify, nfrlab.verify; print(verify.__file__, nfrlab.verify.__file__, hasattr(verify, "expect"))'
    there, here, works = python(code, cwd=tmp_path, places=(unpacked,)).split()
    assert Path(there).parent == Path(sysconfig.get_path("purelib")) / "verify"
    assert Path(here).is_relative_to(unpacked / "nfrlab")
    assert works == "True"


def test_an_editable_install_finds_new_files(tmp_path: Path, crowded: Path) -> None:
    """Catches an editable install that must be repeated for every new module or folder."""
    house, links = copy_of_the_house(tmp_path / "house"), tmp_path / "links"
    pip("install", "--target", str(links), "--editable", str(house))
    (house / "theory" / "brand_new.py").write_text("value = 1\n", encoding="utf-8")
    (house / "theory" / "annexe").mkdir()
    (house / "theory" / "annexe" / "__init__.py").write_text("value = 2\n", encoding="utf-8")
    code = (
        "from nfrlab.theory import annexe, brand_new; import verify; print(brand_new.value, annexe.value, verify.mine)"
    )
    assert python(code, cwd=crowded, places=(links,), links=links).split() == ["1", "2", "True"]


def test_a_clone_uses_its_own_rooms(tmp_path: Path) -> None:
    """Catches a clone that is run in the environment of another and there takes the other's code."""
    house = copy_of_the_house(tmp_path / "clone")
    (house / "theory" / "brand_new.py").write_text("value = 1\n", encoding="utf-8")
    code = "import nfrlab.theory.brand_new, nfrlab.verify.cli as c; print(c.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=house, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(house)


# --- The door ---------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("module", ["nfrlab", "nfrlab.verify.cli"])
def test_the_door_is_light(module: str) -> None:
    """Catches heavy packages that are loaded to say `--help`, to list the claims or to refuse."""
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        == []
    )


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

"""What is installed is `nfrlab` alone, and modules of other people that are called like our rooms do no harm."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.test_recipes import copy_of_the_house

ROOT = Path(__file__).parent.parent


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

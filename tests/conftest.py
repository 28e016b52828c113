"""Shapes in annotations are checked at run time in every test; `-m theorem` must meet every claim and family."""

from __future__ import annotations

from jaxtyping import install_import_hook

import tests.support.checker  # noqa: F401  (the hook looks it up by name)

install_import_hook(["nfrlab.theory", "nfrlab.simulations"], "tests.support.checker.check")

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from nfrlab.simulations.images import ImageSet, photographs

LEAST_THEOREM_ITEMS = 40

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def images() -> ImageSet:
    """The photographs that ship with the product."""
    return photographs()


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """PyTorch with one thread: small networks wait for others, and sums differ between numbers of threads."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def missing_theorem_items(names: list[str]) -> list[str]:
    """What `-m theorem` should have collected but did not: claims and families by name, or the least number."""
    from nfrlab.theory.families import FAMILIES
    from nfrlab.verify.proceedings.registry import REGISTRY

    wanted = [f"[{name}]" for name in (*REGISTRY, *FAMILIES)]
    missing = [name for name in wanted if not any(item.endswith(name) for item in names)]
    return missing + ([f"at least {LEAST_THEOREM_ITEMS} items"] if len(names) < LEAST_THEOREM_ITEMS else [])


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C again where the shell that started the tests in the background has switched it off for all below."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail a theorem run that misses a claim or a family, or collects nothing."""
    if session.config.option.markexpr == "theorem" and not session.config.option.keyword:
        missing = missing_theorem_items([item.nodeid for item in session.items])
        if missing:
            pytest.exit(f"-m theorem collected no item for: {', '.join(missing)}", returncode=1)

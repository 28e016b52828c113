"""The audit on maps and networks whose truth is known, and as a command."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from safetensors.torch import save_file
from torch import Tensor, nn

import nfrlab
from nfrlab.simulations.deep.audit import files, methods, numbers
from nfrlab.simulations.deep.audit.methods import Variants, Way, randomised
from nfrlab.simulations.deep.effects.resemblance import edges
from nfrlab.simulations.deep.inputs import images
from nfrlab.simulations.deep.networks import trained
from nfrlab.verify.audit.audit import NAMES, Audit
from nfrlab.verify.audit.questions import QUESTIONS, answer, images_needed
from nfrlab.verify.court.verdict import Status
from nfrlab.verify.intervals.fixed import clopper_pearson
from tests.verify.test_cli import in_process

CONFIRMED, REFUTED, INCONCLUSIVE, NOT_RUN = Status.CONFIRMED, Status.REFUTED, Status.INCONCLUSIVE, Status.NOT_RUN
N = 64


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> nn.Module:
    """The digits' network, trained."""
    torch.set_num_threads(1)
    return trained.digits(tmp_path_factory.mktemp("digits"))[0]


@pytest.fixture(scope="module")
def x() -> Tensor:
    """Digits that it did not learn."""
    return images.digits().x(trained.split(0)[1][:N])


def of_class(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """A map that knows the class alone: another pattern for each."""
    patterns = torch.randn(10, *x.shape[1:], generator=torch.Generator().manual_seed(1))
    return patterns[target]


def noise_of(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Noise that knows the image alone."""
    return torch.randn(x.shape, generator=torch.Generator().manual_seed(int(x.abs().sum() * 1000) % 2**31))


@pytest.fixture(scope="module")
def audit(network: nn.Module, x: Tensor) -> Audit:
    """Ways to a map whose truth is known."""
    known = {
        "input": lambda model, x, target: x,
        "negative": lambda model, x, target: -3 * x + 1,
        "edges": lambda model, x, target: edges(x),
        "class alone": of_class,
        "noise": noise_of,
        "gradient": "grad",
        "gbp": "gbp",
        "spikes": lambda model, x, target: 1e-6 * x + torch.eye(16).reshape(1, 1, 16, 16) * (torch.arange(16) == 3),
        "given": torch.randn(N, 16, 16, generator=torch.Generator().manual_seed(3)),
    }
    return nfrlab.audit(network, x, methods=known, seed=1)


KNOWN = {
    ("input", "input"): REFUTED,
    ("negative", "input"): REFUTED,
    ("noise", "input"): CONFIRMED,
    ("gradient", "input"): CONFIRMED,
    ("gbp", "input"): REFUTED,
    ("edges", "edges"): REFUTED,
    ("noise", "edges"): CONFIRMED,
    ("gradient", "edges"): CONFIRMED,
    ("input", "class"): REFUTED,
    ("class alone", "class"): CONFIRMED,
    ("gradient", "class"): CONFIRMED,
    ("gbp", "class"): REFUTED,
    ("input", "weights"): REFUTED,
    ("class alone", "weights"): REFUTED,
    ("gradient", "weights"): CONFIRMED,
    ("gbp", "weights"): REFUTED,
    ("input", "layers"): REFUTED,
    ("gradient", "layers"): CONFIRMED,
    ("gbp", "layers"): REFUTED,
    ("input", "used"): CONFIRMED,
    ("noise", "used"): REFUTED,
    ("spikes", "sound"): REFUTED,
    ("gradient", "sound"): CONFIRMED,
    ("given", "class"): NOT_RUN,
    ("given", "weights"): NOT_RUN,
    ("given", "layers"): NOT_RUN,
    ("given", "edges"): CONFIRMED,
}


@pytest.mark.parametrize(("method", "question"), KNOWN)
def test_known_maps_have_known_answers(audit: Audit, method: str, question: str) -> None:
    """Catches a question that says yes or no to everything, a sign that counts, and maps of the wrong network, class
    or image.
    """
    cell = audit.cell(method, question)
    assert cell.status is KNOWN[method, question], cell


def test_an_answer_says_what_it_means(audit: Audit) -> None:
    """Catches a yes that reads like a no, and a NOT RUN that does not say why."""
    assert audit.cell("input", "input").sentence == QUESTIONS[0].no
    assert audit.cell("noise", "input").sentence == QUESTIONS[0].yes
    assert "needs a function" in audit.cell("given", "class").sentence
    assert not audit.passed("class")
    with pytest.raises(ValueError, match="unknown question 'klass'"):
        audit.passed("klass")
    lines = audit.table().splitlines()
    assert lines[0].split() == ["method", *NAMES]
    assert lines[1].split()[:2] == ["input", "no"]


def test_a_method_that_passes_passes(network: nn.Module, x: Tensor) -> None:
    """Catches a pass that no map can have."""
    found = nfrlab.audit(network, x, methods=["grad"], seed=2)
    assert found.passed("input", "edges", "class", "weights", "layers", "sound")


# Numbers


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_a_partial_correlation_is_one_of_residuals(seed: int) -> None:
    """Catches a correlation that is not partial: that of what is left of both after a regression on what is given."""
    rng = np.random.default_rng(seed)
    R, x, e = rng.normal(size=(3, 2, 1, 4, 5))
    found = numbers.partial_correlation(*(torch.from_numpy(v) for v in (R, x, e)))
    for i in range(2):
        given_ = np.stack([np.ones(20), e[i].ravel()], axis=1)

        def residual(v: np.ndarray, given_: np.ndarray = given_) -> np.ndarray:
            return v.ravel() - given_ @ np.linalg.lstsq(given_, v.ravel(), rcond=None)[0]

        expected = np.corrcoef(residual(R[i]), residual(x[i]))[0, 1]
        assert float(found[i]) == pytest.approx(expected, abs=1e-9)


def test_random_networks_are_random_where_they_should_be(network: nn.Module) -> None:
    """Catches a model that is changed in place, layers from the wrong end, and weights of another size."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    upper, whole = randomised(network, 0, 0.5), randomised(network, 0, 1.0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    names = [name for name in before if name.endswith("weight")]
    changed = [not torch.equal(upper.state_dict()[name], before[name]) for name in names]
    assert changed == [False] * 4 + [True] * 4
    for name in names:
        old, new = before[name], whole.state_dict()[name]
        assert not torch.equal(old, new)
        assert float(new.square().mean() / old.square().mean()) == pytest.approx(1, abs=0.5)
    one, two = Variants(network, 0).random
    assert not torch.equal(one.state_dict()[names[0]], two.state_dict()[names[0]])


def test_the_answer_is_the_interval_s() -> None:
    """Catches a share without its interval, one half on the wrong side, and NaN that counts as held."""
    question = QUESTIONS[0]
    for held, status in ((60, CONFIRMED), (32, INCONCLUSIVE), (3, REFUTED)):
        values = np.where(np.arange(64) < held, 0.1, 0.9)
        found = answer(question, "m", {"beyond_edges": values, "beyond_edges_other": values}, 1e-6)
        assert found.status is status
        assert found.interval == clopper_pearson(held, 64, 1e-6)
    nothing = {"beyond_edges": np.full(64, np.nan), "beyond_edges_other": np.full(64, np.nan)}
    assert answer(question, "m", nothing, 1e-6).status is REFUTED
    assert answer(question, "m", {}, 1e-6).status is NOT_RUN


def test_false_alarms_are_rare() -> None:
    """Catches an α that is not kept: a statement that holds on half of all images is decided in at most a tenth of
    2,000 audits at a miss of 0.1.
    """
    rng = np.random.default_rng(0)
    decided = 0
    for _ in range(2000):
        values = np.where(rng.random(40) < 0.5, 0.1, 0.9)
        found = answer(QUESTIONS[0], "m", {"beyond_edges": values, "beyond_edges_other": values}, 0.1)
        decided += found.status is not INCONCLUSIVE
    assert decided <= 200


def test_the_number_of_images_is_the_least() -> None:
    """Catches a plan that promises what an interval does not keep."""
    for miss in (0.05, 1e-6, 1e-9):
        n = images_needed(miss)
        assert clopper_pearson(n, n, miss)[0] > 0.5 >= clopper_pearson(n - 1, n - 1, miss)[0]


# What users bring


def test_a_model_that_nobody_can_read_is_audited_as_far_as_it_goes(x: Tensor) -> None:
    """Catches an audit that ends with the first method that cannot be had, and a reason that is not told."""

    class Sorted(nn.Module):
        """Sorts its pixels: no backward rule can follow."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.last = nn.Linear(256, 10)

        def forward(self, x: Tensor) -> Tensor:
            """Scores."""
            return self.last(torch.sort(x.flatten(1)).values)

    def gradient(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
        seen = x.clone().requires_grad_()
        return torch.autograd.grad(model(seen).gather(1, target[:, None]).sum(), seen)[0]

    found = nfrlab.audit(Sorted(), x, methods={"gbp": "gbp", "gradient": gradient})
    assert {found.cell("gbp", name).status for name in NAMES} == {NOT_RUN}
    assert found.cell("gradient", "weights").status is not NOT_RUN
    assert found.cell("gradient", "used").status is NOT_RUN
    assert any(remark.startswith("gbp: ") for remark in found.remarks)


def test_a_batch_that_does_not_fit_is_split(network: nn.Module, x: Tensor) -> None:
    """Catches maps that are lost or doubled when memory runs out, and another error that is taken for that."""
    sizes = []

    def greedy(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
        sizes.append(len(x))
        if len(x) > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return x * target[:, None, None, None]

    target = torch.arange(N) % 10
    maps = Way.of("greedy", greedy).maps(network, x, target)
    torch.testing.assert_close(maps, x * target[:, None, None, None])
    assert max(sizes) == methods.BATCH
    assert set(sizes[2:]) <= {4, 8}

    def broken(model: nn.Module, x: Tensor, target: Tensor) -> Tensor:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        Way.of("broken", broken).maps(network, x, target)


@pytest.mark.parametrize("ending", files.KINDS)
def test_maps_are_read_from_files(tmp_path: Path, ending: str) -> None:
    """Catches channels last that are not moved, and a format that loses the order of the images."""
    R = torch.randn(4, 8, 9, 3, generator=torch.Generator().manual_seed(0))
    path = tmp_path / f"maps{ending}"
    if ending == ".npy":
        np.save(path, R.numpy())
    elif ending == ".npz":
        np.savez(path, lime=R.numpy())
    elif ending == ".pt":
        torch.save(R, path)
    else:
        save_file({"lime": R}, path)
    read, guess = files.maps_in(path)
    torch.testing.assert_close(read, R.permute(0, 3, 1, 2))
    assert guess == f"maps{ending}: the channels come last, they were put first"


def test_what_is_guessed_of_maps_is_said(tmp_path: Path) -> None:
    """Catches a sign that was lost elsewhere, and one map for all channels, without a word."""
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((3, 4, 4)))
    _, guess = files.maps_in(tmp_path / "a.npy")
    assert "one map an image, it counts for all channels" in guess
    assert "no number is negative, the sign may be lost" in guess
    np.save(tmp_path / "b.npy", np.random.default_rng(0).normal(size=(3, 3, 4, 4)))
    assert files.maps_in(tmp_path / "b.npy")[1] == ""


def test_what_is_no_map_is_refused(tmp_path: Path) -> None:
    """Catches a traceback, constants, NaN, several arrays, pictures and code in a file."""
    cases = {
        "constant.npy": np.ones((2, 4, 4)),
        "nan.npy": np.full((2, 4, 4), np.nan),
        "flat.npy": np.ones(5),
    }
    for name, array in cases.items():
        np.save(tmp_path / name, array)
    np.savez(tmp_path / "two.npz", a=np.eye(3), b=np.eye(3))
    (tmp_path / "map.png").write_bytes(b"PNG")
    np.save(tmp_path / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    said = {
        "constant.npy": "one number all over",
        "nan.npy": "NaN or infinite",
        "flat.npy": "one map for each image",
        "two.npz": "holds 2 arrays",
        "map.png": "the ending '.png' is unknown",
        "object.npy": "cannot be read",
        "nowhere.npy": "cannot be read",
    }
    for name, words in said.items():
        with pytest.raises(ValueError, match=words):
            files.maps_in(tmp_path / name)


def test_images_and_targets_that_do_not_fit_are_refused(network: nn.Module, x: Tensor) -> None:
    """Catches an error deep inside for a batch without channels, a class that there is not, maps of other images."""
    for wrong, words in (
        ({"images": x[:, 0]}, "batch"),
        ({"images": x, "targets": [11] * N}, "targets are one class from 0 to 9"),
        ({"images": x, "targets": [1]}, "targets are one class"),
        ({"images": x, "methods": {"mine": np.zeros((3, 16, 16))}}, "the maps of 'mine' have shape"),
        ({"images": x, "methods": ["gpb"]}, "unknown method 'gpb'"),
        ({"images": x, "alpha": 2.0}, "alpha must lie"),
    ):
        with pytest.raises(ValueError, match=words):
            nfrlab.audit(network, **wrong)


# As a command


def test_the_command_prints_writes_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an exit status that is not the answer's, a page that needs the network, and numbers that are lost."""
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    np.save("mine.npy", np.random.default_rng(0).normal(size=(32, 16, 16)))
    command = ("audit", "--quick", "--methods", "grad,gbp", "--maps", "mine=mine.npy")
    done = in_process(*command, "--require", "class", "--json", "a.json", "--junit", "a.xml", "--out", "out")
    assert done.exit_code == 1, done.stderr
    assert "gbp, class: REFUTED. It says nothing about why this class" in done.stdout
    assert "mine.npy: one map an image, it counts for all channels" in done.stdout
    page = (tmp_path / "out" / "audit.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    assert "<script" not in page
    assert len(page) < 5_000_000
    for words in ("Does it depend on the class?", "gbp", "mine", "REFUTED", "prefers-color-scheme"):
        assert words in page
    record = json.loads((tmp_path / "a.json").read_text())
    statuses = {(cell["method"], cell["question"]): cell["status"] for cell in record["cells"]}
    assert statuses["gbp", "class"] == "REFUTED"
    assert statuses["mine", "class"] == "NOT RUN"
    cases = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert [case.get("classname") for case in cases] == ["grad", "gbp", "mine"]
    assert [[child.tag for child in case] for case in cases] == [[], ["failure"], ["skipped"]]
    passed = in_process("audit", "--quick", "--methods", "grad", "--require", "weights", "--out", "out")
    assert passed.exit_code == 0, passed.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("vgg19",), "unknown --model 'vgg19'"),
        (("--require", "klass"), "unknown question 'klass'"),
        (("--methods", "gpb"), "unknown method 'gpb'"),
        (("--maps", "mine"), "give NAME=FILE"),
        (("--maps", "gbp=a.npy"), "there is a method 'gbp' already"),
        (("--maps", "mine=a.npy"), "cannot be read"),
        (("--methods", ""), "there is nothing to look at"),
        (("resnet18",), "photographs are needed: --images FOLDER"),
    ],
)
def test_what_cannot_be_audited_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """Catches a traceback, and a refusal that does not say what to do."""
    monkeypatch.delenv("NFRLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    done = in_process("audit", *words, "--out", "out")
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr

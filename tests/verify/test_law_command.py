"""What `nfrlab law` prints, and where a family's law is said to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nfrlab.theory import families
from nfrlab.verify.report.locations import family_location
from tests.verify.test_cli import in_process, words

LINES = Path(str(families.__file__)).read_text(encoding="utf-8").splitlines()


def test_law_prints_the_layer_first() -> None:
    """Catches a law of which nobody knows the layer, and names that run into what is said of them."""
    printed = in_process("law", "gbp", "--family", "gaussian", "--d", "30", "--N", "20").stdout.splitlines()
    assert re.fullmatch(r"layer {8}gbp, gaussian weights, d = 30, N = 20, N/d = 0\.6667\s*", printed[0])
    assert [line[:13].strip() for line in printed[:4]] == ["layer", "mean α", "quantiles", "map is zero"]


@pytest.mark.parametrize(
    ("rule", "family", "says"),
    [
        ("gbp", "gaussian", "a match of two moments; claim law-gbp tries it"),
        ("gbp", "haar", "exact in mean and deviation, else a match of two moments; claim haar-law-gbp tries it"),
        ("grad", "gaussian", "exact"),
    ],
)
def test_law_says_how_exact_it_is(rule: str, family: str, says: str) -> None:
    """Catches a matched law that is sold as exact in its moments, and one frame's that is not."""
    printed = words(in_process("law", rule, "--family", family, "--d", "300", "--N", "200").stdout)
    assert printed.endswith(f"the law is {says}")


@pytest.mark.parametrize("name", families.FAMILIES)
def test_a_family_is_where_it_is_said_to_be(name: str) -> None:
    """Catches a link to the file alone, or to another family."""
    file, _, line = family_location(name).partition(":")
    assert file == "theory/families.py"
    entry = "\n".join(LINES[int(line) - 1 : int(line) + 4])
    assert f'"{name}"' in entry
    assert re.match(r".*\w+\(", LINES[int(line) - 1])

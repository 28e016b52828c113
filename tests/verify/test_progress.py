"""The display of long work: one bar for claims, blocks and draws, and silence where there is no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from nfrlab.verify.commands import progress as module
from nfrlab.verify.commands.parts import epochs
from nfrlab.verify.commands.progress import progress


def displayed(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a run that resumes at 3 of 8 and goes on to 5 writes."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=100, color_system=None)
    monkeypatch.setattr(module, "console", console)
    with progress("blocks", note="at first") as bar:
        bar.display.refresh()
        bar.restart(3, 8)
        bar.display.refresh()
        bar.update(5, 8, "2.0M draws/s")
        bar.display.refresh()
        assert bar.seconds >= 0
        written.write("\nwithin\n")
    return written.getvalue()


def test_the_bar_says_what_how_much_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a bar without its unit, its count, its note or its times, and one that stays behind."""
    text = displayed(True, monkeypatch)
    within, after = text.split("\nwithin\n")
    for shown in ("blocks", "at first", "3/8", "5/8", "2.0M draws/s", "0:00:00"):
        assert shown in within
    assert "\x1b[2K" in after  # the line is erased


def test_off_a_terminal_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches control characters in a log file."""
    assert displayed(False, monkeypatch).strip() == "within"


TOLD = "nfrlab: 5 of 8 blocks after 40 s; 60 s to go at this pace\n"


@pytest.mark.parametrize(("took", "told"), [(29.0, ""), (40.0, TOLD)])
def test_long_work_says_once_how_long(
    took: float, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches silence off a terminal, a line for each step, and time that counts what an earlier run has done."""
    monkeypatch.setattr(module, "console", Console(file=io.StringIO(), force_terminal=False))
    monkeypatch.setattr(module.Bar, "seconds", took)
    with progress("blocks") as bar:
        bar.restart(3, 8)
        bar.update(3, 8)
        bar.update(5, 8)
        bar.update(6, 8)
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(("seconds", "words"), [(40.4, "40 s"), (150, "2 min"), (12600, "3.5 h")])
def test_duration(seconds: float, words: str) -> None:
    """Catches a unit that hides the size."""
    assert module.duration(seconds) == words


def test_training_says_after_an_epoch_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches hours of training of which one learns when they are over, and one sentence after every epoch."""
    clock = iter([0.0, 100.0, 200.0, 300.0])
    monkeypatch.setattr(epochs.time, "monotonic", lambda: next(clock))
    say = epochs.told(4)
    for number in (1, 2, 3):
        say(number, 1.0, 0.5)
    shown = capsys.readouterr()
    assert shown.out.count("epoch ") == 3
    assert shown.err.count("to go at this pace") == 1
    assert "5 min to go" in shown.err

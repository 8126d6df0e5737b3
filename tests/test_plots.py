"""Figures have labels with units; the page is one valid file that trusts no text."""

import base64
import os
import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from spinode import plots
from spinode.signals import Channel, signal_of
from spinode.surrogate.report import FreeRun, FreeRunReport, build_report
from spinode.traces import Trace

EVIL = "<script>alert('$x_$')</script>"
TIME = np.arange(6000) * 5e-12
WAVE = 0.9 + 0.05 * np.cos(2 * np.pi * 14e9 * TIME)
VOID = {"meta", "img", "br", "link", "input", "hr"}


def truth(name: str = "mz") -> Trace:
    return Trace(
        drive=signal_of(np.zeros((TIME.size, 0)), 5e-12),
        output=signal_of(WAVE, 5e-12, Channel(name=name, unit="V")),
        name=EVIL,
    )


def predictions() -> dict[str, np.ndarray]:
    diverged = WAVE.copy()
    diverged[3000:] = np.inf
    return {"good": WAVE[:, None] * 1.01, EVIL: diverged[:, None]}


def report() -> FreeRunReport:
    runs = {n: FreeRun(prediction=p, training_seconds=1.0, prediction_seconds=0.1) for n, p in predictions().items()}
    return build_report(truth(EVIL), runs, EVIL, 10)


def labels(figure: Figure) -> list[str]:
    return [text for axis in figure.axes for text in (axis.get_xlabel(), axis.get_ylabel()) if text]


class Page(HTMLParser):
    """Checks that tags nest, and collects them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["mz", EVIL, "_hidden", "50 % $"])
def test_every_axis_says_what_it_shows_and_in_which_unit(name: str, tmp_path: Path) -> None:
    figures = [
        plots.free_run_figure(truth(name), predictions(), name, 10),
        plots.error_figure(truth(name), predictions(), name, 10),
        plots.spectra_figure(truth(name), predictions(), name, 10),
    ]
    assert "time (ns)" in labels(figures[0])
    assert any(label.endswith("(V)") for label in labels(figures[0]))
    assert "time (ns)" in labels(figures[1])
    assert any("standard deviations" in label for label in labels(figures[1]))
    assert "frequency (GHz)" in labels(figures[2])
    assert any("dB" in label for label in labels(figures[2]))
    plots.save_figure(tmp_path / "figure.svg", figures[1])


def test_models_are_told_apart_without_colour() -> None:
    figure = plots.free_run_figure(truth(), {str(n): WAVE[:, None] for n in range(5)}, "mz", 10)
    lines = figure.axes[1].get_lines()
    assert len({(str(line.get_linestyle()), str(line._dash_pattern), line.get_linewidth()) for line in lines}) == 6


def test_the_training_curve_leaves_out_what_is_no_number() -> None:
    figure = plots.training_figure([(1.0, 0.5), (2.0, float("inf")), (3.0, 0.1)], baseline=0.2)
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_xdata(), [1.0, 3.0])
    assert "training time (s)" in labels(figure)
    assert labels(plots.training_figure([]))


def test_short_and_constant_records_are_drawn(tmp_path: Path) -> None:
    short = Trace(drive=signal_of(np.zeros((12, 0)), 1.0), output=signal_of(np.full(12, 2.0), 1.0, Channel(name="y")))
    runs = {"twin": np.full((12, 1), 2.0)}
    for number, draw in enumerate((plots.free_run_figure, plots.error_figure, plots.spectra_figure)):
        figure = draw(short, runs, "y", 2)
        plots.save_figure(tmp_path / f"{number}.svg", figure)
        assert (tmp_path / f"{number}.svg").stat().st_size > 1000
        assert all(axis.get_lines() for axis in figure.axes)


def test_a_channel_that_is_not_there_is_answered_with_the_closest() -> None:
    with pytest.raises(ValueError, match="closest: mz"):
        plots.free_run_figure(truth(), predictions(), "mzz", 10)


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_figure_is_written_in_the_format_of_its_ending(kind: str, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"f.{kind}"
    plots.save_figure(path, plots.training_figure([(1.0, 0.5)]))
    assert path.read_bytes().startswith(start)
    with pytest.raises(ValueError, match="must end in .png, .svg or .pdf"):
        plots.save_figure(tmp_path / "f.bmp", Figure())


def test_the_page_is_one_small_file_with_its_figures_inside_and_every_text_escaped(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    figures = {f"{EVIL} 1": plots.error_figure(truth(EVIL), predictions(), EVIL, 10), 'Caption "2"': Figure()}
    plots.write_html_report(path, report(), figures, {"command": f"spinode predict {EVIL}"})
    text = path.read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert len(text) < 2_000_000
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [image["alt"] for image in images] == list(figures)
    for image in images:
        source = image["src"] or ""
        assert base64.b64decode(source.removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert ("html", {"lang": "en"}) in page.tags
    assert "diverged" in text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")

    def full(first: object, second: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="the disk is full"):
        plots.write_html_report(path, report(), {}, {})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_others_as_the_umask_says(tmp_path: Path) -> None:
    plots.write_html_report(tmp_path / "r.html", report(), {}, {})
    (tmp_path / "plain").write_text("")
    assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)

"""One self-contained HTML page of a free-run report: readable on a phone, on paper and in black and white."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from spinode.surrogate.report import HEADER, FreeRunReport

_STYLE = """
:root { color-scheme: light; }
body { background: #fff; color: #111; font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem;
  padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { border-bottom: 1px solid #999; padding: .35rem .6rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #111; } td { font-variant-numeric: tabular-nums; }
tr.baseline { color: #444; font-style: italic; }
.warnings { border: 2px solid #111; border-left-width: .6rem; padding: .2rem 1rem; }
figure { margin: 1.5rem 0; } img { height: auto; max-width: 100%; }
figcaption, .small { color: #333; font-size: .9rem; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem; overflow-wrap: anywhere; }
@media print { body { font-size: 9pt; max-width: none; padding: 0; } .scroll { overflow: visible; }
  table { font-size: 7.5pt; } th, td { padding: .15rem .3rem; } figure, .warnings { break-inside: avoid; } }
"""
_LEGEND = (
    "NRMSE: root mean square error over the standard deviation of the truth. Frequency: dominant frequency of the"
    " prediction. Frequency and amplitude error: relative to the truth; amplitude is the rms in the band around its"
    " dominant frequency. Phase drift: periods gained in 100 periods. All numbers are of a free run: after the warm-up"
    " a model sees the drive alone."
)


def page(report: FreeRunReport, images: Mapping[str, bytes], notes: Mapping[str, str]) -> str:
    """The page as text.

    Parameters
    ----------
    report : FreeRunReport
        Numbers and warnings; every text in it is escaped.
    images : mapping of str to bytes
        PNG images by caption.
    notes : mapping of str to str
        How it was made.
    """
    title = escape(report.title)
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>",
            f"<p>{_summary(report)}</p>",
            _warnings(report),
            "<h2>Free run</h2>",
            _table(report),
            f'<p class="small">{escape(_LEGEND)}</p>',
            *(_figure(caption, image) for caption, image in images.items()),
            _notes(notes),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _summary(report: FreeRunReport) -> str:
    """What was predicted, in one sentence."""
    outputs = ", ".join(escape(name) for name in report.outputs)
    return (
        f"Trace <strong>{escape(report.trace)}</strong>, output {outputs}: {report.samples} samples of {report.dt:g} s;"
        f" the first {report.warm_up} were known to the models and are not scored."
    )


def _warnings(report: FreeRunReport) -> str:
    """The warnings as a list, or the sentence that there are none."""
    if not report.warnings:
        return "<p>No warnings.</p>"
    items = "".join(f"<li>{escape(warning)}</li>" for warning in report.warnings)
    return f'<section class="warnings" role="note" aria-label="Warnings"><h2>Warnings</h2><ul>{items}</ul></section>'


def _table(report: FreeRunReport) -> str:
    """The table of models; baselines are set in italics and say so."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEADER)
    baselines = [row.baseline for row in report.rows for _ in report.outputs]
    body = []
    for cells, baseline in zip(report.table(), baselines, strict=True):
        rest = "".join(f"<td>{escape(cell)}</td>" for cell in cells[1:])
        kind = ' class="baseline"' if baseline else ""
        body.append(f'<tr{kind}><th scope="row">{escape(cells[0])}</th>{rest}</tr>')
    rows = "\n".join(body)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Scores of the models"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _figure(caption: str, image: bytes) -> str:
    """One figure with its caption as text and as alternative text."""
    text = escape(caption)
    data = base64.b64encode(image).decode()
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'


def _notes(notes: Mapping[str, str]) -> str:
    """How it was made, as a list of terms."""
    if not notes:
        return ""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in notes.items())
    return f"<h2>How this was made</h2><dl>{items}</dl>"

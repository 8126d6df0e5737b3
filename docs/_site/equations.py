"""Equations between dollar signs become MathML, which a browser sets by itself: no script, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def setup(app: Any) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_html_math_renderer("mathml", (set_inline, None), (set_block, None))
    return {"parallel_read_safe": True}


def set_inline(writer: Any, node: nodes.Node) -> None:
    """An equation inside a line."""
    writer.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def set_block(writer: Any, node: nodes.Node) -> None:
    """An equation of its own."""
    writer.body.append(f'<div class="equation">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode

"""How the guide becomes a site: `make docs` writes it into site/. A link that leads nowhere ends the build."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_site"), str(HERE.parent)]  # the site's own extensions, and this checkout's spinode

from spinode import __version__  # noqa: E402 - the checkout must be on the path first

project = "spinode"
author = "spinode contributors"
project_copyright = "spinode contributors, MIT licence"
version = release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "outside_pages",
    "command_pages",
    "equations",
    "plain_docstrings",
]
root_doc = "index"
exclude_patterns = ["_site"]
nitpicky = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # a link may name a heading: limits.md#noise
html_math_renderer = "mathml"

highlight_language = "none"  # a block without a language is what a terminal shows
html_theme = "furo"
html_title = "spinode"
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_site/static"]
html_css_files = ["guide.css"]

add_module_names = True
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
maximum_signature_line_length = 100
napoleon_google_docstring = False
napoleon_use_rtype = False

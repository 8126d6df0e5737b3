"""The page itself: a form with one field for each number of a specification, and places for the answer."""

from __future__ import annotations

from html import escape

from spinode.design.spec import BIASES, DesignSpec
from spinode.design_page.fields import GROUPS, LONGEST, Field, text_in

OPEN = ("What is wanted", "What can be made")
"""Groups that are unfolded at first; so is a group in which the browser's answer finds a mistake."""
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>spinode design</title>
<link rel="stylesheet" href="page.css">
<link rel="icon" href="data:,">
<script src="page.js" defer></script>
</head>
<body data-state="busy">
<a class="skip" href="#array">Skip to the array</a>
<header>
<h1>Array of vortex oscillators</h1>
<p>From what can be made to equally spaced lines of equal sensitivity. A number alone has the unit beside its field;
<code>0.1um</code> or <code>1GHz</code> is read as well. Same numbers as <code>spinode design</code>.</p>
<noscript><p class="error">This page needs JavaScript. The command <code>spinode design</code> does not.</p></noscript>
</header>
<p id="status" role="status">Calculating …</p>
<div class="columns">
<form id="spec" autocomplete="off" novalidate aria-label="Specification">
"""
_BUTTONS = """<p class="buttons"><button type="submit">Calculate</button>
<button type="reset">Reset</button></p>
</form>
"""
_RESULT = """<main id="array" tabindex="-1" aria-busy="true">
<p id="error" class="error" hidden></p>
<div id="result" hidden>
<p id="verdict"></p>
<p class="buttons" role="group" aria-label="Download">Download
<button type="button" data-file="design.csv">CSV of all oscillators</button>
<button type="button" data-file="design.json">JSON</button>
<button type="button" data-file="design.toml">TOML of the specification</button></p>
<h2>Comb</h2>
<div id="figure"></div>
<h2>Numbers</h2>
<p id="later" class="hint" hidden>The yield follows …</p>
<div class="scroll" tabindex="0" role="region" aria-label="Numbers of the array"><table id="rows"></table></div>
<h2>What limits it</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Limits"><table id="limits"></table></div>
<h2>Oscillators</h2>
<p id="shown" class="hint"></p>
<div class="scroll tall" tabindex="0" role="region" aria-label="Oscillators"><table id="oscillators"></table></div>
</div>
</main>
</div>
"""


def document(spec: DesignSpec, seed: int) -> str:
    """The page as text.

    Parameters
    ----------
    spec : DesignSpec
        What the fields hold at first.
    seed : int
        Of the yield's Monte Carlo, told at the end.
    """
    groups = "".join(_group(title, fields, spec) for title, fields in GROUPS.items())
    foot = (
        f'<footer><p class="hint">Seed of the yield: {seed} (<code>--seed</code>). Ctrl-C ends the server.</p></footer>'
    )
    return f"{_HEAD}{groups}{_BUTTONS}{_RESULT}{foot}\n</body>\n</html>\n"


def _group(title: str, fields: tuple[Field, ...], spec: DesignSpec) -> str:
    inner = "".join(_field(field, text_in(spec, field)) for field in fields)
    state = " open" if title in OPEN else ""
    return f'<details{state}><summary>{escape(title)}</summary><div class="fields">\n{inner}</div></details>\n'


def _field(field: Field, value: str) -> str:
    name, text = field.name, escape(f"{field.limits}; {field.text}")
    unit = f'<span class="unit" id="{name}-unit">{escape(field.unit)}</span>' if field.unit else ""
    described = f"{name}-unit {name}-hint {name}-error" if field.unit else f"{name}-hint {name}-error"
    return (
        f'<div class="field"><label for="{name}">{escape(field.label)}</label>'
        f'<span class="box">{_control(field, value, described)}{unit}</span>'
        f'<p class="hint" id="{name}-hint">{text}</p><p class="error" id="{name}-error" hidden></p></div>\n'
    )


def _control(field: Field, value: str, described: str) -> str:
    same = f'id="{field.name}" name="{field.name}" aria-describedby="{described}"'
    if field.name == "bias":
        options = "".join(f"<option{' selected' if each == value else ''}>{each}</option>" for each in BIASES)
        return f"<select {same}>{options}</select>"
    keys = "decimal" if field.low >= 0 else "text"  # keyboards of phones for numbers may lack the minus
    hold = ' placeholder="found"' if field.optional else ' required aria-required="true"'
    return (
        f'<input {same} type="text" inputmode="{keys}" value="{escape(value)}" maxlength="{LONGEST}"'
        f' spellcheck="false"{hold}>'
    )

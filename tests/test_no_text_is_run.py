"""No code path unpickles what it reads or runs text as a program; the calls that could are looked for in the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "spinode"
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "runpy", "code"}
"""Nothing of these may be imported."""
NAMES = {"eval", "exec", "compile", "__import__"}
"""Functions of Python that run text."""
CALLS = {
    "numpy.load", "torch.load", "torch.hub", "joblib.load", "scipy.io.loadmat", "pandas.read_pickle", "pandas.eval",
    "pandas.read_csv", "numexpr.evaluate", "os.system", "os.popen", "subprocess.getoutput",
    "numpy.lib.npyio.load", "numpy.lib.format.read_array", "sympy.sympify", "sympy.parse_expr", "h5py.Dataset.eval",
}  # fmt: skip
"""Calls by their full name, whatever the module is called where it is imported."""


def full_names(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                      for alias in node.names}  # fmt: skip
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Full name of ``a.b.c``; empty for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def dangers(text: str) -> list[str]:
    """Line and name of everything in a source text that could run what was read."""
    tree = ast.parse(text)
    names = full_names(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{node.lineno}: {module}" for module in modules if module.split(".")[0] in MODULES]
        elif isinstance(node, ast.Call):
            called = dotted(node.func, names)
            if called in NAMES or called in CALLS:
                found.append(f"{node.lineno}: {called}")
            found += [f"{node.lineno}: {word.arg}" for word in node.keywords if word.arg == "allow_pickle"]
    return found


def test_nothing_in_the_package_unpickles_or_runs_text() -> None:
    found = {
        str(path.relative_to(PACKAGE)): dangers(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


DANGEROUS = (
    "import pickle",
    "from pickle import loads",
    "import numpy as np\nnp.load('a')",
    "from torch import load\nload('a')",
    "import joblib\njoblib.load('a')",
    "eval('1')",
    "import os\nos.system('a')",
    "from scipy.io import loadmat\nloadmat(1)",
    "import scipy.io\nscipy.io.loadmat(1)",
    "read(1, allow_pickle=True)",
    "exec(compile('a', 'b', 'exec'))",
)


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_call_would_be_found(text: str) -> None:
    assert dangers(text)


def test_a_harmless_source_is_passed() -> None:
    assert dangers("import numpy as np\nnp.loadtxt('a')\nre.compile('a')\nmodel.eval()\n") == []

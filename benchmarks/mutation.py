"""Which small mistakes do the tests notice? Changes a module in one place at a time and runs its tests on each change.

    python benchmarks/mutation.py                    all targets, at most 60 changes of each
    python benchmarks/mutation.py units --most 1000  one target, all its changes
    python benchmarks/mutation.py --kept FILE        writes what no test noticed as JSON as well

A change is an operator, a comparison at its boundary, a number, a condition turned round, or a statement left out; text
and annotations are left alone. The packages that spinode stands on are loaded once and each change runs in a fork of
that process, so one costs the tests alone. Compiled code is kept apart: a change of a compiled module compiles that
module anew, and a change elsewhere finds all of it in the cache. Score: noticed changes over all that were tried; what
runs longer than ten times the unchanged module, or half a minute, counts as noticed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parent.parent
LOADED = ("numpy", "scipy.linalg", "scipy.signal", "numba", "h5py", "sklearn.linear_model", "hypothesis", "pytest")
LEAST_SECONDS, SLOWER = 30.0, 10.0
Kept = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A module, the tests that are for it, and whether it is compiled."""

    module: str
    tests: tuple[str, ...]
    compiled: bool = False

    @property
    def path(self) -> Path:
        return ROOT / f"{self.module.replace('.', '/')}.py"


TARGETS = {
    "units": Target(module="spinode.units", tests=("tests/test_units.py", "tests/test_unit_tables.py")),
    "integrator": Target(
        module="spinode.integrator",
        tests=("tests/test_integrator.py", "tests/test_simulate.py", "tests/test_eighth_order.py"),
    ),
    "stepping": Target(
        module="spinode.stepping", tests=("tests/test_integrator.py", "tests/test_simulate.py"), compiled=True
    ),
    "readouts": Target(module="spinode.reservoir.readouts", tests=("tests/test_reservoir_readouts.py",)),
    "speech_readout": Target(module="spinode.speech.readout", tests=("tests/test_speech_protocols.py",)),
}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any", "argmax": "argmin", "argmin": "argmax"}
SWAPPED |= {"floor": "ceil", "maximum": "minimum", "minimum": "maximum", "zeros": "ones", "ones": "zeros"}


class Change(ast.NodeTransformer):
    """Counts the places where a module can be changed, and changes the one of a number."""

    def __init__(self, wanted: int | None = None) -> None:
        self.wanted, self.count = wanted, 0
        self.line, self.text = 0, ""

    def hit(self, node: ast.AST, text: str) -> bool:
        """Whether this place is the wanted one."""
        self.count += 1
        if self.count - 1 != self.wanted:
            return False
        self.line, self.text = getattr(node, "lineno", 0), text
        return True

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node  # nothing but an annotation

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:  # noqa: N802 - ast's names here and below
        return node  # a message

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:  # noqa: N802
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: N802
        returns, node.returns = node.returns, None
        decorators, node.decorator_list = node.decorator_list, []
        self.generic_visit(node)
        node.returns, node.decorator_list = returns, decorators
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        for place, operator in enumerate(node.ops):
            other = COMPARED[type(operator)]
            if self.hit(node, f"{type(operator).__name__} -> {other.__name__}"):
                node.ops[place] = other()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        other = COMPUTED.get(type(node.op))
        if other is not None and self.hit(node, f"{type(node.op).__name__} -> {other.__name__}"):
            node.op = other()
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        other = COMPUTED.get(type(node.op))
        if other is not None and self.hit(node, f"{type(node.op).__name__}= -> {other.__name__}="):
            node.op = other()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        if self.hit(node, "and <-> or"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        return node.operand if self.hit(node, f"{type(node.op).__name__} left out") else node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:  # noqa: N802
        value = node.value
        if isinstance(value, bool):
            return ast.Constant(not value) if self.hit(node, f"{value} -> {not value}") else node
        if isinstance(value, int | float):
            other = value + 1 if isinstance(value, int) else 2 * value or 1.0
            return ast.copy_location(ast.Constant(other), node) if self.hit(node, f"{value} -> {other}") else node
        return node

    def visit_If(self, node: ast.If) -> ast.AST:  # noqa: N802
        return self._turned(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:  # noqa: N802
        return self._turned(node)

    def _turned(self, node: ast.If | ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self.hit(node, "condition turned round"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        other = SWAPPED.get(name)
        if other is not None and self.hit(node, f"{name} -> {other}"):
            node.func = ast.Name(other, ast.Load()) if isinstance(node.func, ast.Name) else node.func
            if isinstance(node.func, ast.Attribute):
                node.func.attr = other
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:  # noqa: N802
        self.generic_visit(node)
        left_out = isinstance(node.value, ast.Call) and self.hit(node, f"left out: {ast.unparse(node)[:60]}")
        return ast.copy_location(ast.Pass(), node) if left_out else node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:  # noqa: N802
        return ast.copy_location(ast.Pass(), node) if self.hit(node, "raise left out") else node

    def visit_Continue(self, node: ast.Continue) -> ast.AST:  # noqa: N802
        return ast.copy_location(ast.Pass(), node) if self.hit(node, "continue left out") else node


def places(path: Path) -> int:
    """How many changes a module has."""
    counter = Change()
    counter.visit(ast.parse(path.read_text(encoding="utf-8")))
    return counter.count


def changed(path: Path, number: int) -> tuple[CodeType, Kept]:
    """Code of the module with one change, and where and what it is."""
    change = Change(number)
    tree = ast.fix_missing_locations(change.visit(ast.parse(path.read_text(encoding="utf-8"))))
    return compile(tree, str(path), "exec"), (change.line, change.text)


class Replaced(MetaPathFinder, Loader):
    """Gives one module's code in place of what its file holds."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name, self.code = name, code

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        found = PathFinder.find_spec(name, path)
        assert found is not None
        found.loader = self
        return found

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def run_tests(target: Target, code: CodeType | None, cache: Path) -> int:
    """Exit code of the tests, in this process, which must not know spinode yet."""
    import numba
    import pytest

    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    numba.config.CACHE_DIR = str(cache)
    if code is not None:
        sys.meta_path.insert(0, Replaced(target.module, code))
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache / "hypothesis")
    plain = ("--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:pytest_cov")
    return int(pytest.main(["-x", "-q", *plain, *target.tests]))


def forked(target: Target, code: CodeType | None, cache: Path, most: float) -> tuple[int | None, float]:
    """Exit code in a fork of this process, None where it took longer than ``most`` seconds; and its processor time."""
    begun, before = time.monotonic(), os.times()
    child = os.fork()
    if child == 0:
        os.setsid()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            os._exit(run_tests(target, code, cache))
        except BaseException:
            os._exit(70)
    while time.monotonic() - begun < most:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            return os.waitstatus_to_exitcode(status), used
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None, most


def judged(target: Target, numbers: Sequence[int], folder: Path) -> Iterator[Kept | None]:
    """What no test noticed, or None, for each change."""
    warm = folder / target.module
    code, used = forked(target, None, warm, 1800.0)
    if code != 0:
        raise SystemExit(f"the tests of {target.module} fail on the unchanged module (exit code {code})")
    _, used = forked(target, None, warm, 1800.0)  # again, now that all is compiled
    most = max(LEAST_SECONDS, SLOWER * used) * (8.0 if target.compiled else 1.0)
    for number in numbers:
        cache = warm
        if target.compiled:
            cache = folder / "changed"
            shutil.rmtree(cache, ignore_errors=True)
            stem = target.path.stem
            shutil.copytree(warm, cache, ignore=shutil.ignore_patterns(f"{stem}.*"))
        mutant, what = changed(target.path, number)
        found, _ = forked(target, mutant, cache, most)
        yield what if found == 0 else None


def main() -> None:
    """Print the score of each target and the changes that no test noticed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all where left out")
    words.add_argument("--most", type=int, default=60, help="changes of a target, drawn at random where it has more")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--kept", type=Path, help="JSON file of what no test noticed")
    given = words.parse_args()
    for name in LOADED:
        import_module(name)
    record = {}
    for name in given.targets or TARGETS:
        target, total = TARGETS[name], places(TARGETS[name].path)
        numbers = sorted(random.Random(given.seed).sample(range(total), min(given.most, total)))
        kept = []
        with tempfile.TemporaryDirectory() as folder:
            for what in judged(target, numbers, Path(folder)):
                kept += [what] if what is not None else []
                if what is not None:
                    print(f"  {target.path.relative_to(ROOT)}:{what[0]}: {what[1]}", flush=True)
        score = 1 - len(kept) / len(numbers)
        print(f"{name:16s} {len(numbers)} of {total} changes, {score:.1%} noticed", flush=True)
        record[name] = {"changes": len(numbers), "of": total, "score": score, "kept": kept}
    if given.kept is not None:
        given.kept.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

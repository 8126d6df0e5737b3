"""``spinode doctor``: whether this installation works on this machine, and what to try where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from spinode.cli.options import Json, Quiet
from spinode.cli.output import Stopwatch, print_json, print_table, progress

if TYPE_CHECKING:
    from spinode.cli.installation import Finding


def doctor_command(quiet: Quiet = False, json_output: Json = False) -> None:
    """Check versions, machine, compiled code and extras, and test the installation on problems with known answers."""
    from spinode.cli.installation import FAILS, installation
    from spinode.cli.self_test import TESTS, self_test

    clock = Stopwatch("doctor", quiet)
    with progress("doctor", quiet) as advance:  # the first run on a machine compiles for up to a minute
        findings = [*installation()]
        for number, name in enumerate(TESTS):
            advance(0.2 + 0.8 * number / len(TESTS), name)
            findings.append(self_test(name))
    failed = [each for each in findings if each.status == FAILS]
    if json_output:
        listed = [
            {"group": f.group, "name": f.name, "value": f.value, "status": f.status, "advice": f.advice}
            for f in findings
        ]
        print_json({"ok": not failed, "findings": listed})
    else:
        _show(findings, failed)
    clock.done(f"{len(failed)} of {len(findings)} checks failed")
    if failed:
        raise typer.Exit(1)


def _show(findings: list[Finding], failed: list[Finding]) -> None:
    for group in dict.fromkeys(each.group for each in findings):
        rows = [(each.name, each.value, each.status) for each in findings if each.group == group]
        print_table((group, "", ""), rows)
    for each in findings:
        if each.advice:
            print(f"{'try' if each in failed else 'note'}: {each.name}: {each.advice}")
    count = f"{len(failed)} of {len(findings)} checks failed" if failed else f"all {len(findings)} checks passed"
    print(count)

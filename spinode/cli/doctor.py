"""``spinode doctor``: whether this installation works on this machine, and what to try where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from spinode.cli.options import Json
from spinode.cli.output import print_json, print_table

if TYPE_CHECKING:
    from spinode.cli.installation import Finding


def doctor_command(json_output: Json = False) -> None:
    """Check versions, machine, compiled code and extras, and test the installation on problems with known answers."""
    from spinode.cli.installation import FAILS, installation
    from spinode.cli.self_test import self_test

    findings: list[Finding] = [*installation(), *self_test()]
    failed = [each for each in findings if each.status == FAILS]
    if json_output:
        listed = [
            {"group": f.group, "name": f.name, "value": f.value, "status": f.status, "advice": f.advice}
            for f in findings
        ]
        print_json({"ok": not failed, "findings": listed})
    else:
        _show(findings, failed)
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

"""How long does `spinode --help` take, beside a bare Python? Median of ten runs each, in one go.

Wall time is what a user waits; processor time (user and system) says the same on a machine that is busy with other
work. Run it with the Python that spinode is installed in: python benchmarks/startup.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

RUNS = 10
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import spinode": ["-c", "import spinode"],
    "spinode --help": ["-m", "spinode", "--help"],
    "spinode fit --help": ["-m", "spinode", "fit", "--help"],
    "spinode --version": ["-m", "spinode", "--version"],
}


def seconds(words: list[str]) -> tuple[float, float]:
    """Wall and processor time of one run of this Python with these words [s]."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the median times of each command; the first run of each, which may compile bytecode, is left out."""
    for name, words in COMMANDS.items():
        seconds(words)
        walls, used = zip(*(seconds(words) for _ in range(RUNS)), strict=True)
        print(
            f"{name:18s} median {statistics.median(walls):.3f} s   slowest {max(walls):.3f} s"
            f"   processor {statistics.median(used):.3f} s"
        )


if __name__ == "__main__":
    main()

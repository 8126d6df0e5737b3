"""How long does `spinode --help` take, beside a bare Python? Median of ten runs each, in one go.

Run it with the Python that spinode is installed in: python benchmarks/startup.py
"""

from __future__ import annotations

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
}


def seconds(words: list[str]) -> float:
    """Wall time of one run of this Python with these words [s]."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the median time of each command; the first run of each, which may compile bytecode, is left out."""
    for name, words in COMMANDS.items():
        seconds(words)
        times = [seconds(words) for _ in range(RUNS)]
        print(f"{name:16s} median {statistics.median(times):.3f} s   slowest {max(times):.3f} s")


if __name__ == "__main__":
    main()

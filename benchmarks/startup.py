"""How long the commands take to start, against bare Python and against importing cvxpy.

    python -m benchmarks.startup    # under a minute; prints and writes STARTUP.md

The least of several runs counts; read the ratios, the machine is shared. Goals are judged by CPU
time: the wall clock counts those who work beside us too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
RUNS: Final = 9
CLI: Final = "import sys; from atlasmix.cli.main import run; sys.exit(run())"


@dataclass(frozen=True, slots=True)
class Start:
    """CPU and wall seconds of a command, the least of each over its runs."""

    cpu: float
    wall: float


COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "python -c pass": ("-c", "pass"),
    "python -c 'import cvxpy'": ("-c", "import cvxpy"),
    "atlasmix --help": ("-c", CLI, "--help"),
    "atlasmix solve --target cat": ("-c", CLI, "solve", "--target", "cat"),
    "atlasmix solve --target cat --target eng": (
        *("-c", CLI, "solve", "--target", "cat"),
        *("--target", "eng"),
    ),
}
GOALS: Final = (
    ("atlasmix --help", "python -c pass", 3.0),
    ("atlasmix solve --target cat", "python -c 'import cvxpy'", 2.0),
)


def measure(words: tuple[str, ...]) -> Start:
    """One command, run in turn with nothing else of ours."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=HERE.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with status {process.returncode}")
    return Start(usage.ru_utime + usage.ru_stime, wall)


def main() -> None:
    """Measure all, in rounds, so that a slow minute falls on every command alike."""
    taken: dict[str, list[Start]] = {name: [] for name in COMMANDS}
    for count in range(RUNS + 1):
        for name, words in COMMANDS.items():
            start = measure(words)
            if count:  # the first round only fills the file cache
                taken[name].append(start)
    least = {
        name: Start(min(each.cpu for each in runs), min(each.wall for each in runs))
        for name, runs in taken.items()
    }
    text = document(least)
    print(text)
    (HERE / "STARTUP.md").write_text(text, encoding="utf-8")


def document(least: dict[str, Start]) -> str:
    """The table and the goals in Markdown."""
    bare, cvxpy = least["python -c pass"], least["python -c 'import cvxpy'"]
    lines = [
        "# How long commands take to start",
        "",
        f"Written by `python -m benchmarks.startup`: the least of {RUNS} runs each, in turn. The",
        "machine is shared: read the ratios. Goals are judged by CPU time; the wall clock counts",
        "those who work beside us too.",
        "",
        "| command | CPU s | wall s | CPU / `pass` | wall / `pass` | CPU / cvxpy | wall / cvxpy |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, start in least.items():
        lines.append(
            f"| `{name}` | {start.cpu:.3f} | {start.wall:.3f} | {start.cpu / bare.cpu:.1f} | "
            f"{start.wall / bare.wall:.1f} | {start.cpu / cvxpy.cpu:.2f} | "
            f"{start.wall / cvxpy.wall:.2f} |"
        )
    lines += ["", "| goal | CPU | wall | |", "|---|--:|--:|---|"]
    for name, other, most in GOALS:
        cpu = least[name].cpu / least[other].cpu
        wall = least[name].wall / least[other].wall
        kept = "yes" if cpu <= most else "**no**"
        lines.append(
            f"| `{name}` within {most:g} times `{other}` | {cpu:.2f} | {wall:.2f} | {kept} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()

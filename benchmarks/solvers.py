"""The solver against its rivals, in one run: value, certified gap, CPU time and memory.

    python -m benchmarks.solvers --limit 6  # as RESULTS.md was written: ten minutes
    python -m benchmarks.solvers            # two minutes of CPU a solve: an hour; writes it too
    python -m benchmarks.solvers --quick    # worlds of up to 600 pools, prints only

Every method runs in a process of its own with one BLAS thread, a limit of CPU time and a limit of
memory. Imports and the making of the program are not timed; solves under a second are repeated and
the least time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from benchmarks.tokens import Searched
    from benchmarks.worlds import World

HERE: Final = Path(__file__).parent
THREADS: Final = ("OPENBLAS", "OMP", "MKL", "RAYON", "VECLIB_MAXIMUM")
BATCHES: Final = 3
BATCH: Final = 0.4
KEPT: Final = 1e-7
"""Largest broken limit, in shares, with which an answer counts towards the best one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most CPU seconds of one solve and GiB of one process."""

    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Run:
    """One method on one world: CPU seconds (None if it gave no answer), peak MiB, remark."""

    method: str
    seconds: float | None
    peak: float
    remark: str


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="worlds of up to 600 pools, no file")
    parser.add_argument("--worlds", nargs="+", metavar="NAME", help="only these worlds, no file")
    parser.add_argument("--limit", type=float, default=120.0, help="CPU seconds a solve (120)")
    parser.add_argument("--memory", type=float, default=8.0, help="GiB a process (8)")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    limits = Limits(asked.limit, asked.memory)
    if asked.step:
        step, method, folder = asked.step
        if step == "solve":
            _solve(method, Path(folder), limits)
        elif step == "search":
            _search(method, Path(folder))
        else:
            _prepare(method, Path(folder)) if step == "prepare" else _judge(Path(folder))
        return
    from benchmarks.report import document
    from benchmarks.worlds import QUICK_POOLS, WORLDS, world

    chosen = [world(name) for name in asked.worlds or [each.name for each in WORLDS]]
    if asked.quick:
        chosen = [each for each in chosen if each.pools <= QUICK_POOLS]
    slow: list[tuple[str, int, int]] = []
    judged = [(each, _world(each, limits, slow)) for each in chosen]
    searched = {} if asked.worlds else _searches(limits)
    text = document(judged, searched, limits.seconds, limits.memory)
    print(text)
    if not (asked.quick or asked.worlds):
        (HERE / "RESULTS.md").write_text(text, encoding="utf-8")


def _searches(limits: Limits) -> dict[str, Searched]:
    """The search over tokens, each question in a process of its own."""
    from benchmarks.tokens import Searched
    from benchmarks.worlds import TOKENS

    found = {}
    with tempfile.TemporaryDirectory() as name:
        for world in TOKENS:
            if _python("search", world.name, Path(name), limits).wait():
                raise RuntimeError(f"the search over tokens failed on {world.name}")
            told = json.loads((Path(name) / "search.json").read_text(encoding="utf-8"))
            found[world.name] = Searched(**told)
            print(f"{world.name:20} tokens searched", file=sys.stderr)
    return found


def _search(name: str, folder: Path) -> None:
    from dataclasses import asdict

    from benchmarks.tokens import measure
    from benchmarks.worlds import TOKENS

    world = next(each for each in TOKENS if each.name == name)
    (folder / "search.json").write_text(json.dumps(asdict(measure(world))), encoding="utf-8")


def _world(world: World, limits: Limits, slow: list[tuple[str, int, int]]) -> dict[str, Any]:
    """Every method on one world; ``slow`` collects who ran out of time or memory, and where."""
    from benchmarks.rivals import RIVALS

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _python("prepare", world.name, folder, limits).wait()
        runs = []
        for method in RIVALS:
            beaten = any(
                method == other and targets <= world.targets and pools <= world.pools
                for other, targets, pools in slow
            )
            if beaten:
                runs.append(Run(method, None, 0.0, "not run: over a limit at a smaller size"))
                continue
            run = _run(method, folder, limits)
            if run.remark.startswith(">"):
                slow.append((method, world.targets, world.pools))
            runs.append(run)
            seconds = "-" if run.seconds is None else f"{run.seconds:.3f} s"
            print(f"{world.name:12} {method:20} {seconds:>10} {run.remark}", file=sys.stderr)
        if _python("judge", world.name, folder, limits).wait():
            raise RuntimeError(f"the judge failed on {world.name}")
        verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    return {"runs": runs, **verdicts}


def _python(step: str, name: str, folder: Path, limits: Limits) -> subprocess.Popen[bytes]:
    words = ["--limit", str(limits.seconds), "--memory", str(limits.memory)]
    environment = {**os.environ, **{f"{name}_NUM_THREADS": "1" for name in THREADS}}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.solvers", *words, "--step", step, name, str(folder)],
        cwd=HERE.parent,
        env=environment,
        stderr=subprocess.DEVNULL if step == "solve" else None,
    )


def _run(method: str, folder: Path, limits: Limits) -> Run:
    """One method in its own process, killed where it takes more than it may."""
    process = _python("solve", method, folder, limits)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss / 1024
    note = folder / f"{_slug(method)}.json"
    if note.exists():
        told = json.loads(note.read_text(encoding="utf-8"))
        remark = told["remark"]
        if "alloc" in remark or remark.startswith("MemoryError"):
            remark = f"> {limits.memory:g} GiB"
        return Run(method, told["seconds"], peak, remark)
    if process.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return Run(method, None, peak, f"> {limits.seconds:g} s")
    if process.returncode == -signal.SIGABRT or peak > 800 * limits.memory:
        return Run(method, None, peak, f"> {limits.memory:g} GiB")
    return Run(method, None, peak, f"ended with status {process.returncode}")


def _slug(method: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in method.lower())


def _prepare(name: str, folder: Path) -> None:
    import pickle

    from benchmarks.worlds import world

    # Made once and read back by this run's own processes.
    (folder / "program.pickle").write_bytes(pickle.dumps(world(name).build()))


def _load(folder: Path) -> Any:
    import pickle

    return pickle.loads((folder / "program.pickle").read_bytes())


def _solve(method: str, folder: Path, limits: Limits) -> None:
    import warnings

    import numpy as np

    from benchmarks.rivals import OURS, RIVALS, Unable

    warnings.simplefilter("ignore")
    program, solver = _load(folder), RIVALS[method]
    _import_first(method)
    most = int(limits.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    begin = time.process_time()
    end = int(begin + limits.seconds + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (end, end + 5))
    note = folder / f"{_slug(method)}.json"
    try:
        x = solver(program)
    except Unable as error:
        note.write_text(json.dumps({"seconds": None, "remark": str(error)}), encoding="utf-8")
        return
    except Exception as error:
        remark = f"{type(error).__name__}: {str(error).splitlines()[0][:60]}"
        note.write_text(json.dumps({"seconds": None, "remark": remark}), encoding="utf-8")
        return
    seconds = time.process_time() - begin
    if seconds < 1.0:
        seconds = _repeated(lambda: solver(program))
    np.save(folder / f"{_slug(method)}.npy", x)
    note.write_text(json.dumps({"seconds": seconds, "remark": ""}), encoding="utf-8")
    if method == OURS:
        _own_proof(program, folder)


def _repeated(solve: Callable[[], object]) -> float:
    """CPU seconds of one call, the least of three batches: the clock may tick in milliseconds."""
    least = float("inf")
    for _ in range(BATCHES):
        begin, count = time.process_time(), 0
        while time.process_time() - begin < BATCH:
            solve()
            count += 1
        least = min(least, (time.process_time() - begin) / count)
    return least


def _import_first(method: str) -> None:
    import importlib

    heavy = ("cvxpy",) if method.startswith("cvxpy") else ("scipy.linalg", "scipy.optimize")
    for module in heavy:
        importlib.import_module(module)


def _own_proof(program: Any, folder: Path) -> None:
    """What the library says of its own answer, for the report."""
    from atlasmix.solver.engines import optimise

    found = optimise(program)
    if found is not None:
        words = {"gap": found.gap(program), "engine": found.engine}
        (folder / "own.json").write_text(json.dumps(words), encoding="utf-8")


def _judge(folder: Path) -> None:
    import numpy as np

    from benchmarks.judge import judge
    from benchmarks.rivals import RIVALS

    program = _load(folder)
    verdicts: dict[str, Any] = {}
    for method in RIVALS:
        answer = folder / f"{_slug(method)}.npy"
        if answer.exists():
            verdicts[method] = judge(program, np.load(answer))
    # An answer that breaks a limit may well be below what any mixture within them reaches.
    kept = [v.value for v in verdicts.values() if v.violation <= KEPT]
    best = min(kept, default=min((v.value for v in verdicts.values()), default=1.0))
    told = {
        method: {
            "worse": (v.value - best) / abs(best),
            "gap": v.gap,
            "violation": v.violation,
        }
        for method, v in verdicts.items()
    }
    own = folder / "own.json"
    said = json.loads(own.read_text(encoding="utf-8")) if own.exists() else {}
    text = json.dumps({"verdicts": told, "own": said})
    (folder / "verdicts.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

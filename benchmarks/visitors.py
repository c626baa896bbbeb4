"""Ten visitors of the explorer at once, some with heavy questions: how long light answers take.

    python -m benchmarks.visitors    # some minutes, on Linux; prints and writes VISITORS.md

The visitors speak to the server as a browser does, over its socket, and draw nothing: ten browsers
on the cores of the server would time themselves. Each answer is timed from the wish to the end of
the page. The machine is shared, so an answer is also told in seconds of free cores: its time on the
clock, times the part got of the core time that server and workers asked for while it was made.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.cores import Cores, resident, tree
from benchmarks.explorer import LARGE, serving
from tests.explorer.guests import Guest

HERE: Final = Path(__file__).parent
LIGHT: Final = ("cat", "swh", "isl", "glg", "cym", "eus")
HEAVY: Final = 4
"""So many ask heavy questions beside the six; together ten."""
MOVES: Final = ("3", "3.5", "5", "6", "7", "8", "10", "12")
"""Epoch caps that each light visitor moves the slider to, one after the other."""
PAUSE: Final = 1.0
"""Seconds that a visitor looks at a light answer; our choice."""
GOAL: Final = 3.0
SECTIONS: Final = ("Over the budget", "Why, and how sure")
REFUSED: Final = (
    "no worker was free",
    "no answer within",
    "fault of AtlasMix",
    "GiB of memory",
    "has no answer as it stands",
    "was not opened",
)


@dataclass(slots=True)
class Asked:
    """One answer: who asked, from when until when, and with which words it was refused."""

    light: bool
    first: bool
    begin: float
    end: float
    refused: tuple[str, ...]


@dataclass(slots=True)
class Round:
    """What the ten asked, and bytes in memory of the server and of its workers."""

    asked: list[Asked] = field(default_factory=list)
    before: tuple[int, int] = (0, 0)
    peak: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)


def light(address: str, language: str, params: int, came: threading.Barrier, out: Round) -> None:
    """A visitor with one target who moves a slider."""
    with Guest(address) as guest:
        came.wait()
        words = json.dumps({"targets": [language], "params": params})
        _timed(out, True, lambda: guest.go(q=words), first=True)
        for cap in MOVES:
            time.sleep(PAUSE)
            _timed(out, True, lambda cap=cap: guest.slide("Epoch cap", cap))


def heavy(
    address: str, budget: int, came: threading.Barrier, over: threading.Event, out: Round
) -> None:
    """A visitor with 34 targets and 79 pools, who wants curves, reasons and draws of each."""
    with Guest(address) as guest:
        came.wait()
        for number in itertools.count():
            asked = {**LARGE, "budget": budget + number * 7 * 10**9}
            for wish in (
                lambda asked=asked: guest.go(q=json.dumps(asked)),
                *(lambda name=name: guest.put("section", name) for name in SECTIONS),
            ):
                if over.is_set():
                    return
                _timed(out, False, wish)


def _timed(out: Round, is_light: bool, wish: Callable[[], str], first: bool = False) -> None:
    begin = time.monotonic()
    words = wish()
    refused = tuple(each for each in REFUSED if each in words)
    out.asked.append(Asked(is_light, first, begin, time.monotonic(), refused))


def visit(address: str, cores: Cores, number: int) -> Round:
    """One round of the ten; every round asks what was not asked before."""
    out, over = Round(), threading.Event()
    came = threading.Barrier(len(LIGHT) + HEAVY)
    out.before = _memory(resident(list(tree(cores.process))), cores.process)
    place = len(cores.memory)
    params = 10**9 * (2 + number)
    some = [
        threading.Thread(target=light, args=(address, language, params, came, out))
        for language in LIGHT
    ]
    others = [
        threading.Thread(
            target=heavy, args=(address, 10**12 * (number + 1) + each * 10**11, came, over, out)
        )
        for each in range(HEAVY)
    ]
    for each in (*some, *others):
        each.start()
    for each in some:
        each.join()
    over.set()
    for each in others:
        each.join()
    time.sleep(2 * PAUSE)
    out.after = _memory(resident(list(tree(cores.process))), cores.process)
    seen = [_memory(each, cores.process) for each in cores.memory[place:]]
    out.peak = max(each[0] for each in seen), max(each[1] for each in seen)
    return out


def _memory(taken: dict[int, int], server: int) -> tuple[int, int]:
    """Bytes of the server, and of its workers together."""
    return taken.get(server, 0), sum(size for who, size in taken.items() if who != server)


def document(rounds: list[Round], cores: Cores) -> str:
    """The results in Markdown."""
    asked = [each for one in rounds for each in one.asked]
    lines = [
        "# Ten visitors of the explorer at once",
        "",
        f"Written by `python -m benchmarks.visitors` on {os.cpu_count()} cores, two workers. Ten",
        f"visitors come at the same moment: {len(LIGHT)} ask of one target and move the epoch cap",
        f"{len(MOVES)} times, {PAUSE:g} s after each answer; {HEAVY} ask of 34 targets and 79",
        "pools with limits, the curve over the budget, then reasons and draws, as fast as they are",
        "answered. No question is asked twice. The second round says whether memory goes on",
        "growing.",
        "",
        "The visitors speak to the server's socket as a browser does and draw nothing; they run on",
        "the same cores. *Clock*: from the wish to the end of the page. *Free cores*: times the",
        "part got of the core time that server and workers asked for meanwhile",
        "(`benchmarks/cores.py`), so as if a core had been free whenever one of their threads was",
        "ready to run. Answers of heavy visitors also wait for each other, behind one worker.",
        "",
        "| answers | number | median s, clock | worst s, clock | part got | median s, free cores | "
        "worst s, free cores | refused |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    worst = 0.0
    for name, mine in (
        ("light, first page", [each for each in asked if each.light and each.first]),
        ("light, slider moved", [each for each in asked if each.light and not each.first]),
        ("heavy", [each for each in asked if not each.light]),
    ):
        clock = [each.end - each.begin for each in mine]
        parts = [cores.share(each.begin, each.end) for each in mine]
        free = [seconds * part for seconds, part in zip(clock, parts, strict=True)]
        if "light" in name:
            worst = max(worst, *free)
        refused = sum(bool(each.refused) for each in mine)
        lines.append(
            f"| {name} | {len(mine)} | {statistics.median(clock):.2f} | {max(clock):.2f} | "
            f"{statistics.median(parts):.0%} | {statistics.median(free):.2f} | {max(free):.2f} | "
            f"{refused} |"
        )
    lines += [
        "",
        "| memory, MiB | before | most | after |",
        "|---|--:|--:|--:|",
    ]
    for number, one in enumerate(rounds, 1):
        for place, who in enumerate(("server", "its workers together")):
            sizes = (each[place] / 2**20 for each in (one.before, one.peak, one.after))
            lines.append(
                f"| round {number}, {who} | " + " | ".join(f"{x:.0f}" for x in sizes) + " |"
            )
    refused_all = [each for each in asked if each.refused]
    said = sorted({words for each in refused_all for words in each.refused})
    first, last = (sum(one.after) for one in (rounds[0], rounds[-1]))
    grown = last / first - 1.0
    lines += [
        "",
        "| goal | reached | |",
        "|---|---|---|",
        _goal(
            f"every light answer within {GOAL:g} s of a free core", f"{worst:.2f} s", worst <= GOAL
        ),
        _goal(
            "none refused",
            f"{len(refused_all)} of {len(asked)}" + (f": {', '.join(said)}" if said else ""),
            not refused_all,
        ),
        _goal("memory after another round at most a tenth more", f"{grown:+.0%}", grown <= 0.1),
    ]
    return "\n".join([*lines, ""])


def _goal(goal: str, reached: str, kept: bool) -> str:
    return f"| {goal} | {reached} | {'yes' if kept else '**no**'} |"


def main() -> None:
    """Measure and write."""
    if sys.platform != "linux":
        sys.exit("the core time of other processes is read from /proc: Linux alone has it")
    ours = [sys.executable, "-m", "atlasmix", "explore", "--port", "PORT", "--no-browser"]
    with serving(ours) as (address, process), Cores(process) as cores:
        time.sleep(5.0)  # the workers load what they need
        rounds = [visit(address, cores, number) for number in range(2)]
        text = document(rounds, cores)
    print(text)
    (HERE / "VISITORS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""How fast the explorer answers in a browser, against a bare Streamlit page with one figure.

    python -m benchmarks.explorer    # minutes; needs Chromium and Linux; writes EXPLORER.md

Seconds are those of this machine, which is shared: the ratio to the bare page in the same run says
what the explorer itself costs. The bare page has a heading, a slider and the very figure that the
explorer draws for the same question. Sliders are also told in seconds of free cores: the time on
the clock, times the part got of the core time that server, workers and browser asked for meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from atlasmix.evidence.overlay import Overlay
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.figures.mixture import mixture_bars
from benchmarks.cores import Cores

HERE: Final = Path(__file__).parent
VISITS: Final = 3
OPENING: Final = 2500
"""Milliseconds that a new window of Chromium is busy with itself."""
MOVES: Final = 8
PATIENCE: Final = 180_000
"""Milliseconds until a page is given up."""
BARE: Final = """\
from pathlib import Path

import plotly.io
import streamlit as st

cap = st.sidebar.slider("Epoch cap", 0, 100, 50)
st.header(f"Answer {cap}")
figure = plotly.io.from_json(Path(__file__).with_suffix(".json").read_text())
for bar in figure.data:
    bar.x = [share * cap / 50 for share in bar.x or ()]
st.plotly_chart(figure)
"""
HEADING: Final = "document.querySelector('h2')?.textContent"
CONTROL: Final = "document.querySelector('[role=slider], [type=range]')"
SHOWN: Final = {
    # Heading, the mixture in one line, the table under it, and the controls.
    "ours": f"{HEADING} && document.querySelector('.atlas-strip') && "
    f"document.querySelector('.atlas-table td') && {CONTROL}",
    "bare": f"{HEADING} && {CONTROL}",
}
DRAWN: Final = "document.querySelector('.js-plotly-plot .bars path')"
FIGURE: Final = (
    "[...document.querySelectorAll('.js-plotly-plot .bars path, .js-plotly-plot .bartext')]"
    ".map(mark => mark.getAttribute('d') ?? mark.textContent).join()"
)
EUROPEAN: Final = "cat,cym,deu,ell,eng,fra,hrv,ita,por,ron,spa,swe,ukr"
TARGETS: Final = (
    "afr,arb,ben,cat,cmn,cym,deu,ell,eng,fil,fra,heb,hrv,ind,ita,jpn,kaz,kor,mar,nob,pes,por,"
    "ron,rus,spa,swe,swh,tel,tha,tur,ukr,urd,vie,zsm"
)
LARGE: Final[dict[str, Any]] = {
    "targets": TARGETS.split(","),
    "budget": 1_000_000_000_000,
    "matrix": "atlas-2025",
    "inventory": ["web-2026", "finewiki-2026", "finepdfs-2026"],
    "pools": {"provenance": ["human", "translated"], "kind": ["web", "pdf", "encyclopedia"]},
    "min": {"eng": 0.1, "family:Romance": 0.25},
    "max": {
        "cmn": 0.02,
        "provenance:translated": 0.08,
        "corpus:finepdfs": 0.15,
        "corpus:finewiki": 0.05,
    },
    "keep": {"ukr": 40_000_000_000},
    "guardrails": {"eng": {"slack": 0.02, "reference": "natural"}},
}
"""34 targets and 79 pools, with limits of every kind."""
LARGE_LINK: Final = f"/?q={quote(json.dumps(LARGE))}"
ONE: Final = "one target, 38 pools"
MANY: Final = "34 targets, 79 pools with limits"
QUESTIONS: Final = {
    ONE: "/?q={targets: [cat], matrix: atlas-2025}",
    "five targets": "/?q={targets: [fil,ind,tha,vie,zsm], budget: 300B}",
    "thirteen targets": f"/?q={{targets: [{EUROPEAN}], budget: 2T}}",
    MANY: LARGE_LINK,
}
JUDGED: Final = (ONE, MANY)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, in seconds: of the explorer and of the bare page.

    Attributes:
        what: in words.
        ours, bare: seconds on the clock; both were taken in turn.
        parts: of the core time asked for meanwhile, the part got; empty where it is not told.
        goal: most seconds of free cores, or of the clock where ``parts`` is empty.
        most: times the bare page that is the goal.
    """

    what: str
    ours: list[float]
    bare: list[float]
    parts: list[float] = field(default_factory=list)
    goal: float | None = None
    most: float | None = None

    @property
    def free(self) -> float | None:
        """Median seconds of free cores."""
        if not self.parts:
            return None
        pairs = zip(self.ours, self.parts, strict=True)
        return statistics.median(seconds * part for seconds, part in pairs)

    @property
    def ratio(self) -> float | None:
        """To the bare page, the median over turns."""
        if not self.bare:
            return None
        if len(self.ours) != len(self.bare):
            return statistics.median(self.ours) / statistics.median(self.bare)
        return statistics.median(a / b for a, b in zip(self.ours, self.bare, strict=True))

    @property
    def kept(self) -> str:
        """Whether the goals are kept."""
        if self.goal is None and self.most is None:
            return ""
        seconds = self.free or statistics.median(self.ours)
        within = self.goal is None or seconds <= self.goal
        near = self.most is None or (self.ratio is not None and self.ratio <= self.most)
        return "yes" if within and near else "**no**"

    @property
    def goals(self) -> str:
        """The goals in words."""
        told = [f"{self.goal:g} s"] if self.goal else []
        return ", ".join([*told, *([f"{self.most:g} times"] if self.most else [])])


@contextmanager
def serving(words: list[str]) -> Iterator[tuple[str, int]]:
    """A server in a folder of its own; its address once it is healthy, and its process."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {**os.environ, "HOME": folder, "ATLASMIX_STORE": f"{folder}/store"}
        process = subprocess.Popen(
            [word.replace("PORT", str(port)) for word in words],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://localhost:{port}"
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait()


def visits(browser: Any, address: str, whose: str) -> tuple[tuple[float, float], ...]:
    """Seconds until the page is shown and its figure drawn: for a new visitor, and a second time.

    They are noted in the page itself as it changes, and counted from the start of navigation: to
    ask from outside all the time would slow it down.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(
        "window.when = {}; new MutationObserver(() => {"
        f" if (!when.shown && {SHOWN[whose]}) when.shown = performance.now();"
        f" if (!when.drawn && {DRAWN}) when.drawn = performance.now();"
        "}).observe(document, {subtree: true, childList: true});"
    )
    page = context.new_page()
    page.wait_for_timeout(OPENING)
    taken = []
    for _ in range(2):
        page.goto(address, wait_until="commit")
        page.wait_for_function("() => when.shown && when.drawn", polling=500, timeout=PATIENCE)
        page.wait_for_timeout(1500)
        taken.append(page.evaluate("() => [when.shown / 1000, when.drawn / 1000]"))
        page.goto("about:blank")
    context.close()
    return tuple((shown, drawn) for shown, drawn in taken)


def moves(browser: Any, address: str, cores: Cores) -> tuple[list[float], list[float]]:
    """Seconds from a press of an arrow key on a slider to the changed answer, figure included.

    Returns:
        The seconds, and the part got of the core time asked for meanwhile.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_function(f"() => {DRAWN}")
    page.wait_for_timeout(1500)
    slider = page.get_by_role("slider", name="Epoch cap")
    slider.focus()
    taken = []
    for number in range(MOVES):
        # Down and up again: the first way is answered by solving, the second from memory.
        key = "ArrowLeft" if number < MOVES / 2 else "ArrowRight"
        old = page.evaluate(f"() => [{HEADING}, {FIGURE}]")
        changed = f"({HEADING} ?? old[0]) !== old[0] && {DRAWN} && {FIGURE} !== old[1]"
        taken.append(_pressed(page, key, f"old => {changed}", old))
    context.close()
    return _with_parts(taken, cores)


def _pressed(page: Any, key: str, changed: str, old: Any) -> tuple[float, float]:
    """The moments of a press of a key and of what changed by it."""
    begin = time.monotonic()
    page.keyboard.press(key)
    page.wait_for_function(changed, arg=old, polling=10)
    end = time.monotonic()
    page.wait_for_timeout(700)
    return begin, end


def _with_parts(taken: list[tuple[float, float]], cores: Cores) -> tuple[list[float], list[float]]:
    return [end - begin for begin, end in taken], [cores.share(*each) for each in taken]


def measure(browser: Any, ours: str, bare: str, cores: Cores) -> list[Row]:
    """Every row, in turn on both servers."""
    (cold, _), _ = visits(browser, ours, "ours")
    visits(browser, bare, "bare")
    both = [(visits(browser, ours, "ours"), visits(browser, bare, "bare")) for _ in range(VISITS)]
    rows = [Row("very first visitor of a server: page shown", [cold], [])]
    for again, who in enumerate(("new visitor, empty browser cache", "second visit")):
        for place, what in enumerate(("page shown", "figure drawn")):
            taken, base = ([one[again][place] for one in each] for each in zip(*both, strict=True))
            goal = 3.0 if what == "page shown" else None
            rows.append(Row(f"{who}: {what}", taken, base, goal=goal, most=1.5))
    base, _ = moves(browser, bare, cores)
    half = MOVES // 2
    for name, path in QUESTIONS.items():
        taken, parts = moves(browser, ours + path, cores)
        goal = 1.0 if name in JUDGED else None
        for words, some in (("solved anew", slice(half)), ("asked before", slice(half, None))):
            told = taken[some], base[some], parts[some]
            rows.append(Row(f"slider, {name}: {words}", *told, goal=goal))
    return rows


def document(rows: list[Row], version: str) -> str:
    """The table in Markdown."""
    lines = [
        "# How fast the explorer answers",
        "",
        f"Written by `python -m benchmarks.explorer` with {version} at 1280 × 900: server, workers",
        "and browser on the same cores. The bare page is a Streamlit page with a heading, a slider",
        "and the same figure, measured in the same run. The machine is shared: read the ratios,",
        "each the median over turns. *Free cores*: the median of the seconds times the part got of",
        "the core time that server, workers and browser asked for meanwhile",
        "(`benchmarks/cores.py`).",
        "Ten visitors at once: [VISITORS.md](VISITORS.md).",
        "",
        "*Page shown*: heading, proof, the mixture in one line, key figures, its table and all",
        "controls. *Figure drawn*: the bars between them. A browser that has never met Streamlit",
        "first compiles its Plotly (4.7 MB), most of what the bare page takes too; the next visit",
        "is spared it.",
        "",
        "| what | median s | worst s | part got | free cores s | bare s | ratio | goal | kept |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        bare = f"{statistics.median(row.bare):.2f}" if row.bare else ""
        part = f"{statistics.median(row.parts):.0%} | {row.free:.2f}" if row.parts else " | "
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        lines.append(
            f"| {row.what} | {statistics.median(row.ours):.2f} | {max(row.ours):.2f} | {part} | "
            f"{bare} | {ratio} | {row.goals} | {row.kept} |"
        )
    return "\n".join([*lines, ""])


def same_figure() -> str:
    """The figure that the explorer draws first, as JSON."""
    problem = problem_from_mapping({"targets": {"cat": 1}}, Overlay("/nonexistent"))
    return str(mixture_bars(solve(problem)).to_json())


def main() -> None:
    """Measure and write."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        sys.exit("no chromium on the PATH: apt-get install chromium")
    ours = [sys.executable, "-m", "atlasmix", "explore", "--port", "PORT", "--no-browser"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        script.with_suffix(".json").write_text(same_figure(), encoding="utf-8")
        plain = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", "PORT"]
        plain += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
        plain += ["--server.address", "localhost"]
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with (
            serving(ours) as (explorer, _),
            serving(plain) as (bare, _),
            Cores(os.getpid()) as cores,
        ):
            rows = measure(browser, explorer, bare, cores)
            text = document(rows, f"Chromium {browser.version}")
        browser.close()
    print(text)
    (HERE / "EXPLORER.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

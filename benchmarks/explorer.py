"""How fast the explorer answers in a browser, against a bare Streamlit page with one figure.

    python -m benchmarks.explorer    # two minutes; needs Chromium; prints and writes EXPLORER.md

Seconds are those of this machine, which is shared: the ratio to the bare page in the same run says
what the explorer itself costs.
"""

from __future__ import annotations

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
VISITS: Final = 5
OPENING: Final = 2500
"""Milliseconds that a new window of Chromium is busy with itself."""
MOVES: Final = 12
BARE: Final = """\
import plotly.graph_objects as go
import streamlit as st

cap = st.sidebar.slider("Epoch cap", 0, 100, 50)
st.header(f"Answer {cap}")
st.plotly_chart(go.Figure(go.Bar(x=[cap, 100 - cap], y=["a", "b"], orientation="h")))
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
QUESTIONS: Final = {
    "one target, 38 pools": "/",
    "five targets, 38 pools": "/?q={targets: [fil,ind,tha,vie,zsm], budget: 300B}",
    "thirteen targets, 38 pools": f"/?q={{targets: [{EUROPEAN}], budget: 2T}}",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, in seconds: of the explorer and of the bare page."""

    what: str
    ours: list[float]
    bare: list[float]
    goal: float | None = None

    @property
    def kept(self) -> str:
        """Whether the median keeps the goal."""
        if self.goal is None:
            return ""
        return "yes" if statistics.median(self.ours) <= self.goal else "**no**"


@contextmanager
def serving(words: list[str]) -> Iterator[str]:
    """A server in a folder of its own; its address once it is healthy."""
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
            yield address
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
        page.wait_for_function("() => when.shown && when.drawn", polling=500, timeout=90_000)
        page.wait_for_timeout(1500)
        taken.append(page.evaluate("() => [when.shown / 1000, when.drawn / 1000]"))
        page.goto("about:blank")
    context.close()
    return tuple((shown, drawn) for shown, drawn in taken)


def moves(browser: Any, address: str) -> list[float]:
    """Seconds from a press of an arrow key on a slider to the changed answer, figure included."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(f"() => {DRAWN}")
    page.wait_for_timeout(1500)
    slider = page.get_by_role("slider", name="Epoch cap")
    slider.focus()
    taken = []
    for number in range(MOVES):
        # Six steps down and up again; the first way is answered by solving, the second from memory.
        key = "ArrowLeft" if number < MOVES / 2 else "ArrowRight"
        old = page.evaluate(f"() => [{HEADING}, {FIGURE}]")
        begin = time.perf_counter()
        page.keyboard.press(key)
        page.wait_for_function(
            f"old => ({HEADING} ?? old[0]) !== old[0] && {DRAWN} && {FIGURE} !== old[1]",
            arg=old,
            polling=10,
        )
        taken.append(time.perf_counter() - begin)
        page.wait_for_timeout(700)
    context.close()
    return taken


def measure(browser: Any, ours: str, bare: str) -> list[Row]:
    """Every row, in turn on both servers."""
    (cold, _), _ = visits(browser, ours, "ours")
    visits(browser, bare, "bare")
    both = [(visits(browser, ours, "ours"), visits(browser, bare, "bare")) for _ in range(VISITS)]
    rows = [Row("very first visitor of a server: page shown", [cold], [])]
    for again, who in enumerate(("new visitor, empty browser cache", "second visit")):
        for place, what in enumerate(("page shown", "figure drawn")):
            taken, base = ([one[again][place] for one in each] for each in zip(*both, strict=True))
            goal = 3.0 if what == "page shown" else None
            rows.append(Row(f"{who}: {what}", taken, base, goal))
    base = moves(browser, bare)
    for name, path in QUESTIONS.items():
        taken = moves(browser, ours + path)
        half = MOVES // 2
        goal = 1.0 if "one" in name else None
        rows.append(Row(f"slider, {name}: solved anew", taken[:half], base[:half], goal))
        rows.append(Row(f"slider, {name}: asked before", taken[half:], base[half:], goal))
    return rows


def document(rows: list[Row], version: str) -> str:
    """The table in Markdown."""
    lines = [
        "# How fast the explorer answers",
        "",
        f"Written by `python -m benchmarks.explorer` with {version} at 1280 × 900: server, workers",
        "and browser on the same two cores. The bare page is a Streamlit page with a heading, a",
        "slider and one figure, measured in the same run. The machine is shared: read the ratios.",
        "",
        "*Page shown*: heading, proof, the mixture in one line, key figures, its table and all",
        "controls. *Figure drawn*: the bars between them. A browser that has never met Streamlit",
        "first compiles its Plotly (4.7 MB), most of what the bare page takes too; the next visit",
        "is spared it.",
        "",
        "| what | median s | worst s | bare page s | ratio | goal s | kept |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        middle = statistics.median(row.ours)
        bare = statistics.median(row.bare) if row.bare else None
        lines.append(
            f"| {row.what} | {middle:.2f} | {max(row.ours):.2f} | "
            + (f"{bare:.2f} | {middle / bare:.1f} | " if bare else "| | ")
            + (f"{row.goal:g} | {row.kept} |" if row.goal else "| |")
        )
    return "\n".join([*lines, ""])


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
        plain = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", "PORT"]
        plain += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
        plain += ["--server.address", "localhost"]
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with serving(ours) as explorer, serving(plain) as bare:
            text = document(measure(browser, explorer, bare), f"Chromium {browser.version}")
        browser.close()
    print(text)
    (HERE / "EXPLORER.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

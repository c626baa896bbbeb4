"""Random links in Chromium, and every control that is seen moved once: run by hand for many.

    OPENBLAS_NUM_THREADS=1 python tests/explorer/browser_crawler.py 300 [first] [visitors]

Starts the explorer in a folder of its own, and prints one line a fault: an exception on a page,
words of a fault of ours, an error of the browser. The exit status is 1 where there is one. What a
browser does and AppTest (``crawler.py``) does not: scripts, keys, late answers, figures, layout.

A link takes some 40 s, most of which its visitor waits for the page to be still: so several come at
once, each with a browser and a process of its own.
"""

from __future__ import annotations

import atexit
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from browsers import BROWSER, EXPLORE, heading, moved_on, served, settle
from crawler import OURS, link

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import Overlay
from atlasmix.problem.link import read_link

KINDS = (
    "stSlider",
    "stSelectbox",
    "stMultiSelect",
    "stNumberInput",
    "stTextInput",
    "stTextArea",
    "stCheckbox",
    "stButtonGroup",
    "stButton",
)
# Streamlit looks for its server under every page before it looks where it is, and takes the
# refusal for the answer that it is.
PATIENCE = 180_000
"""Milliseconds: a visitor may stand in line for a minute, and runs are learned for another."""
VIEW = {"width": 1280, "height": 900}
USUAL = re.compile(r"/_stcore/(health|host-config)$")
CONTROLS = """kinds => kinds.flatMap(kind =>
    [...document.querySelectorAll(`[data-testid=${kind}]`)]
        .filter(e => e.offsetParent && !e.closest('[data-testid=stDownloadButton]'))
        .map(e => [kind, (e.querySelector('label, button')?.innerText || e.innerText).trim()]))"""
CLOSED = "[data-testid=stExpander] details:not([open]) > summary"
FAULT = f"""() => [...document.querySelectorAll('[data-testid=stException], [data-testid=stAlert]')]
    .map(e => e.innerText).filter((text, i, all) =>
        text.includes('{OURS}') || document.querySelector('[data-testid=stException]'))"""


class Crawl:
    """One visitor: what went wrong on his way.

    Attributes:
        faults: a line each, with what was done before it.
        done: how many controls were moved.
    """

    def __init__(self, page: Any, where: str) -> None:
        """On a page of a browser that has been nowhere yet."""
        self.page, self.where, self.faults, self.done = page, where, [], 0
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("console", self._said)

    def _said(self, message: Any) -> None:
        if message.type == "error" and not USUAL.search(message.location.get("url", "")):
            self._note(f"console: {message.text[:300]} {message.location.get('url', '')}")

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self.where}: {fault}")

    def look(self) -> None:
        """Note what the page shows that it must not."""
        settle(self.page)
        for text in self.page.evaluate(FAULT):
            self._note(text[:300])

    def open(self, address: str) -> None:
        """Go to an address."""
        self.page.goto(address)
        self.page.locator("h2").first.wait_for()
        self.look()

    def each_control(self, draw: random.Random) -> None:
        """Open what is closed, and move all that is there once."""
        for _ in range(20):
            if not self.page.locator(CLOSED).count():
                break
            self.page.locator(CLOSED).first.click()
            self.page.wait_for_timeout(300)
        settle(self.page)
        way, home = self.where, self.page.url.split("?")[0]
        names = [tuple(each) for each in self.page.evaluate(CONTROLS, KINDS)]
        for kind, label in dict.fromkeys(names):
            if (kind, label) not in [tuple(e) for e in self.page.evaluate(CONTROLS, KINDS)]:
                continue  # an earlier move has taken it away
            self.where = f"{way}, {kind} '{label[:60]}'"
            self._move(kind, label, draw)
            self.look()
            self.done += 1
            if self.page.url.split("?")[0] != home:
                self.page.go_back()
                self.look()
        self.where = way

    def _move(self, kind: str, label: str, draw: random.Random) -> None:
        found = self.page.get_by_test_id(kind).filter(has_text=label).locator("visible=true").first
        if kind == "stSlider":
            found.get_by_role("slider").first.press(draw.choice(("ArrowLeft", "ArrowRight")))
        elif kind == "stSelectbox":
            box = found.get_by_role("combobox")
            box.click()
            for _ in range(draw.choice((1, 2, 3))):
                box.press("ArrowDown")
            box.press("Enter")
        elif kind == "stMultiSelect":
            box = found.get_by_role("combobox")
            box.press("Backspace")
            box.press("Escape")
        elif kind == "stNumberInput":
            box = found.get_by_role("spinbutton")
            box.press(draw.choice(("ArrowUp", "ArrowDown")))
            box.press("Enter")
        elif kind in {"stTextInput", "stTextArea"}:
            box = found.locator("input, textarea").first
            box.fill(draw.choice(("20B", "?", "12%")))
            box.press("Enter" if kind == "stTextInput" else "Control+Enter")
        elif kind == "stCheckbox":
            found.locator("label").first.click()
        else:
            # A button of a group; of a button by itself the first is it, the second its help.
            buttons = found.locator("button").all()[: None if kind == "stButtonGroup" else 1]
            if usable := [each for each in buttons if each.is_enabled()]:
                draw.choice(usable).click()


def valid(seed: int) -> Iterator[tuple[int, str]]:
    """Random questions that a link may ask, from a seed on."""
    nobody = Overlay("/nonexistent")
    while True:
        text = json.dumps(link(seed))
        with suppress(AtlasMixError):
            read_link(text, nobody)
            yield seed, text
        seed += 1


def crawl(page: Any, address: str, seed: int, question: str) -> tuple[list[str], int]:
    """Faults on the way of one visitor, and how many controls were moved.

    The way is the page Mix of a random link, with all that stands beside its answer, and one of
    the other pages, with one of its tabs.
    """
    draw = random.Random(seed)
    mine = Crawl(page, f"{seed}: {question}")
    try:
        mine.open(f"{address}/?q={quote(question)}")
        mine.each_control(draw)
        pages = page.get_by_test_id("stTopNavLink")
        other = pages.nth(draw.randrange(1, pages.count()))
        mine.where += f", page {other.inner_text().split()[-1]}"
        old = heading(page)
        other.click()
        moved_on(page, old)
        mine.look()
        if tabs := page.get_by_role("tab").all():
            tab = draw.choice(tabs)
            mine.where += f", tab {tab.inner_text()}"
            tab.click()
            mine.look()
        mine.each_control(draw)
    except Exception as error:  # of the browser's driver: it is told where
        mine.faults.append(f"{mine.where}: {type(error).__name__} {str(error)[:300]}")
    finally:
        page.close()
    return mine.faults, mine.done


def visited(address: str, seed: int, question: str) -> tuple[list[str], int, float]:
    """A visit in this process, whose browser stays for the next: faults, moves and seconds."""
    begin = time.monotonic()
    faults, done = crawl(_profile().new_page(), address, seed, question)
    return faults, done, time.monotonic() - begin


@cache
def _profile() -> Any:
    """The browser of this process; it keeps the scripts that it has compiled."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    chromium = playwright.chromium.launch(
        executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
    )
    return chromium.new_context(viewport=VIEW)


def main() -> int:
    """Crawl as many links as the command line says."""
    count, first, visitors = (int(word) for word in (*sys.argv[1:], "0", "3")[:3])
    told = moved = links = 0
    begin = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home), *EXPLORE, "--port") as (_, address),
        ProcessPoolExecutor(visitors, get_context("spawn")) as pool,
    ):
        visits = {
            pool.submit(visited, address, *each): each[0] for each in islice(valid(first), count)
        }
        for visit in as_completed(visits):
            faults, done, seconds = visit.result()
            links, moved, told = links + 1, moved + done, told + len(faults)
            for fault in faults:
                print(fault, flush=True)
            print(
                f"{visits[visit]}: {done} controls moved in {seconds:.0f} s; {links} of {count} "
                f"links, {told} faults",
                file=sys.stderr,
                flush=True,
            )
    minutes = (time.monotonic() - begin) / 60
    print(f"{count} links, {moved} controls moved, {told} faults, {minutes:.0f} minutes")
    return int(told > 0)


if __name__ == "__main__":
    sys.exit(main())

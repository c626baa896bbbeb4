"""Which browser is used, whether tests may do without, how the explorer is started and waited for.

docs/make_screenshots.py looks at its pages by the same means.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
REQUIRED = os.environ.get("ATLASMIX_BROWSER") == "required"
COMMAND = (sys.executable, "-m", "atlasmix")
EXPLORE = (*COMMAND, "explore", "--no-browser")

PATIENCE = 120
"""Seconds that a page may take: laws of runs are learned on one, and a machine of two cores that
others share needs several times what an idle one does."""

# True once the server has ended its run and every figure has come and is drawn, and all has stayed
# so for half a second: between a key and the run that it starts the page looks just as still.
STILL = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const still = app?.dataset.testConnectionState === 'CONNECTED'
        && app.dataset.testScriptState === 'notRunning'
        && !document.querySelector('[data-testid=stSkeleton], [class*=st-key-to-come]')
        && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].filter(e => e.offsetParent)
            .every(e => e.querySelector('.nsewdrag, .geo, .sankey-link, .slice')
                ?.getBoundingClientRect().height);
    if (!still) delete window.stillSince;
    else return performance.now() - (window.stillSince ??= performance.now()) > 500;
}"""


def descendants(process: int, command: str) -> Iterator[int]:
    """The processes that a process has started, directly or not, with this in their command."""
    lists = Path(f"/proc/{process}/task").glob("*/children")  # each thread has started its own
    for child in [int(one) for each in lists for one in each.read_text().split()]:
        if command in Path(f"/proc/{child}/cmdline").read_text():
            yield child
        yield from descendants(child, command)


@contextlib.contextmanager
def served(
    folder: Path, *words: str, log: IO[bytes] | int | None = None, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server of our own in a folder: its process, and its address once it is healthy.

    Args:
        folder: its home, with a store of its own.
        words: its command, up to the number of a free port.
        log: where it writes to; None: where we do.
        environment: more of it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {"HOME": str(folder), "ATLASMIX_STORE": str(folder / "store")}
    process = subprocess.Popen(
        [*words, str(port)],
        cwd=folder,
        env={**os.environ, **home, **environment},
        stdout=log,
        stderr=log,
    )
    address = f"http://localhost:{port}"
    try:
        wait_for(f"{address}/_stcore/health", process)
        yield process, address
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers at an address."""
    for _ in range(300):
        assert process.poll() is None, "the explorer ended"
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the explorer did not answer within a minute")


def heading(page: Any) -> str:
    return str(page.locator("h2").first.inner_text())


def until(page: Any, words: str) -> None:
    """Wait for the heading to say this, and for the page to be still."""
    page.locator("h2").first.filter(has_text=words).wait_for()
    settle(page)


def moved_on(page: Any, old: str) -> None:
    """Wait for the heading to say something else, and for the page to be still."""
    page.wait_for_function(
        "old => (document.querySelector('h2')?.innerText ?? old) !== old", arg=old
    )
    settle(page)


def choose(page: Any, box: str, words: str) -> None:
    """Choose in a box by what it is called, as who types does."""
    field = page.get_by_role("combobox", name=box)
    field.fill(words)
    page.get_by_role("option").filter(has_text=words).first.wait_for()
    field.press("Enter")


def press(page: Any, slider: str, key: str) -> None:
    """Press a key on a slider, and do not wait."""
    found = page.get_by_role("slider", name=slider)
    found.focus()
    found.press(key)


def settle(page: Any) -> None:
    """Wait until the page has nothing more to draw."""
    page.evaluate("() => delete window.stillSince")
    # Ten times a second: at every frame, as is the default, asking takes a good part of a core.
    page.wait_for_function(STILL, polling=100)


def open_tab(page: Any, name: str) -> None:
    """Open a tab by its name, and wait until it is filled and still."""
    tab = page.get_by_role("tab", name=name, exact=True)
    tab.click()
    page.locator(f'[role=tab][aria-selected=true]:has-text("{name}")').wait_for()
    page.locator(f"[id='{tab.get_attribute('aria-controls')}'] :not(:empty)").first.wait_for()
    settle(page)


def go(page: Any, name: str) -> None:
    """Go to another page by its name, and wait until it is there."""
    old = heading(page)
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
    moved_on(page, old)

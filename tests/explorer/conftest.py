"""The explorer as a visitor meets it: pages without a browser, and a server with one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import BROWSER, EXPLORE, PATIENCE, REQUIRED, descendants, served, settle
from streamlit.testing.v1 import AppTest

from atlasmix.io.shipped import explorer_script


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explorer") / "store"


@pytest.fixture(autouse=True)
def _own_store(store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLASMIX_STORE", str(store_folder))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _workers_end() -> Iterator[None]:
    yield
    from explorer.answers import workers

    workers().stop()


class Visit:
    """One visitor's session; ``page`` goes to a page by name."""

    def __init__(self, **query: str) -> None:
        self.at = AppTest.from_file(
            str(explorer_script().with_name("main.py")), default_timeout=PATIENCE
        )
        self.been = False
        for key, value in query.items():
            self.at.query_params[key] = value

    def page(self, name: str) -> AppTest:
        if not self.been:
            self.at.run()
        if self.been or name != "mix":
            self.at.switch_page(f"explorer/pages/{name}.py").run()
        self.been = True
        self.whole()
        return self.at

    def tab(self, key: str, name: str) -> AppTest:
        self.at.session_state[key] = name
        self.at.run()
        self.whole()
        return self.at

    def whole(self) -> None:
        """No fault reached the page."""
        assert not self.at.exception, self.at.exception
        assert "A fault of AtlasMix" not in self.words(), self.words()

    def figures(self) -> list[dict[str, Any]]:
        return [json.loads(chart.proto.spec) for chart in self.at.get("plotly_chart")]

    def words(self) -> str:
        """Everything that is seen on the page, escapes taken off; not what is only printed."""
        parts = [*self.at.header, *self.at.subheader, *self.at.markdown, *self.at.error]
        parts += [
            *self.at.caption,
            *self.at.code,
            *self.at.html,
            *self.at.success,
            *self.at.warning,
        ]
        seen = [str(part.value) for part in parts if "atlas-paper" not in str(part.value)]
        return "\n".join(seen).replace("\\", "").replace("\u2060", "")


@pytest.fixture
def visit() -> type[Visit]:
    return Visit


@pytest.fixture(scope="session")
def process_and_address(
    tmp_path_factory: pytest.TempPathFactory, store_folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``atlasmix explore`` as it is started by hand, from another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    words, store = (*EXPLORE, "--port"), str(store_folder)
    with (
        (folder / "log.txt").open("wb") as log,
        served(folder, *words, log=log, ATLASMIX_STORE=store) as found,
    ):
        yield found


@pytest.fixture(scope="session")
def server(process_and_address: tuple[subprocess.Popen[bytes], str]) -> str:
    """The address of the explorer."""
    return process_and_address[1]


@pytest.fixture
def halted(process_and_address: tuple[subprocess.Popen[bytes], str]) -> Iterator[Any]:
    """A function that halts every worker of the explorer, and returns one that lets them go on."""
    stopped: list[int] = []

    def halt() -> Any:
        stopped.extend(descendants(process_and_address[0].pid, "worker.py"))
        assert stopped, "the explorer has workers"
        for worker in stopped:
            os.kill(worker, signal.SIGSTOP)
        return go_on

    def go_on() -> None:
        while stopped:
            with contextlib.suppress(ProcessLookupError):  # its time was up
                os.kill(stopped.pop(), signal.SIGCONT)

    yield halt
    go_on()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, found on the PATH; without one the test is skipped, in CI it fails."""
    if not REQUIRED:
        pytest.skip("tests in Chromium run where ATLASMIX_BROWSER=required is set")
    if not BROWSER:
        pytest.fail("no chromium on the PATH: .ci/browser installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def contexts(browser: Any) -> Iterator[dict[str, Any]]:
    """Browser profiles by their settings; a profile keeps the scripts it has loaded."""
    made: dict[str, Any] = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def visitor(browser: Any, contexts: dict[str, Any], server: str) -> Iterator[Any]:
    """A function that opens a page as a new visitor; a fault or foreign request fails the test.

    Every page is a session of its own. ``alone`` gives it a profile of its own too, ``first`` is
    run in it before anything else.
    """
    pages: list[Any] = []
    faults: list[str] = []

    def come(path: str = "/", alone: str = "", first: str = "", **options: Any) -> Any:
        settings = {"viewport": {"width": 1280, "height": 900}, **options}
        key = alone + json.dumps(settings, sort_keys=True)
        if key not in contexts:
            contexts[key] = browser.new_context(**settings)
        page = contexts[key].new_page()
        pages.append(page)
        page.set_default_timeout(1000 * PATIENCE)
        if first:
            page.add_init_script(first)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"a dialog opened: {dialog.message}"))
        page.on("request", lambda request: _only_here(request.url, server, faults))
        page.goto(server + path)
        page.locator("h2").first.wait_for()
        settle(page)
        return page

    yield come
    for page in pages:
        page.close()
    assert faults == []


def _only_here(url: str, server: str, faults: list[str]) -> None:
    if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:")):
        faults.append(f"the page asked for {url}")

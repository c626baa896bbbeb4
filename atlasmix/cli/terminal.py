"""Results on stdout: JSON for programs, text tables for people."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from atlasmix.report.blocks import Table


def print_json(content: object) -> None:
    """``content`` as JSON; what is not finite becomes null."""
    print(json.dumps(_finite(content), ensure_ascii=False, indent=2, allow_nan=False))


def print_text(*parts: RenderableType | Table) -> None:
    """Texts and tables: styled on a terminal, plain in a pipe or file."""
    from atlasmix.report.blocks import Table
    from atlasmix.report.terminal import laid_out, stdout_console

    console = stdout_console(sys.stdout)
    shown = [laid_out(part) if isinstance(part, Table) else part for part in parts]
    if console.is_terminal:
        for part in shown:
            console.print(part)
        return
    # Tables are padded to their width: in a file that is only trailing blanks.
    with console.capture() as captured:
        for part in shown:
            console.print(part)
    lines = captured.get().splitlines()
    print("\n".join(line.rstrip() for line in lines))


def lasting(label: str) -> str:
    """What a message about a store adds where the store does not last: a store in memory."""
    if not label.startswith("memory:"):
        return ""
    return "; this store is in memory and lasts only as long as the process, which ends here"


def _finite(content: Any) -> Any:
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return content


_UNKNOWN = 80


def say(sentence: str) -> None:
    """Print ``atlasmix: sentence``; at a terminal no word is broken across two lines."""
    said = f"atlasmix: {sentence}"
    if sys.stderr.isatty():
        import textwrap

        said = "\n".join(
            textwrap.fill(line, _width(), break_long_words=False, break_on_hyphens=False)
            for line in said.splitlines()
        )
    print(said, file=sys.stderr)


def _width() -> int:
    """Columns of the terminal; 80 where it does not tell."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        columns = 0
    return columns or _UNKNOWN


PATIENCE = 2.0
"""Seconds after which whoever waits is told what for."""


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what`` while the body runs, from the third second on."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    shower = threading.Thread(target=_show, args=(what, done), daemon=True)
    shower.start()
    try:
        yield
    finally:
        done.set()
        shower.join(timeout=1.0)


def _show(what: str, done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} ...", spinner="line"):
        done.wait()


@contextmanager
def counting(what: str, total: int, patience: float = 0.0) -> Iterator[Callable[[int], None]]:
    """A bar of ``total`` steps; the body calls what it is given with the steps just taken.

    Args:
        what: is counted.
        total: steps.
        patience: seconds before which a body that is soon ready shows no bar.
    """
    if not sys.stderr.isatty() or total < 1:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), Left()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    begin = time.monotonic()

    def advance(count: int) -> None:
        if not bar.live.is_started and time.monotonic() - begin >= patience:
            bar.start()
        bar.advance(task, count)

    if not patience:
        bar.start()
    try:
        yield advance
    finally:
        bar.stop()

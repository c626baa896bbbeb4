"""A sign of life on stderr for what takes over two seconds, on a terminal only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 2.0


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
    if done.wait(_PATIENCE):
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} ...", spinner="line"):
        done.wait()


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of ``total`` steps; the body calls what it is given with the steps just taken."""
    if not sys.stderr.isatty() or total < 1:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), Left()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)

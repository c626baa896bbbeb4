"""A sign of life on stderr for what takes over two seconds, on a terminal only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
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

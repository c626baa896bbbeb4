"""Options of long work: who does it, and where its parts are kept until all of it is done."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def add_engine_options(add: Callable[..., Any]) -> None:
    """``--engine`` and ``--scheduler``."""
    add(
        "--engine",
        metavar="NAME",
        default="loky",
        choices=("loky", "dask"),
        help="loky, processes of this machine (default), or dask",
    )
    add("--scheduler", metavar="ADDRESS", help="of dask, as tcp://10.0.0.1:8786")


def partials_folder(options: argparse.Namespace) -> Path | None:
    """Where parts are kept: as it is said, or else beside the output."""
    from pathlib import Path

    if options.partials:
        return Path(options.partials)
    return Path(f"{options.output}.partials") if options.output else None


def forget_partials(options: argparse.Namespace) -> None:
    """Take the parts away, unless somebody asked for them: what was just written holds them all."""
    import shutil

    folder = partials_folder(options)
    if folder is not None and not options.partials:
        shutil.rmtree(folder, ignore_errors=True)

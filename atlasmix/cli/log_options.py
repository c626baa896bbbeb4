"""Options of a command that reads the logs of runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser
from atlasmix.cli.reading_options import whole

if TYPE_CHECKING:
    from atlasmix.interop.trackers.run_table import LogReading


def add_log_options(parser: Parser, sets: str = "set", every: bool = False) -> None:
    """Options for logs in the place of a table of runs.

    Args:
        parser: of the command.
        sets: what the star of a metric names.
        every: whether every step is read, so that none is chosen and no run is unfinished.
    """
    group = parser.add_argument_group("logs")
    group.add_argument(
        "--metric",
        metavar="PATTERN",
        action="append",
        help=f"losses of evaluation sets, as 'eval/*_loss': what * stands for names the {sets}; "
        "repeatable",
    )
    group.add_argument(
        "--weights-key",
        metavar="KEY",
        help="of the run's config that holds its mixture, as data.weights, or 'w_*'",
    )
    group.add_argument(
        "--blends",
        metavar="DIR",
        help="the mixtures: a file as Megatron takes it, called as the run",
    )
    group.add_argument("--params-key", metavar="KEY", help="that holds the parameters")
    group.add_argument("--tokens-key", metavar="KEY", help="that holds the tokens read")
    group.add_argument(
        "--logs",
        metavar="KIND",
        help="where several lie there: wandb, wandb-export, tensorboard, mlflow, trackio, trainer, "
        "megatron, olmo-core, olmo-core-console",
    )
    if every:
        return
    group.add_argument(
        "--step", metavar="last|N", help="whose losses are taken (default: last, of each run)"
    )
    group.add_argument(
        "--keep-unfinished", action="store_true", help="keep runs that failed or stopped early"
    )
    group.add_argument(
        "--write-runs", metavar="CSV", help="write the table that was read from the logs"
    )


def log_reading(options: argparse.Namespace) -> LogReading:
    """What the options say of the logs.

    Raises:
        ProblemError: a step that is none.
    """
    from pathlib import Path

    from atlasmix.interop.trackers.run_table import LogReading

    written = getattr(options, "step", None)
    last = written is None or written.strip().lower() == "last"
    return LogReading(
        metrics=tuple(options.metric or ()),
        weights=options.weights_key or "",
        blends=Path(options.blends) if options.blends else None,
        params=options.params_key or "",
        tokens=options.tokens_key or "",
        step=None if last else whole(written, "--step", 0),
        keep_unfinished=getattr(options, "keep_unfinished", False),
    )

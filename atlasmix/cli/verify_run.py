"""``atlasmix verify-run``: whether a training run reads what its recipe says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json
from atlasmix.cli.reading_options import add_columns, columns_of, whole

if TYPE_CHECKING:
    from pathlib import Path

    from atlasmix.audit.run_verdict import Files, Watched
    from atlasmix.evidence.mixture_file import GivenMixture

EXAMPLE = """\
atlasmix verify-run recipe.yaml --log consumed.csv
atlasmix verify-run recipe.yaml --log train.log --data out/data_args.txt"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe, or a mixture file")
    parser.add_argument(
        "--log",
        metavar="FILE",
        required=True,
        help="CSV or Parquet (source, tokens or samples, perhaps step), JSON lines of the same or "
        "of keys such as tokens/SOURCE, or Megatron's standard output",
    )
    parser.add_argument(
        "--mapping",
        metavar="FILE",
        help="the expected.json of the export, for keys, paths and phases",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="for Megatron's log, which numbers its sources: the data file it was given",
    )
    parser.add_argument(
        "--sequence-length", metavar="N", help="tokens a sample (default: the log's, else 4096)"
    )
    add_columns(parser, "source=, tokens=, samples=, step=")
    add_json(parser)
    parser.epilog = (
        f"Exit status 0: every pool is read as planned; 1: at least one is not.\n\n{parser.epilog}"
    )


def execute(options: argparse.Namespace) -> int:
    """Read plan and log, compare, print; 0 only where the run is as planned."""
    from pathlib import Path

    from atlasmix.audit.run_log import read_log
    from atlasmix.audit.run_verdict import (
        Files,
        PhaseShares,
        files_of_expected,
        phases_of_expected,
        verify_run,
    )
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.recipe.as_mixture import given_of_recipe, read_given

    path = Path(options.recipe)
    mixture, recipe = read_given(path)
    plan = given_of_recipe(recipe, path.name) if recipe is not None else mixture
    assert plan is not None
    log = read_log(Path(options.log), columns_of(options))
    files = Files()
    phases: tuple[PhaseShares, ...] = ()
    if options.mapping:
        content = _json(Path(options.mapping))
        files, phases = files_of_expected(content), phases_of_expected(content)
    length = whole(options.sequence_length, "--sequence-length", 0) or None
    order = _order(options.data, files, plan) if options.data else ()
    report = verify_run(plan, log, files, length, order, phases)
    if options.json:
        import dataclasses

        print_json({**dataclasses.asdict(report), "as_planned": report.as_planned})
    else:
        from atlasmix.report.audit import run_blocks
        from atlasmix.report.terminal import terminal_parts

        print_text(*terminal_parts(run_blocks(report, ": --json")))
    return 0 if report.as_planned else 1


def _order(data: str, files: Files, plan: GivenMixture) -> tuple[Watched, ...]:
    from pathlib import Path

    from atlasmix.audit.log_order import sources_in_order

    return sources_in_order(Path(data), files, plan)


def _json(path: Path) -> object:
    from atlasmix.io.files import read_file
    from atlasmix.io.safe_json import load_json

    limit = 64 * 1024 * 1024
    return load_json(read_file(path, limit), path.name, limit, "give the export's expected.json")

"""``atlasmix measure``: transfer scores from own loss curves."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store
from atlasmix.cli.reading_options import add_columns, columns_of, quantity

if TYPE_CHECKING:
    from atlasmix.fitting.curve_matrix import Matrix

EXAMPLE = "atlasmix measure curves curves.csv --save ours"

_CURVES = (
    "Bilingual Transfer Scores from loss curves of runs on one and on two languages",
    """\
atlasmix measure curves curves.csv --save ours
atlasmix measure curves mono.csv both.csv --at 20B,10B --output scores.csv""",
)


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(parser, {"curves": _CURVES})
    _add_curves(actions["curves"])


def _add_curves(parser: Parser) -> None:
    parser.add_argument(
        "curves",
        metavar="CURVES",
        nargs="+",
        help="CSV, Parquet or JSON Lines: a row a checkpoint with languages (cat, or cat+spa), "
        "tokens (of all languages), and language and loss, or loss_LANG (and run, seed, params, "
        "phase, batch, vocabulary, share_LANG)",
    )
    parser.add_argument(
        "--at",
        metavar="TOKENS",
        help="d_mono: tokens of the target alone, one or several, as 20B,10B; the matrix is of the "
        "first (default: the last that every target has alone, its half and its quarter)",
    )
    parser.add_argument("--params", metavar="N", help="the size, where the table does not tell")
    add_columns(parser, "languages=, tokens=, language=, loss=, run=, phase= ...")
    _add_outputs(parser)
    parser.add_argument(
        "--write-runs",
        metavar="CSV",
        help="write all runs, at any shares and sizes, as atlasmix fit --law mixing takes them",
    )
    parser.set_defaults(execute=_curves)


def _add_outputs(parser: Parser) -> None:
    parser.add_argument("--save", metavar="NAME", help="put the matrix onto your shelf")
    parser.add_argument(
        "--output",
        metavar="CSV",
        help="write the matrix, and its card beside it, as atlasmix matrices add takes them",
    )
    parser.add_argument("--licence", metavar="TEXT", help="of the scores (default: not stated)")
    parser.add_argument("--source", metavar="TEXT", help="of the scores (default: the files)")
    add_store(parser)
    add_json(parser)


def _curves(options: argparse.Namespace) -> int:
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.fitting.curve_matrix import Origin, runs_table, score_matrix
    from atlasmix.fitting.curve_scores import CurveQuestion, scores_of_curves
    from atlasmix.fitting.loss_curves import read_curves
    from atlasmix.fitting.run_files import read_run_files
    from atlasmix.io.files import write_atomic
    from atlasmix.io.tables import joined, to_csv
    from atlasmix.report.curves import curve_blocks, curve_data
    from atlasmix.report.terminal import terminal_parts

    _check_outputs(options)
    how = CurveQuestion(_anchors(options.at), quantity(options.params, "--params"))
    files = read_run_files(options.curves)
    read = read_curves(joined([file.rows for file in files], "the curves"), columns_of(options))
    origin = Origin(
        tuple((file.name, file.sha256) for file in files),
        options.source or "",
        options.licence or "",
    )
    if options.write_runs:
        runs = runs_table(read.curves, read.what)
        write_atomic(Path(options.write_runs), to_csv(runs.header, runs.rows))
    with working("drawing lines through curves"):
        scores = scores_of_curves(read, how)
    matrix = score_matrix(scores, origin) if options.save or options.output else None
    done = _write(options, matrix)
    if options.json:
        print_json(curve_data(scores, origin))
        return 0
    if options.write_runs:
        done.append(
            f"Runs written to {options.write_runs}: atlasmix fit {options.write_runs} --law mixing"
        )
    if matrix is None:
        done.append("Add --save NAME to keep the matrix on your shelf, --output CSV as a file.")
    print_text(*terminal_parts(curve_blocks(scores)), "", *done)
    return 0


def _anchors(text: str | None) -> tuple[float, ...]:
    from atlasmix.quantities import parse_quantity

    return tuple(parse_quantity(part, "--at") for part in text.split(",")) if text else ()


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse what cannot be written before anything is computed."""
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.evidence.shelf import MATRICES, free_name
    from atlasmix.evidence.store import Store

    if options.save:
        free_name(Store(options.store).user_place(), MATRICES, options.save)
    for path in (options.output, getattr(options, "write_runs", None)):
        if path and not Path(path).parent.is_dir():
            raise ProblemError(f"no folder {Path(path).parent}: make it, or name a file in another")


def _write(options: argparse.Namespace, matrix: Matrix | None) -> list[str]:
    """Put the matrix where it was asked for, and say how it is used."""
    from pathlib import Path

    from atlasmix.cli.terminal import lasting
    from atlasmix.evidence.store import Store
    from atlasmix.fitting.curve_matrix import save_matrix, write_matrix
    from atlasmix.transfer.completed_matrix import is_of_the_default_size

    done: list[str] = []
    if matrix is None:
        return done
    if options.output:
        card = write_matrix(Path(options.output), matrix)
        done.append(
            f"Matrix written to {options.output} and {card}: atlasmix matrices add "
            f"{options.output} --card {card}"
        )
    if options.save:
        place = Store(options.store).user_place()
        save_matrix(place, matrix, options.save)
        beside = "" if is_of_the_default_size(matrix.card) else " --with none"
        done.append(
            f"On your shelf as {options.save}{lasting(place.label)}: atlasmix matrices complete "
            f"--matrix {options.save}{beside}, then atlasmix solve --target LANG --matrix "
            f"{options.save}-completed"
        )
    return done

"""``atlasmix sweep``: one question over several budgets, sizes or other values, in one table."""

from __future__ import annotations

import argparse
from typing import Any, Final

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.partial_options import add_engine_options, forget_partials, partials_folder
from atlasmix.cli.question_options import add_draw_options, add_question_options, question_of

EXAMPLE = """\
atlasmix sweep --target cat --budget 100B,300B,1T --params 2B,7B
atlasmix sweep problem.yaml --vary max:eng=10%,20% --output sweep.parquet
atlasmix sweep p.yaml --budget 1T --engine dask --scheduler tcp://HOST:8786"""

_COMMAS: Final = ("budget", "params", "compute")
"""Options of a question that take several values here, with commas."""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "file", metavar="PROBLEM", nargs="?", help="the question as YAML; options override it"
    )
    add = parser.add_argument_group("the sweep").add_argument
    add(
        "--vary",
        metavar="FIELD=VALUES",
        action="append",
        help="any field of a question over values with commas: risk_aversion=0,1,2; of limits "
        "max_epochs, max_donors, and min, max, keep and max_epochs of a selection: max:eng=0,20%%",
    )
    add(
        "--paired",
        action="store_true",
        help="take the first values together, then the second, not all combinations",
    )
    add("--output", metavar="FILE", help="write the table: .csv, .parquet or .json")
    add(
        "--figure",
        metavar="FILE",
        help="shares, losses and epochs over the field of numbers that has most values, the others "
        "chosen in a list; .html",
    )
    add(
        "--partials",
        metavar="FOLDER",
        help="where every answer is kept at once, and from which a sweep that was ended goes on "
        "(default: beside --output, until it is written)",
    )
    add = parser.add_argument_group("who solves (no number changes)").add_argument
    add("--cores", metavar="N", help="processes at most (default: all cores)")
    add_engine_options(add)
    add_question_options(parser)
    add_draw_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Solve all, and print a line each."""
    import math
    from pathlib import Path

    from atlasmix.api.problem import Problem
    from atlasmix.api.sweep import figure_axis, sweep
    from atlasmix.cli.terminal import counting, print_json, print_text, say
    from atlasmix.errors import ProblemError
    from atlasmix.evidence.store import Store
    from atlasmix.io.plain_data import as_number
    from atlasmix.report.figures.curve import curves_alt
    from atlasmix.report.figures.drawing import check_figure, save_figure
    from atlasmix.report.sweep import check_table, sweep_table, write_table

    axes = _axes(options)
    if options.file and options.problem:
        raise ProblemError(
            f"{options.file} and --problem {options.problem}: expected one question; keep one"
        )
    options.problem = options.file or options.problem
    partials = partials_folder(options)
    for path, check in ((options.output, check_table), (options.figure, check_figure)):
        if path:
            check(Path(path))
    if options.figure and axes:
        figure_axis(axes)
    problem = Problem.from_mapping(question_of(options), Store(options.store))
    cores = None if options.cores is None else int(as_number(options.cores, "--cores", "2"))
    count = [len(values) for values in axes.values()]
    total = min(count) if options.paired else math.prod(count)
    with counting("solving", total) as advance:
        swept = sweep(
            problem,
            cores,
            advance,
            paired=options.paired,
            engine=options.engine,
            scheduler=options.scheduler or "",
            partials=partials,
            **axes,
        )
    if swept.taken_over:
        say(f"{swept.taken_over} of {len(swept)} answers taken over from {partials}")
    if options.output:
        write_table(swept.to_frame(), Path(options.output))
        forget_partials(options)
        say(f"table written to {options.output}")
    if options.figure:
        save_figure(swept.plot(), Path(options.figure), curves_alt(swept.curves))
        say(f"figure written to {options.figure}")
    if options.json:
        print_json(swept.to_frame().to_dict(orient="records"))
        return 0
    mixtures = [None if each is None else each.mixture for each in swept.solutions]
    rows = zip(swept.values, mixtures, swept.refusals, strict=True)
    print_text(sweep_table(swept.axes, swept.value_name, rows))
    return 0


def _axes(options: argparse.Namespace) -> dict[str, list[Any]]:
    """What varies: options with commas, then ``--vary``; they leave the question itself."""
    from atlasmix.errors import ProblemError

    axes: dict[str, list[Any]] = {}
    for name in _COMMAS:
        written = getattr(options, name)
        if written is not None and "," in written:
            axes[name] = _values(name, written)
            setattr(options, name, axes[name][0])
    for each in options.vary or []:
        name, _, written = each.partition("=")
        if not written:
            raise ProblemError(
                f"--vary is {each[:60]!r}: expected a field and values, as risk_aversion=0,1,2"
            )
        if name in axes:
            raise ProblemError(f"--vary names {name[:40]!r}, which varies already: keep one")
        axes["decay" if name == "lambda" else name] = _values(name, written)
    if not axes:
        raise ProblemError(
            "nothing varies: expected values with commas, as --budget 100B,300B, or --vary "
            "FIELD=VALUES"
        )
    return axes


def _values(name: str, written: str) -> list[Any]:
    from atlasmix.errors import ProblemError
    from atlasmix.quantities import read_number

    values = [part.strip() for part in written.split(",") if part.strip()]
    if len(set(values)) < len(values):
        raise ProblemError(f"{name} has a value twice in {written[:60]!r}: keep one")
    numbers = [read_number(value) for value in values]
    return [
        value if number is None else number for value, number in zip(values, numbers, strict=True)
    ]

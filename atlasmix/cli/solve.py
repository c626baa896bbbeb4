"""``atlasmix solve``: the best mixture for the targets, with its proof."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import (
    add_draw_options,
    add_hardware_options,
    add_question_options,
    machine_of,
    question_of,
)

if TYPE_CHECKING:
    from atlasmix.mixture.mixture import Mixture
    from atlasmix.problem.problem import MixProblem
    from atlasmix.recipe.recipe import Recipe
    from atlasmix.report.findings import Findings

EXAMPLE = """\
atlasmix solve --target cat
atlasmix solve --target cat:2,spa --budget 300B --max eng=20% --output r.yaml
atlasmix solve --target cat --report report.html"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    add_question_options(parser)
    add_draw_options(parser)
    parser.add_argument(
        "--time-limit",
        metavar="SECONDS",
        help="end the search after so long, with what is proved by then (default: 600)",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "--compare-with",
        metavar="NAME",
        action="append",
        help="a published mixture to compare with (atlasmix mixtures list); repeatable",
    )
    group.add_argument("--output", metavar="FILE", help="write the recipe (YAML); - is stdout")
    group.add_argument(
        "--report",
        metavar="FILE",
        help="write the whole answer as one page for others (.html with figures, .md, .txt)",
    )
    add_hardware_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Solve, write recipe and report if asked, and print the answer."""
    from atlasmix.cli.terminal import PATIENCE, counting, working
    from atlasmix.evidence.published import published
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.advice import advise
    from atlasmix.mixture.comparison import compare
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.sensitivity import sensitivity
    from atlasmix.mixture.shares import explain_shares
    from atlasmix.mixture.solve import solve
    from atlasmix.mixture.uncertainty import with_uncertainty
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.problem.worlds import draws_of
    from atlasmix.recipe.recipe import make_recipe
    from atlasmix.report.findings import Findings
    from atlasmix.solver.compute import at_compute
    from atlasmix.solver.patience import within

    others = tuple(published(name) for name in options.compare_with or ())
    machine = machine_of(options)
    if options.report:
        _check(options.report)
    store = Store(options.store)
    problem = problem_from_mapping(question_of(options), store)
    with working("solving"), within(_seconds(options.time_limit)):
        problem = at_compute(problem)
        mixture = solve(problem)
        comparisons = compare(problem, others)
    with counting("trying the answer in draws", draws_of(problem), PATIENCE) as advance:
        mixture = with_uncertainty(problem, mixture, advance=advance)
    recipe = make_recipe(problem, mixture, comparisons)
    if options.output:
        _write(recipe, options.output)
    if options.output == "-" and not options.report:
        return 0
    with working("trying other scores and other constants"):
        reasons, steps = explain(problem, mixture), sensitivity(problem)
        shares = explain_shares(problem, mixture) if options.report else ()
        advice = advise(problem, mixture, store) if options.report or not options.json else ()
    findings = Findings(comparisons, reasons, steps, shares=shares, advice=advice, machine=machine)
    if options.report:
        _report(problem, mixture, findings, options.report)
    if options.output == "-":
        return 0
    if options.json:
        from atlasmix.cli.terminal import print_json
        from atlasmix.recipe.file import answer_data
        from atlasmix.report.answer import cost_data

        cost = cost_data(mixture, machine)
        print_json({**answer_data(recipe, mixture, reasons, steps), "training": cost})
    else:
        _print(problem, mixture, findings, options.output)
    return 0


def _seconds(written: str | None) -> float:
    from atlasmix.io.plain_data import as_number

    return TIME_LIMIT if written is None else as_number(written, "--time-limit", "60")


TIME_LIMIT = 600.0
"""Seconds that a search may take here unless somebody says otherwise: our choice; what is usual
takes one or two."""


def _print(problem: MixProblem, mixture: Mixture, findings: Findings, saved: str | None) -> None:
    from rich.text import Text

    from atlasmix.cli.terminal import print_text
    from atlasmix.report.answer import answer_report
    from atlasmix.report.terminal import terminal_parts

    last = Text("\nAdd --output recipe.yaml to keep this answer as a recipe.", style="dim")
    if saved:
        last = Text(f"\nRecipe written to {saved}.")
    more = ""
    if mixture.uncertainty is None:
        more = "\nAdd --draws 256 for intervals, and for the regret of this mixture."
    parts = terminal_parts(answer_report(problem, mixture, findings).blocks)
    print_text(*parts, *([Text(more, style="dim")] if more else []), last)


def _check(report: str) -> None:
    from pathlib import Path

    from atlasmix.report.report import check_report

    check_report(Path(report))


def _report(problem: MixProblem, mixture: Mixture, findings: Findings, path: str) -> None:
    """Write the whole answer, and say so on stderr: stdout stays what it is without."""
    import dataclasses

    from atlasmix.cli.terminal import say, working
    from atlasmix.problem.command import solve_command
    from atlasmix.problem.link import short_question
    from atlasmix.report.answer import answer_report
    from atlasmix.report.findings import models_beside

    with working("writing the report"):
        whole = dataclasses.replace(
            findings,
            published=models_beside(problem),
            command=solve_command(short_question(problem)),
        )
        answer_report(problem, mixture, whole).save(path)
    say(f"report written to {path}")


def _write(recipe: Recipe, output: str) -> None:
    from pathlib import Path

    from atlasmix.io.files import write_atomic
    from atlasmix.recipe.file import dump_recipe

    if output == "-":
        print(dump_recipe(recipe), end="")
    else:
        write_atomic(Path(output), dump_recipe(recipe))

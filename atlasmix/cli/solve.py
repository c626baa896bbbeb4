"""``atlasmix solve``: the best mixture for the targets, with its proof."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import (
    add_hardware_options,
    add_question_options,
    machine_of,
    question_of,
)

if TYPE_CHECKING:
    from atlasmix.recipe.recipe import Recipe

EXAMPLE = """\
atlasmix solve --target cat
atlasmix solve --target cat:2,spa --budget 300B --max eng=20% --output r.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    add_question_options(parser)
    group = parser.add_argument_group("output")
    group.add_argument(
        "--compare-with",
        metavar="NAME",
        action="append",
        help="a published mixture to compare with (atlasmix mixtures list); repeatable",
    )
    group.add_argument("--output", metavar="FILE", help="write the recipe (YAML); - is stdout")
    add_hardware_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Solve, write the recipe if asked, and print the report."""
    from atlasmix.cli.terminal import working
    from atlasmix.evidence.published import published
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.comparison import compare
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.sensitivity import sensitivity
    from atlasmix.mixture.solve import solve
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.recipe.recipe import make_recipe
    from atlasmix.solver.compute import at_compute

    others = tuple(published(name) for name in options.compare_with or ())
    machine = machine_of(options)
    problem = problem_from_mapping(question_of(options), Store(options.store))
    with working("solving"):
        problem = at_compute(problem)
        mixture = solve(problem)
        comparisons = compare(problem, others)
    recipe = make_recipe(problem, mixture, comparisons)
    if options.output:
        _write(recipe, options.output)
        if options.output == "-":
            return 0
    with working("trying other scores and other constants"):
        reasons, steps = explain(problem, mixture), sensitivity(problem)
    if options.json:
        from atlasmix.cli.terminal import print_json
        from atlasmix.recipe.file import answer_data
        from atlasmix.report.answer import cost_data

        cost = cost_data(mixture, machine)
        print_json({**answer_data(recipe, mixture, reasons, steps), "training": cost})
        return 0
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.answer import Report, report

    saved = options.output or ""
    found = Report(problem, mixture, comparisons, reasons, steps, saved, machine)
    print_text(*report(found))
    return 0


def _write(recipe: Recipe, output: str) -> None:
    from pathlib import Path

    from atlasmix.io.files import write_atomic
    from atlasmix.recipe.file import dump_recipe

    if output == "-":
        print(dump_recipe(recipe), end="")
    else:
        write_atomic(Path(output), dump_recipe(recipe))

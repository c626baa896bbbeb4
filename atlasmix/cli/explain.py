"""``atlasmix explain``: why each donor is in the mixture, and what would push it out."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import add_question_options, question_of

EXAMPLE = """\
atlasmix explain --target cat
atlasmix explain recipe.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="take the question of this recipe"
    )
    add_question_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Solve, and print the donors and a reason for each."""
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.solve import solve
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.solver.compute import at_compute

    options.problem = options.recipe or options.problem
    problem = problem_from_mapping(question_of(options), Store(options.store))
    with working("solving"):
        problem = at_compute(problem)
        mixture = solve(problem)
    with working("trying other scores"):
        reasons = explain(problem, mixture)
    if options.json:
        print_json([dataclasses.asdict(reason) for reason in reasons])
        return 0
    from atlasmix.report.answer import explanation_report
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(explanation_report(problem, mixture, reasons).blocks))
    return 0

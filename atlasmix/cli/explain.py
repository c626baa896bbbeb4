"""``atlasmix explain``: why each share is what it is, and what would push a donor out."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import add_question_options, question_of

EXAMPLE = """\
atlasmix explain --target cat
atlasmix explain --target cat --language eng,por
atlasmix explain recipe.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="take the question of this recipe"
    )
    parser.add_argument(
        "--language",
        metavar="LANG,...",
        help="tell of these languages alone, each in sentences, also of some left out",
    )
    add_question_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Solve, and print why each share is what it is, and a reason for each donor."""
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.store import Store
    from atlasmix.languages.resolving import resolve
    from atlasmix.mixture.explain import explain
    from atlasmix.mixture.shares import explain_shares
    from atlasmix.mixture.solve import solve
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.solver.compute import at_compute

    options.problem = options.recipe or options.problem
    problem = problem_from_mapping(question_of(options), Store(options.store))
    words = [word.strip() for word in (options.language or "").split(",") if word.strip()]
    labels = problem.transfer.keys  # of a matrix between domains, which are no languages
    chosen = tuple(word if word in labels else str(resolve(word)) for word in words)
    with working("solving"):
        problem = at_compute(problem)
        mixture = solve(problem)
    with working("trying other scores"):
        reasons = explain(problem, mixture)
        shares = explain_shares(problem, mixture, chosen)
    if options.json:
        print_json(
            {
                "shares": [dataclasses.asdict(each) for each in shares],
                "donors": [dataclasses.asdict(each) for each in reasons],
            }
        )
        return 0
    from atlasmix.report.answer import explanation_report
    from atlasmix.report.terminal import terminal_parts

    report = explanation_report(problem, mixture, reasons, shares, chosen)
    print_text(*terminal_parts(report.blocks))
    return 0

"""``atlasmix route``: donor or synthetic, what the next tokens of every kind are worth."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import add_draw_options, add_question_options, question_of

EXAMPLE = """\
atlasmix route --target cat
atlasmix route --target glg --budget 300B --step 5B --generator-params 8B"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    add = parser.add_argument_group("the step").add_argument
    add("--step", metavar="TOKENS", help="tokens read more of each kind (default: 1B)")
    add(
        "--generator-params",
        metavar="N",
        help="parameters of the model that writes or translates (default: 8B)",
    )
    add_question_options(parser)
    add_draw_options(parser)
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Work out the routes, and print them."""
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.routes import GENERATOR_PARAMS, routes
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.quantities import parse_quantity
    from atlasmix.report.routes import routes_blocks
    from atlasmix.report.terminal import terminal_parts

    problem = problem_from_mapping(question_of(options), Store(options.store))
    step = parse_quantity(options.step or "1B", "--step")
    generator = GENERATOR_PARAMS
    if options.generator_params:
        generator = parse_quantity(options.generator_params, "--generator-params")
    with working("working out the routes"):
        outlook = routes(problem, step, generator)
    if options.json:
        print_json(dataclasses.asdict(outlook))
        return 0
    print_text(*terminal_parts(routes_blocks(problem, outlook)))
    return 0

"""``atlasmix check``: whether a recipe still holds with today's evidence."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store

EXAMPLE = "atlasmix check recipe.yaml"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe that solve --output wrote")
    add_store(parser)
    add_json(parser)
    parser.epilog = (
        "Exit status 0: it holds; 1: it was edited, has drifted, is broken, or was solved\n"
        f"under a law that is gone.\n\n{parser.epilog}"
    )


def execute(options: argparse.Namespace) -> int:
    """Validate, solve again, compare; 0 only where the recipe holds."""
    import dataclasses
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.check import check
    from atlasmix.recipe.file import load_recipe

    path = Path(options.recipe)
    recipe = load_recipe(path)
    with working("solving again"):
        report = check(recipe, Store(options.store))
    if options.json:
        print_json({"recipe": path.name, **dataclasses.asdict(report)})
    else:
        from atlasmix.report.recipes import check_blocks
        from atlasmix.report.terminal import terminal_parts

        print_text(*terminal_parts(check_blocks(path.name, report)))
    return 0 if report.verdict == "holds" else 1

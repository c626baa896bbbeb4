"""``atlasmix check``: whether a recipe still holds with today's evidence."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = """\
atlasmix check recipe.yaml
atlasmix check scenarios.zip"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a recipe that solve --output wrote, or a file of scenarios (ZIP) of the explorer",
    )
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
    from atlasmix.recipe.scenario_file import is_scenarios_file

    path = Path(options.recipe)
    if is_scenarios_file(path):
        return _scenarios(path, options)
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


def _scenarios(path: Path, options: argparse.Namespace) -> int:
    """Check the recipe of every scenario of a file, over its own tables; 0 where all hold."""
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.evidence.overlay import Overlay
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.check import check
    from atlasmix.recipe.scenario_file import load_scenarios
    from atlasmix.report.recipes import check_blocks
    from atlasmix.report.terminal import terminal_parts

    opened = load_scenarios(path, Overlay(Store(options.store).location))
    with working("solving again"):
        reports = {name: check(recipe, opened.store) for name, recipe in opened.recipes.items()}
    unanswered = [each.name for each in opened.scenarios if each.name not in reports]
    if options.json:
        checked = [
            {"scenario": name, **dataclasses.asdict(report)} for name, report in reports.items()
        ]
        print_json({"file": path.name, "recipes": checked, "without_recipe": unanswered})
    else:
        for name, report in reports.items():
            print_text(*terminal_parts(check_blocks(name, report)))
        for name in unanswered:
            print_text(f"{name}: no recipe, for it had no answer when the file was written.")
    held = all(report.verdict == "holds" for report in reports.values())
    return 0 if held and reports else 1

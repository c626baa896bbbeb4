"""``atlasmix compare``: two recipes side by side."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store

EXAMPLE = "atlasmix compare recipe-100b.yaml recipe-300b.yaml"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("a", metavar="A", help="a recipe")
    parser.add_argument("b", metavar="B", help="another recipe")
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print what sets the recipes apart."""
    import dataclasses
    from pathlib import Path

    from atlasmix.cli.printing import print_json, print_text
    from atlasmix.evidence import Store
    from atlasmix.recipes.difference import difference
    from atlasmix.recipes.recipe_file import load_recipe

    paths = Path(options.a), Path(options.b)
    a, b = load_recipe(paths[0]), load_recipe(paths[1])
    found = difference(a, b, Store(options.store))
    if options.json:
        print_json(dataclasses.asdict(found))
        return 0
    from atlasmix.views.recipe_reports import difference_parts

    print_text(*difference_parts((paths[0].name, paths[1].name), found))
    return 0

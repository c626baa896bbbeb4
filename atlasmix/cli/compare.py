"""``atlasmix compare``: two recipes, or imported mixtures, side by side."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store

EXAMPLE = "atlasmix compare recipe-100b.yaml recipe-300b.yaml"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("a", metavar="A", help="a recipe or mixture file")
    parser.add_argument("b", metavar="B", help="another")
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print what sets the recipes apart."""
    import dataclasses
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.as_mixture import read_given
    from atlasmix.recipe.difference import difference
    from atlasmix.recipe.difference_given import difference_given

    paths = Path(options.a), Path(options.b)
    (mixture_a, a), (mixture_b, b) = read_given(paths[0]), read_given(paths[1])
    if a is not None and b is not None:
        found = difference(a, b, Store(options.store))
    else:
        one, other = a or mixture_a, b or mixture_b
        assert one is not None
        assert other is not None
        found = difference_given(one, other, Store(options.store))
    if options.json:
        print_json(dataclasses.asdict(found))
        return 0
    from atlasmix.report.recipes import difference_parts

    print_text(*difference_parts((paths[0].name, paths[1].name), found))
    return 0

"""``atlasmix compare``: two mixtures side by side: recipes, mixture files, published mixtures."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store

EXAMPLE = """\
atlasmix compare recipe-100b.yaml recipe-300b.yaml
atlasmix compare recipe.yaml mixture.yaml --by pool
atlasmix compare recipe.yaml salamandra-7b"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "a",
        metavar="A",
        help="a recipe, a mixture file, or the name of a published mixture (atlasmix mixtures "
        "list); a file comes first",
    )
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument(
        "--by",
        choices=("language", "pool"),
        default="language",
        help="one line a language (default) or a pool; published mixtures have no pools",
    )
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print what sets the two apart."""
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.compare import compare_mixtures, comparison_data, find_mixture

    names = Path(options.a).name, Path(options.b).name
    a, b = find_mixture(options.a), find_mixture(options.b)
    mixtures = compare_mixtures(a, b, Store(options.store), names)
    if options.json:
        print_json(comparison_data(mixtures, options.by))
        return 0
    from atlasmix.report.difference import comparison_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(comparison_blocks(names, mixtures, options.by)))
    return 0

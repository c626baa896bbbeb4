"""``atlasmix compare``: two mixtures side by side: recipes, mixture files, published mixtures."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store

if TYPE_CHECKING:
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.compare import AnyMixture

EXAMPLE = """\
atlasmix compare recipe-100b.yaml recipe-300b.yaml
atlasmix compare recipe.yaml mixture.yaml --by pool
atlasmix compare recipe.yaml salamandra-7b
atlasmix compare recipe.yaml megatron:datamix.txt --mapping map.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "a",
        metavar="A",
        help="a recipe, a mixture file, a framework's own file as FORMAT:FILE, or the name of a "
        "published mixture or of one of your own (atlasmix mixtures list); a file comes first",
    )
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument(
        "--by",
        choices=("language", "pool"),
        default="language",
        help="one line a language (default) or a pool; published mixtures have no pools",
    )
    group = parser.add_argument_group("a framework's own file, as megatron:datamix.txt")
    group.add_argument("--mapping", metavar="FILE", help="rules of prefixes, or an expected.json")
    group.add_argument("--pattern", metavar="TEXT", help="one rule instead")
    group.add_argument("--counts", metavar="PLACE", help="unique tokens by prefix")
    group.add_argument("--weights-are", metavar="WORD", help="of a plain list: shares, percent ...")
    group.add_argument(
        "--tokens-per-document", metavar="N", help="where weights are shares of documents"
    )
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print what sets the two apart."""
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.recipe.compare import compare_mixtures, comparison_data

    names = Path(options.a).name, Path(options.b).name
    store = Store(options.store)
    a, b = (_mixture(name, options, store) for name in (options.a, options.b))
    mixtures = compare_mixtures(a, b, store, names)
    if options.json:
        print_json(comparison_data(mixtures, options.by))
        return 0
    from atlasmix.report.difference import comparison_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(comparison_blocks(names, mixtures, options.by)))
    return 0


def _mixture(name: str, options: argparse.Namespace, store: Store) -> AnyMixture:
    """One side: of a framework's own file its format stands before the name."""
    from atlasmix.recipe.compare import find_mixture

    form, colon, file = name.partition(":")
    if not colon or not file:
        return find_mixture(name, store)
    from pathlib import Path

    from atlasmix.cli.reading_options import quantity
    from atlasmix.interop.importers.reading import FORMATS, Request, import_mixture

    if form not in FORMATS:
        return find_mixture(name, store)
    return import_mixture(
        Request(
            path=Path(file),
            form=form,
            mapping=Path(options.mapping) if options.mapping else None,
            pattern=options.pattern or "",
            counts=Path(options.counts) if options.counts else None,
            tokens_per_document=quantity(options.tokens_per_document, "--tokens-per-document"),
            weights_are=options.weights_are or "",
        )
    )

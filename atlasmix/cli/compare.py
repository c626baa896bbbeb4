"""``atlasmix compare``: two mixtures side by side, or the scenarios of one file."""

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
atlasmix compare recipe.yaml megatron:datamix.txt --mapping map.yaml
atlasmix compare scenarios.zip --against Base"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "a",
        metavar="A",
        help="a recipe, a mixture file, a framework's own file as FORMAT:FILE, or the name of a "
        "published mixture or of one of your own (atlasmix mixtures list); a file comes first; or, "
        "alone, a file of scenarios (ZIP) that the explorer wrote",
    )
    parser.add_argument("b", metavar="B", nargs="?", help="another; none beside scenarios")
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
    scenarios = parser.add_argument_group("a file of scenarios")
    scenarios.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        help="this one, again for each (default: the first four)",
    )
    scenarios.add_argument(
        "--against", metavar="NAME", help="what the others are compared with (default: the first)"
    )
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Print what sets the two apart, or the scenarios of a file."""
    from pathlib import Path

    from atlasmix.recipe.scenario_file import is_scenarios_file

    if is_scenarios_file(Path(options.a)):
        return _scenarios(options)
    _refuse_scenario_options(options)

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


def _refuse_scenario_options(options: argparse.Namespace) -> None:
    from atlasmix.errors import DataError

    for word in ("only", "against"):
        if getattr(options, word) is not None:
            raise DataError(f"--{word} is of a file of scenarios, which {options.a[:80]!r} is not")
    if options.b is None:
        raise DataError(
            f"{options.a[:80]!r} stands alone: name another mixture to compare it with, or a file "
            "of scenarios (ZIP)"
        )


def _scenarios(options: argparse.Namespace) -> int:
    """Print the scenarios of a file side by side."""
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text, working
    from atlasmix.errors import DataError
    from atlasmix.evidence.overlay import Overlay
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.scenarios import answer_scenario
    from atlasmix.problem.scenarios import choose
    from atlasmix.recipe.scenario_file import load_scenarios
    from atlasmix.report.scenarios import scenarios_blocks, scenarios_data
    from atlasmix.report.terminal import terminal_parts

    if options.b is not None:
        raise DataError(
            f"{options.a[:80]!r} is a file of scenarios: it is compared by itself, with --only and "
            "--against; the recipes in it can be unpacked"
        )
    opened = load_scenarios(Path(options.a), Overlay(Store(options.store).location))
    scenarios, against = choose(opened.scenarios, options.only, options.against)
    with working("solving"):
        answered = [answer_scenario(each, opened.store) for each in scenarios]
    if options.json:
        print_json(scenarios_data(answered, against))
    else:
        print_text(*terminal_parts(scenarios_blocks(answered, against)))
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

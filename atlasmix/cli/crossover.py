"""``atlasmix crossover``: train from scratch, or finetune a multilingual checkpoint?"""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store

EXAMPLE = """\
atlasmix crossover --target spa --params 2B
atlasmix crossover --target spa --params 2B --tokens 300B"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--target", metavar="LANG", required=True, help="the one language, by code or name")
    add("--params", metavar="N", default="2B", help="parameters with embeddings (default: 2B)")
    add("--tokens", metavar="D", help="tokens of the language that you would read")
    add("--inventory", metavar="NAME", help="whose unique tokens are shown (default: web-2026)")
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Look up, compare, and print."""
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.shelf import DEFAULT_INVENTORY
    from atlasmix.evidence.store import Store
    from atlasmix.languages.resolving import resolve
    from atlasmix.laws.crossover import crossover
    from atlasmix.quantities import parse_quantity

    language = str(resolve(options.target))
    tokens = None if options.tokens is None else parse_quantity(options.tokens, "--tokens")
    params = parse_quantity(options.params, "--params")
    inventory = Store(options.store).inventory(options.inventory or DEFAULT_INVENTORY)
    human = inventory.select(languages=(language,), provenances=("human",))
    unique = sum(pool.unique_tokens for pool in human)
    answer = crossover(language, params, tokens, unique)
    if options.json:
        from atlasmix.report.laws import crossover_data

        print_json(crossover_data(answer, inventory.name, unique))
        return 0
    from rich.text import Text

    from atlasmix.report.laws import crossover_blocks, crossover_source
    from atlasmix.report.terminal import terminal_parts

    source = Text(f"\n{crossover_source(answer)}", style="dim")
    print_text(*terminal_parts(crossover_blocks(answer, inventory.name, unique)), source)
    return 0

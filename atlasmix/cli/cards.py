"""``atlasmix cards``: a recipe or mixture as a data card."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json

EXAMPLE = """\
atlasmix cards recipe.yaml --to croissant -o croissant.json
atlasmix cards recipe.yaml --to eu-summary -o summary.md"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe, or a mixture file")
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        required=True,
        help="croissant, spdx, huggingface, prov or eu-summary",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default="-",
        help="where the card goes (default: - is stdout); Croissant's table of pools goes beside "
        "it, with the ending .csv",
    )
    parser.add_argument("--name", help="of the data set on the card (default: the file's)")
    parser.add_argument(
        "--date", metavar="YYYY-MM-DD", help="on the card; without it no card carries a date"
    )
    parser.add_argument(
        "--licence", metavar="TEXT", help="of the mixture you publish: SPDX id or address"
    )
    parser.add_argument("--url", metavar="ADDRESS", help="where you publish it")
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Make the card and write it, or print it."""
    from pathlib import Path

    from atlasmix.cli.terminal import print_json
    from atlasmix.errors import ProblemError
    from atlasmix.interop.cards.facts import CardOptions, facts_of_mixture, facts_of_recipe
    from atlasmix.interop.cards.making import make_card
    from atlasmix.io.files import write_atomic
    from atlasmix.recipe.as_mixture import read_given

    path = Path(options.recipe)
    mixture, recipe = read_given(path)
    card_options = CardOptions(
        options.name or "", options.date or "", options.licence or "", options.url or ""
    )
    if recipe is not None:
        facts = facts_of_recipe(recipe, path.name, card_options)
    else:
        assert mixture is not None
        facts = facts_of_mixture(mixture, card_options)
    output = Path("card.json" if options.output == "-" else options.output)
    files = make_card(facts, options.to, output.name)
    if options.output == "-":
        if len(files) > 1 and not options.json:
            raise ProblemError(
                f"a {options.to} card is {len(files)} files, {' and '.join(files)}: give --output "
                "FILE"
            )
        if options.json:
            print_json(files)
        else:
            print(files[output.name], end="")
        return 0
    for name, text in files.items():
        write_atomic(output.with_name(name), text)
    written = [str(output.with_name(name)) for name in files]
    if options.json:
        print_json({"files": written})
    else:
        print(f"wrote {' and '.join(written)}")
    return 0

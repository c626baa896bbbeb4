"""``atlasmix matrices``: the transfer matrices on the shelf."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser
from atlasmix.cli.shelf_actions import Shelf, add_shelf_actions

if TYPE_CHECKING:
    from atlasmix.evidence import TransferMatrix

EXAMPLE = "atlasmix matrices show atlas-2025 --target cat"
_PAIRS = ("stderr", "files", "extra")  # of a card: tuples of pairs that are mappings


_SHELF = Shelf(
    command="matrices",
    noun="matrix",
    default="atlas-2025",
    about=(
        "one line about each matrix",
        "what a matrix says, and the donors of a target",
        "check your own scores and put them on the shelf",
    ),
    example=EXAMPLE,
    table="CSV or Parquet: source, target, score[, stderr, status], or square",
    card="YAML: what the scores mean",
)


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_shelf_actions(parser, _SHELF, _list, _show)
    actions["show"].add_argument(
        "--target", metavar="LANG", help="list every donor of this language, best first"
    )


def _list(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.printing import print_json, print_text
    from atlasmix.evidence import Store

    found = Store(options.store).list_matrices()
    if options.json:
        print_json([dataclasses.asdict(one) for one in found])
        return 0
    from atlasmix.views.evidence_tables import matrices_table

    print_text(matrices_table(found), "\natlasmix matrices show NAME says what its scores mean.")
    return 0


def _show(options: argparse.Namespace) -> int:
    from atlasmix.cli.printing import print_json, print_text
    from atlasmix.evidence import Store
    from atlasmix.recipes.words import Vocabulary

    matrix = Store(options.store).matrix(options.name)
    target = Vocabulary(matrix).key(options.target, "--target") if options.target else ""
    if options.json:
        print_json(_as_data(matrix, target))
        return 0
    from atlasmix.views.evidence_tables import card_text, donors_table
    from atlasmix.views.words import named, scale_words

    if target:
        share = matrix.is_predicted_share(target)
        table = donors_table(matrix, target)
        title = f"Donors of {named(target)} in {matrix.name} ({matrix.card.metric}), best first"
        measured = f"{1 - share:.0%} of these scores are measured, {share:.0%} predicted."
        print_text(title, "", table, "", measured)
        return 0
    facts = (
        ("metric", matrix.card.metric),
        ("scale", scale_words(*matrix.card.range)),
        ("size", f"{len(matrix.keys)} x {len(matrix.keys)}: {', '.join(matrix.keys)}"),
        ("measured", f"{matrix.count('measured'):,} pairs"),
        ("predicted", f"{matrix.count('predicted'):,} pairs"),
        ("SHA-256", matrix.sha256),
    )
    print_text(card_text(matrix.name, matrix.card, facts))
    return 0


def _as_data(matrix: TransferMatrix, target: str) -> dict[str, object]:
    import dataclasses

    pairs = [
        {"source": source, "target": key, **dataclasses.asdict(score)}
        for key in ((target,) if target else matrix.keys)
        for source, score in matrix.donors(key)
    ]
    card = dataclasses.asdict(matrix.card)
    return {
        "name": matrix.name,
        "sha256": matrix.sha256,
        "keys": matrix.keys,
        "card": {key: dict(card[key]) if key in _PAIRS else card[key] for key in card},
        "pairs": pairs,
    }

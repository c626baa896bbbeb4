"""``atlasmix matrices``: the transfer matrices on the shelf."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store

if TYPE_CHECKING:
    from atlasmix.evidence import TransferMatrix

EXAMPLE = "atlasmix matrices show atlas-2025 --target cat"
_PAIRS = ("stderr", "files", "extra")  # of a card: tuples of pairs that are mappings


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(
        parser,
        {
            "list": ("one line about each matrix", "atlasmix matrices list --json"),
            "show": (
                "what a matrix says, and the donors of a target",
                "atlasmix matrices show atlas-2025 --target cat",
            ),
            "add": (
                "check your own scores and put them on the shelf",
                "atlasmix matrices add scores.csv --card card.yaml --name mine",
            ),
            "verify": ("check card, hash and every row again", "atlasmix matrices verify mine"),
            "remove": ("take one of your own off the shelf", "atlasmix matrices remove mine"),
        },
    )
    for name, run in (
        ("list", _list),
        ("show", _show),
        ("add", _add),
        ("verify", _verify),
        ("remove", _remove),
    ):
        add_store(actions[name])
        actions[name].set_defaults(execute=run)
    for name in ("show", "verify"):
        actions[name].add_argument("name", nargs="?", default="default", help="default: atlas-2025")
    actions["remove"].add_argument("name", help="name on the shelf")
    actions["show"].add_argument(
        "--target", metavar="LANG", help="list every donor of this language, best first"
    )
    actions["add"].add_argument(
        "table", help="CSV or Parquet: source, target, score[, stderr, status], or square"
    )
    actions["add"].add_argument("--card", required=True, help="YAML: what the scores mean")
    actions["add"].add_argument("--name", help="name on the shelf (default: the card's)")
    for name in ("list", "show", "verify"):
        add_json(actions[name])


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


def _add(options: argparse.Namespace) -> int:
    from atlasmix.cli.printing import lasting
    from atlasmix.evidence import Store

    store = Store(options.store)
    label = store.user_place().label
    name = store.add_matrix(options.table, options.card, options.name)
    print(f"added matrix {name} to {label}; use it with --matrix {name}{lasting(label)}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from atlasmix.cli.verifying import verify

    return verify(options)


def _remove(options: argparse.Namespace) -> int:
    from atlasmix.evidence import Store

    Store(options.store).remove_matrix(options.name)
    print(f"removed matrix {options.name}")
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

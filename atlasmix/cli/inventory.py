"""``atlasmix inventory``: the token inventories on the shelf."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser
from atlasmix.cli.shelf_actions import Shelf, add_shelf_actions

EXAMPLE = "atlasmix inventory show web-2026 --language cat"


_SHELF = Shelf(
    command="inventory",
    noun="inventory",
    default="web-2026",
    about=(
        "one line about each inventory",
        "what an inventory counts, and the pools of a language",
        "check your own counts and put them on the shelf",
    ),
    example=EXAMPLE,
    table="CSV or Parquet: language, provenance, corpus, unique_tokens, unit, obtained",
    card="YAML: what is counted, and how",
)


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_shelf_actions(parser, _SHELF, _list, _show)
    actions["show"].add_argument(
        "--language", metavar="LANG", action="append", help="only its pools; repeatable"
    )
    actions["show"].add_argument("--pools", action="store_true", help="list every pool")


def _list(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store

    inventories = Store(options.store).list_inventories()
    if options.json:
        print_json(
            [
                {
                    **dataclasses.asdict(each),
                    "provenances": dict(each.provenances),
                    "obtained": dict(each.obtained),
                }
                for each in inventories
            ]
        )
        return 0
    from atlasmix.report.evidence import inventories_table

    print_text(
        inventories_table(inventories),
        "\natlasmix inventory show NAME says what it counts and how.",
    )
    return 0


def _show(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.languages.resolving import resolve

    inventory = Store(options.store).inventory(options.name)
    wanted = None
    if options.language and inventory.card.axis == "language":
        wanted = [str(resolve(text)) for text in options.language]
    elif options.language:
        wanted = options.language
    pools = inventory.select(languages=wanted)
    if options.json:
        head = {"name": inventory.name, "sha256": inventory.sha256}
        print_json({**head, "pools": [dataclasses.asdict(pool) for pool in pools]})
        return 0
    from atlasmix.report.evidence import card_text, inventory_facts, pools_table

    if wanted is None and not options.pools:
        facts = (*inventory_facts(inventory), ("SHA-256", inventory.sha256))
        hint = "\natlasmix inventory show NAME --pools lists every pool."
        print_text(card_text(inventory.name, inventory.card, facts), hint)
    elif not pools:
        print(f"no pool of {', '.join(wanted or ())} in inventory {inventory.name}")
    else:
        print_text(pools_table(pools))
    return 0

"""``atlasmix inventory``: the token inventories on the shelf."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store

EXAMPLE = "atlasmix inventory show web-2026 --language cat"


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(
        parser,
        {
            "list": ("one line about each inventory", "atlasmix inventory list --json"),
            "show": (
                "what an inventory counts, and the pools of a language",
                "atlasmix inventory show web-2026 --language cat",
            ),
            "add": (
                "check your own counts and put them on the shelf",
                "atlasmix inventory add pools.csv --card card.yaml --name mine",
            ),
            "verify": ("check card, hash and every row again", "atlasmix inventory verify mine"),
            "remove": ("take one of your own off the shelf", "atlasmix inventory remove mine"),
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
        actions[name].add_argument("name", nargs="?", default="default", help="default: web-2026")
    actions["remove"].add_argument("name", help="name on the shelf")
    actions["show"].add_argument(
        "--language", metavar="LANG", action="append", help="only its pools; repeatable"
    )
    actions["show"].add_argument("--pools", action="store_true", help="list every pool")
    actions["add"].add_argument(
        "table", help="CSV or Parquet: language, provenance, corpus, unique_tokens, unit, obtained"
    )
    actions["add"].add_argument("--card", required=True, help="YAML: what is counted, and how")
    actions["add"].add_argument("--name", help="name on the shelf (default: the card's)")
    for name in ("list", "show", "verify"):
        add_json(actions[name])


def _list(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.printing import print_json, print_text
    from atlasmix.evidence import Store

    found = Store(options.store).list_inventories()
    if options.json:
        print_json(
            [
                {
                    **dataclasses.asdict(one),
                    "provenances": dict(one.provenances),
                    "obtained": dict(one.obtained),
                }
                for one in found
            ]
        )
        return 0
    from atlasmix.views.evidence_tables import inventories_table

    print_text(
        inventories_table(found), "\natlasmix inventory show NAME says what it counts and how."
    )
    return 0


def _show(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.printing import print_json, print_text
    from atlasmix.evidence import Store
    from atlasmix.languages import resolve

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
    from atlasmix.views.evidence_tables import card_text, inventory_facts, pools_table

    if wanted is None and not options.pools:
        facts = (*inventory_facts(inventory), ("SHA-256", inventory.sha256))
        hint = "\natlasmix inventory show NAME --pools lists every pool."
        print_text(card_text(inventory.name, inventory.card, facts), hint)
    elif not pools:
        print(f"no pool of {', '.join(wanted or ())} in inventory {inventory.name}")
    else:
        print_text(pools_table(pools))
    return 0


def _add(options: argparse.Namespace) -> int:
    from atlasmix.cli.printing import lasting
    from atlasmix.evidence import Store

    store = Store(options.store)
    label = store.user_place().label
    name = store.add_inventory(options.table, options.card, options.name)
    print(f"added inventory {name} to {label}; use it with --inventory {name}{lasting(label)}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from atlasmix.cli.verifying import verify

    return verify(options)


def _remove(options: argparse.Namespace) -> int:
    from atlasmix.evidence import Store

    Store(options.store).remove_inventory(options.name)
    print(f"removed inventory {options.name}")
    return 0

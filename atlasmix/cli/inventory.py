"""``atlasmix inventory``: the token inventories on the shelf."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser
from atlasmix.cli.shelf_actions import Shelf, add_shelf_actions

if TYPE_CHECKING:
    from atlasmix.fitting.law_inventory import LawInventory
    from atlasmix.interop.corpora.corpus_inventory import CorpusInventory

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
    table="CSV, JSON Lines, Parquet or Excel, several are one table: language, provenance, corpus, "
    "unique_tokens, unit, obtained",
    card="YAML: what is counted, and how",
)


_OF_LAW = "learned-law"
"""Form of a law's file, beside those of folders."""


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_shelf_actions(parser, _SHELF, _list, _show)
    actions["show"].add_argument(
        "--language", metavar="LANG", action="append", help="only its pools; repeatable"
    )
    add = actions["add"]
    add.add_argument(
        "--from",
        dest="form",
        metavar="FORM",
        help="the table is a folder of counted text, megatron-idx (.idx files) or hplt-analytics "
        "(YAML reports), or learned-law, the file of a law whose runs said unique tokens; a card "
        "is written for it",
    )
    add.add_argument("--tokenizer", metavar="NAME", help="whose tokens megatron-idx counts")
    add.add_argument(
        "--mapping", metavar="FILE", help="YAML rules from prefix to language, as import takes"
    )
    add.add_argument(
        "--pattern", metavar="TEXT", help="one rule, as '{corpus}/{language}_{script}'"
    )
    add.add_argument(
        "--provenance",
        metavar="WORD",
        default="unknown",
        help="where no rule says it (default: unknown)",
    )
    add.set_defaults(execute=_add)
    actions["show"].add_argument("--pools", action="store_true", help="list every pool")


def _add(options: argparse.Namespace) -> int:
    """Add a table, or the counts of a folder."""
    from atlasmix.cli.shelf_actions import add_entry
    from atlasmix.errors import ProblemError

    if options.form == _OF_LAW:
        return _add_law(options)
    if options.form:
        return _add_folder(options)
    if options.tokenizer or options.mapping or options.pattern:
        raise ProblemError(
            "--tokenizer, --mapping and --pattern are of a folder of counted text: say which it "
            "is, --from megatron-idx or --from hplt-analytics"
        )
    return add_entry(options)


def _add_folder(options: argparse.Namespace) -> int:
    """Count a folder, and put its pools on the shelf with a card of their own."""
    from pathlib import Path

    from atlasmix.cli.terminal import working
    from atlasmix.errors import ProblemError
    from atlasmix.interop.corpora.corpus_inventory import (
        FORMS,
        CountedFolder,
        check_form,
        inventory_of,
    )

    if options.column or options.sheet or options.add_up or options.new_card:
        raise ProblemError(
            "--column, --sheet, --add-up and --new-card are of tables: a folder of counts has none "
            "of these"
        )
    if len(options.table) > 1:
        raise ProblemError(
            f"{len(options.table)} folders of counts: expected one; add each under a name of its "
            "own, and solve with both"
        )
    check_form(options.form, (*FORMS, _OF_LAW))
    folder = CountedFolder(
        path=Path(options.table[0]),
        form=options.form,
        tokenizer=options.tokenizer or "",
        mapping=Path(options.mapping) if options.mapping else None,
        pattern=options.pattern or "",
        provenance=options.provenance,
    )
    with working("counting"):
        made = inventory_of(folder)
    return _put(options, made)


def _add_law(options: argparse.Namespace) -> int:
    """The unique tokens that the runs behind a law stated."""
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.fitting.law_file import load_learned_law
    from atlasmix.fitting.law_inventory import law_inventory

    said = (options.column, options.sheet, options.add_up, options.new_card, options.mapping)
    if any(said) or options.tokenizer or options.pattern or len(options.table) > 1:
        raise ProblemError(
            "--from learned-law takes the file of one law and no rule for tables or folders"
        )
    return _put(
        options, law_inventory(load_learned_law(Path(options.table[0])), options.provenance)
    )


def _put(options: argparse.Namespace, made: CorpusInventory | LawInventory) -> int:
    """Put what was made onto the shelf, and say what was left out."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from atlasmix.cli.shelf_actions import say_added
    from atlasmix.evidence.store import Store

    store = Store(options.store)
    with TemporaryDirectory() as place:
        table, card = Path(place, "pools.csv"), Path(place, "card.yaml")
        table.write_bytes(made.table)
        card.write_text(made.card, encoding="utf-8")
        name = store.add_inventory(table, Path(options.card or card), options.name)
    print(*(f"{note}." for note in made.notes), sep="\n", end="\n" * bool(made.notes))
    say_added(options, store, name)
    return 0


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

"""What ``atlasmix matrices`` and ``atlasmix inventory`` do alike: actions, add, verify, remove."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store
from atlasmix.cli.reading_options import add_columns, columns_of

if TYPE_CHECKING:
    from atlasmix.evidence.store import Store

Action = Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of evidence as its command speaks of it.

    Attributes:
        command: ``matrices`` or ``inventory``.
        noun: ``matrix`` or ``inventory``, which is also the option that uses an entry.
        default: the entry shown where none is named.
        about: help of the actions ``list``, ``show`` and ``add``.
        example: of ``show``.
        table, card: what the files of ``add`` hold.
    """

    command: str
    noun: str
    default: str
    about: tuple[str, str, str]
    example: str
    table: str
    card: str


def add_shelf_actions(
    parser: Parser,
    shelf: Shelf,
    listing: Action,
    show: Action,
    further: dict[str, tuple[str, str]] | None = None,
) -> dict[str, Parser]:
    """The five actions with the options that both kinds share, by name.

    Args:
        parser: of the command.
        shelf: the kind of evidence.
        listing, show: what the first two actions do.
        further: (summary, example) of actions that this kind alone has; they have a store.
    """
    command = f"atlasmix {shelf.command}"
    listed, shown, added = shelf.about
    file = "scores.csv" if shelf.noun == "matrix" else "pools.csv"
    actions = add_actions(
        parser,
        {
            "list": (listed, f"{command} list --json"),
            "show": (shown, shelf.example),
            "add": (added, f"{command} add {file} --card card.yaml --name mine"),
            **(further or {}),
            "verify": ("check card, hash and every row again", f"{command} verify mine"),
            "remove": ("take one of your own off the shelf", f"{command} remove mine"),
        },
    )
    runs = {"list": listing, "show": show, "add": add_entry, "verify": _verify, "remove": _remove}
    for name, run in runs.items():
        add_store(actions[name])
        actions[name].set_defaults(execute=run, noun=shelf.noun)
    for name in further or {}:
        add_store(actions[name])
    for name in ("show", "verify"):
        actions[name].add_argument(
            "name", nargs="?", default="default", help=f"default: {shelf.default}"
        )
    actions["remove"].add_argument("name", help="name on the shelf")
    is_inventory = shelf.noun == "inventory"
    nargs = "+" if is_inventory else None
    actions["add"].add_argument("table", nargs=nargs, help=shelf.table)
    actions["add"].add_argument("--card", help=shelf.card)
    actions["add"].add_argument(
        "--new-card",
        metavar="FILE",
        help="write a card to fill in, and add nothing yet",
    )
    if is_inventory:
        actions["add"].add_argument(
            "--sheet",
            metavar="NAME",
            action="append",
            default=[],
            help="a sheet of an Excel workbook, or '*' for all; repeatable",
        )
        actions["add"].add_argument(
            "--add-up",
            action="store_true",
            help="rows of one pool are parts of it without text in common: add their counts",
        )
    wanted = "source=, target=, score=" if shelf.noun == "matrix" else "language=, unique_tokens="
    add_columns(actions["add"], f"{wanted} ...; then other columns are left out")
    actions["add"].add_argument("--name", help="name on the shelf (default: the card's)")
    for name in ("list", "show", "verify"):
        add_json(actions[name])
    return actions


def add_entry(options: argparse.Namespace) -> int:
    """Add a table with its card, or write a card to fill in."""
    from atlasmix.evidence.shelf import Reading
    from atlasmix.evidence.store import Store

    if options.new_card:
        return _new_card(options)
    if not options.card:
        options.parser.error("the following arguments are required: --card")

    store = Store(options.store)
    columns = columns_of(options)
    if options.noun == "matrix":
        name = store.add_matrix(options.table, options.card, options.name, columns)
    else:
        reading = Reading(columns, tuple(options.sheet), options.add_up)
        name = store.add_inventory(options.table, options.card, options.name, reading)
    say_added(options, store, name)
    return 0


def say_added(options: argparse.Namespace, store: Store, name: str) -> None:
    """Say where an entry stands, and how it is used."""
    from atlasmix.cli.terminal import lasting

    label = store.user_place().label
    use = f"--{options.noun} {name}{lasting(label)}"
    print(f"added {options.noun} {name} to {label}; use it with {use}")


def _new_card(options: argparse.Namespace) -> int:
    """Write an empty card; a file that stands there is not written over."""
    from pathlib import Path

    from atlasmix.errors import DataError
    from atlasmix.evidence.card import card_to_fill
    from atlasmix.io.files import write_atomic

    path = Path(options.new_card)
    if path.exists():
        raise DataError(f"{path} is there already: choose another name for the new card")
    kind = "transfer matrix" if options.noun == "matrix" else "token inventory"
    write_atomic(path, card_to_fill(kind))
    print(f"wrote {path}: fill it in, then add the table with --card {path}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    """Print the faults of an entry of the shelf; 1 where there are any."""
    from atlasmix.cli.terminal import print_json
    from atlasmix.evidence.store import Store

    faults = Store(options.store).verify(options.name)
    if options.json:
        print_json({"name": options.name, "whole": not faults, "faults": faults})
    elif faults:
        print(f"{options.name} has {len(faults)} fault{'s' * (len(faults) > 1)}:")
        print("\n".join(f"  - {fault}" for fault in faults))
    else:
        print(f"{options.name}: card, hash and every row are in order")
    return 1 if faults else 0


def _remove(options: argparse.Namespace) -> int:
    from atlasmix.evidence.store import Store

    store = Store(options.store)
    remove = store.remove_matrix if options.noun == "matrix" else store.remove_inventory
    remove(options.name)
    print(f"removed {options.noun} {options.name}")
    return 0

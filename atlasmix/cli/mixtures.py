"""``atlasmix mixtures``: what published models were trained on, and mixtures of one's own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store

if TYPE_CHECKING:
    from atlasmix.evidence.published import PublishedMixture

EXAMPLE = "atlasmix mixtures show salamandra-7b"


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(
        parser,
        {
            "list": ("one line about each mixture", "atlasmix mixtures list"),
            "show": ("every part of a mixture", "atlasmix mixtures show salamandra-7b"),
            "add": (
                "check a mixture of your own and put it on the shelf",
                "atlasmix mixtures add mixture.yaml --name ours-2026",
            ),
            "remove": ("take one of your own off the shelf", "atlasmix mixtures remove ours-2026"),
        },
    )
    actions["show"].add_argument("name", help="name in the list")
    actions["add"].add_argument("file", help="a mixture file that import wrote")
    actions["add"].add_argument("--name", help="name on the shelf (default: the mixture's)")
    actions["remove"].add_argument("name", help="name on the shelf")
    for name, run in (("list", _list), ("show", _show), ("add", _add), ("remove", _remove)):
        add_store(actions[name])
        actions[name].set_defaults(execute=run)
    for name in ("list", "show"):
        add_json(actions[name])


def _list(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.mixture_shelf import own_mixtures
    from atlasmix.evidence.published import list_published, published
    from atlasmix.evidence.store import Store

    store = Store(options.store)
    own = tuple(published(name, store) for name in own_mixtures(store))
    mixtures = (*list_published(), *own)
    if options.json:
        print_json([_as_data(each) for each in mixtures])
        return 0
    from atlasmix.report.evidence import published_table

    print_text(published_table(mixtures))
    return 0


def _show(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.published import published
    from atlasmix.evidence.store import Store

    mixture = published(options.name, Store(options.store))
    if options.json:
        print_json(_as_data(mixture))
        return 0
    from atlasmix.report.evidence import shares_table

    year = f" ({mixture.year})" if mixture.year else ""
    about = [f"{mixture.model}, {mixture.stage}{year}", f"share of: {mixture.basis}"]
    about += [f"status: {mixture.status}", f"source: {mixture.source}"]
    about += [f"note: {mixture.note}"] if mixture.note else []
    print_text("\n".join(about), "", shares_table(mixture))
    return 0


def _add(options: argparse.Namespace) -> int:
    from pathlib import Path

    from atlasmix.cli.terminal import lasting
    from atlasmix.evidence.mixture_shelf import add_mixture
    from atlasmix.evidence.store import Store

    store = Store(options.store)
    label = store.user_place().label
    name = add_mixture(Path(options.file), store, options.name)
    print(
        f"added mixture {name} to {label}; use it with atlasmix compare RECIPE {name}"
        f"{lasting(label)}"
    )
    return 0


def _remove(options: argparse.Namespace) -> int:
    from atlasmix.evidence.mixture_shelf import remove_mixture
    from atlasmix.evidence.store import Store

    remove_mixture(options.name, Store(options.store))
    print(f"removed mixture {options.name}")
    return 0


def _as_data(mixture: PublishedMixture) -> dict[str, object]:
    import dataclasses

    written = dataclasses.asdict(mixture)
    return {
        **written,
        "shares": dict(mixture.shares),
        "other": dict(mixture.other),
    }

"""``atlasmix mixtures``: what published models were trained on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json

if TYPE_CHECKING:
    from atlasmix.evidence.published import PublishedMixture

EXAMPLE = "atlasmix mixtures show salamandra-7b"


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(
        parser,
        {
            "list": ("one line about each published mixture", "atlasmix mixtures list"),
            "show": ("every part of a published mixture", "atlasmix mixtures show salamandra-7b"),
        },
    )
    actions["show"].add_argument("name", help="name in the list")
    for name, run in (("list", _list), ("show", _show)):
        add_json(actions[name])
        actions[name].set_defaults(execute=run)


def _list(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.published import list_published

    mixtures = list_published()
    if options.json:
        print_json([_as_data(each) for each in mixtures])
        return 0
    from atlasmix.report.evidence import published_table

    print_text(published_table(mixtures))
    return 0


def _show(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.published import published

    mixture = published(options.name)
    if options.json:
        print_json(_as_data(mixture))
        return 0
    from atlasmix.report.evidence import shares_table

    about = [f"{mixture.model}, {mixture.stage} ({mixture.year})", f"share of: {mixture.basis}"]
    about += [f"status: {mixture.status}", f"source: {mixture.source}"]
    about += [f"note: {mixture.note}"] if mixture.note else []
    print_text("\n".join(about), "", shares_table(mixture))
    return 0


def _as_data(mixture: PublishedMixture) -> dict[str, object]:
    import dataclasses

    written = dataclasses.asdict(mixture)
    return {
        **written,
        "shares": dict(mixture.shares),
        "other": dict(mixture.other),
    }

"""``atlasmix laws``: the scaling laws on the shelf."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_actions, add_json, add_store

if TYPE_CHECKING:
    from atlasmix.fitting.law_file import SavedLaw
    from atlasmix.laws.kinds import LawCard

EXAMPLE = "atlasmix laws show besiroglu-2024"


def add_arguments(parser: Parser) -> None:
    """Actions and their options."""
    actions = add_actions(
        parser,
        {
            "list": ("one line about each law", "atlasmix laws list --json"),
            "show": (
                "what a law says, what it was fitted on, and what it is for",
                "atlasmix laws show muennighoff-2023-excess",
            ),
            "evaluate": (
                "the loss that a law predicts of one run",
                "atlasmix laws evaluate besiroglu-2024 --params 7B --tokens 242B --unique 25B",
            ),
            "add": (
                "check a law of your own and put it on the shelf",
                "atlasmix laws add mine.yaml",
            ),
            "remove": ("take one of your own off the shelf", "atlasmix laws remove mine"),
        },
    )
    runs = {"list": _list, "show": _show, "evaluate": _evaluate, "add": _add, "remove": _remove}
    for name, run in runs.items():
        add_store(actions[name])
        actions[name].set_defaults(execute=run)
    actions["show"].add_argument("name", nargs="?", help="name or file (default: the default law)")
    actions["remove"].add_argument("name", help="name on the shelf")
    actions["add"].add_argument("card", help="YAML: constants, unit, measured_on, source")
    actions["add"].add_argument("--name", help="name on the shelf (default: the card's)")
    evaluated = actions["evaluate"]
    evaluated.add_argument("name", help="name or file; of a table TABLE/LANGUAGE/REGIME")
    evaluated.add_argument("--params", metavar="N", required=True, help="parameters, such as 7B")
    evaluated.add_argument(
        "--tokens", metavar="D", required=True, help="tokens read, repeats included"
    )
    evaluated.add_argument("--unique", metavar="U", help="distinct tokens (default: all are)")
    for name in ("list", "show", "evaluate"):
        add_json(actions[name])


def _list(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.laws.shelf import law_cards

    cards = law_cards(Store(options.store))
    if options.json:
        print_json(
            [
                {"name": name, "fault": card} if isinstance(card, str) else _summary(card)
                for name, card in cards
            ]
        )
        return 0
    from atlasmix.report.laws import laws_table

    print_text(laws_table(cards), "\natlasmix laws show NAME says what a law is for.")
    return 0


def _show(options: argparse.Namespace) -> int:
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.fitting.law_file import is_law_file, is_learned, load_learned_law
    from atlasmix.laws.shelf import DEFAULT_LAW, law_card

    if options.name and is_law_file(options.name) and is_learned(Path(options.name)):
        return show_learned(load_learned_law(Path(options.name)), options.json)
    card = law_card(options.name or DEFAULT_LAW, Store(options.store))
    if options.json:
        import dataclasses

        written = dataclasses.asdict(card)
        pairs = {key: dict(written[key]) for key in ("constants", "also_fitted")}
        print_json({**written, **pairs, "solve": card.drives_a_solve})
        return 0
    from atlasmix.report.laws import law_parts

    print_text(*law_parts(card, "--law"))
    return 0


def show_learned(saved: SavedLaw, as_json: bool) -> int:
    """Print what the file of a law of mixtures holds."""
    from atlasmix.cli.terminal import print_json, print_text

    if as_json:
        print_json(dict(saved.content))
        return 0
    from atlasmix.report.learned_file import saved_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(saved_blocks(saved)))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.evidence.store import Store
    from atlasmix.laws.evaluation import evaluate
    from atlasmix.quantities import format_quantity, parse_quantity

    unique = None if options.unique is None else parse_quantity(options.unique, "--unique")
    point = evaluate(
        options.name,
        parse_quantity(options.params, "--params"),
        parse_quantity(options.tokens, "--tokens"),
        unique,
        Store(options.store),
    )
    if options.json:
        import dataclasses

        print_json({**dataclasses.asdict(point), "epochs": point.epochs})
        return 0
    worth = f"{format_quantity(point.effective_tokens)} fresh tokens"
    lines = [
        f"{point.law}: loss {point.loss:.4f} {point.unit}",
        "",
        f"parameters     {format_quantity(point.params)}",
        f"tokens read    {format_quantity(point.tokens)}, {point.epochs:.3g} epochs of "
        f"{format_quantity(point.unique)}, worth {worth}",
        f"irreducible    {point.irreducible:.4f}",
        f"of capacity    {point.capacity:.4f}",
        f"of data        {point.data:.4f}",
        *([f"decay λ        {point.decay:g}"] if point.decay is not None else []),
    ]
    print_text("\n".join(lines), *(f"\nNote: {note}." for note in point.notes))
    return 0


def _add(options: argparse.Namespace) -> int:
    from pathlib import Path

    from atlasmix.cli.terminal import lasting
    from atlasmix.evidence.store import Store
    from atlasmix.laws.shelf import add_law, law_card

    store = Store(options.store)
    label = store.user_place().label
    name = add_law(Path(options.card), store, options.name)
    use = "solve" if law_card(name, store).drives_a_solve else "capacity"
    print(f"added law {name} to {label}; use it with atlasmix {use} --law {name}{lasting(label)}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from atlasmix.evidence.store import Store
    from atlasmix.laws.shelf import remove_law

    remove_law(options.name, Store(options.store))
    print(f"removed law {options.name}")
    return 0


def _summary(card: LawCard) -> dict[str, object]:
    return {
        "name": card.name,
        "kind": card.kind,
        "title": card.title,
        "unit": card.unit,
        "constants": dict(card.constants),
        "solve": card.drives_a_solve,
        "shipped": card.shipped,
    }

"""``atlasmix capacity``: what serving more languages costs at equal loss."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.question_options import add_hardware_options, machine_of

if TYPE_CHECKING:
    from atlasmix.laws.capacity import Growth
    from atlasmix.laws.hardware import Machine
    from atlasmix.laws.kinds import CurseLaw

EXAMPLE = """\
atlasmix capacity --from 24 --to 48
atlasmix capacity --from 24 --to 48 --params 2B --tokens 1T --gpu H100
atlasmix capacity --from 2 --to 3 --law law.yaml"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    group = parser.add_argument_group("languages, all read evenly")
    group.add_argument("--from", dest="before", metavar="K", required=True, help="served now")
    group.add_argument("--to", dest="after", metavar="K", required=True, help="to be served")
    group = parser.add_argument_group("where you stand")
    group.add_argument("--params", metavar="N", help="parameters with embeddings")
    group.add_argument("--tokens", metavar="D", help="tokens read, of all languages")
    group.add_argument(
        "--capacity-share",
        metavar="W",
        help="part of the reducible loss that more parameters would take away, where it is known "
        "(default: that of a compute-optimal model)",
    )
    group = parser.add_argument_group("what you would train")
    group.add_argument("--new-params", metavar="N", help="so many parameters: how many tokens?")
    group.add_argument("--new-tokens", metavar="D", help="so many tokens: how many parameters?")
    add_hardware_options(parser)
    parser.add_argument(
        "--law",
        metavar="NAME",
        help="law of kind curse (default: atlas-2025-curse), or one that learn --for-solve saved",
    )
    parser.add_argument("--figure", metavar="FILE", help="draw the iso-loss curve (HTML)")
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Answer, draw if asked, and print."""
    from atlasmix.evidence.store import Store
    from atlasmix.laws.capacity import grow, starting
    from atlasmix.laws.shelf import DEFAULT_CURSE, load_curse
    from atlasmix.quantities import parse_quantity, parse_share

    def quantity(name: str) -> float | None:
        written = getattr(options, name)
        return None if written is None else parse_quantity(written, f"--{name.replace('_', '-')}")

    before, after = _languages(options.before, "--from"), _languages(options.after, "--to")
    law = _learned(options.law, before, after)
    law = law or load_curse(options.law or DEFAULT_CURSE, Store(options.store))
    share = options.capacity_share
    start = starting(
        law,
        before,
        quantity("params"),
        quantity("tokens"),
        None if share is None else parse_share(share, "--capacity-share"),
    )
    growth = grow(
        law,
        start,
        after,
        quantity("new_params"),
        quantity("new_tokens"),
    )
    hardware = _machine(options, growth)
    if options.figure:
        from pathlib import Path

        from atlasmix.report.figures.drawing import save_figure
        from atlasmix.report.figures.scaling import iso_loss_figure, iso_loss_title

        save_figure(iso_loss_figure(growth), Path(options.figure), iso_loss_title(growth))
    if options.json:
        from atlasmix.cli.terminal import print_json
        from atlasmix.report.laws import capacity_data

        print_json(capacity_data(growth, hardware))
        return 0
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.laws import capacity_blocks
    from atlasmix.report.terminal import terminal_parts

    saved = [f"\nFigure written to {options.figure}."] if options.figure else []
    print_text(*terminal_parts(capacity_blocks(growth, hardware, "--capacity-share")), *saved)
    return 0


def _learned(written: str | None, before: int, after: int) -> CurseLaw | None:
    """The law that ``learn`` saved, between the two counts; None where the option names another."""
    from pathlib import Path

    from atlasmix.fitting.law_file import is_law_file, is_learned
    from atlasmix.fitting.solving_law import read_solving_law
    from atlasmix.laws.learned_curse import curse_between

    if written is None or not (is_law_file(written) and is_learned(Path(written))):
        return None
    return curse_between(read_solving_law(Path(written), written), before, after)


def _languages(written: str, option: str) -> int:
    from atlasmix.errors import ProblemError
    from atlasmix.laws.capacity import MOST_LANGUAGES

    text = written.strip()
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_LANGUAGES:
        return int(text)
    raise ProblemError(
        f"{option} is {written[:40]!r}: expected a whole number of languages from 1 to "
        f"{MOST_LANGUAGES:,}"
    )


def _machine(options: argparse.Namespace, growth: Growth) -> Machine | None:
    from atlasmix.errors import ProblemError

    hardware = machine_of(options)
    if hardware is not None and (growth.start.params is None or growth.start.tokens is None):
        raise ProblemError("GPU-hours need a size: add --params and --tokens of where you stand")
    return hardware

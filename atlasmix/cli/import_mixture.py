"""``atlasmix import``: a framework's own file as a mixture of pools."""

from __future__ import annotations

import argparse

from atlasmix.cli.parsing import Parser, add_json, add_store
from atlasmix.cli.reading_options import add_reading_options, request_of

EXAMPLE = """\
atlasmix import datamix.txt --from megatron --mapping map.yaml -o mixture.yaml
atlasmix import bsc_7b.yaml --from salamandra --inventory web-2026"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument("file", metavar="FILE", help="what the framework is given")
    add_reading_options(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the mixture (YAML); - is stdout"
    )
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Read, write the mixture if asked, and print what it is."""
    from pathlib import Path

    from atlasmix.evidence.mixture_file import dump_mixture
    from atlasmix.evidence.store import Store
    from atlasmix.interop.importers.reading import import_mixture
    from atlasmix.io.files import write_atomic

    inventory = Store(options.store).inventory(options.inventory) if options.inventory else None
    mixture = import_mixture(request_of(options, inventory))
    if options.output == "-":
        print(dump_mixture(mixture), end="")
        return 0
    if options.output:
        write_atomic(Path(options.output), dump_mixture(mixture))
    if options.json:
        import dataclasses

        from atlasmix.cli.terminal import print_json

        print_json({**dataclasses.asdict(mixture), "proportions": mixture.proportions})
        return 0
    from atlasmix.cli.terminal import print_text
    from atlasmix.report.interop import import_blocks
    from atlasmix.report.terminal import terminal_parts

    saved = f"Written to {options.output}."
    last = saved if options.output else "Nothing was written: -o FILE writes the mixture."
    print_text(*terminal_parts(import_blocks(mixture)), "", last)
    return 0

"""The options that read a framework's own file, shared by ``import`` and ``lint``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser

if TYPE_CHECKING:
    from atlasmix.evidence.inventory import Inventory
    from atlasmix.interop.importers.reading import Request

FROM = "megatron, nemo, olmo-core, olmix, hf or salamandra"


def add_reading_options(parser: Parser) -> None:
    """What a framework's prefixes mean, and how much lies behind them."""
    group = parser.add_argument_group("what the prefixes are")
    group.add_argument("--from", dest="form", metavar="FORMAT", help=FROM)
    group.add_argument(
        "--mapping",
        metavar="FILE",
        help="YAML rules from prefix to language, provenance and corpus, or the expected.json of "
        "an export",
    )
    group.add_argument(
        "--pattern",
        metavar="TEXT",
        help="one rule instead, such as '{corpus}/{language}_{script}...'",
    )
    group.add_argument(
        "--provenance",
        metavar="WORD",
        default="unknown",
        help="of pools for which no rule says it (default: unknown)",
    )
    group = parser.add_argument_group("how much there is")
    group.add_argument(
        "--counts",
        metavar="PLACE",
        help="unique tokens by prefix: a folder of .../PREFIX/release.json (or source.json), one "
        "JSON, or a CSV with prefix and tokens",
    )
    group.add_argument(
        "--counts-file",
        metavar="NAME",
        help="which JSON of a folder counts (default: release.json, else source.json)",
    )
    group.add_argument(
        "--inventory",
        metavar="NAME",
        help="token inventory for pools that no count names (atlasmix inventory list)",
    )
    group.add_argument("--budget", metavar="TOKENS", help="tokens of the run, such as 10T")
    group.add_argument(
        "--tokens-per-document",
        metavar="N",
        help="mean length where weights are shares of documents and no count says it",
    )


def request_of(options: argparse.Namespace, inventory: Inventory | None) -> Request:
    """What the options ask to be read.

    Raises:
        ProblemError: no format, or a number that cannot be read.
    """
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.interop.importers.mapping import COUNT_FILES
    from atlasmix.interop.importers.reading import Request

    if not options.form:
        raise ProblemError(f"--from is missing: say which framework reads the file, {FROM}")
    return Request(
        path=Path(options.file),
        form=options.form,
        mapping=Path(options.mapping) if options.mapping else None,
        pattern=options.pattern or "",
        provenance=options.provenance,
        counts=Path(options.counts) if options.counts else None,
        count_files=(options.counts_file,) if options.counts_file else COUNT_FILES,
        inventory=inventory,
        tokens=quantity(options.budget, "--budget"),
        tokens_per_document=quantity(options.tokens_per_document, "--tokens-per-document"),
    )


def quantity(text: str | None, what: str) -> float | None:
    """A count that may be left out.

    Raises:
        ProblemError: not a number above 0.
    """
    from atlasmix.quantities import parse_quantity

    return None if text is None else parse_quantity(text, what)


def whole(text: str | None, what: str, default: int) -> int:
    """A whole number from 1 that may be left out.

    Raises:
        ProblemError: anything else.
    """
    from atlasmix.errors import ProblemError

    if text is None:
        return default
    if not text.isdecimal() or not int(text):
        raise ProblemError(f"{what} is {text[:40]!r}: expected a whole number from 1")
    return int(text)

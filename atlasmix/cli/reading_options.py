"""The options that read a framework's own file, shared by ``import`` and ``lint``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser

if TYPE_CHECKING:
    from atlasmix.evidence.inventory import Inventory
    from atlasmix.interop.importers.reading import Request

FROM = (
    "megatron, nemo, olmo-core, olmix, hf, mosaicml, gpt-neox, regmix, maxtext, nanotron, "
    "levanter, llama-factory, ms-swift, token-budget, salamandra, or weights for a plain list"
)


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
    group.add_argument(
        "--weights-are",
        metavar="WORD",
        help="what the numbers of plain weights are: shares, percent, tokens or documents",
    )
    add_columns(
        parser, "source= and weight= of plain weights in a table; tokens=, prefix= of counts"
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


def add_columns(parser: argparse.ArgumentParser, of: str) -> None:
    """``--column``."""
    parser.add_argument(
        "--column",
        metavar="NAME=TITLE",
        action="append",
        default=[],
        help=f"what a table calls a column: {of}; repeatable",
    )


def columns_of(options: argparse.Namespace) -> dict[str, str]:
    """What ``--column`` says: name to the title that a table has.

    Raises:
        ProblemError: no equals sign, or a name twice.
    """
    from atlasmix.errors import ProblemError

    columns: dict[str, str] = {}
    for word in options.column:
        name, equals, title = word.partition("=")
        name = name.strip().lower()
        if not equals or not name or not title.strip():
            raise ProblemError(f"--column is {word[:60]!r}: expected NAME=TITLE, as tokens=Tokens")
        if name in columns:
            raise ProblemError(f"--column names {name[:40]} twice: keep one")
        columns[name] = title.strip()
    return columns


def request_of(options: argparse.Namespace, inventory: Inventory | None) -> Request:
    """What the options ask to be read.

    Raises:
        ProblemError: no format, or a number that cannot be read.
    """
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.interop.importers.counts import COUNT_FILES
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
        weights_are=options.weights_are or "",
        columns=columns_of(options),
    )


def quantity(text: str | None, what: str) -> float | None:
    """A count that may be left out.

    Raises:
        ProblemError: not a number above 0.
    """
    from atlasmix.quantities import parse_quantity

    return None if text is None else parse_quantity(text, what)


def whole(
    text: str | None, what: str, default: int, least: int = 1, most: int | None = None
) -> int:
    """A whole number that may be left out.

    Raises:
        ProblemError: anything else, or not from ``least`` to ``most``.
    """
    from atlasmix.errors import ProblemError

    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else -1
    if number < least or (most is not None and number > most):
        until = "" if most is None else f" to {most}"
        raise ProblemError(f"{what} is {text[:40]!r}: expected a whole number from {least}{until}")
    return number


def count(text: str | None, what: str, default: int) -> int:
    """Resamples, runs or a seed: a whole number from 0 to 99999 that may be left out.

    Raises:
        ProblemError: anything else.
    """
    return whole(text, what, default, least=0, most=99_999)


def named_value(text: str, option: str, example: str) -> tuple[str, str]:
    """A name and what stands after the last ``=``.

    Raises:
        ProblemError: anything else.
    """
    from atlasmix.errors import ProblemError

    name, sign, value = text.rpartition("=")
    if not sign or not name.strip():
        raise ProblemError(f"{option} is {text[:60]!r}: expected NAME=VALUE, as {example}")
    return name.strip(), value.strip()


def language_file(written: str, what: str) -> tuple[str, str]:
    """Language key and file, written as ``scn=sicilian.txt``.

    Raises:
        ProblemError: anything else.
        UnknownLanguage: no language.
    """
    from atlasmix.errors import ProblemError
    from atlasmix.languages.resolving import resolve

    name, mark, path = written.partition("=")
    if not (mark and name.strip() and path.strip()):
        raise ProblemError(
            f"{what} is {written[:80]!r}: expected a language and a file, as scn=sicilian.txt"
        )
    return str(resolve(name.strip())), path.strip()

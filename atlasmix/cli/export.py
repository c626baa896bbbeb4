"""``atlasmix export``: a recipe in the words of a training framework."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json, add_store

if TYPE_CHECKING:
    from atlasmix.interop.exporters.planning import ExportOptions

EXAMPLE = "atlasmix export recipe.yaml --to megatron --paths paths.yaml -o out"


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="a recipe that solve --output wrote"
    )
    parser.add_argument(
        "--list", action="store_true", help="the frameworks, what their weights count, and caps"
    )
    parser.add_argument("--to", metavar="FRAMEWORK", help="megatron, olmo-core, hf ...; see --list")
    parser.add_argument(
        "--paths",
        metavar="FILE",
        help="YAML: pool, or pattern such as '{language}.human.{corpus}', to its path, paths or "
        "{path: tokens}; in paths {language} {script} {provenance} {corpus} stand for the pool's "
        "own; valid and test name held-out text",
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where the files go")
    parser.add_argument(
        "--force", action="store_true", help="write over files that no export wrote"
    )
    parser.add_argument(
        "--budget", metavar="TOKENS", help="tokens of the run, such as 100B (default: the recipe's)"
    )
    parser.add_argument(
        "--batch-size", metavar="N", help="sequences a step, over all devices (default: 1024)"
    )
    parser.add_argument("--sequence-length", metavar="N", help="tokens a sequence (default: 4096)")
    parser.add_argument("--seed", metavar="N", help="of the framework's shuffling (default: 1234)")
    parser.add_argument(
        "--tokens-per-document",
        metavar="N|POOL=N|FILE",
        action="append",
        default=[],
        help="mean length for frameworks that draw documents: a number for all pools, for one, or "
        "a YAML file (default: the recipe's inventory); repeatable",
    )
    add_store(parser)
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Write the folder, or list the frameworks."""
    if options.list:
        return _list(options)
    from pathlib import Path

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.errors import ProblemError
    from atlasmix.evidence.store import Store
    from atlasmix.interop.exporters.exporter import find_exporter
    from atlasmix.interop.exporters.writing import export_recipe, write_folder
    from atlasmix.recipe.file import load_recipe

    # A framework that takes no weights is refused first: nothing else would help.
    exporter = find_exporter(options.to) if options.to else None
    if not (exporter and options.recipe and options.output):
        return _misuse(options)
    folder = Path(options.output)
    if folder.suffix in _OF_FILES and not folder.exists():
        raise ProblemError(
            f"output {options.output[:80]} looks like a file: an export is a folder of several",
            field="output",
        )
    recipe = load_recipe(Path(options.recipe))
    written = export_recipe(recipe, exporter, _export_options(options), Store(options.store))
    write_folder(Path(options.output), written.files, options.force)
    if options.json:
        files = sorted(written.files)
        print_json({"files": files, "notes": written.export.notes, "expected": written.figures})
        return 0
    from atlasmix.report.interop import export_blocks
    from atlasmix.report.terminal import terminal_parts

    print_text(*terminal_parts(export_blocks(options.output, written)))
    return 0


_OF_FILES = (".yaml", ".yml", ".json", ".jsonl", ".txt", ".csv", ".md")


def _misuse(options: argparse.Namespace) -> int:
    import sys

    given = {"RECIPE": options.recipe, "--to FRAMEWORK": options.to, "-o FOLDER": options.output}
    missing = ", ".join(name for name, value in given.items() if not value)
    sentence = f"export lacks {missing}, as in '{EXAMPLE}'; see atlasmix export --list for names"
    print(f"atlasmix: {sentence}", file=sys.stderr)
    return 2


def _export_options(options: argparse.Namespace) -> ExportOptions:
    from pathlib import Path

    from atlasmix.interop.exporters.paths import read_lengths, read_paths
    from atlasmix.interop.exporters.plan import Run
    from atlasmix.interop.exporters.planning import ExportOptions
    from atlasmix.quantities import parse_quantity

    run = Run()
    return ExportOptions(
        run=Run(
            sequence_length=_whole(
                options.sequence_length, "--sequence-length", run.sequence_length
            ),
            batch_size=_whole(options.batch_size, "--batch-size", run.batch_size),
            seed=_whole(options.seed, "--seed", run.seed),
        ),
        budget=None if options.budget is None else parse_quantity(options.budget, "--budget"),
        paths=None if options.paths is None else read_paths(Path(options.paths)),
        lengths=read_lengths(options.tokens_per_document),
    )


def _whole(text: str | None, what: str, default: int) -> int:
    from atlasmix.errors import ProblemError

    if text is None:
        return default
    digits = text.replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise ProblemError(f"{what} is {text[:40]!r}: expected a whole number from 0")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    import dataclasses

    from atlasmix.cli.terminal import print_json, print_text
    from atlasmix.interop.exporters.exporter import INSTEAD, REFUSED, all_exporters

    exporters = all_exporters()
    if options.json:
        told = ("name", "title", "unit", "documents", "repetition", "stages", "most_sources")
        listed = [
            {name: getattr(each, name) for name in told}
            | {"checked": dataclasses.asdict(each.checked), "paths": each.paths.what}
            for each in exporters
        ]
        print_json(
            {"frameworks": listed, "refused": {n: [REFUSED[n], INSTEAD[n]] for n in REFUSED}}
        )
        return 0
    from atlasmix.report.interop import frameworks_table

    refused = "; ".join(REFUSED.values())
    print_text(
        frameworks_table(exporters, "--to"),
        "\nexecuted: the real package loads what is exported, in this project's tests; by hand: so "
        "it did once, outside CI; read only: the format was read from source. --json says from "
        "which version or commit, and when.",
        f"\nNot exported: {refused}.",
    )
    return 0

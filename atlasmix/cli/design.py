"""``atlasmix design``: mixtures for first runs, before any evidence, as files to train on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atlasmix.cli.parsing import Parser, add_json
from atlasmix.cli.reading_options import count, named_value, quantity, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atlasmix.fitting.source_table import MixedSource
    from atlasmix.interop.swarm import Swarm
    from atlasmix.mixture.design import Array

EXAMPLE = """\
atlasmix design --sources web,code,books --runs 32 -o swarm
atlasmix design --sources s.csv --runs 32 --tokens 1B --to megatron -o swarm"""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--sources",
        metavar="TABLE|NAMES",
        required=True,
        help="CSV with source, and share of the reference, unique_tokens, min, max, path, "
        "tokens_per_document where they are known; or names, as web,code,books",
    )
    parser.add_argument("--runs", metavar="N", required=True, help="different mixtures")
    parser.add_argument(
        "--repeats",
        metavar="N",
        help="more runs of the reference with other seeds: they show the noise (default: 0)",
    )
    parser.add_argument("--seed", metavar="N", help="of the design (default: 0)")
    group = parser.add_argument_group("mixtures")
    group.add_argument(
        "--reference",
        metavar="WORD",
        choices=("table", "unique", "even"),
        help="around what the runs lie: table (its shares), unique (in proportion to unique "
        "tokens) or even (default: the first of these that is known)",
    )
    group.add_argument("--min", metavar="SOURCE=SHARE", action="append", help="least share")
    group.add_argument("--max", metavar="SOURCE=SHARE", action="append", help="most share")
    group.add_argument("--max-epochs", metavar="N", help="most passes over each source")
    group = parser.add_argument_group("runs")
    group.add_argument("--tokens", metavar="D", help="of each run, as 1B")
    group.add_argument("--params", metavar="N", help="of each run's model, as 60M")
    group.add_argument("--to", metavar="FRAMEWORK", help="write its files (atlasmix export --list)")
    group.add_argument(
        "--valid", metavar="PATH", action="append", help="held-out text, for its files"
    )
    group.add_argument("--test", metavar="PATH", action="append", help="the same, for tests")
    group.add_argument("--sequence-length", metavar="N", help="tokens a sequence (default: 4096)")
    group.add_argument("--batch-size", metavar="N", help="sequences a step (default: 1024)")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where the files go")
    parser.add_argument("--force", action="store_true", help="write over files that lie there")
    add_json(parser)


def execute(options: argparse.Namespace) -> int:
    """Read the sources, design, write the folder, and say what comes next."""
    from pathlib import Path

    from atlasmix.errors import ProblemError
    from atlasmix.fitting.source_table import read_sources
    from atlasmix.interop.exporters.exporter import find_exporter
    from atlasmix.interop.exporters.writing import write_folder
    from atlasmix.interop.swarm import swarm_files

    exporter = find_exporter(options.to) if options.to else None
    if exporter is not None and not options.output:
        raise ProblemError("--to writes files: say where, with --output FOLDER")
    sources = _limited(options, read_sources(options.sources))
    swarm = _swarm(options, sources)
    files = swarm_files(swarm, exporter)
    if options.output:
        write_folder(Path(options.output), files, options.force)
    if options.json:
        from atlasmix.cli.terminal import print_json

        shares = [
            dict(zip([source.name for source in sources], row, strict=True))
            for row in swarm.mixtures.tolist()
        ]
        runs = [{"run": name, "shares": row} for name, row in zip(swarm.names, shares, strict=True)]
        print_json({"runs": runs, "files": sorted(files) if options.output else []})
    elif options.output:
        _say(options, swarm, exporter is not None)
    else:
        print(files["runs.csv"], end="")
    return 0


def _limited(
    options: argparse.Namespace, sources: tuple[MixedSource, ...]
) -> tuple[MixedSource, ...]:
    """The sources with the limits of the options in the place of the table's."""
    import dataclasses

    from atlasmix.errors import ProblemError
    from atlasmix.quantities import parse_share
    from atlasmix.text import did_you_mean, first_few

    limits: dict[str, dict[str, float]] = {source.name: {} for source in sources}
    for key, texts in (("min", options.min), ("max", options.max)):
        for text in texts or ():
            name, value = named_value(text, f"--{key}", "web=30%")
            if name not in limits:
                hint = did_you_mean(name, limits) or f"there are {first_few(list(limits), 8)}"
                raise ProblemError(f"no source {name[:60]!r}: {hint}", field=key, value=name)
            limits[name][key] = parse_share(value, f"--{key} {name}")
    return tuple(
        dataclasses.replace(
            source,
            min=limits[source.name].get("min", source.min),
            max=limits[source.name].get("max", source.max),
        )
        for source in sources
    )


def _swarm(options: argparse.Namespace, sources: tuple[MixedSource, ...]) -> Swarm:
    import dataclasses

    import numpy as np

    from atlasmix.errors import ProblemError
    from atlasmix.interop.exporters.plan import Run
    from atlasmix.interop.swarm import Swarm
    from atlasmix.mixture.design import LEAST, DesignQuestion, caps_of, design

    run = Run(
        whole(options.sequence_length, "--sequence-length", Run().sequence_length),
        whole(options.batch_size, "--batch-size", Run().batch_size),
    )
    tokens = quantity(options.tokens, "--tokens")
    high = np.array([source.max for source in sources])
    if options.max_epochs is not None:
        epochs = quantity(options.max_epochs, "--max-epochs") or 0.0
        if tokens is None or all(source.unique_tokens is None for source in sources):
            raise ProblemError(
                "--max-epochs needs the tokens of a run and the unique tokens of the sources: give "
                "--tokens, and unique_tokens in the table"
            )
        high = np.minimum(high, caps_of([each.unique_tokens for each in sources], tokens, epochs))
        sources = tuple(
            dataclasses.replace(source, max=most)
            for source, most in zip(sources, high.tolist(), strict=True)
        )
    question = DesignQuestion(
        sources=tuple(source.name for source in sources),
        reference=_reference(options.reference, sources),
        runs=count(options.runs, "--runs", 0),
        low=np.array([source.min for source in sources]),
        high=high,
        least=LEAST if tokens is None else max(LEAST, min(run.sequence_length / tokens, 0.01)),
        seed=count(options.seed, "--seed", 0),
    )
    mixtures = design(question)
    again = np.repeat(mixtures[:1], count(options.repeats, "--repeats", 0), axis=0)
    return Swarm(
        sources,
        np.vstack([mixtures, again]),
        tokens,
        quantity(options.params, "--params"),
        run,
        held_out=(tuple(options.valid or ()), tuple(options.test or ())),
    )


def _reference(word: str | None, sources: Sequence[MixedSource]) -> Array:
    """The shares around which the runs lie.

    Raises:
        ProblemError: shares or counts that the table does not have, or that are all 0.
    """
    import numpy as np

    from atlasmix.errors import ProblemError

    columns: dict[str, list[float | None]] = {
        "table": [source.share for source in sources],
        "unique": [source.unique_tokens for source in sources],
        "even": [1.0] * len(sources),
    }
    known = [key for key, values in columns.items() if None not in values]
    chosen = word or known[0]
    if chosen not in known:
        column = "share" if chosen == "table" else "unique_tokens"
        raise ProblemError(
            f"the sources have no {column}: add the column, or spread the runs around another "
            "reference",
            field="reference",
            value=chosen,
        )
    weights = np.array(columns[chosen], dtype=float)
    if weights.sum() <= 0:
        raise ProblemError("the reference has no share above 0", field="reference")
    return np.asarray(weights / weights.sum())


def _say(options: argparse.Namespace, swarm: Swarm, exported: bool) -> None:
    folder = options.output
    print(f"{len(swarm.mixtures)} runs of {len(swarm.sources)} sources written to {folder}.")
    print(f"  {folder}/runs.csv      their mixtures, which learn reads back")
    print(f"  {folder}/array.sbatch  a Slurm array: sbatch array.sbatch COMMAND")
    if exported:
        print(f"  {folder}/runs/RUN      files of {options.to} for each run, and how to load them")
    print("Then, with the runs' logs or a table of losses:")
    print(f"  atlasmix learn LOGS {folder}/runs.csv --metric 'eval/*_loss'")

"""A swarm of first runs as files: a table, a framework's files for each, and a Slurm array."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.source_table import MixedSource
from atlasmix.interop.exporters.exporter import Exporter
from atlasmix.interop.exporters.paths import misread
from atlasmix.interop.exporters.plan import Place, Plan, PlannedPhase, PlannedPool, Run
from atlasmix.io.tables import to_csv
from atlasmix.quantities import MILLIONTHS, exact_parts
from atlasmix.text import first_few

Array = NDArray[np.float64]

TABLE: Final = "runs.csv"
ARRAY: Final = "array.sbatch"
_PARTS: Final = 1000 * MILLIONTHS


@dataclass(frozen=True, slots=True, eq=False)
class Swarm:
    """Runs that are to be made.

    Attributes:
        sources: what is mixed.
        mixtures: (n, S) shares; equal rows are repeats with another seed.
        tokens: of each run; None where nobody says.
        params: of each run's model; None where nobody says.
        run: sequence length, batch and first seed; each run has the seed after that before it.
        held_out: paths of text for validation, and for tests.
    """

    sources: tuple[MixedSource, ...]
    mixtures: Array
    tokens: float | None = None
    params: float | None = None
    run: Run = field(default_factory=Run)
    held_out: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def names(self) -> tuple[str, ...]:
        """``run-001`` and so on, in the order of the table."""
        width = max(len(str(len(self.mixtures))), 3)
        return tuple(f"run-{number:0{width}d}" for number in range(1, len(self.mixtures) + 1))


def swarm_files(swarm: Swarm, exporter: Exporter | None = None) -> dict[str, str]:
    """Relative path to content of every file.

    Args:
        swarm: the runs.
        exporter: the framework whose files each run gets; None: the table and the array alone.

    Raises:
        ProblemError: what the framework needs and nobody says.
        DataError: paths that it would misread, with all of them.
    """
    files = {TABLE: _table(swarm), ARRAY: _array(swarm)}
    if exporter is None:
        return files
    pools = _pools(swarm, exporter)
    for place, name in enumerate(swarm.names):
        export = exporter.write(_plan(swarm, place, pools))
        files |= {f"runs/{name}/{path}": text for path, text in export.files.items()}
        notes = "".join(f"\n- {note}" for note in export.notes)
        files[f"runs/{name}/LOAD.md"] = f"# {name}\n\n```\n{export.load}\n```\n{notes}\n"
    return files


def _parts(swarm: Swarm, place: int) -> dict[str, int]:
    shares = swarm.mixtures[place].tolist()
    names = [source.name for source in swarm.sources]
    return exact_parts(dict(zip(names, shares, strict=True)), _PARTS)


def _table(swarm: Swarm) -> str:
    """A row a run: what ``learn`` needs beside the losses."""
    sizes = {"params": swarm.params, "tokens": swarm.tokens}
    told = {key: value for key, value in sizes.items() if value is not None}
    unique = {
        f"unique_{source.name}": source.unique_tokens
        for source in swarm.sources
        if source.unique_tokens is not None
    }
    header = ("run", "seed", *told, *(f"w_{source.name}" for source in swarm.sources), *unique)
    rows = []
    for place, name in enumerate(swarm.names):
        shares = [part / _PARTS for part in _parts(swarm, place).values()]
        row = (name, swarm.run.seed + place, *told.values(), *shares, *unique.values())
        rows.append(tuple(_cell(value) for value in row))
    return to_csv(header, tuple(rows)).decode()


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def _array(swarm: Swarm) -> str:
    return f"""#!/bin/bash
#SBATCH --job-name=swarm
#SBATCH --array=1-{len(swarm.mixtures)}
# One run a task, from the folder of this file:
#   sbatch [account, partition, nodes ...] {ARRAY} COMMAND [WORDS ...]
# COMMAND starts in the folder of its run, with RUN and SEED in its environment: log under the
# name RUN, and atlasmix learn joins the losses to {TABLE} by it.
set -euo pipefail
here=${{SLURM_SUBMIT_DIR:-$PWD}}
row=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$here/{TABLE}")
IFS=, read -r RUN SEED _ <<< "$row"
export RUN SEED
mkdir -p "$here/runs/$RUN"
cd "$here/runs/$RUN"
exec "$@"
"""


def _pools(swarm: Swarm, exporter: Exporter) -> dict[str, PlannedPool]:
    """The sources as the framework reads them.

    Raises:
        ProblemError: tokens, unique tokens, lengths of documents or paths that nobody says.
        DataError: paths that would be misread.
    """
    if swarm.tokens is None:
        raise ProblemError(
            f"files for {exporter.title} need the length of a run: say its tokens, as 1B",
            field="tokens",
        )
    uncounted = [source.name for source in swarm.sources if source.unique_tokens is None]
    if uncounted:
        raise ProblemError(
            f"files for {exporter.title} count passes over each source: give unique_tokens of "
            f"{first_few(uncounted, 4)} in the table of sources",
            field="sources",
        )
    if exporter.documents == "needed":
        bare = [source.name for source in swarm.sources if source.tokens_per_document is None]
        if bare:
            raise ProblemError(
                f"{exporter.title} draws documents, not tokens: give tokens_per_document of "
                f"{first_few(bare, 4)} in the table of sources",
                field="sources",
            )
    unplaced = [source.name for source in swarm.sources if not source.path]
    if exporter.paths.needed and unplaced:
        raise ProblemError(
            f"{exporter.title} reads files: give the path of {first_few(unplaced, 4)} in the table "
            "of sources",
            field="sources",
        )
    faults = [
        f"{source.name}: {fault}"
        for source in swarm.sources
        if source.path
        for fault in misread(source.path, exporter)
    ]
    faults += [
        fault for paths in swarm.held_out for path in paths for fault in misread(path, exporter)
    ]
    keys = [_key(source.name) for source in swarm.sources]
    faults += [f"{key}: two sources have this key" for key in set(keys) if keys.count(key) > 1]
    if faults:
        raise DataError(f"the sources have {len(faults)} faults for {exporter.title}", (*faults,))
    return {
        source.name: PlannedPool(
            name=source.name,
            key=key,
            language="",
            provenance="",
            corpus=key,
            unique_tokens=round(source.unique_tokens or 1),
            max_epochs=max(source.max * swarm.tokens / (source.unique_tokens or 1), 1.0),
            tokens_per_document=source.tokens_per_document,
            places=(Place(source.path, Fraction(1)),) if source.path else (),
        )
        for source, key in zip(swarm.sources, keys, strict=True)
    }


def _key(name: str) -> str:
    """A name in letters, digits and underscores, beginning with a letter, and no word of YAML.

    >>> _key("pile-cc"), _key("no"), _key("2023")
    ('pile_cc', 'no_', 's_2023')
    """
    bare = re.sub(r"[^A-Za-z0-9_]", "_", name)
    bare = bare if bare[:1].isalpha() else f"s_{bare}"
    return f"{bare}_" if bare.lower() in ("no", "yes", "on", "off", "y", "n", "null") else bare


def _plan(swarm: Swarm, place: int, pools: dict[str, PlannedPool]) -> Plan:
    steps = int((swarm.tokens or 0) // swarm.run.step_tokens)
    if steps < 1:
        raise ProblemError(
            f"a run of {swarm.tokens:,.0f} tokens is less than one step of "
            f"{swarm.run.step_tokens:,}: lower the batch size or the sequence length",
            field="batch_size",
        )
    tokens = tuple((name, part) for name, part in _parts(swarm, place).items() if part)
    run = Run(swarm.run.sequence_length, swarm.run.batch_size, swarm.run.seed + place)
    phase = PlannedPhase("main", "main", 0, steps, run.seed, tokens)
    read = {name: pools[name] for name, _ in tokens}
    valid, test = swarm.held_out
    return Plan(run=run, phases=(phase,), pools=read, valid=valid, test=test)

"""``expected.json``: what a framework should have read, pool by pool, when the run is over."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.exporter import Export, Exporter, json_text
from atlasmix.interop.exporters.plan import Plan, PlannedPhase, PlannedPool
from atlasmix.interop.exporters.planning import ExportOptions, make_plan
from atlasmix.io.files import folder_beside, refusing_to_write
from atlasmix.io.safe_yaml import plain_decimal
from atlasmix.problem.phases import is_crammed
from atlasmix.quantities import significant
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import Recipe
from atlasmix.recipe.run_phases import RunPhase, phases_of
from atlasmix.text import first_few
from atlasmix.version import __version__

EXPECTED: Final = "expected.json"
SCHEMA: Final = "atlasmix/expected/1"
"""The format of ``expected.json``; a change of its keys gets another number."""


def expected(
    recipe: Recipe, plan: Plan, exporter: Exporter, recipe_sha256: str, files: Mapping[str, str]
) -> dict[str, Any]:
    """What should be read, as plain data.

    Args:
        recipe: what was exported.
        plan: what the framework will read, after its own rounding.
        exporter: the framework.
        recipe_sha256: of the recipe's bytes.
        files: those of the export, path to content.

    Returns:
        Phases with, for each pool, share of tokens, tokens, samples (sequences), documents (None
        where their length is unknown) and epochs; epochs over the whole run; caps; and the SHA-256
        of every file, by which a later export knows its own.
    """
    steps = sum(phase.steps for phase in plan.phases)
    return {
        "schema": SCHEMA,
        "framework": exporter.name,
        "weights_count": exporter.unit,
        "atlasmix": __version__,
        "recipe_sha256": recipe_sha256,
        "tokens_are": sorted({pool["unit"] for pool in recipe.origin["pools"]}),
        "run": {
            "tokens": steps * plan.run.step_tokens,
            "steps": steps,
            "batch_size": plan.run.batch_size,
            "sequence_length": plan.run.sequence_length,
            "seed": plan.run.seed,
        },
        "phases": [_phase(plan, phase, exporter) for phase in plan.phases],
        "pools": _pools(plan),
        "files": {
            name: hashlib.sha256(text.encode("utf-8")).hexdigest()
            for name, text in sorted(files.items())
        },
    }


def _phase(plan: Plan, phase: PlannedPhase, exporter: Exporter) -> dict[str, Any]:
    samples, epochs, documents = (
        plan.samples(phase),
        plan.epochs(phase),
        plan.documents(phase),
    )
    weights = _weights(plan, phase, exporter)
    return {
        "phase": phase.name,
        "first_step": phase.first_step,
        "steps": phase.steps,
        "tokens": phase.steps * plan.run.step_tokens,
        "samples": phase.steps * plan.run.batch_size,
        "pools": [
            {
                "pool": name,
                "key": plan.pools[name].key,
                "share": significant(float(share), 9),
                "weight": weights[name],
                "tokens": round(share * phase.steps * plan.run.step_tokens),
                "samples": samples[name],
                "documents": documents[name],
                "epochs": significant(float(epochs[name]), 6),
            }
            for name, share in phase.shares.items()
        ],
    }


def _weights(plan: Plan, phase: PlannedPhase, exporter: Exporter) -> dict[str, float]:
    """What stands in the framework's file for a pool, all its paths together."""
    if exporter.unit == "epochs":
        return {name: significant(float(part), 9) for name, part in plan.epochs(phase).items()}
    sources = plan.by_documents(phase) if exporter.unit == "documents" else plan.by_tokens(phase)
    return {source.pool.name: float(plain_decimal(source.weight)) for source in sources}


def _pools(plan: Plan) -> list[dict[str, Any]]:
    in_all = plan.epochs_in_all()
    return [
        {
            "pool": name,
            "key": pool.key,
            "language": pool.language,
            "provenance": pool.provenance,
            "corpus": pool.corpus,
            "unique_tokens": pool.unique_tokens,
            "tokens_per_document": (
                None
                if pool.tokens_per_document is None
                else significant(pool.tokens_per_document, 6)
            ),
            "epochs": significant(float(in_all[name]), 6),
            "max_epochs": pool.max_epochs,
            "paths": [place.path for place in pool.places],
            **_parts_of(pool),
        }
        for name, pool in plan.pools.items()
    ]


def _parts_of(pool: PlannedPool) -> dict[str, Any]:
    """Share of the pool's text behind each path, where there are several and the user counted."""
    parts = [place.part for place in pool.places if place.part is not None]
    if len(parts) < 2 or len(parts) < len(pool.places):
        return {}
    return {"parts": [significant(float(part), 12) for part in parts]}


PAGE: Final = "LOAD.md"

_COUNTS: Final = {
    "tokens": "Weights are shares of training tokens.",
    "documents": "Weights are shares of documents, made from shares of training tokens and the "
    "mean tokens per document of each pool.",
    "epochs": "Numbers are passes over each pool.",
}
_CHECKED: Final = {
    "executed": "Format executed in this project's tests",
    "by hand": "Format executed by hand with the real package, in no test that CI runs",
    "read": "Format read from source and not executed by this project",
    "own": "Format of this project",
}


def page(exporter: Exporter, export: Export, figures: dict[str, Any]) -> str:
    """The page, in Markdown.

    Args:
        exporter: the framework.
        export: its files and how they are loaded.
        figures: what ``expected.json`` holds.
    """
    run = figures["run"]
    lines = [
        f"# A mixture for {exporter.title}",
        "",
        f"{_COUNTS[exporter.unit]} Tokens are counted as: {'; '.join(figures['tokens_are'])}. "
        "A framework counts the tokens of its own tokenizer: with another one the same weights are "
        "other amounts of text, and other epochs.",
        "",
        f"The run: {run['tokens']:,} tokens in {run['steps']:,} steps of {run['batch_size']:,} "
        f"sequences of {run['sequence_length']:,}. `expected.json` says what should have been read "
        "of each pool at its end.",
        "",
        "```",
        export.load,
        "```",
        "",
        *(f"- {note}" for note in export.notes),
        "",
        f"{_CHECKED[exporter.checked.how]}: {exporter.checked.source} ({exporter.checked.date}).",
        "",
    ]
    return "\n".join(lines)


def write_folder(folder: Path, files: Mapping[str, str], force: bool = False) -> None:
    """Put the files into ``folder``, which is made where it is not there.

    They are written beside it first; then the folder changes its name. What an earlier export
    wrote there is replaced, unless somebody changed it since.

    Args:
        folder: of the export.
        files: relative path to content.
        force: replace files of these names whoever wrote them; other files stay.

    Raises:
        DataError: something else lies there, or it cannot be written; the folder is as it was.
    """
    with refusing_to_write(folder):
        final = folder.resolve()
        strangers = _strangers(final)
        if strangers and not force:
            raise DataError(
                f"{str(folder)[:200]} holds {first_few(strangers, 4)}, which no export wrote, or "
                "which was changed since: choose an empty folder, or say that files of the same "
                "names may be written over",
                field="force",
                value=str(folder),
            )
        content = {name: text.encode("utf-8") for name, text in files.items()}
        with folder_beside(final, content) as fresh:
            if strangers:
                _pour(fresh, final, files)
            else:
                _swap(fresh, final)


def _pour(fresh: Path, final: Path, files: Mapping[str, str]) -> None:
    """Each file in one step into a folder that holds others' files too; ``expected.json`` last."""
    for name in sorted(files, key=lambda each: each == EXPECTED):
        (final / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / name, final / name)


def _swap(fresh: Path, final: Path) -> None:
    """``fresh`` in the place of ``final``; the old one comes back where that fails."""
    if not final.exists():
        fresh.rename(final)
        return
    old = final.with_name(f"{fresh.name}.old")
    final.rename(old)
    try:
        fresh.rename(final)
    except BaseException:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _strangers(folder: Path) -> list[str]:
    """Files in the folder that the export described in its ``expected.json`` did not write."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise NotADirectoryError(20, "it is no folder")
    known: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        written = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
        if written.get("schema") == SCHEMA:
            known = dict(written["files"])
    strangers = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name == EXPECTED and known:
            continue
        if known.get(name) != _sha256(path):
            strangers.append(name)
    return strangers


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished export, not yet on disk.

    Attributes:
        exporter: the framework.
        export: its own files, how they are loaded, notes.
        figures: what ``expected.json`` holds.
        files: everything that belongs into the folder.
    """

    exporter: Exporter
    export: Export
    figures: dict[str, Any]
    files: Mapping[str, str]


def _crammed(plan: Plan) -> list[str]:
    """What a phase repeats closely, where no cap of its own holds it: others are of the run."""
    steps, whole = sum(phase.steps for phase in plan.phases), plan.epochs_in_all()
    return [
        f"Phase {phase.name} reads {name} {float(epochs):.2f} times within its "
        f"{phase.steps / steps:.1%} of the run: the cap of {plan.pools[name].max_epochs:g} is one "
        "of the whole run; max_epochs of the phase would spread them."
        for phase in plan.phases
        for name, epochs in plan.epochs(phase).items()
        if name not in phase.max_epochs
        and is_crammed(float(epochs), phase.steps / steps, float(whole[name]))
    ]


def export_recipe(
    recipe: Recipe,
    exporter: Exporter,
    options: ExportOptions | None = None,
    store: Store | None = None,
    phases: Sequence[RunPhase] | None = None,
) -> Written:
    """The files that a framework loads, and beside them ``expected.json`` and ``LOAD.md``.

    Args:
        recipe: what to train on.
        exporter: the framework.
        options: run, budget, paths, tokens per document.
        store: where the recipe's inventory is looked up; by default the user's own.
        phases: in the place of the recipe's own.

    Raises:
        ProblemError, DataError: as ``make_plan`` and the exporter itself.
    """
    phases = phases_of(recipe) if phases is None else phases
    plan = make_plan(recipe, phases, exporter, options or ExportOptions(), store or Store())
    export = exporter.write(plan)
    digest = hashlib.sha256(dump_recipe(recipe).encode("utf-8")).hexdigest()
    real = export.plan or plan
    export = replace(export, notes=(*export.notes, *_crammed(real)))
    text = page(exporter, export, expected(recipe, real, exporter, digest, {}))
    files = {**export.files, PAGE: text}
    figures = expected(recipe, real, exporter, digest, files)
    return Written(exporter, export, figures, {**files, EXPECTED: json_text(figures)})

"""Logged runs as the table that ``learn`` reads: weights and losses, a row a run.

Nothing is guessed: which metrics are losses of evaluation sets is said by a pattern, and where the
mixture stands by a key of the config, a folder of the trainer's mixtures, or a table beside.
"""

from __future__ import annotations

import ast
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.mixture_file import plain_prefix
from atlasmix.interop.importers import megatron as megatron_data
from atlasmix.interop.importers.listing import FILE_LIMIT, Listing
from atlasmix.interop.trackers import hf_trainer, megatron, olmo_core
from atlasmix.interop.trackers.run_record import FINISHED, RunRecord
from atlasmix.io.files import read_file
from atlasmix.io.safe_yaml import decode
from atlasmix.io.tables import Rows
from atlasmix.quantities import read_number, read_quantity
from atlasmix.text import did_you_mean, first_few

PARAMS: Final = (
    "params", "n_params", "num_params", "num_parameters", "n_parameters", "parameters",
    "model/num_parameters", "number of parameters",
)  # fmt: skip
TOKENS: Final = (
    hf_trainer.TOKENS, f"train/{hf_trainer.TOKENS}", olmo_core.TOKENS, megatron.TOKENS,
    "tokens", "train/tokens", "total_tokens", "train/total_tokens", "consumed_tokens",
    "num_tokens", "train_tokens",
)  # fmt: skip
_BITS: Final = re.compile(r"(?<![a-z])(bpb|bits[ _-]per[ _-]byte)(?![a-z])", re.IGNORECASE)
_NO_LOSS: Final = re.compile(r"(?<![a-z])(ppl|perplexity|acc|accuracy)(?![a-z])", re.IGNORECASE)
_LONGEST: Final = 64 * 1024
_SHOWN: Final = 12
_EARLY: Final = 0.95
"""Part of the others' steps below which a run counts as stopped, where no log says: our choice."""
_MIXTURE_FILES: Final = (".txt", ".json", ".yaml", ".yml", "")


@dataclass(frozen=True, slots=True)
class LogReading:
    """What the user says of the logs.

    Attributes:
        metrics: patterns of the losses, as ``eval/*_loss``: what ``*`` stands for names the set.
        weights: key of the config that holds the mixture, or a pattern of such keys, as ``w_*``.
        blends: folder with a file for each run as Megatron takes it, called as the run.
        params: key or metric of the parameters; empty: one of the usual names.
        tokens: key or metric of the tokens read; empty: one of the usual names.
        step: at which the losses are taken; None: the last of each.
        keep_unfinished: whether runs that did not reach their end are kept.
    """

    metrics: tuple[str, ...] = ()
    weights: str = ""
    blends: Path | None = None
    params: str = ""
    tokens: str = ""
    step: int | None = None
    keep_unfinished: bool = False


def table_of_runs(
    runs: Sequence[RunRecord], how: LogReading, what: str, beside: bool = False
) -> tuple[Rows, list[str]]:
    """The table, and what was done to make it, one sentence each.

    Args:
        runs: at least one.
        how: what the user says of them.
        what: how messages call the table.
        beside: whether another table may hold the mixtures.

    Raises:
        ProblemError: no metric is named or fits, or no mixture is to be found.
        DataError: mixtures that are none.
    """
    sets = loss_sets(runs, how)
    notes: list[str] = []
    kept = _finished([run for run in runs if _measured(run, sets)], runs, how, notes)
    measured = [run for run in kept if any(run.value(metric) is not None for metric in sets)]
    if not measured:
        raise ProblemError(_no_step(runs, sets, how), field="step", value=how.step)
    if len(measured) < len(kept):
        names = [run.name for run in kept if run not in measured]
        notes.append(f"run {first_few(names, 5)}: nothing measured at step {how.step}; left out")
    mixtures = mixtures_of(measured, how, beside, notes)
    sources = list(dict.fromkeys(name for mixture in mixtures for name in mixture))
    bits = all(_BITS.search(metric) for metric in sets)
    sizes = {
        name: column
        for name, column in (
            ("params", _sizes(measured, PARAMS, how.params, "params", notes)),
            ("tokens", _sizes(measured, TOKENS, how.tokens, "tokens", notes)),
        )
        if column
    }
    losses = [f"{'bpb' if bits else 'loss'}_{name}" for name in sets.values()]
    header = ("run", *sizes, *(f"w_{name}" for name in sources), *losses)
    rows = []
    for place, run in enumerate(measured):
        mixture = mixtures[place] if mixtures else {}
        cells = [run.name]
        cells += [repr(column[place]) for column in sizes.values()]
        cells += [repr(mixture.get(name, 0.0)) for name in sources]
        cells += ["" if (value := run.value(metric)) is None else repr(value) for metric in sets]
        rows.append(tuple(cells))
    return Rows(what, header, tuple(range(1, len(rows) + 1)), tuple(rows)), notes


def loss_sets(runs: Sequence[RunRecord], how: LogReading) -> dict[str, str]:
    """Metric to the name of its set, in the order in which the logs have them.

    Raises:
        ProblemError: no pattern, one that fits nothing, two metrics of one name, or no losses.
    """
    known = list(dict.fromkeys(metric for run in runs for metric in run.last))
    if not how.metrics:
        raise ProblemError(
            f"which metrics are losses of evaluation sets? {_known(known)}",
            field="metric",
            hint="name them by a pattern, as 'eval/*_loss'; what * stands for names the set",
        )
    sets: dict[str, str] = {}
    for pattern in how.metrics:
        fitting = {metric: name for metric in known if (name := _fits(pattern, metric)) is not None}
        if not fitting:
            hint = did_you_mean(pattern, known)
            raise ProblemError(
                f"no metric fits {pattern[:60]!r}: {hint + ' ' if hint else ''}{_known(known)}",
                field="metric",
                value=pattern,
            )
        sets.update(fitting)
    wrong = [metric for metric in sets if _NO_LOSS.search(metric)]
    if wrong:
        raise ProblemError(
            f"{first_few(wrong, 3)}: a perplexity or an accuracy is no loss: expected losses or "
            "bits per byte; narrow the pattern",
            field="metric",
        )
    names = list(sets.values())
    twice = [metric for metric, name in sets.items() if names.count(name) > 1]
    if twice:
        raise ProblemError(
            f"{first_few(twice, 4)} would all be the set {sets[twice[0]]}: narrow the pattern",
            field="metric",
        )
    return sets


def _fits(pattern: str, metric: str) -> str | None:
    """The name of the set, where a metric fits a pattern; of several stars all they stand for."""
    parts = [re.escape(part) for part in pattern.split("*")]
    if len(parts) > 5 or len(metric) > 1000:
        return None
    match = re.fullmatch("(.+?)".join(parts), metric)
    if match is None:
        return None
    return "/".join(match.groups()) or metric


def _known(metrics: Sequence[str]) -> str:
    """The metrics that are there, those that look like losses first."""
    if not metrics:
        return "the logs hold no metric"
    ranked = sorted(
        metrics, key=lambda name: (not re.search("eval|val", name), not re.search("loss|bpb", name))
    )
    return f"the logs hold {first_few(ranked, _SHOWN)}"


def _measured(run: RunRecord, sets: Mapping[str, str]) -> bool:
    return any(metric in run.last for metric in sets)


def _finished(
    measured: list[RunRecord], runs: Sequence[RunRecord], how: LogReading, notes: list[str]
) -> list[RunRecord]:
    """The runs that reached their end, or the step that is wanted; what is left out is said."""
    bare = [run.name for run in runs if run not in measured]
    if bare:
        notes.append(f"run {first_few(bare, 5)}: none of the metrics is in its log; left out")
    if how.step is not None:
        return measured
    middle = statistics.median([run.last_step for run in measured] or [0.0])
    early: dict[str, list[str]] = {}
    kept = []
    for run in measured:
        why = _why_unfinished(run, middle)
        if why:
            early.setdefault(why, []).append(f"{run.name} (step {run.last_step:g})")
        if not why or how.keep_unfinished:
            kept.append(run)
    for why, names in early.items():
        end = "kept, as asked" if how.keep_unfinished else "left out"
        notes.append(f"run {first_few(names, 5)}: {why}; {end}")
    if not kept:
        raise DataError(
            f"none of {len(measured)} runs reached its end: {'; '.join(notes)[:500]}",
            field="runs",
            hint="keep them all the same, or take the losses at a step that all have reached",
        )
    return kept


def _why_unfinished(run: RunRecord, middle: float) -> str:
    """Why a run is not taken for finished; empty where it is."""
    if run.state == "failed":
        return "failed"
    if run.state == "running":
        return "did not reach its end"
    early = run.state != FINISHED and run.last_step < _EARLY * middle
    return f"stopped before the others ({middle:g} steps)" if early else ""


def _no_step(runs: Sequence[RunRecord], sets: Mapping[str, str], how: LogReading) -> str:
    last = [run.last[metric][0] for run in runs for metric in sets if metric in run.last]
    return (
        f"no run has a loss at step {how.step}: their last evaluations are at steps "
        f"{min(last):g} to {max(last):g}"
    )


def mixtures_of(
    runs: Sequence[RunRecord], how: LogReading, beside: bool, notes: list[str]
) -> list[dict[str, float]]:
    """The mixture of every run; none where a table beside has them.

    Raises:
        ProblemError: nothing says where the mixtures are.
        DataError: runs without one, or what is none.
    """
    if how.blends is not None:
        return _from_folder(runs, how.blends)
    key = how.weights
    if not key:
        if all(megatron.BLEND in run.config for run in runs):
            key = megatron.BLEND
        elif all(_by_pattern("w_*", run.config) for run in runs):
            key = "w_*"
        elif beside:
            return []
        else:
            known = list(dict.fromkeys(name for run in runs for name in run.config))
            keys = first_few(known, _SHOWN) if known else "nothing"
            raise ProblemError(
                f"where is the mixture of each run? Their configs hold {keys}",
                field="weights_key",
                hint="name the key of the weights, as data.weights, or give a table with the "
                "columns run and w_SOURCE beside the logs, or a folder of blends",
            )
    mixtures = [_of_config(run, key) for run in runs]
    bare = [run for run, mixture in zip(runs, mixtures, strict=True) if not mixture]
    if bare:
        known = list(bare[0].config)
        hint = did_you_mean(key, known) or f"it has {first_few(known, _SHOWN)}"
        raise ProblemError(
            f"{len(bare)} of {len(runs)} runs have no weights at {key[:60]!r} in their config, "
            f"{bare[0].name} among them: {hint if known else 'it is empty'}",
            field="weights_key",
            value=key,
        )
    notes.append(f"mixtures are those of the runs' configs, at {key}")
    return mixtures


def _of_config(run: RunRecord, key: str) -> dict[str, float]:
    """The weights at a key: keys below it, a mapping written as a text, or a blend."""
    if "*" in key:
        return _by_pattern(key, run.config)
    for sign in "./" if not key.endswith((".", "/")) else ("",):
        below = _by_pattern(f"{key}{sign}*", run.config)
        if below:
            return below
    value = _literal(run.config.get(key))
    if isinstance(value, dict):
        return _by_pattern("*", {str(name): weight for name, weight in value.items()})
    text = " ".join(map(str, value)) if isinstance(value, list) else value
    if not isinstance(text, str) or not text.strip():
        return {}
    return _of_listing(megatron_data.read(text, f"{key} of run {run.name}"))


def _literal(value: object) -> object:
    """A mapping or list that was logged as a text, as Python prints it; all else as it is."""
    if not isinstance(value, str) or len(value) > _LONGEST or value.strip()[:1] not in ("{", "["):
        return value
    try:
        literal: object = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return value
    return literal


def _by_pattern(pattern: str, config: Mapping[str, object]) -> dict[str, float]:
    weights = {}
    for key, value in config.items():
        name = _fits(pattern, key)
        number = read_number(value)
        if name is not None and number is not None:
            weights[name] = number
    return weights


def _of_listing(listing: Listing) -> dict[str, float]:
    """A blend as weights; a source is called as the last part of its path, where that tells."""
    prefixes = [plain_prefix(entry.prefix) for entry in listing.entries]
    tails = [prefix.rpartition("/")[2] for prefix in prefixes]
    names = tails if len(set(tails)) == len(set(prefixes)) else prefixes
    weights: dict[str, float] = {}
    for name, entry in zip(names, listing.entries, strict=True):
        weights[name] = weights.get(name, 0.0) + (1.0 if entry.weight is None else entry.weight)
    total = math.fsum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _from_folder(runs: Sequence[RunRecord], folder: Path) -> list[dict[str, float]]:
    """The mixture of every run from the file that is called as the run, or lies in its folder.

    Raises:
        DataError: no folder, runs without a file, or a file that is no blend.
    """
    if not folder.is_dir():
        raise DataError(f"no folder {folder} of blends: check the path", field="blends")
    files = mixture_files(folder)
    listed: list[dict[str, float]] = []
    bare: list[str] = []
    for run in runs:
        path = next((files[key] for key in (run.name, run.base, run.ident) if key in files), None)
        if path is None:
            bare.append(run.name)
        else:
            listed.append(read_blend(path))
    if bare:
        shown = first_few(sorted(files), 3) or "nothing"
        raise DataError(
            f"blends {folder.name}: no file for run {first_few(bare, 5)}: expected one called as "
            f"the run, as {bare[0]}.txt; there is {shown}",
            field="blends",
        )
    return listed


def mixture_files(folder: Path) -> dict[str, Path]:
    """Name of a run to the file of its mixture: its stem, or its folder's name."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*"))[:100_000]:
        if path.is_file() and path.suffix.lower() in _MIXTURE_FILES:
            relative = path.relative_to(folder)
            files.setdefault(relative.with_suffix("").as_posix(), path)
            if len(relative.parts) > 1:
                files.setdefault(relative.parent.as_posix(), path)
    return files


def read_blend(path: Path) -> dict[str, float]:
    """Shares of the sources in a file that Megatron takes.

    Raises:
        DataError: none, with every fault of the file.
    """
    what = f"mixture {path.name}"
    text = decode(read_file(path, FILE_LIMIT), what, FILE_LIMIT)
    return _of_listing(megatron_data.read(text, what))


def _sizes(
    runs: Sequence[RunRecord], known: Sequence[str], key: str, what: str, notes: list[str]
) -> list[float]:
    """Parameters or tokens of every run; nothing where not all of them say.

    Raises:
        ProblemError: a key that was named and is not in every run.
    """
    for name in [key] if key else known:
        values = [size_of(run, name) for run in runs]
        if all(value is not None for value in values):
            notes.append(f"{what} are those at {name}")
            return [value for value in values if value is not None]
        if key:
            bare = [run.name for run, value in zip(runs, values, strict=True) if value is None]
            raise ProblemError(
                f"run {first_few(bare, 5)}: no number above 0 at {key[:60]!r}: expected its {what}",
                field=f"{what}_key",
                value=key,
            )
    return []


def size_of(run: RunRecord, name: str) -> float | None:
    """A number above 0 that a run logged or has in its config under a name; None: it has not."""
    value = run.value(name)
    if value is None and name in run.config:
        value = read_quantity(run.config[name])
    return value if value is not None and math.isfinite(value) and value > 0 else None

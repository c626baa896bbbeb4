"""Logged runs as a table of loss curves: a row a checkpoint and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.interop.trackers.run_table import (
    PARAMS,
    TOKENS,
    LogReading,
    loss_sets,
    mixtures_of,
    size_of,
)
from atlasmix.io.tables import Rows
from atlasmix.text import first_few

_HEADER = ("run", "languages", "tokens", "language", "loss")


def table_of_curves(
    runs: Sequence[RunRecord],
    how: LogReading,
    what: str,
    languages: Mapping[str, str] | None = None,
) -> tuple[Rows, list[str]]:
    """The table that ``measure curves`` reads, and how it was made, one sentence each.

    Args:
        runs: read with every step.
        how: patterns of the losses, whose ``*`` is a language; keys of mixture, tokens and size.
        what: how messages name the logs.
        languages: name of a run to what it trains on, as ``cat+spa``; None: the mixture in its
            config.

    Raises:
        ProblemError: no metric, mixture or tokens where they are looked for.
    """
    notes: list[str] = []
    sets = loss_sets(runs, how)
    measured = [run for run in runs if any(metric in run.history for metric in sets)]
    if languages is None:
        mixtures = mixtures_of(measured, how, beside=False, notes=notes)
        named = [_written(mixture) for mixture in mixtures]
    else:
        bare = [run.name for run in measured if run.name not in languages]
        if bare:
            raise ProblemError(
                f"no row says what run {first_few(bare, 5)} trains on: expected its name in the "
                "column run and its languages beside it",
                field="curves",
            )
        named = [languages[run.name] for run in measured]
    sizes = [_size(run, how.params) for run in measured]
    sized = all(sizes)
    rows = []
    for run, trained, size in zip(measured, named, sizes, strict=True):
        read = _tokens(run, how.tokens)
        for metric, language in sets.items():
            for step, loss in sorted(run.history.get(metric, {}).items()):
                tokens = float(np.interp(step, *read))
                if tokens > 0:
                    cells = (run.name, trained, f"{tokens:.12g}", language, repr(loss))
                    rows.append((*cells, *([f"{size:.12g}"] if sized else [])))
    header = (*_HEADER, *(["params"] if sized else []))
    return Rows(what, header, tuple(range(1, len(rows) + 1)), tuple(rows)), notes


def _size(run: RunRecord, named: str) -> float:
    """Parameters of a run; 0 where its log does not say."""
    keys = _keys(named, PARAMS)
    return next((size for key in keys if (size := size_of(run, key)) is not None), 0.0)


def _written(mixture: Mapping[str, float]) -> str:
    return "+".join(f"{key}:{share:.6g}" for key, share in mixture.items() if share > 0)


def _keys(named: str, usual: Sequence[str]) -> Sequence[str]:
    return (named,) if named else usual


def _tokens(run: RunRecord, named: str) -> tuple[list[float], list[float]]:
    """Steps and the tokens read by then, from 0; between two that were logged in proportion.

    Raises:
        ProblemError: the log counts no tokens.
    """
    for key in _keys(named, TOKENS):
        counted = sorted(run.history.get(key, {}).items())
        if counted:
            return [0.0, *(step for step, _ in counted)], [0.0, *(count for _, count in counted)]
    raise ProblemError(
        f"run {run.name}: its log counts no tokens at {named or ', '.join(TOKENS[:4])}: expected "
        "the tokens read so far at several steps",
        field="tokens_key",
        hint="name the metric",
    )

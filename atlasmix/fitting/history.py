"""A law judged by what it foretold: predicted against reached loss of runs that came after it.

Runs are added batch by batch. Each batch is predicted by the law of all runs before it, which never
saw it, and what was foretold is kept in the law's file. The running score is over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import DataError, ProblemError
from atlasmix.fitting.law_file import SavedLaw
from atlasmix.fitting.learning import Law, Learned, LearnQuestion, learn
from atlasmix.fitting.mixing_law import MixingLaw
from atlasmix.fitting.mixture_runs import (
    NO_SOURCE,
    SAME_SIZE,
    MixtureRuns,
    Mixtures,
    groups_of,
)
from atlasmix.fitting.runs import frozen
from atlasmix.quantities import format_quantity
from atlasmix.text import did_you_mean, first_few

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One loss that was foretold, and what the run reached.

    Attributes:
        run: its name.
        set: the evaluation set.
        predicted, reached: losses in the unit of the law.
        half_width: of the interval of the prediction; None: the law had too few runs for one.
    """

    run: str
    set: str
    predicted: float
    reached: float
    half_width: float | None

    @property
    def off(self) -> float:
        """Reached less predicted: above 0 where the run did worse than foretold."""
        return self.reached - self.predicted

    @property
    def inside(self) -> bool | None:
        """Whether the loss lies in its interval; None where there is none."""
        return None if self.half_width is None else abs(self.off) <= self.half_width


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that were added together.

    Attributes:
        tables: name and SHA-256 of each file of them.
        law: that foretold them.
        runs: how many runs it was learned from.
        outcomes: a loss each.
        unjudged: runs that the law said nothing of, and why, one sentence each.
    """

    tables: tuple[tuple[str, str], ...]
    law: str
    runs: int
    outcomes: tuple[Outcome, ...]
    unjudged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How good the predictions of some losses were.

    Attributes:
        count: losses foretold.
        error: mean distance from what was reached.
        bias: mean of reached less predicted.
        inside: losses within their interval.
        told: losses that had one.
    """

    count: int
    error: float
    bias: float
    inside: int
    told: int


def score(outcomes: Sequence[Outcome]) -> Score:
    """The score of some predictions; nan of none.

    >>> score([Outcome("a", "web", 2.0, 2.1, 0.2), Outcome("b", "web", 2.0, 1.9, 0.05)]).inside
    1
    """
    off = np.array([each.off for each in outcomes])
    inside = [each.inside for each in outcomes if each.inside is not None]
    return Score(
        len(off),
        float(np.abs(off).mean()) if len(off) else math.nan,
        float(off.mean()) if len(off) else math.nan,
        sum(inside),
        len(inside),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Foreteller:
    """A law as it stood before some runs: of a file, or learned just now.

    Attributes:
        law: predicts losses.
        half_width: (K,) of the intervals, inf: none.
        runs: how many runs it was learned from.
    """

    law: Law
    half_width: Array
    runs: int

    @staticmethod
    def of_file(saved: SavedLaw) -> Foreteller:
        """The law of a file."""
        count = int(saved.content["learned_from"]["runs"])
        return Foreteller(saved.law, saved.half_width, count)

    @staticmethod
    def of_runs(learned: Learned) -> Foreteller:
        """The law of runs."""
        return Foreteller(learned.law, learned.half_width, learned.runs.count)


def judge(before: Foreteller, new: MixtureRuns, tables: Sequence[tuple[str, str]]) -> Batch:
    """What a law foretold of runs that it never saw.

    Args:
        before: the law as it stood.
        new: in the sources and sets of its runs, see :func:`aligned`.
        tables: name and SHA-256 of each file of them.
    """
    strange = _other_sizes(before.law, new.mixtures)
    losses = before.law.predict(new.mixtures)
    names = new.mixtures.names
    outcomes = [
        Outcome(
            names[row],
            name,
            float(losses[row, place]),
            float(new.loss[row, place]),
            float(before.half_width[place]) if math.isfinite(before.half_width[place]) else None,
        )
        for row in range(new.count)
        if row not in strange
        for place, name in enumerate(new.sets)
        if not math.isnan(new.loss[row, place])
    ]
    told = tuple(f"{names[row]} {words}" for row, words in strange.items())
    return Batch(tuple(tables), before.law.name, before.runs, tuple(outcomes), told)


def _other_sizes(law: Law, mixtures: Mixtures) -> dict[int, str]:
    """Runs of a size that the law's runs say nothing of, and why, by row."""
    strange: dict[int, str] = {}
    if not isinstance(law, MixingLaw):
        return strange
    scale = law.scale
    for column, middle, vary, what in (
        (mixtures.params, scale.params, scale.params_vary, "parameters"),
        (mixtures.tokens, scale.tokens, scale.tokens_vary, "tokens"),
    ):
        if column is None or vary or middle <= 0:
            continue
        off = np.abs(np.log(np.where(np.isnan(column), middle, column) / middle))
        for row in np.flatnonzero(off > SAME_SIZE).tolist():
            strange[row] = (
                f"is of {format_quantity(float(column[row]))} {what}, and all runs before of "
                f"{format_quantity(middle)}: the law foretold nothing of it"
            )
    return strange


def aligned(new: MixtureRuns, runs: MixtureRuns, what: str) -> MixtureRuns:
    """New runs in the sources and sets of those before, in their order.

    Args:
        new: as their tables were read.
        runs: those before.
        what: names the new tables in a message.

    Raises:
        DataError: a source that no run before read, no set in common, or losses in another unit.
    """
    strange = [
        name
        for name, read in zip(new.sources, np.any(new.weights > 0, axis=0).tolist(), strict=True)
        if name not in runs.sources and read
    ]
    if strange:
        hint = did_you_mean(strange[0], runs.sources) or f"they mix {first_few(runs.sources, 8)}"
        raise DataError(
            f"{what} mixes {first_few(strange, 4)}, which none of the runs before knows: {hint}; "
            "learn from all of them in one table",
            field="add",
        )
    if not set(new.sets) & set(runs.sets):
        raise DataError(
            f"{what} has losses of {first_few(new.sets, 4)}, and the runs before of "
            f"{first_few(runs.sets, 4)}: expected the same sets",
            field="add",
        )
    if new.unit != runs.unit:
        raise DataError(
            f"{what} has losses in {new.unit}, and the runs before in {runs.unit}: expected one "
            "unit",
            field="add",
        )
    return replace(
        new,
        mixtures=replace(
            new.mixtures,
            sources=runs.sources,
            weights=_columns(new.weights, new.sources, runs.sources, 0.0),
            unique=None
            if new.mixtures.unique is None
            else _columns(new.mixtures.unique, new.sources, runs.sources, math.nan),
        ),
        sets=runs.sets,
        loss=_columns(new.loss, new.sets, runs.sets, math.nan),
        own=runs.own,
    )


def _columns(table: Array, names: Sequence[str], wanted: Sequence[str], absent: float) -> Array:
    rows = np.full((len(table), len(wanted)), absent)
    for place, name in enumerate(wanted):
        if name in names:
            rows[:, place] = table[:, list(names).index(name)]
    return frozen(rows)


def joined(runs: MixtureRuns, new: MixtureRuns) -> MixtureRuns:
    """Runs before and after as one table; a name that stands in both is given the word ``again``.

    Args:
        runs: those before.
        new: as :func:`aligned` gives them.
    """
    here, there = runs.mixtures, new.mixtures
    known = set(here.names)
    names = tuple(f"{name} again" if name in known else name for name in there.names)

    def stacked(first: Array | None, second: Array | None, width: tuple[int, ...]) -> Array | None:
        if first is None and second is None:
            return None
        parts = [
            np.full((count, *width), math.nan) if part is None else part
            for part, count in ((first, here.count), (second, there.count))
        ]
        return frozen(np.concatenate(parts))

    mixtures = Mixtures(
        names=(*here.names, *names),
        sources=here.sources,
        weights=frozen(np.concatenate([here.weights, there.weights])),
        params=stacked(here.params, there.params, ()),
        tokens=stacked(here.tokens, there.tokens, ()),
        unique=stacked(here.unique, there.unique, (len(here.sources),)),
    )
    return replace(
        runs,
        mixtures=mixtures,
        loss=frozen(np.concatenate([runs.loss, new.loss])),
        groups=groups_of(mixtures),
        notes=(*runs.notes, *(note for note in new.notes if note not in runs.notes)),
    )


_FIELDS: Final = ("run", "set", "predicted", "reached", "half_width")


def history_data(history: Sequence[Batch]) -> list[dict[str, Any]]:
    """Batches as a law's file holds them."""
    return [
        {
            "tables": [name for name, _ in batch.tables],
            "sha256": [digest for _, digest in batch.tables],
            "law": batch.law,
            "runs": batch.runs,
            "outcomes": [
                {name: getattr(each, name) for name in _FIELDS} for each in batch.outcomes
            ],
            "unjudged": list(batch.unjudged),
        }
        for batch in history
    ]


def read_history(content: Mapping[str, Any]) -> tuple[Batch, ...]:
    """The batches of a law's file, which was checked already."""
    return tuple(
        Batch(
            tuple(zip(batch["tables"], batch["sha256"], strict=True)),
            batch["law"],
            batch["runs"],
            tuple(Outcome(**outcome) for outcome in batch["outcomes"]),
            tuple(batch["unjudged"]),
        )
        for batch in content.get("history", ())
    )


def foretold(
    saved: SavedLaw, added: Sequence[tuple[MixtureRuns, Tables]]
) -> tuple[tuple[Batch, ...], int]:
    """The history of a law's file with batches that this law foretold; its runs are not needed.

    Args:
        saved: the law.
        added: batches of runs that came after it.

    Returns:
        The history, and how many of its batches, the last ones, are new.

    Raises:
        DataError: runs of other sources, sets or another unit.
        ProblemError: a table that the law was learned from.
    """
    behind = set(saved.content["learned_from"]["sha256"])
    history = list(read_history(saved.content))
    law = saved.law
    count = len(law.sources)
    own = law.own if isinstance(law, MixingLaw) else np.full(len(law.sets), NO_SOURCE)
    empty = MixtureRuns(
        Mixtures((), law.sources, np.zeros((0, count))),
        law.sets,
        np.zeros((0, len(law.sets))),
        own,
        np.zeros(0, dtype=np.int64),
        saved.unit,
    )
    for runs, tables in added:
        known = [name for name, digest in tables if digest in behind]
        if known:
            raise ProblemError(
                f"the law was learned from {first_few(known, 4)}, so it foretold nothing of it: "
                "add runs that came after it",
                field="add",
            )
        new = aligned(runs, empty, " and ".join(name for name, _ in tables))
        history.append(judge(Foreteller.of_file(saved), new, tables))
    return tuple(history), len(added)


Tables = tuple[tuple[str, str], ...]
"""Name and SHA-256 of each file."""


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Runs with those that came after them, and how the laws in between foretold these.

    Attributes:
        runs: all of them.
        tables: of all.
        history: a batch each, in the order in which they came.
        fresh: how many batches, the last ones, are judged for the first time.
    """

    runs: MixtureRuns
    tables: Tables
    history: tuple[Batch, ...]
    fresh: int


def grow(
    first: tuple[MixtureRuns, Tables],
    added: Sequence[tuple[MixtureRuns, Tables]],
    question: LearnQuestion,
    saved: SavedLaw | None = None,
    learned: Learned | None = None,
) -> Grown:
    """Add batches of runs one after another, each foretold by the law of all before it.

    Args:
        first: the runs to begin with, and their tables.
        added: the batches, in the order in which they came.
        question: how a law is learned where no file holds it.
        saved: the law as it stands in its file: what it foretold counts, and what is in its history
            already is not judged again. One of other runs is not asked.
        learned: the law of ``first``, where it is at hand.

    Raises:
        DataError: runs of other sources, sets or another unit.
        ProblemError: a batch of the file's history that is not given.
    """
    runs, tables = first
    mine = [digest for _, digest in tables]
    behind = [] if saved is None else list(saved.content["learned_from"]["sha256"])
    if saved is not None and behind[: len(mine)] != mine:
        saved, behind = None, []
    history = () if saved is None else read_history(saved.content)
    known = {digest: name for batch in history for name, digest in batch.tables}
    given = {digest for _, files in added for _, digest in files}
    missing = [name for digest, name in known.items() if digest not in given]
    if missing:
        raise ProblemError(
            f"the law's history has {first_few(missing, 4)} among its runs, and "
            f"{'it is' if len(missing) == 1 else 'they are'} not given: add it too, in the order "
            "in which the runs came",
            field="add",
        )
    fresh = 0
    for new, files in added:
        what = " and ".join(name for name, _ in files)
        next_runs = aligned(new, runs, what)
        if not {digest for _, digest in files} <= set(known):
            if saved is not None and behind == [digest for _, digest in tables]:
                before = Foreteller.of_file(saved)
            elif learned is not None and runs is first[0]:
                before = Foreteller.of_runs(learned)
            else:
                before = Foreteller.of_runs(learn(runs, replace(question, compared=())))
            history = (*history, judge(before, next_runs, files))
            fresh += 1
        runs, tables = joined(runs, next_runs), (*tables, *files)
    return Grown(runs, tables, history, fresh)

"""Does a run read what was planned? Shares and epochs of every pool, within sampling error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.mixture_file import GivenMixture, GivenOther, files_of, plain_prefix
from atlasmix.interop.exporters.plan import DEFAULT_SEQUENCE_LENGTH
from atlasmix.interop.exporters.planning import safe_key
from atlasmix.interop.importers.mapping import (
    ExpectedName,
    expected_parts,
    is_expected,
)
from atlasmix.interop.trackers.consumed import Consumed
from atlasmix.io.schema import AtLeastOne, Share, Text, faults_of
from atlasmix.io.tables import refuse
from atlasmix.text import first_few

Verdict = Literal["as planned", "too much", "too little", "not read", "not planned", "past its cap"]

ERRORS: Final = 4.0
"""Standard errors that a share may be off, our choice: of 200 pools that are drawn as planned, one
in eighty runs has one outside (normal approximation, two-sided, 6.3e-5 each)."""

ONE_SAMPLE: Final = 1.0
"""Samples of slack beside: a greedy blend such as Megatron's is off by at most one."""


PhaseShares = tuple[float, Mapping[str, float]]
"""Tokens of a phase, and the share of each pool in it."""


@dataclass(frozen=True, slots=True)
class PoolVerdict:
    """One pool or source.

    Attributes:
        name: of the pool; of a file of it, where it has several and the log tells them apart; of
            the log's source where nothing planned it.
        pool: of a file, the pool that it is a part of; else the name again.
        planned, read: share of training tokens, 0-1.
        tolerance: how far ``read`` may be from ``planned`` by chance, 0-1.
        tokens: read so far.
        epochs: so far; None where the unique tokens are unknown.
        epochs_at_end: if the run goes on like this; None where unknown.
        cap: most epochs; None where there is none.
        verdict: in two words.
    """

    name: str
    pool: str
    planned: float
    read: float
    tolerance: float
    tokens: float
    epochs: float | None
    epochs_at_end: float | None
    cap: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunReport:
    """The whole run.

    Attributes:
        plan: name of the recipe or mixture.
        form: of the log.
        tokens: read so far.
        planned_tokens: of the run, or None.
        samples: sequences that the shares rest on.
        sequence_length: tokens a sequence.
        step: of the run, or None.
        pools: every pool, and every file of those that are read from several; the largest
            deviation, in tolerances, first.
        notes: plain sentences.
    """

    plan: str
    form: str
    tokens: float
    planned_tokens: float | None
    samples: float
    sequence_length: int
    step: int | None
    pools: tuple[PoolVerdict, ...]
    notes: tuple[str, ...] = ()

    @property
    def as_planned(self) -> bool:
        """Whether every pool is read as planned."""
        return all(pool.verdict == "as planned" for pool in self.pools)


@dataclass(frozen=True, slots=True)
class Watched:
    """A pool, or one file of it, as a log may speak of it.

    Attributes:
        pool: name of the pool.
        path: of the file, without its ending; empty for the whole pool.
    """

    pool: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """What an export says of the files of its pools.

    Attributes:
        keys: path or key of a pool to what it stands for.
        parts: of a pool with several files, path to its share of the pool's text, 0-1; a pool of
            which nobody says it is absent.
    """

    keys: Mapping[str, Watched] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def verify_run(
    plan: GivenMixture,
    log: Consumed,
    files: Files | None = None,
    sequence_length: int | None = None,
    order: Sequence[Watched] = (),
    phases: Sequence[PhaseShares] = (),
) -> RunReport:
    """Hold what was consumed against what was planned, pool by pool and file by file.

    Args:
        plan: recipe or mixture.
        log: of the run.
        files: further names of pools in the log and the files behind them, from ``expected.json``.
        sequence_length: tokens a sample; None takes the log's, else 4,096.
        order: what the log's source 0, 1, ... is; needed where it numbers them.
        phases: (tokens, share by pool) in the order of training, where a run has several: then the
            shares of what is read so far count, not those of the whole run.

    Raises:
        DataError: sources by number without an order, or documents without tokens.
    """
    if log.unit == "documents":
        raise DataError(
            "the log counts documents: shares of documents are not shares of tokens; log tokens or "
            "samples of each source"
        )
    files = files or Files()
    length = sequence_length or log.sequence_length or DEFAULT_SEQUENCE_LENGTH
    names = names_of(plan, files)
    read: dict[Watched, float] = {}
    strangers: dict[str, float] = {}
    for source, amount in log.amounts.items():
        known = _named(source, log, names, order)
        if known is None:
            strangers[source] = strangers.get(source, 0.0) + amount
        else:
            read[known] = read.get(known, 0.0) + amount
    total = log.total
    if not (math.isfinite(total) and total > 1e-9):
        raise DataError("the log has consumed nothing yet: wait for its first steps")
    tokens = total * length if log.unit == "samples" else total
    samples = total if log.unit == "samples" else total / length
    entries = (*plan.pools, *plan.other)
    planned = {each.name: each.proportion for each in entries}
    if len(phases) > 1:
        planned = dict.fromkeys(planned, 0.0) | shares_so_far(phases, tokens)
    frame = _Frame(tokens, total, samples, plan.tokens)
    verdicts = [
        verdict
        for entry in entries
        for verdict in _verdicts(entry, planned[entry.name], read, files, frame)
    ]
    verdicts += [
        PoolVerdict(
            source,
            source,
            0.0,
            amount / total,
            0.0,
            amount / total * tokens,
            None,
            None,
            None,
            "not planned",
        )
        for source, amount in strangers.items()
        if amount > 0
    ]
    verdicts.sort(key=lambda each: (-_off(each), each.name))
    notes = (*log.notes, *_hints(strangers, files))
    return RunReport(
        plan.name, log.form, tokens, plan.tokens, samples, length, log.step, tuple(verdicts), notes
    )


def _hints(strangers: Mapping[str, float], files: Files) -> list[str]:
    paths = [name for name in strangers if "/" in name]
    if not paths or files.keys:
        return []
    return [
        f"the log names paths, {first_few(paths, 3)}, which the plan does not know: give the "
        "expected.json of its export as the mapping, which says whose they are"
    ]


def _verdicts(
    entry: GivenOther, planned: float, read: Mapping[Watched, float], files: Files, frame: _Frame
) -> list[PoolVerdict]:
    """The pool, and each of its files where it has several and the log tells them apart."""
    own = {watched.path: amount for watched, amount in read.items() if watched.pool == entry.name}
    amount = math.fsum(own.values())
    whole = _verdict(entry, Watched(entry.name), planned, amount, frame)
    parts = parts_of(entry, files)
    if len(parts) < 2 or "" in own:
        return [whole]
    weights = {path: weight for path, (weight, _) in parts.items()}
    weighed = math.fsum(weights.values())
    return [
        whole,
        *(
            _verdict(
                replace(entry, unique_tokens=unique),
                Watched(entry.name, path),
                planned * weight / weighed,
                own.get(path, 0.0),
                frame,
            )
            for path, (weight, unique) in parts.items()
        ),
    ]


def parts_of(entry: GivenOther, files: Files) -> dict[str, tuple[float, float | None]]:
    """Path of each file of a pool to its weight and unique tokens; the same path twice is one."""
    parts = files_of(entry)
    if parts:
        return parts
    # An export divides a pool by what lies in each of its files.
    unique = entry.unique_tokens
    return {
        path: (part, part * unique if unique else None)
        for path, part in files.parts.get(entry.name, {}).items()
    }


@dataclass(frozen=True, slots=True)
class _Frame:
    tokens: float
    total: float
    samples: float
    planned: float | None


def shares_so_far(phases: Sequence[PhaseShares], tokens: float) -> dict[str, float]:
    """Share of each pool in the first ``tokens`` of a run in phases; sums to 1.

    Raises:
        DataError: phases that read nothing.

    >>> shares_so_far([(60.0, {"a": 1.0}), (40.0, {"a": 0.5, "b": 0.5})], 80.0)
    {'a': 0.875, 'b': 0.125}
    """
    read: dict[str, float] = {}
    left = tokens
    for number, (length, shares) in enumerate(phases):
        # A run that goes on past its plan goes on with the last phase.
        part = left if number == len(phases) - 1 else min(length, left)
        for name, share in shares.items():
            read[name] = read.get(name, 0.0) + share * part
        left -= part
    whole = math.fsum(read.values())
    if whole <= 0:
        raise DataError(
            "the phases of expected.json read nothing up to now: expected the one that an export "
            "wrote",
            field="mapping",
        )
    return {name: amount / whole for name, amount in read.items()}


def _verdict(
    entry: GivenOther, what: Watched, planned: float, amount: float, frame: _Frame
) -> PoolVerdict:
    share = amount / frame.total
    chance = math.sqrt(planned * (1 - planned) / frame.samples)
    tolerance = ERRORS * chance + ONE_SAMPLE / frame.samples
    tokens = share * frame.tokens
    epochs = end = None
    if entry.unique_tokens:
        epochs = tokens / entry.unique_tokens
        if frame.planned is not None:
            end = epochs * max(frame.planned / frame.tokens, 1.0)
    verdict: Verdict = "as planned"
    if abs(share - planned) > tolerance:
        verdict = "too much" if share > planned else "too little"
        if amount == 0:
            verdict = "not read"
    # A share within its tolerance may carry a pool that is read to its cap a hair past it.
    slack = 1 + (tolerance / planned if planned else 0.0) + 1e-3
    if epochs is not None and entry.max_epochs is not None and epochs > entry.max_epochs * slack:
        verdict = "past its cap"
    return PoolVerdict(
        what.path or what.pool,
        what.pool,
        planned,
        share,
        tolerance,
        tokens,
        epochs,
        end,
        entry.max_epochs,
        verdict,
    )


def _off(pool: PoolVerdict) -> float:
    if pool.verdict == "not planned":
        return math.inf
    return abs(pool.read - pool.planned) / pool.tolerance if pool.tolerance else 0.0


def names_of(plan: GivenMixture, files: Files) -> dict[str, Watched]:
    """Every word that may stand for a pool or a file of it in a log: name, key, prefix, path."""
    known: dict[str, Watched] = {}
    for entry in (*plan.pools, *plan.other):
        whole = Watched(entry.name)
        known[entry.name] = whole
        known.setdefault(safe_key(entry.name), whole)
        prefixes = list(dict.fromkeys(plain_prefix(part.prefix) for part in entry.parts))
        for prefix in prefixes:
            known.setdefault(prefix, Watched(entry.name, prefix) if len(prefixes) > 1 else whole)
    return {**known, **{plain_prefix(word): what for word, what in files.keys.items()}}


def _named(
    source: str, log: Consumed, names: Mapping[str, Watched], order: Sequence[Watched]
) -> Watched | None:
    if log.form == "megatron":
        if not order:
            raise ProblemError(
                "the log numbers its sources: say what was trained on, with the data file that "
                "Megatron was given (data_args.txt), in its order",
                field="data",
            )
        if int(source) >= len(order):
            raise DataError(
                f"the log has a source {source}, and the data file lists {len(order)}: give the "
                "file that this run was given",
                field="data",
            )
        return order[int(source)]
    return names.get(source) or names.get(plain_prefix(source))


class ExpectedShare(Struct):
    """What an export gives a pool in a phase."""

    pool: Text
    share: Share


class ExpectedPhase(Struct):
    """A phase of an export."""

    tokens: AtLeastOne
    pools: list[ExpectedShare]


class ExpectedPhases(Struct):
    """What an ``expected.json`` says of its phases; the rest is left open."""

    phases: list[ExpectedPhase]


class ExpectedFiles(ExpectedName):
    """A pool of an export with what lies in each of its files."""

    parts: list[Share] | UnsetType = UNSET


class ExpectedKeys(Struct):
    """What an ``expected.json`` says of its pools' names and files; the rest is left open."""

    pools: list[ExpectedFiles]


def phases_of_expected(content: Any) -> tuple[PhaseShares, ...]:
    """Tokens and shares of each phase, from an export's ``expected.json``.

    Raises:
        DataError: with every fault.
    """
    refuse("expected.json", faults_of(content, ExpectedPhases, "expected.json"))
    return tuple(
        (float(phase["tokens"]), {pool["pool"]: float(pool["share"]) for pool in phase["pools"]})
        for phase in content["phases"]
    )


def files_of_expected(content: Any) -> Files:
    """Keys and files of every pool, from an export's ``expected.json``.

    Raises:
        DataError: another file, or with every fault.
    """
    if not is_expected(content):
        raise DataError(
            "the mapping is no expected.json: expected the one that an export wrote beside the "
            "framework's file",
            field="mapping",
        )
    refuse("expected.json", faults_of(content, ExpectedKeys, "expected.json"))
    keys: dict[str, Watched] = {}
    parts: dict[str, dict[str, float]] = {}
    for pool in content["pools"]:
        name, paths = pool["pool"], [plain_prefix(path) for path in pool["paths"]]
        known = expected_parts(pool)
        apart = len(paths) > 1 and None not in known
        if apart:
            parts[name] = {
                path: float(part or 0.0) for path, part in zip(paths, known, strict=True)
            }
        keys[pool["key"]] = Watched(name)
        for number, path in enumerate(paths, start=1):
            what = Watched(name, path) if apart else Watched(name)
            keys[path] = what
            keys.setdefault(f"{pool['key']}__{number}", what)
    return Files(keys, parts)

"""Does a run read what was planned? Shares and epochs of every pool, within sampling error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

from atlasmix.audit.consumed import Consumed
from atlasmix.errors import DataError, ProblemError
from atlasmix.evidence.mixture_file import GivenMixture, GivenOther
from atlasmix.interop.exporters.plan import DEFAULT_SEQUENCE_LENGTH
from atlasmix.interop.exporters.planning import safe_key
from atlasmix.interop.importers.mapping import ExpectedName, is_expected, plain_prefix
from atlasmix.io.schema import AtLeastOne, Share, Text, faults_of
from atlasmix.io.tables import refuse

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
        name: of the pool; of the log's source where nothing planned it.
        planned, read: share of training tokens, 0-1.
        tolerance: how far ``read`` may be from ``planned`` by chance, 0-1.
        tokens: read so far.
        epochs: so far; None where the unique tokens are unknown.
        epochs_at_end: if the run goes on like this; None where unknown.
        cap: most epochs; None where there is none.
        verdict: in two words.
    """

    name: str
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
        pools: largest deviation, in tolerances, first.
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


def verify_run(
    plan: GivenMixture,
    log: Consumed,
    keys: Mapping[str, str],
    sequence_length: int | None = None,
    order: Sequence[str] = (),
    phases: Sequence[PhaseShares] = (),
) -> RunReport:
    """Hold what was consumed against what was planned.

    Args:
        plan: recipe or mixture.
        log: of the run.
        keys: further names of a pool in the log, say from ``expected.json``.
        sequence_length: tokens a sample; None takes the log's, else 4,096.
        order: name of the pool of the log's source 0, 1, ...; needed where it numbers them.
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
    length = sequence_length or log.sequence_length or DEFAULT_SEQUENCE_LENGTH
    names = _names(plan, keys)
    read: dict[str, float] = {}
    strangers: dict[str, float] = {}
    for source, amount in log.amounts.items():
        name = _named(source, log, names, order)
        into = read if name else strangers
        into[name or source] = into.get(name or source, 0.0) + amount
    total = log.total
    if total <= 0:
        raise DataError("the log has consumed nothing yet: wait for its first steps")
    tokens = total * length if log.unit == "samples" else total
    samples = total if log.unit == "samples" else total / length
    entries = (*plan.pools, *plan.other)
    planned = {each.name: each.proportion for each in entries}
    if len(phases) > 1:
        planned = dict.fromkeys(planned, 0.0) | shares_so_far(phases, tokens)
    frame = _Frame(tokens, total, samples, plan.tokens)
    pools = [
        _verdict(entry, planned[entry.name], read.get(entry.name, 0.0), frame) for entry in entries
    ]
    pools += [
        PoolVerdict(
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
    pools.sort(key=lambda each: (-_off(each), each.name))
    return RunReport(
        plan.name, log.form, tokens, plan.tokens, samples, length, log.step, tuple(pools), log.notes
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    tokens: float
    total: float
    samples: float
    planned: float | None


def shares_so_far(phases: Sequence[PhaseShares], tokens: float) -> dict[str, float]:
    """Share of each pool in the first ``tokens`` of a run in phases; sums to 1.

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
    whole = sum(read.values())
    return {name: amount / whole for name, amount in read.items()}


def _verdict(entry: GivenOther, planned: float, amount: float, frame: _Frame) -> PoolVerdict:
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
        entry.name,
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


def _names(plan: GivenMixture, keys: Mapping[str, str]) -> dict[str, str]:
    """Every word that may stand for a pool in a log: name, key, prefix, and those given."""
    known: dict[str, str] = {}
    for entry in (*plan.pools, *plan.other):
        known[entry.name] = entry.name
        known.setdefault(safe_key(entry.name), entry.name)
        for part in entry.parts:
            known.setdefault(plain_prefix(part.prefix), entry.name)
    return {**known, **{plain_prefix(word): name for word, name in keys.items()}}


def _named(
    source: str, log: Consumed, names: Mapping[str, str], order: Sequence[str]
) -> str | None:
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


class ExpectedKeys(Struct):
    """What an ``expected.json`` says of its pools' names; the rest is left open."""

    pools: list[ExpectedName]


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


def keys_of_expected(content: Any) -> dict[str, str]:
    """Key and paths to name of the pool, from an export's ``expected.json``.

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
    keys: dict[str, str] = {}
    for pool in content["pools"]:
        for word in (pool["key"], *pool["paths"]):
            keys[word] = pool["pool"]
        for number in range(1, len(pool["paths"]) + 1):
            keys.setdefault(f"{pool['key']}__{number}", pool["pool"])
    return keys

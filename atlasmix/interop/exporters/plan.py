"""The plan of a training run that every exporter writes down in its framework's own words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, TypeVar

from atlasmix.errors import SolverFailed
from atlasmix.quantities import split_tokens

Name = TypeVar("Name", bound=Hashable)

DIGITS: Final = 9
"""Significant digits of a weight. Six decimals, one entry after the other rounded, fail the
tightest consumer: ``interleave_datasets`` wants a sum within 1e-8 of 1."""

TOLERANCE: Final = 1e-9
"""Most that the sum may differ from 1 once a consumer has read the weights as floats."""


def exact_weights(shares: Mapping[Name, Fraction]) -> dict[Name, Decimal]:
    """Shares as decimals of nine significant digits; what rounding leaves goes to the largest.

    Args:
        shares: parts of a whole, from 0; those that are 0 are dropped, because a weight of 0 stops
            Megatron and still draws samples in OLMo-core.

    Returns:
        Weights above 0, in the order of ``shares``, that sum to exactly 1 as decimals and within
        1e-9 as floats.

    >>> {name: str(weight) for name, weight in exact_weights(
    ...     {"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3), "d": Fraction(0)}
    ... ).items()}
    {'a': '0.333333334', 'b': '0.333333333', 'c': '0.333333333'}
    """
    kept = {name: share for name, share in shares.items() if share > 0}
    whole = sum(kept.values())
    largest = max(kept, key=lambda name: kept[name])
    weights: dict[Name, Decimal] = {}
    for name, share in kept.items():
        part = share / whole
        with localcontext(prec=DIGITS):
            weights[name] = Decimal(part.numerator) / Decimal(part.denominator)
    with localcontext(prec=60):
        weights[largest] = Decimal(1) - sum(
            (weight for name, weight in weights.items() if name != largest), Decimal(0)
        )
    check_sum(weights)
    return weights


def check_sum(weights: Mapping[Name, Decimal]) -> None:
    """The consumer's own check, made before the consumer.

    Raises:
        SolverFailed: a weight that is not above 0, or a sum that is not 1: a fault of ours.
    """
    total = sum(float(weight) for weight in weights.values())
    if min(weights.values()) <= 0 or abs(total - 1) > TOLERANCE:
        raise SolverFailed(f"the weights sum to {total!r}: please report it with the recipe")


DEFAULT_SEQUENCE_LENGTH: Final = 4096
"""Our choice: what OpenEuroLLM trains with (oellm-autoexp, oellm_256k_10TT_leonardo_train.yaml)."""

DEFAULT_BATCH_SIZE: Final = 1024
"""Sequences a step. Our choice: with 4,096 tokens each, the 4.2 million tokens a step of BSC's
Salamandra (bsc_7b.yaml: 512 sequences of 8,192)."""

DEFAULT_SEED: Final = 1234
"""Our choice: the seed of BSC's Salamandra (bsc_7b.yaml); what counts is that it is written."""


@dataclass(frozen=True, slots=True)
class Run:
    """How the consumer will train.

    Attributes:
        sequence_length: tokens a sequence.
        batch_size: sequences a step, over all devices.
        seed: of the consumer's shuffling.
    """

    sequence_length: int = DEFAULT_SEQUENCE_LENGTH
    batch_size: int = DEFAULT_BATCH_SIZE
    seed: int = DEFAULT_SEED

    @property
    def step_tokens(self) -> int:
        """Tokens a step."""
        return self.sequence_length * self.batch_size


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a pool lies.

    Attributes:
        path: as the framework reads it.
        part: of the pool's tokens, 0-1; None where nobody says how many lie there.
    """

    path: str
    part: Fraction | None = None


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """A pool that is read.

    Attributes:
        name, language, provenance, corpus: as in the recipe.
        key: the name in letters, digits and underscores.
        unique_tokens: distinct tokens.
        max_epochs: cap of the recipe's question.
        tokens_per_document: mean, in the recipe's tokens; None where unknown.
        places: where it lies; empty where the exporter needs no paths.
    """

    name: str
    key: str
    language: str
    provenance: str
    corpus: str
    unique_tokens: int
    max_epochs: float
    tokens_per_document: float | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """What is read between two steps.

    Attributes:
        name: the phase's own.
        key: the same, safe in a file name.
        first_step: steps of the run before this phase.
        steps: optimiser steps in it.
        seed: of its shuffling, another for each phase where the consumer begins anew.
        tokens: (name of a pool, tokens); only their proportions count, all above 0.
        max_epochs: most passes over a pool within the phase, where it has a cap of its own there.
    """

    name: str
    key: str
    first_step: int
    steps: int
    seed: int
    tokens: tuple[tuple[str, int], ...]
    max_epochs: Mapping[str, float] = field(default_factory=dict)

    @property
    def shares(self) -> dict[str, Fraction]:
        """Share of the phase's tokens a pool; sums to 1."""
        whole = sum(count for _, count in self.tokens)
        return {name: Fraction(count, whole) for name, count in self.tokens}


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of a consumer's list.

    Attributes:
        key: its name there.
        pool: what it is, or a part of it.
        paths: one, or all of the pool's.
        weight: its share in the consumer's unit.
    """

    key: str
    pool: PlannedPool
    paths: tuple[str, ...]
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an exporter may need.

    Attributes:
        run: of the consumer.
        phases: in the order of training; at least one.
        pools: those read in any phase, by name.
        valid, test: paths of held-out text, from the paths file; often empty.
    """

    run: Run
    phases: tuple[PlannedPhase, ...]
    pools: Mapping[str, PlannedPool] = field(default_factory=dict)
    valid: tuple[str, ...] = ()
    test: tuple[str, ...] = ()

    def samples(self, phase: PlannedPhase) -> dict[str, int]:
        """Sequences drawn of each pool in a phase: whole numbers that sum to steps x batch."""
        return split_tokens(dict(phase.tokens), phase.steps * self.run.batch_size)

    def epochs(self, phase: PlannedPhase) -> dict[str, Fraction]:
        """Passes over each pool in a phase."""
        tokens = phase.steps * self.run.step_tokens
        return {
            name: share * tokens / self.pools[name].unique_tokens
            for name, share in phase.shares.items()
        }

    def epochs_in_all(self) -> dict[str, Fraction]:
        """Passes over each pool from the first step to the last."""
        total: dict[str, Fraction] = {}
        for phase in self.phases:
            for name, epochs in self.epochs(phase).items():
                total[name] = total.get(name, Fraction(0)) + epochs
        return total

    def documents(self, phase: PlannedPhase) -> dict[str, int | None]:
        """Documents drawn of each pool in a phase, to the nearest; None where a mean is unknown."""
        tokens = phase.steps * self.run.step_tokens
        drawn: dict[str, int | None] = {}
        for name, share in phase.shares.items():
            mean = self.pools[name].tokens_per_document
            drawn[name] = None if mean is None else max(round(share * tokens / Fraction(mean)), 1)
        return drawn

    def by_tokens(self, phase: PlannedPhase) -> list[Source]:
        """One source a pool; weights are shares of tokens."""
        return self._whole_pools(phase.shares)

    def by_documents(self, phase: PlannedPhase) -> list[Source]:
        """One source a pool; weights are shares of documents, share of tokens / mean length."""
        return self._whole_pools(self._document_shares(phase))

    def by_tokens_and_place(self, phase: PlannedPhase) -> list[Source]:
        """One source a path; a pool's share of tokens is divided by what lies where."""
        return self._places(phase.shares)

    def by_documents_and_place(self, phase: PlannedPhase) -> list[Source]:
        """One source a path, in shares of documents."""
        return self._places(self._document_shares(phase))

    def _document_shares(self, phase: PlannedPhase) -> dict[str, Fraction]:
        """p is proportional to share of tokens / tokens per document."""
        drawn = {}
        for name, share in phase.shares.items():
            mean = self.pools[name].tokens_per_document
            assert mean is not None, f"{name}: planning refuses pools without tokens per document"
            drawn[name] = share / Fraction(mean)
        whole = sum(drawn.values())
        return {name: part / whole for name, part in drawn.items()}

    def _whole_pools(self, shares: Mapping[str, Fraction]) -> list[Source]:
        weights = exact_weights(shares)
        sources = []
        for name, weight in weights.items():
            pool = self.pools[name]
            paths = tuple(place.path for place in pool.places)
            sources.append(Source(pool.key, pool, paths, weight))
        return sources

    def _places(self, shares: Mapping[str, Fraction]) -> list[Source]:
        parts = {
            (name, number): share * (Fraction(1) if place.part is None else place.part)
            for name, share in shares.items()
            for number, place in enumerate(self.pools[name].places)
        }
        sources = []
        for (name, number), weight in exact_weights(parts).items():
            pool = self.pools[name]
            key = pool.key if len(pool.places) == 1 else f"{pool.key}__{number + 1}"
            sources.append(Source(key, pool, (pool.places[number].path,), weight))
        return sources

"""Random questions of every kind: shipped and synthetic evidence, all limits, all sizes.

One number gives one question. Limits are drawn around a mixture that keeps the linear ones (so that
most can be met), or blindly (so that some cannot).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from judge import caps
from worlds import pool, world

from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.kinds import LossLaw
from atlasmix.laws.shelf import load_law
from atlasmix.problem.constraints import (
    EpochCap,
    Guardrail,
    KeepTokens,
    Limit,
    Selection,
    ShareLimit,
)
from atlasmix.problem.problem import MixProblem, Target

LAWS = (
    "datablations-2023-one-stage",
    "muennighoff-2023",
    "besiroglu-2024",
    "hoffmann-2022",
)
LABELS = (
    *("afr", "arb", "cat", "cym", "deu", "eng", "fra", "hrv", "ita", "nob", "rus", "spa"),
    *("srp", "srp_Latn", "swe", "tha", "yor"),
)
PROVENANCES = ("human", "translated", "generated", "human_edited")
BASELINES = ("natural", "uniform", "unimax", "temperature-1.43", "temperature-3.33", "target only")


@cache
def _shelf(law: str) -> tuple[TransferMatrix, dict[str, Inventory], LossLaw]:
    store, chosen = Store(), load_law(law)
    evidence = store.matrix("atlas-2025")
    inventories = {name: store.inventory(name) for name in ("web-2026", "culturax-2023")}
    return evidence, inventories, chosen


def question(number: int, shipped: bool | None = None) -> MixProblem:
    """The question of a number; on shipped evidence for every second one."""
    rng = np.random.default_rng([number, 11])
    if shipped is None:
        shipped = bool(number % 2)
    problem = _shipped(rng) if shipped else _synthetic(rng)
    problem = replace(
        problem,
        max_epochs=float(rng.choice([1.0, 2.0, 4.0, 4.0, 8.0, 16.0])),
        decay=float(rng.choice([0.024, 0.037, 0.037, 0.1, 0.34])),
        risk_aversion=float(rng.choice([0.0, 0.5, 1.0, 1.0, 3.0])),
        params=float(np.exp(rng.uniform(np.log(1e8), np.log(8e10)))),
        objective="loss",
        exact_tokens=bool(rng.random() < 0.12),
    )
    if rng.random() < 0.3:
        even = tuple(Target(target.language) for target in problem.targets)
        problem = replace(problem, objective="worst", targets=even)
    limits = _limits(rng, problem) if rng.random() < 0.8 else ()
    problem = replace(problem, limits=limits)
    if rng.random() < 0.08:
        problem = replace(problem, max_donors=int(rng.integers(0, 4)))
    return problem


def _targets(rng: Any, labels: tuple[str, ...]) -> tuple[Target, ...]:
    count = min(int(rng.integers(1, 9)), len(labels))
    weights = np.exp(rng.normal(0, 1, count)) if rng.random() < 0.5 else np.ones(count)
    chosen = rng.permutation(labels)[:count]
    return tuple(Target(str(k), float(w)) for k, w in zip(chosen, weights, strict=True))


def _shipped(rng: Any) -> MixProblem:
    evidence, inventories, law = _shelf(str(rng.choice(LAWS, p=[0.7, 0.1, 0.1, 0.1])))
    inventory = inventories["web-2026" if rng.random() < 0.85 else "culturax-2023"]
    provenances = ("human",) if rng.random() < 0.6 else None
    pools = inventory.select(provenances=provenances)
    pools = tuple(p for p in pools if p.language in evidence.keys)
    if rng.random() < 0.5:  # a part of the languages alone
        few = set(rng.permutation(evidence.keys)[: int(rng.integers(3, 25))])
        pools = tuple(p for p in pools if p.language in few)
    if not pools:
        pools = inventory.select(languages=("eng", "cat"))
    with_text = tuple(sorted({p.language for p in pools}))
    labels = with_text if rng.random() < 0.9 else evidence.keys
    return MixProblem(
        targets=_targets(rng, labels),
        pools=pools,
        matrix=evidence,
        inventory=inventory,
        law=law,
        budget=float(np.exp(rng.uniform(np.log(1e9), np.log(2e13)))),
    )


def _synthetic(rng: Any) -> MixProblem:
    count = int(rng.integers(2, 13))
    labels = tuple(sorted(str(key) for key in rng.permutation(LABELS)[:count]))
    tau = rng.uniform(0.0, rng.choice([0.2, 0.7, 1.2]), (count, count))
    tau[rng.random((count, count)) < rng.choice([0.0, 0.3, 0.8])] = 0.0
    np.fill_diagonal(tau, 1.0)
    pools = []
    for label in labels:
        for provenance in rng.permutation(PROVENANCES)[: int(rng.choice([1, 1, 2, 3]))]:
            corpus = str(rng.choice(["web", "books"]))
            size = float(np.exp(rng.normal(1.0, rng.choice([0.5, 2.0, 4.0]))))
            pools.append(pool(label, size, str(provenance), corpus))
    if rng.random() < 0.1:
        pools = pools[1:] or pools
    total = sum(p.unique_tokens for p in pools)
    law = load_law(str(rng.choice(LAWS, p=[0.7, 0.1, 0.1, 0.1])))
    targets = _targets(rng, labels)
    return world(
        tau,
        pools,
        [(target.language, target.weight) for target in targets],
        labels=labels,
        law=law,
        stderr=float(rng.choice([0.0, 0.05, 0.2])),
        phi=np.exp(rng.normal(np.log(0.12), 0.5, count)),
        budget=total * float(np.exp(rng.uniform(np.log(0.02), np.log(30.0)))),
    )


def _selection(rng: Any, problem: MixProblem) -> Selection:
    kind = str(
        rng.choice(["language", "language", "group", "family", "script", "prov", "corpus", "pool"])
    )
    some = problem.pools[int(rng.integers(len(problem.pools)))]
    makers = {
        "group": lambda: Selection("group", "some", _some_languages(rng, problem)),
        "family": lambda: Selection(
            "family", str(rng.choice(["Romance", "Germanic", "Indo-European"]))
        ),
        "script": lambda: Selection("script", str(rng.choice(["Latn", "Cyrl", "Arab"]))),
        "prov": lambda: Selection("provenance", some.provenance),
        "corpus": lambda: Selection("corpus", some.corpus),
        "pool": lambda: Selection("pool", some.name),
        "language": lambda: Selection("language", some.language),
    }
    return makers[kind]()


def _some_languages(rng: Any, problem: MixProblem) -> tuple[str, ...]:
    held = sorted({p.language for p in problem.pools})
    return tuple(sorted(str(m) for m in rng.permutation(held)[: int(rng.integers(1, 6))]))


def _limits(rng: Any, problem: MixProblem) -> tuple[Limit, ...]:
    """Up to five limits; shares lie around those of a mixture that keeps caps and budget."""
    found: list[Limit] = []
    if rng.random() < 0.25:
        where = _selection(rng, problem)
        if where.mask(problem.pools).any():
            found.append(EpochCap(where, float(rng.choice([0.5, 1.0, 2.0, 8.0, 12.0]))))
    held = replace(problem, limits=tuple(found))
    anchor = np.minimum(
        rng.dirichlet(np.full(len(problem.pools), 0.5)) * problem.budget, caps(held)
    )
    total = max(float(anchor.sum()), 1.0)
    for _ in range(int(rng.integers(0, 4))):
        where, fits = _selection(rng, problem), rng.random() < 0.85
        inside = where.mask(problem.pools)
        part = float(anchor[inside].sum()) / total
        if rng.random() < 0.2 and inside.any():
            tokens = part * total * rng.uniform(0.1, 1.0) if fits else total * rng.uniform(0, 1)
            found.append(KeepTokens(where, float(tokens)))
        elif rng.random() < 0.5:
            share = part * rng.uniform(0.2, 1.0) if fits else rng.uniform(0, 1)
            if inside.any():
                found.append(ShareLimit("min", where, float(np.round(share, 6))))
        else:
            share = part + (1 - part) * rng.uniform(0, 0.6) if fits else rng.uniform(0, 1)
            share = 0.0 if rng.random() < 0.05 else min(float(np.round(share + 2e-6, 6)), 1.0)
            found.append(ShareLimit("max", where, share))
    if rng.random() < 0.15:
        # At least something of every target.
        found += [
            ShareLimit("min", Selection("language", key), 0.0005)
            for key in problem.target_keys
            if any(p.language == key and p.unique_tokens > 0 for p in problem.pools)
        ]
    read = sorted({p.language for p in problem.pools})
    for _ in range(int(rng.choice([0, 0, 1, 2, 3]))):
        reference = str(rng.choice(BASELINES))
        slack = float(rng.choice([0.0, 0.005, 0.02, 0.1, 0.3]))
        found.append(Guardrail(str(rng.choice(read)), slack, reference))
    return tuple(found)

"""Small worlds to solve: transfer weights and unique tokens in, a problem out.

Weights are source by target, on a domain axis unless languages are named, and are what the solver
uses: no score stands between. φ is the law's for every target unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from atlasmix.evidence.card import Card
from atlasmix.evidence.inventory import Inventory
from atlasmix.evidence.pools import Pool, pool_name
from atlasmix.evidence.store import Store
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.shelf import load_law
from atlasmix.problem.problem import MixProblem, Target
from atlasmix.transfer.estimation import estimate
from atlasmix.transfer.model import TransferModel

BILLION = 1e9
LAW = load_law("datablations-2023-one-stage")
MATRIX_FIELDS = ("stderr", "labels", "metric", "axis")


def keys(count: int) -> tuple[str, ...]:
    """Labels in sorted order: a, b, c ..."""
    return tuple("abcdefghijklmnopqrstuvwxyz"[:count])


def matrix(
    tau: Any,
    stderr: Any = 0.0,
    labels: Sequence[str] = (),
    metric: str = "transfer weight",
    axis: Literal["language", "domain"] | None = None,
) -> TransferMatrix:
    """Scores [source, target] as evidence; ``labels`` must be sorted.

    Single letters are domains and anything longer a language, unless ``axis`` says otherwise.
    """
    scores = np.array(tau, dtype=float)
    n = scores.shape[0]
    names = tuple(labels) or keys(n)
    errors = np.broadcast_to(np.asarray(stderr, dtype=float), (n, n)).copy()
    np.fill_diagonal(errors, 0.0)
    status = np.full((n, n), "measured", dtype="<U9")
    np.fill_diagonal(status, "defined")
    axis = axis or ("domain" if len(names[0]) < 3 else "language")
    card = Card(
        name="world",
        metric=metric,
        axis=axis,
        names=names if axis == "domain" else (),
        direction="higher is better",
        range=(-1.0, 1.0),
        diagonal=1.0,
    )
    return TransferMatrix("world", names, scores, errors, status, card, "")


def pool(language: str, billions: float, provenance: str = "human", corpus: str = "web") -> Pool:
    return Pool(
        name=pool_name(language, provenance, corpus),
        language=language,
        provenance=provenance,
        corpus=corpus,
        unique_tokens=billions * BILLION,
        obtained="counted",
        unit="words of the world",
    )


def with_phi(transfer: TransferModel, phi: Any) -> TransferModel:
    """The same weights with φ of every target, or one φ for all."""
    every = np.broadcast_to(np.asarray(phi, dtype=float), transfer.phi.shape).copy()
    return replace(transfer, phi=every)


def world(
    tau: Any,
    unique: Sequence[float | Pool],
    targets: Sequence[str | tuple[str, float]] = ("a",),
    **options: Any,
) -> MixProblem:
    """A problem; κ is 0 and the budget 10B unless said otherwise.

    Args:
        tau: transfer weights [source, target].
        unique: pools, or billions of unique tokens of one human pool a language.
        targets: labels, with weights if any.
        options: fields of MixProblem (``budget`` in tokens), ``phi`` of the targets, and
            ``stderr``, ``labels``, ``metric`` and ``axis`` of the matrix.
    """
    shape = {name: options.pop(name) for name in MATRIX_FIELDS if name in options}
    phi = options.pop("phi", None)
    evidence = matrix(tau, **shape)
    pools = tuple(
        each if isinstance(each, Pool) else pool(label, each)
        for label, each in zip(
            evidence.keys if not isinstance(unique[0], Pool) else [""] * len(unique),
            unique,
            strict=True,
        )
    )
    wanted = tuple(Target(t) if isinstance(t, str) else Target(*t) for t in targets)
    settings: dict[str, Any] = {"budget": 10 * BILLION, "risk_aversion": 0.0, "law": LAW, **options}
    return MixProblem(
        targets=wanted,
        pools=pools,
        matrix=evidence,
        assumed=None if phi is None else with_phi(estimate(evidence, settings["law"]), phi),
        inventory=Inventory("world", pools, Card(name="world", kind="token inventory"), ""),
        **settings,
    )


def random_world(seed: int, languages: int = 6, targets: int = 2, **options: Any) -> MixProblem:
    """Donors of τ up to 0.7, sizes over a factor of 30, φ between 0.07 and 0.25."""
    rng = np.random.default_rng(seed)
    tau = rng.uniform(0.0, 0.7, (languages, languages))
    np.fill_diagonal(tau, 1.0)
    unique = np.exp(rng.uniform(np.log(0.3), np.log(9.0), languages))
    phi = np.exp(rng.uniform(np.log(0.07), np.log(0.25), languages))
    labels = keys(languages)
    settings = {"phi": phi, **options}
    return world(tau, [float(u) for u in unique], labels[:targets], **settings)


def with_scores(problem: MixProblem, tau: Any, stderr: Any = 0.0) -> MixProblem:
    """The same problem with other weights and errors; φ stays."""
    evidence = matrix(tau, stderr, problem.matrix.keys, axis=problem.matrix.card.axis)
    transfer = with_phi(estimate(evidence, problem.law), problem.transfer.phi)
    return replace(problem, matrix=evidence, assumed=transfer)


def shipped(
    targets: Sequence[str | tuple[str, float]],
    provenances: tuple[str, ...] = ("human",),
    kinds: tuple[str, ...] = ("web",),
    **options: Any,
) -> MixProblem:
    """The default evidence: human web pools of web-2026 under atlas-2025."""
    store = Store()
    law = options.pop("law", LAW)
    evidence, inventory = store.matrix("atlas-2025"), store.inventory("web-2026")
    return MixProblem(
        targets=tuple(Target(t) if isinstance(t, str) else Target(*t) for t in targets),
        pools=inventory.select(provenances=provenances, kinds=kinds),
        matrix=evidence,
        inventory=inventory,
        law=law,
        **options,
    )


def own_tokens(problem: MixProblem, language: str) -> float:
    """Unique tokens of a language."""
    return sum(pool.unique_tokens for pool in problem.pools if pool.language == language)

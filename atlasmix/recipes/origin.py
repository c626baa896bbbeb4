"""Where the numbers of an answer came from: evidence with its hashes, law, versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from atlasmix.evidence import Pool
from atlasmix.mixing.mixture import Mixture
from atlasmix.mixing.problem import MixProblem
from atlasmix.recipes.pool_choice import inventory_hashes
from atlasmix.recipes.rounding import finite
from atlasmix.version import __version__

_NOT_CONSTANTS = ("note", "fitted_params", "fitted_tokens")
_DISTRIBUTIONS = {"CLARABEL": "clarabel", "SCS": "scs", "HIGHS": "highspy"}


def origin_of(problem: MixProblem, mixture: Mixture, read: Collection[str]) -> dict[str, Any]:
    """Plain data on everything behind the answer.

    λ, κ and the worth of each provenance stand in the recipe's question already.

    Args:
        problem: what was asked.
        mixture: what was answered.
        read: names of the pools that the recipe lists.
    """
    card, law = problem.matrix.card, problem.law
    pools = [pool for pool in problem.pools if pool.name in read]
    return {
        "atlasmix": __version__,
        "solver": _solver(mixture.certificate.engine),
        "matrix": {
            "name": problem.matrix.name,
            "sha256": problem.matrix.sha256,
            "metric": card.metric,
            "calibration": problem.transfer.calibration,
            "source": card.source,
            "licence": card.licence,
        },
        "inventories": [
            {"name": name, "sha256": digest} for name, digest in inventory_hashes(problem.inventory)
        ],
        "law": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(law).items()
            if key not in _NOT_CONSTANTS and value not in (None, "")
        },
        "pairs": pairs(problem, {pool.language for pool in pools}),
        "targets": target_exponents(problem),
        "pools": [_pool(pool) for pool in sorted(pools, key=lambda one: one.name)],
    }


def pairs(problem: MixProblem, sources: Collection[str]) -> list[dict[str, Any]]:
    """Every score from a language that is read to a target, and what the law makes of it.

    Each has status, score and its standard error (``stderr``), and the transfer weight τ with its
    own (``transfer_stderr``), as estimated together with φ.
    """
    found = []
    transfer = problem.transfer
    for target in problem.target_keys:
        for source in sorted(set(sources) - {target}):
            score = problem.matrix.pair(source, target)
            place = transfer.index(source), transfer.index(target)
            found.append(
                {
                    "source": source,
                    "target": target,
                    "status": score.status or "missing",
                    "score": finite(score.score),
                    "stderr": finite(score.stderr),
                    "transfer_weight": finite(float(transfer.weights[place])),
                    "transfer_stderr": finite(float(transfer.stderr[place])),
                }
            )
    return found


def target_exponents(problem: MixProblem) -> list[dict[str, Any]]:
    """Capacity exponent φ of every target, with its standard error, in the order asked."""
    transfer = problem.transfer
    places = [(key, transfer.index(key)) for key in problem.target_keys]
    return [
        {
            "language": key,
            "phi": finite(float(transfer.phi[place])),
            "phi_stderr": finite(float(transfer.phi_stderr[place])),
        }
        for key, place in places
    ]


def _pool(pool: Pool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "obtained": pool.obtained,
        "unit": pool.unit,
        "source": pool.source,
        "licence": pool.licence,
    }


def _solver(engine: str) -> dict[str, str]:
    distribution = _DISTRIBUTIONS.get(engine.upper())
    if distribution is None:
        return {"engine": engine, "version": f"atlasmix {__version__}"}
    from importlib.metadata import PackageNotFoundError, version

    try:
        return {"engine": engine, "version": f"{distribution} {version(distribution)}"}
    except PackageNotFoundError:
        return {"engine": engine, "version": f"{distribution}, version unknown"}

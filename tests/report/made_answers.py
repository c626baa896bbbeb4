"""Answers made by hand, so that the words of a report are tested apart from the solver."""

from __future__ import annotations

import dataclasses
from functools import cache

from atlasmix.evidence.store import Store
from atlasmix.mixture.mixture import (
    Certificate,
    Comparison,
    Mixture,
    PoolShare,
    Price,
    Reason,
    SensitivityStep,
    ShareRange,
    TargetEffect,
)
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import MixProblem

STORE = Store("/nonexistent")
EUROPEAN = "cat,spa,eng,por,fra,ita,deu,ron,swe,hrv,ell,ukr,cym"


@cache
def _asked(targets: str, budget: float) -> MixProblem:
    return problem_from_mapping({"targets": targets, "budget": budget}, STORE)


def question(targets: str = "cat", budget: float = 100e9, **changes: object) -> MixProblem:
    """A question over the shelf's human web text."""
    return dataclasses.replace(_asked(targets, budget), **changes)


def mixture_of(problem: MixProblem, shares: dict[str, float], tokens: float = 0.0) -> Mixture:
    """The mixture of these languages, as the law predicts it; 5 % of the tokens come as donors'."""
    tokens = tokens or problem.budget
    pools = []
    for pool in problem.pools:
        read = shares.get(pool.language, 0.0) * tokens
        fresh = min(read, pool.unique_tokens)
        pools.append(PoolShare(pool, read, read / tokens, fresh, read - fresh))
    effects = tuple(_effect(problem, key, shares, tokens) for key in problem.target_keys)
    value = sum(effect.loss for effect in effects) / len(effects)
    proof = Certificate(value, value - 1e-6, 3e-5, "interior point", True, 4e-10, 5)
    flat = tuple(
        ShareRange(key, share, 0.5 * share, min(1.5 * share, 1.0)) for key, share in shares.items()
    )
    prices = (
        Price("budget", "+1B tokens", -0.0012, -0.003, "budget"),
        Price("max epochs 4", "+0.1 epoch", -0.0003, -0.0009, "epochs"),
    )
    return Mixture(
        pools=tuple(pools),
        targets=effects,
        budget=problem.budget,
        params=problem.params,
        certificate=proof,
        prices=prices,
        warnings=("100% of Catalan's scores in atlas-2025 are predicted, not measured",),
        flatness=flat,
    )


def _effect(problem: MixProblem, key: str, shares: dict[str, float], tokens: float) -> TargetEffect:
    law, share = problem.law, shares.get(key, 0.0)
    phi = float(problem.transfer.phi[problem.transfer.index(key)])
    own, donors = share * tokens, 0.05 * tokens
    capacity, data = law.capacity_loss(problem.params, share, phi), law.data_loss(own + donors)
    return TargetEffect(
        language=key,
        weight=1.0,
        tokens=own,
        own_share=share,
        phi=phi,
        effective_data=own + donors,
        own=own,
        transferred=donors,
        risk_penalty=0.4 * donors,
        capacity_loss=capacity,
        data_loss=data,
        loss=law.E + capacity + data,
        alone=tokens,
        loss_alone=law.loss(problem.params, tokens),
        predicted_share=1.0,
    )


def beside(mixture: Mixture) -> tuple[Comparison, ...]:
    """Three baselines: one within the limits, one past the epoch cap, one equal to the answer."""
    value = mixture.certificate.value
    data = tuple(effect.effective_data for effect in mixture.targets)
    losses = tuple(effect.loss for effect in mixture.targets)
    keys = sorted({share.pool.language for share in mixture.pools})
    even = {key: 1 / len(keys) for key in keys}
    return (
        Comparison(
            "natural", {"eng": 0.9, "cat": 0.1}, 100e9, value + 0.1, data, losses, 0.5, True
        ),
        Comparison(
            *("uniform", even, 100e9, value - 0.2, data, losses, 4000.0, False),
            breaks=("epoch cap", "min spa 10%", "guardrail"),
        ),
        Comparison("target only", {"cat": 1.0}, 85e9, value, data, losses, 4.0, True),
    )


REASONS = (
    Reason(
        "spa", 0.15, "cat", 0.4, 0.16, "predicted", 0.37, 0.15, 0.21, 0.12, -0.21, "Spanish is in"
    ),
    Reason(
        "por", 0.0, "cat", 0.3, 0.16, "predicted", 0.27, 0.15, 0.11, 0.42, 0.1, "Portuguese is out"
    ),
)
STEPS = (
    SensitivityStep("λ", 0.024, 0.06, (), 4.0, {"cat": 1.0}),
    SensitivityStep("λ", 0.06, 0.34, ("spa",), 4.0, {"cat": 0.8, "spa": 0.2}),
    SensitivityStep("φ", 0.073, 0.156, ("spa",), 4.0, {"cat": 0.8, "spa": 0.2}),
    SensitivityStep("worth of translated", 0.2, 1.0, ("spa",), 4.0, {"cat": 0.8, "spa": 0.2}),
    SensitivityStep("worth of translated", 1.0, 1.0, (), 4.0, {"cat": 1.0}, synthetic=0.5),
)

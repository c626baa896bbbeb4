"""Every answer beside what it would replace: baselines and real models on the same objective."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atlasmix.errors import ProblemError
from atlasmix.evidence.published import PublishedMixture
from atlasmix.laws.saturation import Array
from atlasmix.mixture.mixture import Comparison, Mixture
from atlasmix.mixture.prediction import build_mixture
from atlasmix.problem.baselines import (
    baseline_title,
    baseline_tokens,
    is_of_targets,
    names,
    published_tokens,
    unique_by_language,
)
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compile import Compiled, compile_problem, epoch_limits
from atlasmix.solver.compute import at_compute
from atlasmix.solver.engines import violations
from atlasmix.solver.optimise import guard_levels


def compare(
    problem: MixProblem, published: tuple[PublishedMixture, ...] = ()
) -> tuple[Comparison, ...]:
    """Natural, temperature, UniMax, uniform, target only and published mixtures.

    All of them spend the whole budget (``target only``, UniMax and those of the targets as far as
    caps allow), over the pools of the problem; repeats beyond an epoch cap are kept and said. The
    rules over the targets are one and the same where there is one target, and left out.
    """
    problem = at_compute(problem)
    compiled = compile_problem(problem, guard_levels(problem))
    comparisons = []
    rules = (
        names()
        if len(problem.targets) > 1
        else tuple(name for name in names() if not is_of_targets(name))
    )
    for name in ("target only", *rules):
        try:
            tokens = baseline_tokens(problem, name)
        except ProblemError:
            continue
        if tokens.any():
            comparisons.append(_judge(problem, compiled, (name, ""), tokens))
    read = unique_by_language(problem) if published else {}
    for mixture in published:
        covered = sum(share for key, share in mixture.sources if key in read)
        note = f"{mixture.model}, {mixture.stage}: {covered:.0%} of it has pools here, scaled to 1"
        tokens = published_tokens(problem, mixture)
        judged = _judge(problem, compiled, (mixture.name, note), tokens)
        comparisons.append(replace(judged, covered=covered))
    return tuple(comparisons)


def _judge(
    problem: MixProblem, compiled: Compiled, words: tuple[str, str], tokens: Array
) -> Comparison:
    if words[0] == "target only":
        # The whole budget on the targets, but never past what the caps let anyone read.
        unique = np.array([pool.unique_tokens for pool in problem.pools])
        tokens = np.minimum(tokens, epoch_limits(problem) * unique)
    mixture = build_mixture(problem, compiled, tokens)
    there = compiled.at(max(mixture.tokens, 1e-9), problem.params)
    broken = tuple(
        [*violations(there.program, there.collapse(tokens), 1e-6), *_beyond(problem, mixture)]
    )
    return Comparison(
        name=baseline_title(words[0]),
        proportions=mixture.proportions,
        tokens=mixture.tokens,
        value=mixture.certificate.value,
        effective_data=tuple(effect.effective_data for effect in mixture.targets),
        losses=tuple(effect.loss for effect in mixture.targets),
        max_epochs=max((share.epochs for share in mixture.pools), default=0.0),
        within_limits=not broken,
        breaks=broken,
        note=words[1],
    )


def _beyond(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Limits of the question that are none of the program's, by name."""
    broken = []
    if problem.max_donors is not None and len(mixture.donors) > problem.max_donors:
        broken.append(f"max donors {problem.max_donors}")
    if problem.exact_tokens and mixture.tokens < problem.budget * (1 - 1e-6):
        broken.append("tokens exactly")
    return broken

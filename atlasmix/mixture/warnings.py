"""What a reviewer should know before believing an answer, in plain sentences."""

from __future__ import annotations

from atlasmix.languages.catalogue import name_of
from atlasmix.mixture.caveats import strangers
from atlasmix.mixture.mixture import Mixture
from atlasmix.problem.problem import MixProblem
from atlasmix.quantities import format_quantity
from atlasmix.solver.compile import epoch_limits
from atlasmix.solver.engines import Engine
from atlasmix.text import first_few

_FAR = 2.0
"""A factor of N from where the scores were measured that is said aloud: our choice."""

_MOSTLY = 0.5

_STRANGE = 0.01
"""Least share of a donor without script or family in common that is said aloud: our choice."""


def warn(problem: MixProblem, mixture: Mixture) -> tuple[str, ...]:
    """The warnings that hold for this answer, most important first."""
    return tuple(
        [
            *_unspent(problem, mixture),
            *_own_tokens(mixture),
            *_strangers(problem, mixture),
            *_predicted(problem, mixture),
            *_scale(problem),
            *_beyond_law(problem),
            *_repeated(problem, mixture),
            *_estimated(problem, mixture),
            *_relaxed(mixture),
            *_left_out(problem),
        ]
    )


def _few(keys: list[str]) -> str:
    return first_few([name_of(key) for key in keys], 3)


def _unspent(problem: MixProblem, mixture: Mixture) -> list[str]:
    if not mixture.stopped:
        return []
    said = (
        f"{format_quantity(mixture.unspent)} of {format_quantity(problem.budget)} tokens are left "
        f"unread: {mixture.stopped}"
    )
    return [said]


def _strangers(problem: MixProblem, mixture: Mixture) -> list[str]:
    """Unlikely donors, where no caveat names them already."""
    if any(caveat.kind == "strangers" for caveat in mixture.caveats):
        return []
    said = [
        stranger.words for stranger in strangers(problem, mixture) if stranger.share >= _STRANGE
    ]
    if not said:
        return []
    return [
        f"donors with neither family nor script in common, on scores that {problem.matrix.name} "
        f"predicts and nobody measured: {first_few(said, 3)}; its forest tells languages "
        "within a row badly apart, so check before training on it, or close it with a limit of 0 %"
    ]


def _own_tokens(mixture: Mixture) -> list[str]:
    without = [effect.language for effect in mixture.targets if effect.tokens <= 0]
    if not without:
        return []
    return [
        f"no text of {_few(without)} is read: its effective data comes from other languages alone"
    ]


def _predicted(problem: MixProblem, mixture: Mixture) -> list[str]:
    said = []
    for effect in mixture.targets:
        if effect.predicted_share > _MOSTLY:
            said.append(
                f"{effect.predicted_share:.0%} of {name_of(effect.language)}'s scores in "
                f"{problem.matrix.name} are predicted, not measured"
            )
    if len(said) > 4:
        return [
            f"for {len(said)} of {len(mixture.targets)} targets most scores in "
            f"{problem.matrix.name} are predicted, not measured"
        ]
    return said


def _scale(problem: MixProblem) -> list[str]:
    measured = problem.matrix.card.parameters
    if not measured:
        return []
    factor = max(problem.params / measured, measured / problem.params)
    if factor <= _FAR:
        return []
    return [
        f"the scores were measured at {format_quantity(measured)} parameters and are used at "
        f"{format_quantity(problem.params)}: transfer may differ"
    ]


def _beyond_law(problem: MixProblem) -> list[str]:
    """Sizes that the runs behind the law did not have."""
    law = problem.law
    said: list[str] = []
    if law.fitted_params and not law.fitted_params[0] <= problem.params <= law.fitted_params[1]:
        least, most = map(format_quantity, law.fitted_params)
        said.append(
            f"law {law.name} was fitted on {least} to {most} parameters: predicted losses at "
            f"{format_quantity(problem.params)} are an extrapolation"
        )
    return said


def _repeated(problem: MixProblem, mixture: Mixture) -> list[str]:
    caps = epoch_limits(problem)
    at_cap = [
        share
        for share, cap in zip(mixture.pools, caps, strict=True)
        if share.epochs > 1 and share.epochs >= cap * (1 - 1e-6)
    ]
    if not at_cap:
        return []
    if len(at_cap) > 3:
        most = max(share.epochs for share in at_cap)
        return [f"{len(at_cap)} pools are read up to their epoch cap (at most {most:.3g} epochs)"]
    return [
        f"pool {share.pool.name} is read {share.epochs:.3g} epochs, its cap" for share in at_cap
    ]


def _estimated(problem: MixProblem, mixture: Mixture) -> list[str]:
    rough = [share for share in mixture.read if share.pool.obtained == "estimated"]
    units = {share.pool.unit for share in mixture.read}
    said = []
    if rough:
        part = sum(share.proportion for share in rough)
        named = first_few([share.pool.name for share in rough], 3)
        share = f"{part:.0%}" if part >= 0.005 else "less than 1%"
        said.append(f"unique tokens are estimates from bytes for {share} of the mixture: {named}")
    if len(units) > 1:
        said.append(f"the pools read are counted in {len(units)} different units of tokens")
    return said


def _relaxed(mixture: Mixture) -> list[str]:
    proof = mixture.certificate
    if proof.exact or proof.engine is Engine.GIVEN:
        return []
    return [f"the answer is proved to be within {proof.gap:.2%} of the best possible, not closer"]


def _left_out(problem: MixProblem) -> list[str]:
    known = set(problem.transfer.keys)
    unknown = sorted({pool.language for pool in problem.pools} - known)
    without = [
        target.language
        for target in problem.targets
        if not any(pool.language == target.language for pool in problem.pools)
    ]
    said = []
    if without:
        said.append(f"inventory {problem.inventory.name} has no pool of {_few(without)} here")
    if unknown:
        said.append(
            f"{len(unknown)} languages of the inventory have no scores in {problem.matrix.name} "
            "and were not considered"
        )
    return said

"""Worlds that the evidence allows: a question under other transfer weights, exponents and worths.

An answer is tried in them (:mod:`atlasmix.mixture.uncertainty`), and the objectives ``expected``
and ``cautious`` are taken over some. What a draw is stands in :mod:`atlasmix.transfer.draws`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from atlasmix.laws.kinds import LOSS_CONSTANTS, LossLaw, TargetLaws
from atlasmix.laws.saturation import DECAY_RANGE, DEFAULT_DECAY, Array
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.problem import (
    DEFAULT_SEED,
    UNDER_DRAWS,
    WORTH_RANGE,
    MixProblem,
    canonical,
)
from atlasmix.transfer.bts import balance, measured_at, most_phi
from atlasmix.transfer.draws import (
    Factors,
    TransferDraws,
    draw_laws,
    draw_transfer,
    phi_under,
)


@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """A question under every draw.

    Attributes:
        problem: the question, targets and limits in their canonical order.
        transfer: drawn τ and φ; φ under the law of its draw.
        laws: a law a draw.
        decays: λ of every draw.
        worths: q of every draw, by provenance; those that are not drawn are left out.
        drawn, held: as in :class:`~atlasmix.mixture.mixture.Uncertainty`.
    """

    problem: MixProblem
    transfer: TransferDraws
    laws: tuple[LossLaw, ...]
    decays: Array
    worths: dict[str, Array]
    drawn: tuple[str, ...]
    held: tuple[str, ...]

    def __len__(self) -> int:
        """How many draws."""
        return len(self.laws)

    def question(self, draw: int) -> MixProblem:
        """The question as it would be asked if this draw were the truth."""
        worths = {name: float(values[draw]) for name, values in self.worths.items()}
        return replace(
            self.problem,
            assumed=self.transfer.model_of(draw),
            law=self.laws[draw],
            # Whatever an answer was chosen by: in a world that is known there is nothing to weigh.
            objective="worst" if self.problem.objective == "worst" else "loss",
            rivals=(),
            decay=float(self.decays[draw]),
            worth={**self.problem.worth, **worths},
            risk_aversion=0.0,
            box=None,
            wrong_scores=None,
        )

    def some(self, first: int, last: int) -> Worlds:
        """The draws from ``first`` up to and without ``last``."""
        part = slice(first, last)
        return replace(
            self,
            transfer=replace(
                self.transfer, weights=self.transfer.weights[part], phi=self.transfer.phi[part]
            ),
            laws=self.laws[part],
            decays=self.decays[part],
            worths={name: values[part] for name, values in self.worths.items()},
        )


def worlds(problem: MixProblem, draws: int, seed: int = DEFAULT_SEED) -> Worlds:
    """The question under ``draws`` draws; the order of its targets and limits changes nothing.

    Args:
        problem: the question, its size chosen.
        draws: how many, at least 1.
        seed: of the draws, from 0.
    """
    problem = canonical(problem)
    law = problem.law
    factors = Factors(draws, seed)
    transfer = _transfer(problem, factors)
    size = measured_at(problem.matrix.card)
    scored = problem.transfer.calibration == "bts"
    drawn = ["transfer weights and capacity exponents, by their standard errors"]
    held = []
    laws: tuple[LossLaw, ...] = draw_laws(law, factors)
    if isinstance(law, TargetLaws) and law.draws:
        transfer, laws = _resampled(problem, transfer, law, factors)
        drawn = [
            f"the constants, exponents and weights of law {law.name}, as {len(law.draws)} "
            "draws from its runs give them together"
        ]
        if not law.brings(problem.matrix):
            drawn.append("the transfer weights of the matrix, by their standard errors")
    elif law.covariance:
        drawn.append(f"the constants of law {law.name}, as its card says they go together")
        if scored:
            phi = [
                phi_under(row, law, other, *size)
                for row, other in zip(transfer.phi, laws, strict=True)
            ]
            transfer = replace(transfer, phi=np.array(phi))
    else:
        held.append(
            f"the constants of law {law.name}: its card does not state how their errors go together"
        )
    decays = np.full(draws, problem.decay)
    least, most = DECAY_RANGE
    if len(law.covariance) > len(LOSS_CONSTANTS) and problem.decay == law.decay:
        decays = np.array([other.decay for other in laws])
        drawn.append("λ, with those constants")
    elif problem.decay in (law.decay, DEFAULT_DECAY) and least <= problem.decay <= most:
        decays = factors.between(least, problem.decay, most)
        drawn.append(f"λ between {least:g} and {most:g}")
    else:
        whose = "the law's own" if problem.decay == law.decay else "as asked for"
        held.append(f"λ at {problem.decay:.4g}, {whose}")
    worths, told, kept = _worths(problem, factors)
    drawn, held = drawn + told, held + kept
    return Worlds(problem, transfer, laws, decays, worths, tuple(drawn), tuple(held))


def _transfer(problem: MixProblem, factors: Factors) -> TransferDraws:
    """Drawn τ and φ of all that the question may read and asks for, under its own law."""
    model = problem.transfer
    read = {pool.language for pool in problem.pools if pool.unique_tokens > 0}
    sources = sorted(read & set(model.keys))
    guarded = {limit.language for limit in problem.limits if isinstance(limit, Guardrail)}
    targets = sorted({*problem.target_keys, *guarded})
    highest = np.inf
    if model.calibration == "bts":
        highest = most_phi(balance(problem.law, *measured_at(problem.matrix.card)))
    return draw_transfer(model, sources, targets, factors, highest)


def _resampled(
    problem: MixProblem, transfer: TransferDraws, law: TargetLaws, factors: Factors
) -> tuple[TransferDraws, tuple[LossLaw, ...]]:
    """Draws that are resamples of a law's runs, in an order of the seed's: φ, constants and τ.

    τ are those of another matrix where the question names one.
    """
    count, resamples = factors.count, len(law.draws)
    if not resamples:
        return transfer, (law,) * count
    order = np.argsort(factors.columns(1)[:, 0]) % resamples
    laws = tuple(law.drawn(int(draw)) for draw in order)
    keys = transfer.model.keys
    targets = [keys[place] for place in transfer.targets]
    phi = np.array([[each.of(key).phi for key in targets] for each in laws])
    weights = transfer.weights
    if law.brings(problem.matrix) and law.transfer and law.weights is not None:
        rows = [law.transfer.keys.index(keys[place]) for place in transfer.sources]
        columns = [[each.language for each in law.targets].index(key) for key in targets]
        weights = law.weights[np.ix_(order, np.array(rows), np.array(columns))]
    return replace(transfer, phi=phi, weights=weights), laws


def _worths(problem: MixProblem, factors: Factors) -> tuple[dict[str, Array], list[str], list[str]]:
    """Drawn q of what may be read and has a range; what is drawn and what is held, in words."""
    worths: dict[str, Array] = {}
    drawn, held = [], []
    read = {pool.provenance for pool in problem.pools if pool.unique_tokens > 0}
    for name in sorted(read & WORTH_RANGE.keys()):
        (least, most), worth = WORTH_RANGE[name], problem.worth.get(name, 0.0)
        if least <= worth <= most:
            worths[name] = factors.between(least, worth, most)
            drawn.append(f"the worth of {name} text between {least:g} and {most:g}")
        else:
            held.append(f"the worth of {name} text at {worth:g}, as asked for")
    return worths, drawn, held


UNASKED: Final = 32
"""Draws of an answer for which nobody asked: our choice, enough for rough ends of an interval."""

_LITTLE: Final = 4000
"""Targets times pools up to which they are made: our choice, about a second on one core. It is a
size and no time, since an answer must not depend on the machine."""

_MOST_WEIGHED: Final = 64
"""Draws that an objective weighs at most: our choice. Each is another row of the program."""


def draws_of(problem: MixProblem) -> int:
    """How many draws an answer is tried in: as many as were asked for, else few or none.

    None where the question is large, or where each draw would need a search over sets of donors.
    """
    if problem.draws is not None:
        return problem.draws
    if problem.objective in UNDER_DRAWS:
        return UNASKED
    size = len(problem.targets) * sum(pool.unique_tokens > 0 for pool in problem.pools)
    return UNASKED if size <= _LITTLE and problem.max_donors is None else 0


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The draws over which an objective is taken, other ones than those an answer is tried in.

    A mixture is best in the draws that it was chosen by, so its regret is told in others. Drawn
    are transfer weights, capacity exponents and worths, which say whom a token serves. The law's
    constants and λ are held: they raise and lower the losses of all mixtures much alike.

    Attributes:
        transfer: drawn τ and φ.
        worths: q of every draw, by provenance, (draws,).
        laws: a law a draw: the question's own, unless it was learned with the exponents.
    """

    transfer: TransferDraws
    worths: dict[str, Array]
    laws: tuple[LossLaw, ...]

    @property
    def count(self) -> int:
        """How many draws."""
        return int(self.transfer.phi.shape[0])

    def phi(self, target: str) -> Array:
        """(draws,) φ of a target."""
        model = self.transfer.model
        return np.asarray(self.transfer.phi[:, self.transfer.targets.index(model.index(target))])

    def weights(self, source: str, target: str) -> Array:
        """(draws,) τ of a pair; 0 for a source that the matrix does not know."""
        model, drawn = self.transfer.model, self.transfer
        if source not in model.keys or model.index(source) not in drawn.sources:
            return np.zeros(self.count)
        row = drawn.sources.index(model.index(source))
        return np.asarray(drawn.weights[:, row, drawn.targets.index(model.index(target))])

    def worth(self, problem: MixProblem, provenance: str) -> Array:
        """(draws,) q of a provenance."""
        held = np.full(self.count, problem.worth.get(provenance, 0.0))
        return self.worths.get(provenance, held)


@lru_cache(maxsize=8)
def weighed(problem: MixProblem) -> Weighed:
    """The draws of the objectives ``expected`` and ``cautious``; the order of targets is free."""
    problem = canonical(problem)
    count = min(problem.draws or UNASKED, _MOST_WEIGHED)
    factors = Factors(count, problem.seed, stream=1)
    transfer, laws = _transfer(problem, factors), (problem.law,) * count
    if isinstance(problem.law, TargetLaws):
        transfer, laws = _resampled(problem, transfer, problem.law, factors)
    return Weighed(transfer, _worths(problem, factors)[0], laws)


def floor_of(problem: MixProblem) -> float:
    """E of the objective: the weighted mean of the targets', over the draws where it is theirs."""
    law, weights = problem.law, np.array([target.weight for target in problem.targets])
    if not isinstance(law, TargetLaws):
        return law.E
    laws = weighed(problem).laws if problem.objective == "expected" else (law,)
    floors = [[each.of(key).E for key in problem.target_keys] for each in laws]
    return float(np.mean(np.array(floors) @ weights) / weights.sum())

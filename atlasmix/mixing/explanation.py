"""Why each donor is in the mixture, what would push it out, and what would bring the next one in.

A donor is read where its next token is worth as much as the next token of anything else (μ). It
leaves when its score falls to where its first token would be worth less than μ in the best mixture
without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from atlasmix.evidence.calibration import weight_to_score
from atlasmix.languages import name_of
from atlasmix.mixing.compile import Compiled
from atlasmix.mixing.engines import Optimum, optimise
from atlasmix.mixing.mixture import Mixture, Reason
from atlasmix.mixing.problem import MixProblem
from atlasmix.mixing.program import charge, leaning
from atlasmix.mixing.solve import Solved, canonical, optimise_problem
from atlasmix.scaling.saturation import Array, marginal

_LEFT_OUT = 5
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class _Margin:
    """What a donor's first token is worth without it, against what a token must be worth."""

    pull: Array  # (T,), with the prices of guardrails
    toll: Array  # (n,), what a token must be worth: budget and limits together
    idle: NDArray[np.bool_]  # (T,) no donor at risk is read


def explain(problem: MixProblem, mixture: Mixture, left_out: int = _LEFT_OUT) -> tuple[Reason, ...]:
    """One reason a donor that is read, largest first, then for the nearest that are not.

    Args:
        problem: the question.
        mixture: its answer.
        left_out: how many of the donors that are not read to explain.
    """
    problem = canonical(problem)
    solved = optimise_problem(problem)
    compiled, optimum = solved.compiled, solved.optimum
    read = [key for key in mixture.donors if mixture.proportions[key] > _LEAST]
    others = [
        key for key in compiled.languages if key not in read and key not in problem.target_keys
    ]
    reasons = [_reason(problem, solved, _without(compiled, key), key, mixture) for key in read]
    here = _margin(compiled, optimum)
    outside = [_reason(problem, solved, here, key, mixture) for key in others]
    outside.sort(key=lambda reason: (_distance(reason), -reason.worth, reason.language))
    return (*reasons, *outside[:left_out])


def _distance(reason: Reason) -> float:
    return np.inf if reason.threshold is None else reason.threshold - reason.score


def _margin(compiled: Compiled, optimum: Optimum) -> _Margin:
    program = compiled.program
    pull = optimum.prices.line.pull
    if optimum.duals.guard is not None:
        pull = pull + optimum.duals.guard
    toll = optimum.prices.budget + np.zeros(program.unique.size)
    if program.rows.names:
        toll = toll + optimum.prices.rows @ program.rows.matrix
    return _Margin(pull, toll, np.all(leaning(program, optimum.x) == 0, axis=1))


def _without(compiled: Compiled, key: str) -> _Margin | None:
    """The margin in the best mixture without this donor; None where there is none."""
    program = compiled.program
    mine = program.member == compiled.languages.index(key)
    optimum = optimise(replace(program, upper=np.where(mine, 0.0, program.upper)))
    return None if optimum is None else _margin(compiled, optimum)


def _worth(compiled: Compiled, optimum: Optimum, row: int, column: int) -> float:
    """Effective tokens of the row that the column's next token gives, net of the risk charge."""
    program = compiled.program
    slope = float(marginal(optimum.x[column], program.unique[column], program.decay))
    net = program.gain[row, column] - program.harm[row, column]
    if optimum.duals.risk is not None:
        net = net - charge(program, optimum.duals.risk)[row, column]
    return float(net) * slope


def _reason(
    problem: MixProblem, solved: Solved, margin: _Margin | None, key: str, mixture: Mixture
) -> Reason:
    compiled, optimum = solved.compiled, solved.optimum
    program = compiled.program
    place = compiled.languages.index(key)
    column = int(np.flatnonzero(program.member == place)[0])
    worth = program.worth[column]
    net = program.gain[:, column] - program.harm[:, column]
    counted = len(problem.targets)
    pull = np.ones(counted) if margin is None else margin.pull[:counted]
    source_at = problem.transfer.index(key)
    targets_at = [problem.transfer.index(one) for one in problem.target_keys]
    row = int(np.argmax(pull * np.where(net[:counted] > 0, net[:counted], 0.0)))
    if not np.any(net[:counted] > 0):
        # Harm that is not believed is 0 for all targets alike: then the score decides.
        weights = problem.transfer.weights[source_at, targets_at]
        row = int(np.argmax(np.where(np.isnan(weights), -np.inf, weights)))
    target, target_at = problem.target_keys[row], targets_at[row]
    score = problem.matrix.pair(key, target)
    tau = float(problem.transfer.weights[source_at, target_at])
    threshold = None
    full = problem.max_donors is not None and len(mixture.donors) >= problem.max_donors
    if (
        margin is not None
        and worth > 0
        and margin.pull[row] > 0
        and not (full and key not in mixture.donors)
    ):
        others = float(margin.pull @ net) - margin.pull[row] * net[row]
        needed = (margin.toll[column] - others) / (margin.pull[row] * worth)
        threshold = _threshold(problem, (source_at, target_at), needed, bool(margin.idle[row]))
    proportion = mixture.proportions.get(key, 0.0)
    reason = Reason(
        language=key,
        proportion=proportion,
        target=target,
        score=score.score,
        stderr=score.stderr,
        status=score.status,
        weight=tau,
        worth=_worth(compiled, optimum, row, column),
        threshold=threshold,
        sentence="",
    )
    return replace(reason, sentence=_sentence(reason, problem))


def _threshold(
    problem: MixProblem, pair: tuple[int, int], needed: float, idle: bool
) -> float | None:
    """The score at which τ, less the charge for its error, reaches ``needed``; -inf: any does."""
    stderr = float(np.nan_to_num(problem.matrix.stderr[pair]))

    def net(tau: float) -> float:
        slope = weight_to_score(tau, problem.transfer.calibration)[1]
        doubt = problem.risk_aversion * slope * stderr if idle else 0.0
        return tau - min(doubt, max(tau, 0.0))

    # At τ = 1 a donor's token is worth a token of the target itself: nobody promises more.
    low, high = -0.9, 1.0
    needed += 1e-9  # worth just as much is no reason to read it
    if net(high) < needed:
        return None
    if net(low) >= needed:
        return -np.inf
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if net(middle) < needed else (low, middle)
    return weight_to_score(high, problem.transfer.calibration)[0]


def _sentence(reason: Reason, problem: MixProblem) -> str:
    name, target = name_of(reason.language), name_of(reason.target)
    metric = problem.matrix.card.metric
    doubt = f"{reason.score:+.1f} {reason.status}, ±{reason.stderr:.2f}"
    if reason.status == "":
        return f"{name} has no score for {target} in {problem.matrix.name}"
    if reason.proportion > 0:
        said = f"{name} is in: a token is worth {reason.worth:.2f} {target} tokens ({doubt})"
        if reason.threshold is None:
            return f"{said}; the limits need it whatever its score"
        if reason.threshold == -np.inf:
            return f"{said}; no score would push it out"
        return f"{said}; below a {metric} of {reason.threshold:.2f} it would leave"
    said = f"{name} is out: its best score is {doubt}, for {target}"
    if reason.threshold is None:
        return f"{said}; no score would bring it in here"
    return f"{said}; from a {metric} of {reason.threshold:.2f} it would come in"

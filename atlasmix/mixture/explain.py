"""Why each donor is in the mixture, what would push it out, and what would bring the next one in.

A donor is read where its next token is worth as much as the next token of anything else: ν, what a
share of the tokens costs all targets in capacity and in data that is not read. It leaves when its
score falls to where its first token would be worth less than ν in the best mixture without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atlasmix.evidence.scores import MEASURED, SEEN
from atlasmix.evidence.transfer_matrix import DOUBT
from atlasmix.languages.catalogue import name_of
from atlasmix.laws.saturation import Array, marginal
from atlasmix.mixture.mixture import Mixture, Reason
from atlasmix.problem.problem import MixProblem, canonical
from atlasmix.solver.compile import Compiled, charged
from atlasmix.solver.engines import Optimum, optimise
from atlasmix.solver.optimise import Solved, donor_columns, optimise_problem

_LEFT_OUT = 5
_LEAST = 1e-6
_HAIR = 1e-8


@dataclass(frozen=True, slots=True)
class _Margin:
    """What a donor's first token is worth without it, against what a token must be worth."""

    yields: Array  # (T,) what a unit of effective data is worth
    toll: Array  # (n,) what a share of the tokens must be worth


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
    columns = donor_columns(problem, compiled)
    donors = sorted({key for key, at in zip(compiled.languages, columns, strict=True) if at >= 0})
    read = [key for key in mixture.donors if mixture.proportions[key] > _LEAST and key in donors]
    # What the best mixture reads of a crumb is too little for an answer: no score decides it.
    others = [key for key in donors if key not in (*read, *mixture.crumb_keys)]
    reasons = [_reason(problem, solved, _without(compiled, key), key, mixture) for key in read]
    here = _margin(compiled, optimum)
    outside = [_reason(problem, solved, here, key, mixture) for key in others]
    outside.sort(key=lambda reason: (_distance(reason), -reason.worth, reason.language))
    return (*reasons, *outside[:left_out])


def _distance(reason: Reason) -> float:
    return np.inf if reason.threshold is None else reason.short_of


def _margin(compiled: Compiled, optimum: Optimum) -> _Margin:
    return _Margin(optimum.prices.line.yields, optimum.prices.toll(compiled.program))


def _without(compiled: Compiled, key: str) -> _Margin | None:
    """The margin in the best mixture without this donor; None where there is none."""
    program = compiled.program
    mine = np.array([language == key for language in compiled.languages])
    optimum = optimise(replace(program, upper=np.where(mine, 0.0, program.upper)))
    return None if optimum is None else _margin(compiled, optimum)


def _reason(
    problem: MixProblem, solved: Solved, margin: _Margin | None, key: str, mixture: Mixture
) -> Reason:
    compiled, optimum = solved.compiled, solved.optimum
    program = compiled.program
    column = compiled.languages.index(key)
    worth = problem.worth_of(compiled.heads(problem)[column])
    yields, gain = _by_target(problem, compiled, margin, column)
    source_at = problem.transfer.index(key)
    targets_at = [problem.transfer.index(target) for target in problem.target_keys]
    weights = problem.transfer.weights[source_at, targets_at]
    row = int(np.argmax(yields * gain))
    if not np.any(gain > 0):
        row = int(np.argmax(weights))
    target = problem.target_keys[row]
    score = problem.matrix.pair(key, target)
    pair = source_at, targets_at[row]
    threshold, short_of = None, np.inf
    full = problem.max_donors is not None and len(mixture.donors) >= problem.max_donors
    if (
        margin is not None
        and worth > 0
        and yields[row] > 0
        and not (full and key not in mixture.donors)
    ):
        others = float(margin.yields @ program.gain[:, column]) - yields[row] * gain[row]
        needed = (margin.toll[column] - others) / (yields[row] * worth)
        short_of = float(needed - gain[row] / worth)
        threshold = _threshold(problem, (key, target), float(needed), key in mixture.donors)
    slope = float(marginal(optimum.x[column], program.unique[column], program.decay))
    reason = Reason(
        language=key,
        proportion=mixture.proportions.get(key, 0.0),
        target=target,
        score=score.score,
        stderr=score.stderr,
        status=str(problem.transfer.status[pair]),
        weight=float(weights[row]),
        weight_stderr=float(problem.transfer.stderr[pair]),
        worth=float(gain[row]) * slope,
        threshold=threshold,
        short_of=short_of,
        sentence="",
    )
    return replace(reason, sentence=_sentence(reason, problem))


def _by_target(
    problem: MixProblem, compiled: Compiled, margin: _Margin | None, column: int
) -> tuple[Array, Array]:
    """What a unit of effective data is worth to every target, and what a token of a column is.

    Both (targets,); where a target has a row a draw or a scenario, over all of them.
    """
    program, keys = compiled.program, problem.target_keys
    gain = program.gain[:, column]
    if not np.any(program.weight[: len(keys)] == 0):
        yields = np.ones(len(keys)) if margin is None else margin.yields[: len(keys)]
        return yields, gain[: len(keys)]
    whole = np.where(program.weight > 0, 1.0 if margin is None else margin.yields, 0.0)
    yields, given = np.zeros(len(keys)), np.zeros(len(keys))
    for row, key in enumerate(keys):
        mine = np.array([each == key for each in compiled.rows_of])
        yields[row] = float(whole[mine].sum())
        given[row] = float(whole[mine] @ gain[mine]) / max(yields[row], 1e-300)
    return yields, given


def _threshold(
    problem: MixProblem, pair: tuple[str, str], needed: float, read: bool
) -> float | None:
    """The score at which τ, less the charge for its error, reaches ``needed``; -inf: any does."""
    if needed <= 0:
        return -np.inf
    transfer, (source, target) = problem.transfer, pair
    predicted = transfer.stays_predicted(source, target)
    stderr = _stderr(problem, pair)

    def score_of(weight: float) -> float:
        return transfer.score_of(weight, target, predicted=predicted)[0]

    def net(weight: float) -> float:
        """What the charge leaves, the error of the score staying as it is."""
        tau, sigma = transfer.at_score(source, target, score_of(weight), stderr)
        doubt = charged(problem, np.array([tau]), np.array([sigma]))
        return max(tau - float(doubt[0]), 0.0)

    # Before its prior a donor's token is worth at most a token of the target itself, or what its
    # score says: nobody promises more.
    low, high = (
        0.0,
        max(1.0, 1.1 * float(transfer.weights[transfer.index(source), transfer.index(target)])),
    )
    # Worth just as much is no reason to read it, and none to leave it.
    needed += -_HAIR if read else _HAIR
    if net(high) < needed:
        return None
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if net(middle) < needed else (low, middle)
    return score_of(high)


def _stderr(problem: MixProblem, pair: tuple[str, str]) -> float:
    """Standard error of another score of the pair: as it is, or as a measurement's would be."""
    score, card = problem.matrix.pair(*pair), problem.matrix.card
    if not problem.transfer.is_completed or score.status in SEEN:
        return score.stderr
    rule = card.stderr_of(MEASURED)
    return DOUBT if rule is None else rule


def _sentence(reason: Reason, problem: MixProblem) -> str:
    name, target = name_of(reason.language), name_of(reason.target)
    metric = problem.matrix.card.metric
    if problem.transfer.is_completed:
        metric = f"measured {metric}"
        doubt = f"τ {reason.weight:.2f} ±{reason.weight_stderr:.2f}, {reason.status}"
    else:
        doubt = f"{reason.score:+.1f} {reason.status}, ±{reason.stderr:.2f}"
    if reason.status == "":
        return f"{name} has no score for {target} in {problem.matrix.name}"
    if reason.proportion > 0:
        said = f"{name} is in: a token is worth {reason.worth:.2f} {target} tokens ({doubt})"
        return f"{said}; {_what_would_part(reason, problem, metric)}"
    best = "best weight" if problem.transfer.is_completed else "best score"
    said = f"{name} is out: its {best} is {doubt}, for {target}"
    if reason.threshold is None:
        return f"{said}; no score would bring it in here"
    return f"{said}; from a {metric} of {reason.threshold:.2f} it would come in"


def _what_would_part(reason: Reason, problem: MixProblem, metric: str) -> str:
    """At which score a donor that is read would leave."""
    if reason.threshold is None:
        if problem.rivals:
            return "read for what another matrix says of it"
        return "the limits need it whatever its score"
    if reason.threshold == -np.inf:
        return "no score would push it out"
    return f"below a {metric} of {reason.threshold:.2f} it would leave"

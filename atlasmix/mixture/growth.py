"""More targets at no present target's cost: which N and D, by the law of this very mixture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from atlasmix.errors import ProblemError
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import best
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compute import at_compute, at_size, params_range
from atlasmix.solver.patience import expired, within

WayName = Literal["same parameters", "same tokens", "least compute"]

_MOST: Final = 100.0
"""Times the tokens, or the parameters, of now, beyond which nobody trains instead: our choice."""

_CLOSE: Final = 0.005
"""Relative precision of N and D: our choice, finer than any run is planned."""

_KEPT: Final = 1e-6
"""Part of its reducible loss by which a target counts as no worse: what answers are proved to."""

NO_TIME: Final = "no time was left to find it"

_STEP: Final = 0.25
"""First step up from now, in the logarithm, doubled each time: most answers lie near."""

_ROUNDS: Final = 6
"""Steps of the golden section over N, from now to where no more tokens are needed: compute is flat
around its least, and a twentieth of the range changes it by less than a hundredth."""


@dataclass(frozen=True, slots=True)
class GrowthWay:
    """One size at which no present target is worse than now.

    Attributes:
        name: what is kept or least.
        params, tokens: N, and D that may be read.
        mixture: the best for all targets there.
        last: the present target that recovers last.
    """

    name: WayName
    params: float
    tokens: float
    mixture: Mixture
    last: str


@dataclass(frozen=True, slots=True)
class MixtureGrowth:
    """What it takes to add targets to a mixture.

    Attributes:
        added: the new targets.
        now: the best mixture for the present ones, at the size of the question.
        at_once: the best for all of them at that size.
        worst: present target that loses most at that size, and its loss there less that of now,
            relative to its reducible loss.
        ways: sizes at which none of them is worse; a way that nothing leads to is left out.
        refused: the ways that are left out, and why.
    """

    added: tuple[str, ...]
    now: Mixture
    at_once: Mixture
    worst: tuple[str, float]
    ways: tuple[GrowthWay, ...]
    refused: tuple[tuple[WayName, str], ...]


@dataclass(slots=True)
class _Search:
    """The question with all targets, asked at any size and judged by those of now."""

    then: MixProblem
    levels: dict[str, float]
    known: dict[tuple[float, float], tuple[Mixture, str, float]] = field(default_factory=dict)

    def at(self, params: float, tokens: float) -> tuple[Mixture, str, float]:
        """The best mixture, the present target that is worst off, and by how much."""
        if (params, tokens) not in self.known:
            self.known[params, tokens] = self._judged(params, tokens)
        return self.known[params, tokens]

    def _judged(self, params: float, tokens: float) -> tuple[Mixture, str, float]:
        mixture = best(at_size(self.then, params, tokens))
        behind = {
            effect.language: (effect.loss - self.levels[effect.language])
            / (self.levels[effect.language] - self.then.law.of(effect.language).E)
            for effect in mixture.targets
            if effect.language in self.levels
        }
        last = max(behind, key=lambda key: behind[key])
        return mixture, last, behind[last]

    def least(self, low: float, high: float, behind: Callable[[float], float]) -> float | None:
        """The least value from which on nobody is behind; None where nobody catches up to ``high``.

        Args:
            low, high: where it is sought.
            behind: by how much the worst off is; falls with the value.
        """
        from scipy.optimize import brentq

        known: dict[float, float] = {}

        def at(log_value: float) -> float:
            if log_value not in known:
                known[log_value] = behind(math.exp(log_value)) if not expired() else -1.0
            return known[log_value] - _KEPT

        left, most, step = math.log(low), math.log(high), _STEP
        if at(left) <= 0:
            return low
        right = left
        while at(right) > 0:
            if right >= most:
                return None
            left, right, step = right, min(right + step, most), 2.0 * step
        root = float(brentq(at, left, right, xtol=_CLOSE / 2, rtol=1e-12))
        return math.exp(min(root + _CLOSE / 2, right))


def more_targets(problem: MixProblem, added: Sequence[str]) -> dict[str, float]:
    """The targets of a question and more of them, which weigh as much as those do on average."""
    weights = {target.language: target.weight for target in problem.targets}
    mean = sum(weights.values()) / len(weights)
    return weights | {key: mean for key in added if key not in weights}


def growth(now: MixProblem, then: MixProblem, seconds: float | None = None) -> MixtureGrowth:
    """Which N and D keep every present target's loss when targets are added.

    The mixture is chosen anew for all targets, by the objective and the weights of ``then``; N and
    D grow until no target of ``now`` has a greater predicted loss than it has in the best mixture
    of ``now``. So the new targets take what the objective gives them, and nothing else is asked of
    them.

    Args:
        now: the question; its size is where one stands.
        then: the same with more targets.
        seconds: the least compute is left out where it is not found in time. None: no limit.

    Raises:
        ProblemError: no target is added, one is lost, or a target has no text to read now.
        Infeasible: no mixture meets all limits at the size of now.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    added = tuple(key for key in then.target_keys if key not in now.target_keys)
    lost = [key for key in now.target_keys if key not in then.target_keys]
    if not added or lost:
        raise ProblemError(
            f"no target is added{f' and {lost[0]} is lost' if lost else ''}: expected the same "
            "targets and one or more besides",
            field="targets",
        )
    now = replace(at_compute(now), phases=(), near=None)
    then = replace(then, phases=(), compute=None, allocation=None)
    before = best(at_size(now, now.params, now.budget))
    levels = {effect.language: effect.loss for effect in before.targets}
    silent = [key for key, loss in levels.items() if not math.isfinite(loss)]
    if silent:
        raise ProblemError(
            f"{silent[0]} has no text to read now, so no loss to keep: leave it out",
            field="targets",
            value=silent[0],
        )
    search, params, tokens = _Search(then, levels), now.params, now.budget
    at_once, last, behind = search.at(params, tokens)
    ways: list[GrowthWay] = []
    refused: list[tuple[WayName, str]] = []
    with within(seconds):
        for name, find in _WAYS:
            size, why = find(search, params, tokens)
            if size is None or expired():
                refused.append((name, why if size is None else NO_TIME))
                continue
            mixture, last_there, _ = search.at(*size)
            ways.append(GrowthWay(name, *size, mixture, last_there))
    return MixtureGrowth(added, before, at_once, (last, behind), tuple(ways), tuple(refused))


_Size = tuple[tuple[float, float] | None, str]


def _tokens(search: _Search, params: float, tokens: float) -> _Size:
    """D at the same N."""
    least = search.least(tokens, tokens * _MOST, lambda each: search.at(params, each)[2])
    if least is None:
        why = "text runs out, and capacity stays lost"
        return None, f"not even {_MOST:g} times the tokens make up for it: {why}"
    return (params, least), ""


def _params(search: _Search, params: float, tokens: float) -> _Size:
    """N at the same D, within what the law can speak of."""
    high = min(params * _MOST, params_range(search.then)[1])
    least = search.least(params, high, lambda each: search.at(each, tokens)[2])
    if least is None:
        return None, "no size that the law can speak of makes up for the data"
    return (least, tokens), ""


def _cheapest(search: _Search, params: float, tokens: float) -> _Size:
    """N and D of the least compute at which nobody is behind, by golden section over ln N.

    N stays at that of now or above, D at that of now or above: what a better balance of N and D
    would save already is no price of the new targets.
    """
    most, _ = _params(search, params, tokens)
    high = math.log(most[0] if most else min(params * _MOST, params_range(search.then)[1]))
    low = math.log(params)
    tried: dict[float, float] = {}

    def compute(log_params: float) -> float:
        if log_params not in tried:
            size, _ = _tokens(search, math.exp(log_params), tokens)
            tried[log_params] = math.inf if size is None else log_params + math.log(size[1])
        return tried[log_params]

    golden = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(_ROUNDS):
        if expired() or high - low < _CLOSE:
            break
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if compute(left) < compute(right) else (left, high)
    for end in (math.log(params), math.log(most[0]) if most else high):
        compute(end)
    chosen = min(tried, key=lambda each: tried[each])
    if not math.isfinite(tried[chosen]):
        return None, "no size and no number of tokens make up for what is lost"
    return (math.exp(chosen), math.exp(tried[chosen] - chosen)), ""


_WAYS: Final[tuple[tuple[WayName, Callable[[_Search, float, float], _Size]], ...]] = (
    ("same parameters", _tokens),
    ("same tokens", _params),
    ("least compute", _cheapest),
)

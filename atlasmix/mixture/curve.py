"""A curve: the same question over one of its numbers, and where on the way each pool runs out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from atlasmix.errors import Infeasible, ProblemError
from atlasmix.evidence.pools import Pool
from atlasmix.laws.kinds import LossLaw
from atlasmix.mixture.mixture import Mixture
from atlasmix.mixture.solve import best
from atlasmix.problem.problem import MixProblem
from atlasmix.solver.compile import epoch_limits
from atlasmix.solver.compute import at_compute, at_size, params_range
from atlasmix.solver.patience import expired, left, within

Size = Literal["budget", "params"]
SIZES: Final = ("budget", "params")

_ENDS: Final[dict[str, tuple[float, float]]] = {"budget": (10e9, 20e12), "params": (100e6, 100e9)}
"""Our choice: from a small team's run to more than any open model has read; the sizes at which a
law of such runs says something."""

_STEPS: Final = (1.0, 2.0, 3.0, 5.0)
"""Round numbers, four a power of ten: our choice, so few that thirty languages take seconds."""

_ALL: Final = 1.0 - 1e-6
"""Part of a pool, or of its cap, from which on it counts as read to the end."""

_ROOM: Final = 1.5
"""The time that is kept free for one more point, in times of the mean so far: our choice."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One value of what varies, and the answer there.

    Attributes:
        value: in tokens, parameters or whatever varies.
        mixture: the best one; None where no mixture meets all limits.
        refusal: why there is none; else empty.
    """

    value: float
    mixture: Mixture | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """The answers of one question over one number.

    Attributes:
        axis: what varies: ``budget`` (tokens), ``params`` or any number of a question.
        points: by value, rising; one or more have a mixture.
        law: behind the losses.
        caps: most epochs of every pool, by name.
        own: the value of the question itself; None where none is the question's own.
        left_out: values that there was no time for.
    """

    axis: str
    points: tuple[CurvePoint, ...]
    law: LossLaw
    caps: dict[str, float]
    own: float | None = None
    left_out: int = 0

    @property
    def solved(self) -> tuple[tuple[float, Mixture], ...]:
        """The values that have an answer, and the answers."""
        return tuple((each.value, each.mixture) for each in self.points if each.mixture is not None)

    @property
    def reference(self) -> tuple[float, Mixture]:
        """What the others are compared with: the question's own answer, else the first."""
        return next((pair for pair in self.solved if pair[0] == self.own), self.solved[0])


def curve(problem: MixProblem, axis: Size = "budget", seconds: float | None = None) -> Curve:
    """The same question from 10B to 20T tokens, or from 100M to 100B parameters.

    Every point is solved and proved as the answer is; what a point leaves out is what explains an
    answer (prices, ranges, phases). Where a question states compute, the other of N and D stays as
    it was chosen for it. Parameters stay within ten times those of the runs behind the law.

    Args:
        problem: the question.
        axis: ``budget`` or ``params``.
        seconds: no point is begun that would probably end later, and none is kept that did; the
            question's own value and the ends come first, then what lies between them, evenly.
            None: all are solved.

    Raises:
        ProblemError: another axis, or a question that cannot be asked.
        Infeasible: no mixture meets all limits at any value that was tried.
        SolverFailed: no engine gave an answer that passed its checks.
    """
    if axis not in SIZES:
        raise ProblemError(
            f"a curve over {axis!r}: expected one of {', '.join(SIZES)}; a sweep varies the others",
            field="axis",
            value=axis,
        )
    problem = replace(at_compute(problem), phases=())
    problem = at_size(problem, problem.params, problem.budget)
    own = float(getattr(problem, axis))
    ladder = curve_values(problem, axis)
    points: list[CurvePoint] = []
    with within(seconds):
        begin = left()
        for value in (own, *_evenly([each for each in ladder if each != own])):
            if points and seconds and left() < _ROOM * (begin - left()) / len(points):
                break
            point = _point(problem, axis, value)
            if points and expired():
                break  # it ended with what was proved by then
            points.append(point)
    return curve_of(problem, axis, points, own, len(ladder) - len(points))


def curve_of(
    problem: MixProblem,
    axis: str,
    points: list[CurvePoint],
    own: float | None = None,
    left_out: int = 0,
) -> Curve:
    """The curve of answers that are there already.

    Args:
        problem: any of the questions; they share pools, caps and law.
        axis: what varies.
        points: in any order.
        own: value of the question itself, if it is one of them.
        left_out: values that were not tried.

    Raises:
        Infeasible: no point has an answer.
    """
    ordered = tuple(sorted(points, key=lambda each: each.value))
    if not any(each.mixture is not None for each in ordered):
        raise Infeasible(
            f"no mixture meets all limits at any of the {len(ordered)} values of {axis} that were "
            f"tried; at the first: {ordered[0].refusal}"
        )
    names = [pool.name for pool in problem.pools]
    caps = dict(zip(names, epoch_limits(problem).tolist(), strict=True))
    return Curve(axis, ordered, problem.law, caps, own, left_out)


def _point(problem: MixProblem, axis: str, value: float) -> CurvePoint:
    question = replace(
        problem,
        budget=value if axis == "budget" else problem.budget,
        params=value if axis == "params" else problem.params,
    )
    try:
        return CurvePoint(value, best(question))
    except Infeasible as error:
        return CurvePoint(value, None, str(error))


def curve_values(problem: MixProblem, axis: Size) -> tuple[float, ...]:
    """The values that a curve is drawn over, rising, the question's own among them."""
    low, high = _ENDS[axis]
    own = float(getattr(problem, axis))
    if axis == "params":
        least, most = params_range(problem)
        low, high = max(low, least), min(high, most)
    ladder = {
        step * 10.0**power for power in range(19) for step in _STEPS if step * 10.0**power <= 1e18
    }
    return tuple(sorted({own, *(value for value in ladder if low <= value <= high)}))


def _evenly(values: list[float]) -> Iterator[float]:
    """The two ends, the middle, the middles of the halves and so on: each time the widest gap."""
    ends = dict.fromkeys([0, len(values) - 1]) if values else {}
    yield from (values[place] for place in ends)
    gaps = [(0, len(values) - 1)]
    while gaps:
        first, last = gaps.pop(0)
        middle = (first + last) // 2
        if first < middle < last:
            yield values[middle]
            gaps += [(first, middle), (middle, last)]


@dataclass(frozen=True, slots=True)
class RunsOut:
    """Where on a curve a pool has been read to its end.

    Attributes:
        pool: which.
        once: the last value at which some of it is not read and the first at which all of it is,
            None for a value outside the curve; None: it is never all read.
        cap: the same for all the epochs that it may be read.
    """

    pool: Pool
    once: tuple[float | None, float] | None
    cap: tuple[float | None, float] | None


def runs_out(curve: Curve) -> tuple[RunsOut, ...]:
    """The pools that are read to their end somewhere on a curve, the first to end first."""
    solved = curve.solved
    reads = {
        share.pool.name: share.pool for _, mixture in solved for share in mixture.read
    }  # pools that no point reads have no end
    ends = []
    for name, pool in reads.items():
        epochs = [
            next(share.epochs for share in mixture.pools if share.pool.name == name)
            for _, mixture in solved
        ]
        once = _reached(solved, epochs, 1.0)
        if once is not None:
            ends.append(RunsOut(pool, once, _reached(solved, epochs, curve.caps[name])))
    return tuple(sorted(ends, key=lambda each: (each.once[1] if each.once else 0, each.pool.name)))


def _reached(
    solved: tuple[tuple[float, Mixture], ...], epochs: list[float], level: float
) -> tuple[float | None, float] | None:
    for place, number in enumerate(epochs):
        if number >= level * _ALL:
            return (solved[place - 1][0] if place else None), solved[place][0]
    return None

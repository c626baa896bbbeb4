r"""The best mixture under a learned law: least weighted loss, its proof, its room, its doubt.

f(p) = Σ_t w_t·L_t(p) is convex, and so are the limits: Σp = 1, low <= p <= high, and
KL(p || q) <= κ where a reference q is given. A barrier method finds the optimum. What proves it is
a line under f at that point, minimised over all mixtures within the limits: no mixture lies below.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from atlasmix.errors import Infeasible, ProblemError, SolverFailed
from atlasmix.fitting.mixture_runs import Mixtures
from atlasmix.text import first_few

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

FLAT: Final = 0.005
"""Part of the reducible loss within which a share is as good as the best: as in a solve."""

_ACCURACY: Final = 1e-9
_ROUGH: Final = 1e-5
"""Of the room of a share, which is told to a tenth of a point."""
_GROWTH: Final = 12.0
_SMALL: Final = 1e-7
_STEPS: Final = 60


class ConvexLaw(Protocol):
    """A law whose losses are convex in the mixture."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what is mixed."""

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the evaluation sets."""

    @property
    def least_loss(self) -> Array:
        """(K,) what no mixture can go below."""

    def at(self, shares: Array) -> tuple[Array, Array]:
        """Loss (K,) and slope (K, S) at one mixture."""

    def bend(self, shares: Array, weights: Array) -> Array:
        """(S, S) second derivative of Σ weights·loss."""

    def predict(self, mixtures: Mixtures) -> Array:
        """(n, K) loss of each of many mixtures."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """A region of trust around a mixture: KL(p || reference) <= most, in nats."""

    reference: Array
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class MixtureQuestion:
    """What the best mixture is asked of.

    Attributes:
        law: the law that is believed.
        weights: (K,) how much the loss of each set counts; sums to 1.
        low: (S,) least shares.
        high: (S,) most shares.
        near: a region of trust; None: everywhere.
    """

    law: ConvexLaw
    weights: Array
    low: Array
    high: Array
    near: Near | None = None

    def loss(self, shares: Array) -> float:
        """Weighted mean of the losses at a mixture."""
        return float(self.weights @ self.law.at(shares)[0])

    @property
    def floor(self) -> float:
        """Weighted mean of what no mixture can go below."""
        return float(self.weights @ self.law.least_loss)


@dataclass(frozen=True, slots=True, eq=False)
class LearnedMixture:
    """The answer.

    Attributes:
        question: what was asked.
        shares: (S,) the mixture.
        loss: weighted mean of the losses there.
        bound: no mixture within the limits has a lower one.
        flat: (S, 2) least and most of each share within FLAT of the reducible loss.
    """

    question: MixtureQuestion
    shares: Array
    loss: float
    bound: float
    flat: Array

    @property
    def gap(self) -> float:
        """What the loss can lie above the best one, as a part of it; rounded by no one."""
        return max(self.loss - self.bound, 0.0) / abs(self.loss)

    @property
    def losses(self) -> Array:
        """(K,) loss of each set there."""
        return self.question.law.at(self.shares)[0]


def make_question(
    law: ConvexLaw,
    targets: dict[str, float] | None = None,
    low: dict[str, float] | None = None,
    high: dict[str, float] | None = None,
    near: Near | None = None,
) -> MixtureQuestion:
    """A question in names.

    Args:
        law: the law that is believed.
        targets: set to its weight; None: all sets count the same.
        low: source to its least share.
        high: source to its most.
        near: a region of trust.

    Raises:
        ProblemError: names that the law does not know, or weights that are none.
        Infeasible: least shares above 1 together, or most shares below.
    """
    weights = np.ones(len(law.sets))
    if targets:
        weights = np.zeros(len(law.sets))
        for name, weight in targets.items():
            weights[_place(name, law.sets, "set", "target")] = weight
        if not (np.all(np.isfinite(weights)) and np.all(weights >= 0) and weights.sum() > 0):
            raise ProblemError(
                "weights of the sets: expected numbers of at least 0, not all 0", field="targets"
            )
    least, most = np.zeros(len(law.sources)), np.ones(len(law.sources))
    for limits, column, field in ((low, least, "min"), (high, most, "max")):
        for name, share in (limits or {}).items():
            column[_place(name, law.sources, "source", field)] = share
    _check_limits(law, least, most)
    return MixtureQuestion(law, weights / weights.sum(), least, most, near)


def _place(name: str, known: tuple[str, ...], noun: str, field: str) -> int:
    from atlasmix.text import did_you_mean

    if name not in known:
        hint = did_you_mean(name, known) or f"there are {first_few(known, 8)}"
        raise ProblemError(f"no {noun} {name[:60]!r}: {hint}", field=field, value=name)
    return known.index(name)


def _check_limits(law: ConvexLaw, least: Array, most: Array) -> None:
    crossed = [
        f"{name} at least {low:.3g} and at most {high:.3g}"
        for name, low, high in zip(law.sources, least.tolist(), most.tolist(), strict=True)
        if low > high
    ]
    if crossed:
        raise Infeasible(f"{first_few(crossed, 4)}: no share is both", tuple(crossed), field="min")
    if least.sum() > 1 + 1e-12:
        raise Infeasible(
            f"the least shares sum to {least.sum():.4g}: expected at most 1; lower one of them",
            tuple(f"min {name}" for name, low in zip(law.sources, least, strict=True) if low > 0),
            field="min",
        )
    if most.sum() < 1 - 1e-12:
        raise Infeasible(
            f"the most shares sum to {most.sum():.4g}: expected at least 1; raise one of them, or "
            "allow more epochs",
            tuple(f"max {name}" for name, high in zip(law.sources, most, strict=True) if high < 1),
            field="max",
        )


def best_mixture(question: MixtureQuestion, ranges: bool = True) -> LearnedMixture:
    """The mixture of least weighted loss within the limits, with its bound.

    Args:
        question: law, weights and limits.
        ranges: whether the room of each share is wanted too.

    Raises:
        Infeasible: no mixture lies within the region of trust and the limits.
        SolverFailed: the barrier method gave no mixture that keeps the limits.
    """
    space = _space(question)
    start = _start(question, space)
    inside, prices = _minimise(_weighted(question), space, _trust(question), start)
    shares = _cleaned(inside, question)
    loss = question.loss(shares)
    inner = question.loss(inside)
    if not math.isfinite(loss) or abs(shares.sum() - 1.0) > 1e-9:
        raise SolverFailed("the barrier method left the simplex")
    if loss > inner and not _trusted(question, shares):
        shares, loss = inside, inner
    bound = lower_bound(question, inside, prices[0] if prices else 0.0)
    flat = _flat(question, space, inside, loss) if ranges else np.column_stack([shares, shares])
    return LearnedMixture(question, shares, loss, bound, flat)


def lower_bound(question: MixtureQuestion, at: Array, price: float = 0.0) -> float:
    """What no mixture within the limits lies below, by the line under the loss at ``at``.

    Args:
        question: law, weights and limits.
        at: any mixture; the nearer to the optimum, the better the bound.
        price: of the region of trust, any number >= 0.
    """
    losses, slopes = question.law.at(at)
    line = question.weights @ slopes
    constant = float(question.weights @ losses - line @ at)
    if question.near is None or price <= 0:
        return constant + float(line @ _cheapest(line, question.low, question.high))
    reference = question.near.reference
    # Minimise line·p + price·KL over the limits; any toll on Σp = 1 gives a valid bound.
    toll = _toll(line, price, question)
    shares = _priced(line, price, toll, question)
    value = float(line @ shares) + price * _divergence(shares, reference)
    value += toll * (float(shares.sum()) - 1.0)
    return constant + value - price * question.near.most


def _priced(line: Array, price: float, toll: float, question: MixtureQuestion) -> Array:
    """Per source the share where line·p + price·p·ln(p/q) + toll·p is least within its limits."""
    assert question.near is not None
    with np.errstate(over="ignore"):
        free = question.near.reference * np.exp(np.minimum(-(line + toll) / price - 1.0, 700.0))
    return np.asarray(np.clip(free, question.low, _highest(question)))


def _toll(line: Array, price: float, question: MixtureQuestion) -> float:
    """The toll at which those shares sum to 1."""
    low, high = -float(line.max()) - 800 * price, -float(line.min()) + 800 * price
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _priced(line, price, middle, question).sum() > 1.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _highest(question: MixtureQuestion) -> Array:
    """Most shares; none where the reference of a region of trust reads nothing."""
    if question.near is None:
        return question.high
    return np.where(question.near.reference > 0, question.high, 0.0)


def _cheapest(line: Array, low: Array, high: Array) -> Array:
    """The mixture of least line·p within the limits: fill the cheapest first."""
    shares = low.copy()
    left = 1.0 - float(low.sum())
    for place in np.argsort(line, kind="stable").tolist():
        room = min(float(high[place] - low[place]), left)
        shares[place] += room
        left -= room
        if left <= 0:
            break
    return shares


def _divergence(shares: Array, reference: Array) -> float:
    """KL(p || q) + Σq - Σp... of mixtures simply KL, in nats; inf where q reads nothing."""
    some = shares > 0
    if np.any(some & (reference <= 0)):
        return math.inf
    return float(np.sum(shares[some] * np.log(shares[some] / reference[some])))


def divergence(shares: Array, reference: Array) -> float:
    """KL(p || q) of two mixtures in nats; inf where q lacks something that p reads.

    >>> divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    0.0
    """
    return max(_divergence(shares, reference), 0.0) if np.isfinite(reference).all() else math.inf


Smooth = Callable[[Array, bool], tuple[float, Array, Array]]
"""Value, slope (S,) and second derivative (S, S) at a mixture; the last only where asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """The sources whose share is not held by equal limits.

    Attributes:
        free: (S,) whether it moves.
        low: (S,) least shares.
        high: (S,) most shares.
    """

    free: Bool
    low: Array
    high: Array


def _space(question: MixtureQuestion) -> _Space:
    high = _highest(question)
    room = 1.0 - float(question.low.sum())
    high = np.minimum(high, question.low + room)
    if float(high.sum()) < 1.0 - 1e-12:
        raise Infeasible(
            "the region of trust and the limits leave no mixture: its reference reads nothing of "
            "what the limits ask for; take another reference, or lower the least shares",
            field="near",
        )
    free = high - question.low > 1e-12
    if abs(float(high.sum()) - 1.0) < 1e-12:
        free = np.zeros_like(free)
    low = np.where(free, question.low, high)
    return _Space(free, low, high)


def _start(question: MixtureQuestion, space: _Space) -> Array:
    """A mixture strictly within the limits."""
    room = space.high - space.low
    part = (1.0 - float(space.low.sum())) / max(float(room.sum()), 1e-300)
    centre = space.low + min(part, 1.0) * room
    near = question.near
    if near is None or not np.any(space.free):
        return centre
    closest = _closest(near.reference, space)
    least = _divergence(closest, near.reference)
    if least >= near.most - 1e-9:
        raise Infeasible(
            f"no mixture within the limits is as near to the reference as {near.most:g} nats: the "
            f"nearest is at {least:.4g}; allow more, or relax a limit",
            ("near",),
            field="near",
        )
    step = 1.0
    while _divergence(closest + step * (centre - closest), near.reference) >= near.most - 1e-10:
        step *= 0.7
    return np.asarray(closest + 0.9 * step * (centre - closest))


def _closest(reference: Array, space: _Space) -> Array:
    """The mixture within the limits of least KL to the reference: the reference, cut and scaled."""
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        shares = np.clip(reference * math.exp(middle), space.low, space.high)
        low, high = (middle, high) if shares.sum() < 1.0 else (low, middle)
    shares = np.clip(reference * math.exp(high), space.low, space.high)
    return np.asarray(shares)


def _weighted(question: MixtureQuestion) -> Smooth:
    def smooth(shares: Array, bent: bool = True) -> tuple[float, Array, Array]:
        losses, slopes = question.law.at(shares)
        weights = question.weights
        bend = question.law.bend(shares, weights) if bent else slopes
        return float(weights @ losses), weights @ slopes, bend

    return smooth


def _trust(question: MixtureQuestion) -> list[Smooth]:
    """The region of trust as what may not rise above 0."""
    near = question.near
    if near is None:
        return []
    reference, most = near.reference, near.most

    def smooth(shares: Array, bent: bool = True) -> tuple[float, Array, Array]:
        some = shares > 0
        ratio = np.where(some & (reference > 0), shares, 1.0) / np.where(
            reference > 0, reference, 1
        )
        logs = np.where(some & (reference > 0), np.log(ratio), 0.0)
        value = float(shares @ logs) - most
        bend = np.diag(np.where(some, 1.0 / np.where(some, shares, 1.0), 0.0))
        return value, logs + 1.0, bend

    return [smooth]


def _minimise(
    objective: Smooth,
    space: _Space,
    limits: list[Smooth],
    start: Array,
    accuracy: float = _ACCURACY,
) -> tuple[Array, list[float]]:
    """The minimum by a barrier, and the price of each limit there.

    Args:
        objective: convex.
        space: the limits of the shares.
        limits: convex, kept below 0; strictly so at the start.
        start: strictly within.
        accuracy: as a part of the value.
    """
    shares, free = start.copy(), np.flatnonzero(space.free)
    if len(free) < 2:
        return shares, [0.0 for _ in limits]
    barriers = 2 * len(free) + len(limits)
    value, slope, _ = objective(shares, False)
    size = max(float(np.ptp(slope[free])), abs(value) * 1e-3, 1e-12)
    sharp = 10.0 * len(free) / size
    while True:
        shares = _centre(objective, space, limits, shares, sharp)
        if barriers / sharp < accuracy * max(abs(value), size):
            break
        sharp *= _GROWTH
    return shares, [-1.0 / (sharp * limit(shares, False)[0]) for limit in limits]


def _centre(
    objective: Smooth, space: _Space, limits: list[Smooth], shares: Array, sharp: float
) -> Array:
    """Newton's method for sharp·f plus the barrier, on the plane Σp = 1."""
    free = np.flatnonzero(space.free)
    for _ in range(_STEPS):
        slope, bend = _barrier_slope(objective, space, limits, shares, sharp)
        step = _newton_step(slope, bend)
        fall = float(slope @ step)
        if -fall < 1e-10:
            break
        before = _barrier(objective, space, limits, shares, sharp)
        length = 1.0
        trial = shares.copy()
        while length > 1e-14:
            trial[free] = shares[free] + length * step
            after = _barrier(objective, space, limits, trial, sharp)
            if after <= before + 0.1 * length * fall + 1e-13 * abs(before):
                break
            length *= 0.5
        else:
            break
        shares = trial
    return shares


def _newton_step(slope: Array, bend: Array) -> Array:
    """The step that keeps the sum, in scaled coordinates: shares differ by many powers of ten."""
    scale = 1.0 / np.sqrt(np.maximum(np.diag(bend), 1e-300))
    matrix = bend * scale[:, None] * scale[None, :]
    matrix[np.diag_indices_from(matrix)] += 1e-13
    both = np.linalg.solve(matrix, np.column_stack([slope * scale, scale]))
    against, along = scale * both[:, 0], scale * both[:, 1]
    return np.asarray(-against + along * (against.sum() / along.sum()))


def _barrier(
    objective: Smooth, space: _Space, limits: list[Smooth], shares: Array, sharp: float
) -> float:
    free = space.free
    below, above = (shares - space.low)[free], (space.high - shares)[free]
    if below.min() <= 0 or above.min() <= 0:
        return math.inf
    value = -float(np.log(below).sum() + np.log(above).sum())
    for limit in limits:
        room = -limit(shares, False)[0]
        if room <= 0:
            return math.inf
        value -= math.log(room)
    return sharp * objective(shares, False)[0] + value


def _barrier_slope(
    objective: Smooth, space: _Space, limits: list[Smooth], shares: Array, sharp: float
) -> tuple[Array, Array]:
    free = np.flatnonzero(space.free)
    _, slope, bend = objective(shares, True)
    slope, bend = sharp * slope[free], sharp * bend[np.ix_(free, free)]
    below, above = (shares - space.low)[free], (space.high - shares)[free]
    slope = slope - 1.0 / below + 1.0 / above
    bend[np.diag_indices_from(bend)] += below**-2 + above**-2
    for limit in limits:
        value, rise, curve = limit(shares, True)
        price = -1.0 / value
        slope = slope + price * rise[free]
        bend = bend + price * curve[np.ix_(free, free)]
        bend = bend + price**2 * np.outer(rise[free], rise[free])
    return slope, bend


def _cleaned(shares: Array, question: MixtureQuestion) -> Array:
    """The mixture with shares that a barrier keeps just off their limit put onto it."""
    high = _highest(question)
    low = question.low
    clean = np.where(shares - low < _SMALL, low, shares)
    clean = np.where(high - clean < _SMALL, high, clean)
    inside = (clean > low) & (clean < high)
    if np.any(inside):
        # The largest share that may move takes up what was moved.
        place = int(np.argmax(np.where(inside, clean, -1.0)))
        clean[place] += 1.0 - float(clean.sum())
    return np.asarray(clean)


def _trusted(question: MixtureQuestion, shares: Array) -> bool:
    within = np.all(shares >= question.low - 1e-12) and np.all(shares <= question.high + 1e-12)
    near = question.near
    if near is None:
        return bool(within)
    return bool(within) and _divergence(shares, near.reference) <= near.most + 1e-9


def _flat(question: MixtureQuestion, space: _Space, inside: Array, loss: float) -> Array:
    """(S, 2) how far each share may move while the loss stays within FLAT of what can fall."""
    level = loss + FLAT * max(loss - question.floor, 1e-12)
    weighted = _weighted(question)

    def above(shares: Array, bent: bool = True) -> tuple[float, Array, Array]:
        value, slope, bend = weighted(shares, bent)
        return value - level, slope, bend

    limits = [above, *_trust(question)]
    ranges = np.column_stack([inside, inside])
    none = np.zeros((len(inside), len(inside)))
    for place in np.flatnonzero(space.free).tolist():
        for end, sign in enumerate((1.0, -1.0)):
            way = np.zeros(len(inside))
            way[place] = sign

            def line(
                shares: Array, bent: bool = True, way: Array = way
            ) -> tuple[float, Array, Array]:
                return float(way @ shares), way, none.copy()

            reached, _ = _minimise(line, space, limits, inside, _ROUGH)
            ranges[place, end] = reached[place]
    return ranges

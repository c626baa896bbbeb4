r"""The forms of a law, each with exact derivatives, evaluated for many sets of constants at once.

Every form is a floor, a capacity term and a data term,

.. math:: \hat L = e^{e} + e^{u} + e^{v}

and differs in u and v alone. Coordinates are chosen so that an optimiser is at ease: logarithms of
what must be positive, and u and v measured at the geometric mean of the runs' N and D, so that a
change of α does not have to be undone by a change of log A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.runs import Runs

Array = NDArray[np.float64]

DELTA: Final = 1e-3
"""Half-width of the quadratic part in log loss: Hoffmann et al. 2022."""


def huber(residuals: Array, delta: float = DELTA) -> Array:
    """Huber's function, r²/2 within ``delta`` and δ(\\|r\\| - δ/2) beyond; any shape.

    >>> huber(np.array([0.0005, 0.01])).tolist()
    [1.25e-07, 9.5e-06]
    """
    clipped = np.clip(residuals, -delta, delta)
    # δ|r| - δ²/2 = c·r - c²/2 with c the clipped residual, and the same expression is r²/2 inside.
    return clipped * (residuals - 0.5 * clipped)


def huber_slope(residuals: Array, delta: float = DELTA) -> Array:
    """Derivative of ``huber``: the residual, clipped to ±δ."""
    return np.clip(residuals, -delta, delta)


def r_squared(loss: Array, predicted: Array) -> float:
    """R² of predicted against measured loss (not log loss), 1 at best; NaN where loss is constant.

    >>> r_squared(np.array([2.0, 3.0, 4.0]), np.array([2.0, 3.0, 4.5]))
    0.875
    """
    spread = float(np.sum((loss - np.mean(loss)) ** 2))
    if spread == 0:
        return float("nan")
    return 1.0 - float(np.sum((loss - predicted) ** 2)) / spread


EXPONENTS: Final = (0.01, 3.0)
"""Range of α and β. Published ones lie within 0.05-1; a fit at an end says so."""

FLOOR_BOUND: Final = 1e-5
"""Least E as a share of the least loss; a fit that ends there has E = 0."""


class Terms(Protocol):
    """u and v of one form at S sets of constants, and the way back."""

    @property
    def shift(self) -> Array | None:
        """(S, n) what log floor is above e, where runs differ in their floor; None: nothing."""

    @property
    def u(self) -> Array:
        """(S, n) log of the capacity term."""

    @property
    def v(self) -> Array:
        """(S, n) log of the data term."""

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """(S, p): Σ_i on_e·∂e_i/∂θ + on_u·∂u_i/∂θ + on_v·∂v_i/∂θ, e_i the log floor of run i."""


class Form(Protocol):
    """A law's form over given runs.

    Attributes:
        kind: kind of its card.
        constants: names as the card has them, in the order of the coordinates.
        low, high: (p,) bounds of the coordinates.
    """

    @property
    def kind(self) -> str:
        """See above."""

    @property
    def constants(self) -> tuple[str, ...]:
        """See above."""

    @property
    def low(self) -> Array:
        """See above."""

    @property
    def high(self) -> Array:
        """See above."""

    def terms(self, theta: Array) -> Terms:
        """u and v, each (S, n), at coordinates ``theta`` (S, p)."""

    def named(self, theta: Array) -> dict[str, Array]:
        """The constants in the units of the card, each (S,), from coordinates (S, p)."""

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """(p,) coordinates of constants in the units of the card."""

    def over(self, runs: Runs) -> Form:
        """The same form, with the same coordinates, over other runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Logarithms of N, D and K at which coordinates are measured."""

    params: float
    tokens: float
    languages: float = 0.0


def centres_of(runs: Runs, fixed: Mapping[str, float]) -> Centres:
    """The geometric means of the runs; 0 for a term whose coefficient somebody fixed."""
    return Centres(
        params=0.0 if "A" in fixed else float(np.mean(np.log(runs.params))),
        tokens=0.0 if "B" in fixed else float(np.mean(np.log(np.maximum(runs.tokens, 1.0)))),
        languages=0.0 if {"A", "B"} & set(fixed) else float(np.mean(np.log(runs.languages))),
    )


def log_loss(terms: Terms, floor: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    """log of the predicted loss (S, n), and the shares of floor, capacity and data in it."""
    e = floor[:, None] if terms.shift is None else floor[:, None] + terms.shift
    top = np.maximum(np.maximum(terms.u, terms.v), e)
    parts = np.exp(e - top), np.exp(terms.u - top), np.exp(terms.v - top)
    total = parts[0] + parts[1] + parts[2]
    return top + np.log(total), (parts[0] / total, parts[1] / total, parts[2] / total)


def pulled(form: Form, theta: Array, slopes: Array) -> Array:
    """(S, p): Σ_i slopes·∂log L̂_i/∂θ, for ``slopes`` (S, n)."""
    terms = form.terms(theta)
    _, (floor, capacity, data) = log_loss(terms, theta[:, 0])
    return terms.pull(slopes * floor, slopes * capacity, slopes * data)


def jacobian(form: Form, theta: Array) -> Array:
    """(n, p) derivatives of log L̂ of each run at one set of coordinates (p,)."""
    count = form.terms(theta[None, :]).u.shape[1]
    return pulled(form, np.repeat(theta[None, :], count, axis=0), np.eye(count))


def common_bounds(runs: Runs) -> tuple[list[float], list[float]]:
    """Bounds of e, a, α, b, β."""
    least, most = float(np.min(runs.loss)), float(np.max(runs.loss))
    small, large = EXPONENTS
    # A term at the centre of the runs is no larger than a few times the largest loss.
    top = float(np.log(most)) + 5.0
    low = [float(np.log(least * FLOOR_BOUND)), -60.0, small, -60.0, small]
    return low, [float(np.log(least)), max(top, 60.0), large, max(top, 60.0), large]


# Every form begins with the coordinates log E, a, α, b and β: a and b are log A and log B at the
# centres of the runs.


def _common_pull(x: Array, y: Array, on_e: Array, on_u: Array, on_v: Array) -> list[Array]:
    """The columns of ``pull`` for log E, a, α, b and β."""
    return [
        np.sum(on_e, axis=1),
        np.sum(on_u, axis=1),
        -np.sum(on_u * x, axis=1),
        np.sum(on_v, axis=1),
        -np.sum(on_v * y, axis=1),
    ]


def _common_constants(theta: Array, centres: Centres) -> list[Array]:
    """E, A, α, B and β of coordinates (S, p)."""
    return [
        np.exp(theta[:, 0]),
        np.exp(theta[:, 1] + theta[:, 2] * centres.params),
        theta[:, 2],
        np.exp(theta[:, 3] + theta[:, 4] * centres.tokens),
        theta[:, 4],
    ]


def _common_coordinates(values: Mapping[str, float], centres: Centres) -> list[float]:
    """log E, a, α, b and β of constants by name."""
    return [
        np.log(max(values["E"], 1e-300)),
        np.log(values["A"]) - values["alpha"] * centres.params,
        values["alpha"],
        np.log(values["B"]) - values["beta"] * centres.tokens,
        values["beta"],
    ]


LANGUAGE_EXPONENTS: Final = (-2.0, 2.0)
"""Range of φ and ψ; ATLAS prints 0.11 and -0.04."""


@dataclass(frozen=True, slots=True, eq=False)
class PowerTerms:
    """u = a + φk - αx and v = b + ψk - βy of S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    k: Array | None

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms."""
        columns = [
            *_common_pull(self.x, self.y, on_e, on_u, on_v),
        ]
        if self.k is not None:
            columns += [np.sum(on_u * self.k, axis=1), np.sum(on_v * self.k, axis=1)]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class PowerLaw:
    """See Form. Coordinates: log E, a, α, b, β and, for ``curse``, φ, ψ."""

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    x: Array
    y: Array
    k: Array | None

    def terms(self, theta: Array) -> PowerTerms:
        """See Form."""
        u = theta[:, 1:2] - theta[:, 2:3] * self.x
        v = theta[:, 3:4] - theta[:, 4:5] * self.y
        if self.k is not None:
            u, v = u + theta[:, 5:6] * self.k, v + theta[:, 6:7] * self.k
        return PowerTerms(u, v, self.x, self.y, self.k)

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        centres = self.centres
        log_a = theta[:, 1] + theta[:, 2] * centres.params
        log_b = theta[:, 3] + theta[:, 4] * centres.tokens
        if self.k is not None:
            log_a = log_a - theta[:, 5] * centres.languages
            log_b = log_b - theta[:, 6] * centres.languages
        values = [np.exp(theta[:, 0]), np.exp(log_a), theta[:, 2], np.exp(log_b), theta[:, 4]]
        values += [theta[:, place] for place in range(5, theta.shape[1])]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        centres, theta = self.centres, _common_coordinates(values, self.centres)
        if self.k is not None:
            theta[1] += values["phi"] * centres.languages
            theta[3] += values["psi"] * centres.languages
            theta += [values["phi"], values["psi"]]
        return np.asarray(theta)

    def over(self, runs: Runs) -> PowerLaw:
        """See Form."""
        x, y, k = _logarithms(runs, self.centres)
        return replace(self, x=x, y=y, k=None if self.k is None else k)


def chinchilla(runs: Runs, centres: Centres) -> PowerLaw:
    """L = E + A/N^α + B/D^β."""
    low, high = common_bounds(runs)
    x, y, _ = _logarithms(runs, centres)
    names = ("E", "A", "alpha", "B", "beta")
    return PowerLaw("chinchilla", names, np.array(low), np.array(high), centres, x, y, None)


def curse(runs: Runs, centres: Centres) -> PowerLaw:
    """L = E + A·K^φ/N^α + B·K^ψ/D_t^β."""
    low, high = common_bounds(runs)
    x, y, k = _logarithms(runs, centres)
    small, large = LANGUAGE_EXPONENTS
    names = ("E", "A", "alpha", "B", "beta", "phi", "psi")
    bounds = np.array([*low, small, small]), np.array([*high, large, large])
    return PowerLaw("curse", names, *bounds, centres, x, y, k)


def _logarithms(runs: Runs, centres: Centres) -> tuple[Array, Array, Array]:
    """log N, log D and log K of the runs, from the centres."""
    return (
        np.log(runs.params) - centres.params,
        np.log(runs.tokens) - centres.tokens,
        np.log(runs.languages) - centres.languages,
    )


DECAYS: Final = (1e-4, 30.0)
"""Range of λ: at its ends repeated tokens are worth as much as fresh ones, or nothing."""

TRANSFERS: Final = (-1.0, 3.0)
"""Range of τ, that of scores BTS from -∞ to 1.5 by τ = BTS/(2 - BTS)."""

_LEAST_EFFECTIVE: Final = 1e-4
"""Effective data never fall below this share of the tokens read: harm has no logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class SaturatedTerms:
    """u, v and what they are made of, at S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    beta: Array
    by_decay: Array
    by_transfer: tuple[Array, ...]

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms."""
        down = -self.beta * on_v
        return np.stack(
            [
                *_common_pull(self.x, self.y, on_e, on_u, on_v),
                np.sum(down * self.by_decay, axis=1),
                *(np.sum(down * each, axis=1) for each in self.by_transfer),
            ],
            axis=1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """See Form. Coordinates: log E, a, α, b, β, log λ, then τ of each source.

    Attributes:
        limit: whether the constant is named R_D = 1/λ instead of lambda.
    """

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    runs: Runs
    limit: bool

    def terms(self, theta: Array) -> SaturatedTerms:
        """See Form."""
        runs, decay = self.runs, np.exp(theta[:, 5:6])
        effective, slope = saturation(runs.tokens, runs.unique, decay)
        slope = slope * decay
        pieces = []
        for place in range(len(runs.sources)):
            worth, changes = saturation(
                runs.source_tokens[:, place], runs.source_unique[:, place], decay
            )
            weight = theta[:, 6 + place : 7 + place]
            effective = effective + weight * worth
            slope = slope + weight * changes * decay
            pieces.append(worth)
        read = runs.tokens + np.sum(runs.source_tokens, axis=1)
        least = _LEAST_EFFECTIVE * read
        free = effective > least
        effective = np.where(free, effective, least)
        x = np.log(runs.params) - self.centres.params
        y = np.log(effective) - self.centres.tokens
        scale = np.where(free, 1.0 / effective, 0.0)
        return SaturatedTerms(
            u=theta[:, 1:2] - theta[:, 2:3] * x,
            v=theta[:, 3:4] - theta[:, 4:5] * y,
            x=x,
            y=y,
            beta=theta[:, 4:5],
            by_decay=slope * scale,
            by_transfer=tuple(piece * scale for piece in pieces),
        )

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        values = [
            *_common_constants(theta, self.centres),
            np.exp(-theta[:, 5] if self.limit else theta[:, 5]),
            *(theta[:, place] for place in range(6, theta.shape[1])),
        ]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        decay = np.log(values[self.constants[5]])
        return np.array(
            [
                *_common_coordinates(values, self.centres),
                -decay if self.limit else decay,
                *(values[name] for name in self.constants[6:]),
            ]
        )

    def over(self, runs: Runs) -> Saturated:
        """See Form."""
        return replace(self, runs=runs)


def atlas(runs: Runs, centres: Centres) -> Saturated:
    """The law with λ and a τ for every source."""
    low, high = common_bounds(runs)
    taus = tuple(f"tau {source}" for source in runs.sources)
    names = ("E", "A", "alpha", "B", "beta", "lambda", *taus)
    small, large = TRANSFERS
    return Saturated(
        "chinchilla",
        names,
        np.array([*low, np.log(DECAYS[0]), *(small for _ in taus)]),
        np.array([*high, np.log(DECAYS[1]), *(large for _ in taus)]),
        centres,
        runs,
        limit=False,
    )


def data_only(runs: Runs, centres: Centres) -> Saturated:
    """Muennighoff's law without excess parameters: R_D is the only constant of repetition."""
    low, high = common_bounds(runs)
    return Saturated(
        "data-constrained",
        ("E", "A", "alpha", "B", "beta", "R_D"),
        np.array([*low, np.log(DECAYS[0])]),
        np.array([*high, np.log(DECAYS[1])]),
        centres,
        runs,
        limit=True,
    )


def saturation(tokens: Array, unique: Array, decay: Array) -> tuple[Array, Array]:
    """S_λ(D; U) and ∂S/∂λ, each (S, n), of tokens and unique (n,) at ``decay`` (S, 1)."""
    distinct = np.minimum(unique, tokens)
    again = np.where(tokens > distinct, tokens / np.maximum(distinct, 1e-300) - 1.0, 0.0)
    spent = decay * again
    faded = -np.expm1(-spent)
    worth = distinct * (1.0 + faded / decay)
    slope = distinct * (spent * np.exp(-spent) - faded) / decay**2
    return worth, slope


Pair = tuple[int, int]

SHARE_EXPONENTS: Final = (0.0, 1.0)
"""Range of φ: at 0 a small share costs no capacity; at 1 a tenth costs ten times the term."""

_WEIGHTS: Final = (0.0, 3.0)
"""Range of τ. Harm is no part of it: what a donor takes is capacity."""

_FLOORS: Final = (-12.0, 12.0)
_BEFORE: Final = 6
"""Coordinates before those of φ: log E, a, α, b, β, log λ."""


@dataclass(frozen=True, slots=True, eq=False)
class MixingTerms:
    """u, v and what they are made of, at S sets of constants.

    Attributes:
        shift: see Terms.
        crowding: (T, n) -log m of the runs of each target, 0 in those of others.
        pieces: ∂log D_eff/∂τ of each pair, (S, n).
        rows: (T, n) 1 in the runs of each target.
    """

    u: Array
    v: Array
    shift: Array | None
    x: Array
    y: Array
    beta: Array
    by_decay: Array
    crowding: Array
    pieces: tuple[Array, ...]
    rows: Array

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms."""
        down = -self.beta * on_v
        columns = [
            *_common_pull(self.x, self.y, on_e, on_u, on_v),
            np.sum(down * self.by_decay, axis=1),
            *(np.sum(on_u * each, axis=1) for each in self.crowding),
            *(np.sum(down * each, axis=1) for each in self.pieces),
        ]
        if self.shift is not None:
            columns += [np.sum(on_e * each, axis=1) for each in self.rows[1:]]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Mixing:
    """See Form. Coordinates: log E, a, α, b, β, log λ, φ by target, τ by pair, log E_t/E.

    Attributes:
        targets: T keys; one empty key where the table does not say.
        pairs: (place among the sources, place among the targets) of each τ.
        floors: whether each target has its own E; the first one's is ``E``.
    """

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    runs: Runs
    targets: tuple[str, ...]
    pairs: tuple[Pair, ...]
    floors: bool

    def terms(self, theta: Array) -> MixingTerms:
        """See Form."""
        runs, decay = self.runs, np.exp(theta[:, 5:6])
        rows = _rows(runs, self.targets)
        crowding = -np.log(runs.own_share) * rows
        phi = theta[:, _BEFORE : _BEFORE + len(self.targets)]
        effective, slope = saturation(runs.tokens, runs.unique, decay)
        worth = {
            source: saturation(runs.source_tokens[:, source], runs.source_unique[:, source], decay)
            for source in {source for source, _ in self.pairs}
        }
        first = _BEFORE + len(self.targets)
        pieces = []
        for place, (source, target) in enumerate(self.pairs):
            tau = theta[:, first + place : first + place + 1]
            read, changes = (each * rows[target] for each in worth[source])
            effective = effective + tau * read
            slope = slope + tau * changes
            pieces.append(read)
        x = np.log(runs.params) - self.centres.params
        y = np.log(effective) - self.centres.tokens
        return MixingTerms(
            u=theta[:, 1:2] - theta[:, 2:3] * x + phi @ crowding,
            v=theta[:, 3:4] - theta[:, 4:5] * y,
            shift=theta[:, first + len(self.pairs) :] @ rows[1:] if self.floors else None,
            x=x,
            y=y,
            beta=theta[:, 4:5],
            by_decay=slope * decay / effective,
            crowding=crowding,
            pieces=tuple(piece / effective for piece in pieces),
            rows=rows,
        )

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        count = _BEFORE + len(self.targets) + len(self.pairs)
        values = [
            *_common_constants(theta, self.centres),
            np.exp(theta[:, 5]),
            *(theta[:, place] for place in range(_BEFORE, count)),
            *(np.exp(theta[:, 0] + theta[:, place]) for place in range(count, theta.shape[1])),
        ]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form; an E of a target that is not among ``values`` is the common one."""
        count = _BEFORE + len(self.targets) + len(self.pairs)
        floor = np.log(max(values["E"], 1e-300))
        return np.array(
            [
                *_common_coordinates(values, self.centres),
                np.log(values["lambda"]),
                *(values[name] for name in self.constants[_BEFORE:count]),
                *(
                    np.log(max(values.get(name, values["E"]), 1e-300)) - floor
                    for name in self.constants[count:]
                ),
            ]
        )

    def over(self, runs: Runs) -> Mixing:
        """See Form."""
        return replace(self, runs=runs)


def mixing(runs: Runs, centres: Centres, floors: bool = False) -> Mixing:
    """The law with λ, a φ for every target and a τ for every pair that some run has read.

    ``floors``: an E for each of several targets.
    """
    targets = runs.targets or (runs.target,)
    several = len(targets) > 1
    pairs = tuple(read_pairs(runs, targets))
    names = [f"phi {target}" if several else "phi" for target in targets]
    for source, target in pairs:
        names.append(f"tau {runs.sources[source]}" + (f":{targets[target]}" if several else ""))
    low, high = common_bounds(runs)
    low += [float(np.log(DECAYS[0]))] + [SHARE_EXPONENTS[0]] * len(targets)
    high += [float(np.log(DECAYS[1]))] + [SHARE_EXPONENTS[1]] * len(targets)
    low += [_WEIGHTS[0]] * len(pairs)
    high += [_WEIGHTS[1]] * len(pairs)
    floors = floors and several
    if floors:
        names += [f"E {target}" for target in targets[1:]]
        low += [_FLOORS[0]] * (len(targets) - 1)
        high += [_FLOORS[1]] * (len(targets) - 1)
    constants = ("E", "A", "alpha", "B", "beta", "lambda", *names)
    ends = np.array(low), np.array(high)
    return Mixing("chinchilla", constants, *ends, centres, runs, targets, pairs, floors)


def read_pairs(runs: Runs, targets: tuple[str, ...]) -> list[Pair]:
    """(source, target) places of what is read beside a target in some run of its loss."""
    rows = _rows(runs, targets) > 0
    return [
        (source, target)
        for target in range(len(targets))
        for source in range(len(runs.sources))
        if np.any(runs.source_tokens[rows[target], source] > 0)
    ]


def _rows(runs: Runs, targets: tuple[str, ...]) -> Array:
    """(T, n) 1 in the runs of each target's loss."""
    return np.asarray(runs.target_of == np.arange(len(targets))[:, None], dtype=np.float64)


LIMITS: Final = (1 / 30.0, 1e8)
"""Range of R_D and R_N: at its ends what is repeated is worth nothing, or as much as the first."""

_LARGEST_LOG: Final = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class ConstrainedTerms:
    """u, v and the derivatives of log N' and log D' at S sets of constants."""

    shift: ClassVar[None] = None

    u: Array
    v: Array
    x: Array
    y: Array
    alpha: Array
    beta: Array
    by_fitting: Array
    by_data_limit: Array
    by_params_limit: Array
    fitting: tuple[Array, Array, Array, Array]

    def pull(self, on_e: Array, on_u: Array, on_v: Array) -> Array:
        """See Terms; ``fitting`` holds ∂log U_N by a, α, b and β."""
        down = -self.alpha * on_u
        through = (np.sum(down * self.by_fitting * each, axis=1) for each in self.fitting)
        on_floor, *others = _common_pull(self.x, self.y, on_e, on_u, on_v)
        return np.stack(
            [
                on_floor,
                *(own + more for own, more in zip(others, through, strict=True)),
                np.sum(-self.beta * on_v * self.by_data_limit, axis=1),
                np.sum(down * self.by_params_limit, axis=1),
            ],
            axis=1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class DataConstrained:
    """See Form. Coordinates: log E, a, α, b, β, log R_D, log R_N."""

    kind: str
    constants: tuple[str, ...]
    low: Array
    high: Array
    centres: Centres
    runs: Runs

    def terms(self, theta: Array) -> ConstrainedTerms:
        """See Form."""
        alpha, beta = theta[:, 2:3], theta[:, 4:5]
        log_a = theta[:, 1:2] + alpha * self.centres.params
        log_b = theta[:, 3:4] + beta * self.centres.tokens
        # log G, then log U_N = log G + (β/α)(log G + log U_D).
        both = alpha + beta
        scale = (np.log(alpha / beta) + log_a - log_b) / both
        distinct = np.minimum(self.runs.unique, self.runs.tokens)
        reach, ratio = scale + np.log(distinct), beta / alpha
        size = np.log(self.runs.params)
        excess = scale + ratio * reach < size
        fitting = np.where(excess, scale + ratio * reach, size)
        log_params, by_fitting, by_params_limit = _faded(size - fitting, theta[:, 6:7])
        log_tokens, _, by_data_limit = _faded(
            np.log(self.runs.tokens) - np.log(distinct), theta[:, 5:6]
        )
        x = fitting + log_params - self.centres.params
        y = np.log(distinct) + log_tokens - self.centres.tokens
        through = np.where(excess, 1.0 + ratio, 0.0)
        by_alpha = (1 / alpha + self.centres.params - scale) / both
        by_beta = (-1 / beta - self.centres.tokens - scale) / both
        bend = np.where(excess, reach, 0.0)
        return ConstrainedTerms(
            u=theta[:, 1:2] - alpha * x,
            v=theta[:, 3:4] - beta * y,
            x=x,
            y=y,
            alpha=alpha,
            beta=beta,
            by_fitting=by_fitting,
            by_data_limit=by_data_limit,
            by_params_limit=by_params_limit,
            fitting=(
                through / both,
                through * by_alpha - bend * ratio / alpha,
                -through / both,
                through * by_beta + bend / alpha,
            ),
        )

    def named(self, theta: Array) -> dict[str, Array]:
        """See Form."""
        values = [
            *_common_constants(theta, self.centres),
            np.exp(theta[:, 5]),
            np.exp(theta[:, 6]),
        ]
        return dict(zip(self.constants, values, strict=True))

    def coordinates(self, values: Mapping[str, float]) -> Array:
        """See Form."""
        return np.array(
            [
                *_common_coordinates(values, self.centres),
                np.log(values["R_D"]),
                np.log(values["R_N"]),
            ]
        )

    def over(self, runs: Runs) -> DataConstrained:
        """See Form."""
        return replace(self, runs=runs)


def data_constrained(runs: Runs, centres: Centres) -> DataConstrained:
    """The whole form, with excess parameters."""
    low, high = common_bounds(runs)
    least, most = np.log(LIMITS)
    return DataConstrained(
        "data-constrained",
        ("E", "A", "alpha", "B", "beta", "R_D", "R_N"),
        np.array([*low, least, least]),
        np.array([*high, most, most]),
        centres,
        runs,
    )


def _faded(log_ratio: Array, log_limit: Array) -> tuple[Array, Array, Array]:
    """log(X'/U) of X/U = e^log_ratio >= 1; then ∂log X'/∂log U at fixed X, and by log R*."""
    limit = np.exp(log_limit)
    again = np.expm1(np.minimum(log_ratio, _LARGEST_LOG))
    spent = again / limit
    left = np.exp(-spent)
    worth = 1.0 - limit * np.expm1(-spent)
    by_unique = 1.0 - left * (1.0 + again) / worth
    by_limit = (-limit * np.expm1(-spent) - left * again) / worth
    return np.log(worth), by_unique, by_limit

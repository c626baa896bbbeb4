r"""The law that a mixture is solved with: transfer is data, interference is capacity.

.. math:: L_t = E + A m_t^{-\varphi_t}/N^\alpha + B/D_{eff,t}^\beta, \quad
          D_{eff,t} = S_\lambda(D_t; U_t) + \sum_s \tau_{s \to t} S_\lambda(D_s; U_s)

with m_t the part of all tokens read that is in the target's own language and τ >= 0. The capacity
term is that of Fernandes et al. 2023 (arXiv 2302.09650) with a power for the share; for K even
shares it is K^φ, as in the law of ATLAS (arXiv 2510.22037), §5. One target or several at once: E,
A, α, B, β and λ are then theirs together, each has its φ, and, if asked for, its own E.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.fitting.forms import Centres, common_bounds
from atlasmix.fitting.runs import Runs
from atlasmix.fitting.saturated import DECAYS, saturation

Array = NDArray[np.float64]
Pair = tuple[int, int]

SHARE_EXPONENTS: Final = (0.0, 1.0)
"""Range of φ: at 0 a small share costs no capacity; at 1 a tenth costs ten times the term."""

TRANSFERS: Final = (0.0, 3.0)
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
            np.sum(on_e, axis=1),
            np.sum(on_u, axis=1),
            -np.sum(on_u * self.x, axis=1),
            np.sum(on_v, axis=1),
            -np.sum(on_v * self.y, axis=1),
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
            np.exp(theta[:, 0]),
            np.exp(theta[:, 1] + theta[:, 2] * self.centres.params),
            theta[:, 2],
            np.exp(theta[:, 3] + theta[:, 4] * self.centres.tokens),
            theta[:, 4],
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
                floor,
                np.log(values["A"]) - values["alpha"] * self.centres.params,
                values["alpha"],
                np.log(values["B"]) - values["beta"] * self.centres.tokens,
                values["beta"],
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
    low += [TRANSFERS[0]] * len(pairs)
    high += [TRANSFERS[1]] * len(pairs)
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

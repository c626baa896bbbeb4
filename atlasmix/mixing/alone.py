r"""One target, no limit but budget and epoch caps: its best mixture, by one search.

With o tokens of its own and d of donors the loss is :math:`(A/N^\alpha)(o/(o+d))^{-\varphi} +
B\,(V_o(o) + V_d(d))^{-\beta}`, where V is what the best tokens of each kind are worth
(closed_form.py). More of its own text is always better, so o is all that its caps or the budget
leave: d alone is searched. As (1 + d/o)^φ is concave there may be two valleys: a grid first, then
finer ones around its best point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlasmix.mixing.closed_form import fill, most_value
from atlasmix.mixing.program import Program
from atlasmix.scaling.saturation import Array, saturate

_GRID = 41
_FINE = 15
_ZOOMS = 6


@dataclass(frozen=True, slots=True)
class Alone:
    """What a target could have with nobody beside it; counts as shares of the program's tokens.

    Attributes:
        chosen_by: loss with what the risk charge leaves of its donors: what the search minimised.
        effective: expected effective data of that mixture.
        loss: expected loss of it.
    """

    chosen_by: float
    effective: float
    loss: float


def best_alone(program: Program, row: int, floor: float) -> Alone:
    """The best mixture for one row of the program alone; ``floor`` is the law's E."""
    gain, own = program.gain[row], _useful(program, row)
    most = float(np.minimum(program.upper[own], 1.0).sum()) if program.heard[row] else 0.0
    most = min(most, 1.0)
    # Dense at both ends: nearly all its own, and nearly nothing.
    steps = np.geomspace(1e-6, 1.0, _GRID - 1)
    spread = np.unique(
        np.concatenate([[0.0, 1.0 - most], steps, 1.0 - steps, _kinks(program, row)])
    )
    donors = gain[~own].max(initial=0.0) > 0
    if most == 0:
        best = 1.0
    elif not donors:
        best = 0.0
    else:
        best = 0.0
        low, high = 0.0, 1.0
        for zoom in range(_ZOOMS):
            d = spread if zoom == 0 else np.linspace(low, high, _FINE)
            d = d[d < 1.0]
            loss = _losses(program, row, np.minimum(most, 1.0 - d), d)
            place = int(np.argmin(loss))
            best = float(d[place])
            low, high = float(d[max(place - 1, 0)]), float(d[min(place + 1, d.size - 1)])
    x = np.zeros(gain.size)
    o = min(most, 1.0 - best)
    for mask, tokens in ((own, o), (~own, best)):
        if tokens > 0 and mask.any():
            x[mask] = fill(
                gain[mask], program.unique[mask], program.upper[mask], program.decay, tokens
            )
    s = saturate(x, program.unique, program.decay)
    total = float(x.sum())
    share = float(x[own].sum()) / total if total > 0 else 0.0
    if not program.heard[row]:
        share = 1.0  # its capacity term is left out, as everywhere: it is infinite in every mixture
    capacity = program.capacity * share ** -float(program.phi[row]) if program.heard[row] else 0.0
    lost = [_data(program, float(values @ s)) for values in (gain, program.expected[row])]
    floor += capacity
    return Alone(floor + lost[0], float(program.expected[row] @ s), floor + lost[1])


def _useful(program: Program, row: int) -> NDArray[np.bool_]:
    """Columns of the target's own text that give it data; another script may give it none."""
    return np.asarray((program.own[row] > 0) & (program.gain[row] > 0), dtype=bool)


def _kinks(program: Program, row: int) -> Array:
    """Tokens of donors at which the best of them have been read once, or to their caps."""
    gain = np.where(_useful(program, row), 0.0, program.gain[row])
    order = np.argsort(-gain, kind="stable")
    order = order[gain[order] > 0]
    most = program.upper[order]
    ends = [np.cumsum(most), np.cumsum(np.minimum(program.unique[order], most))]
    return np.asarray(np.clip(np.concatenate(ends), 0.0, 1.0), dtype=float)


def _data(program: Program, y: float) -> float:
    return program.data * y**-program.beta if y > 0 else math.inf


def _losses(program: Program, row: int, o: Array, d: Array) -> Array:
    """The loss of the row for own tokens ``o`` and donor tokens ``d``, arrays of one shape."""
    gain, own = program.gain[row], _useful(program, row)
    y = np.zeros(o.size)
    for mask, tokens in ((own, o), (~own, d)):
        y += most_value(
            gain[mask], program.unique[mask], program.upper[mask], program.decay, tokens
        )
    m = o / np.maximum(o + d, 1e-300)
    with np.errstate(divide="ignore"):
        data = program.data * y**-program.beta
        return np.asarray(program.capacity * m ** -program.phi[row] + data)

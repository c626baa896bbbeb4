"""What a compute budget buys: parameters, tokens, and how sure it is that no others do better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """Another size at the same compute, with its own best mixture: predicted mean loss there."""

    params: float
    tokens: float
    loss: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """How a compute budget is best divided between parameters and tokens.

    Attributes:
        compute: FLOPs, C = 6·N·D.
        params: N with embeddings, three digits.
        tokens: D, most tokens read, six digits; 6·N·D is at most ``compute``.
        loss: objective there (weighted mean loss, risk charge included), in the law's unit.
        bound: no N, D and mixture within the limits has a lower one.
        gap: distance of the two, relative to the reducible loss (``loss`` - E).
        proved: whether the bound holds by the shape of the problem as it is; otherwise it is that
            of the same question without the limits named in ``without``.
        without: limits that had to be left out for the bound.
        others: other sizes, smallest first.
        fresh_params: N that the law's closed form gives for unlimited fresh text of one kind.
        solves: mixtures solved on the way.
    """

    compute: float
    params: float
    tokens: float
    loss: float
    bound: float
    gap: float
    proved: bool
    without: tuple[str, ...]
    others: tuple[Trial, ...]
    fresh_params: float
    solves: int

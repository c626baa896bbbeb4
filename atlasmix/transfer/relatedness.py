"""What is believed of a pair before its score is seen: mean and spread of τ, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atlasmix.evidence.scores import Floats


@dataclass(frozen=True, slots=True, eq=False)
class RelatednessPrior:
    """A Gaussian belief about τ of every pair, cut off below 0.

    Attributes:
        mean: (n, n), [source, target], in target tokens per source token.
        spread: (n, n), its standard deviation, > 0.
    """

    mean: Floats
    spread: Floats

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.mean, self.spread):
            array.setflags(write=False)

    @classmethod
    def flat(cls, size: int, mean: float = 0.0, spread: float = 1.0) -> RelatednessPrior:
        """The same belief about every pair of ``size`` keys: wide, so that scores speak.

        At a spread of 1 a score with a standard error of 0.1 in τ loses 1 % to the prior (our
        choice: no measured pair lies above 1, a language's worth for itself).
        """
        return cls(np.full((size, size), mean), np.full((size, size), spread))

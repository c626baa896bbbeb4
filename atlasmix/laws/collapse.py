r"""What training on generated text costs, as functions of the human share: error, diversity, types.

With a constant share h of fresh human text and the rest from the model before, one function rules
both published theories. In linear regression (Gerstgrasser et al. 2024, arXiv 2404.01413, whose
workflow is that of h = 0 and of growing piles) the error settles at

.. math:: a(h) = \frac{1}{h\,(2 - h)}

times that of one generation of human text, and in the multinomial theory (Seddik et al. 2024,
arXiv 2404.05090) the Gini-Simpson diversity settles at 1/(1 + (a(h) - 1)/n). The forms for a share
h between 0 and 1 are derived from those papers, not printed in them, and agree with simulation.

Neither speaks of the tail. Which types survive is another formula, a branching process on the
counts of the types (:func:`type_retention`), and the one to look at first: in a simulation
in which the Gini-Simpson index kept 0.31 of its value, entropy kept 0.08 and the types 0.001.

All of this is theory for sampling at temperature 1. Text that was sampled sharper loses its tail
faster at any share, and nothing here says what a given transformer does.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atlasmix.errors import ProblemError

Array = NDArray[np.float64]

ACCUMULATION_LIMIT: Final = math.pi**2 / 6
"""1.645: the error amplification of a pile that keeps all its human text and grows by as much
generated text each generation, for ever (Gerstgrasser et al. 2024, arXiv 2404.01413, linear
regression)."""

_PRECISION: Final = 1e-6
"""To which a share is found; far below what the formulas are good for."""


def amplification(h: ArrayLike) -> Array:
    r"""Error a(h) = 1/(h(2 - h)) that a constant human share settles at; infinite at h = 0.

    Sureness: linear and Gaussian models, derived; simulated at generation 12 within 3 % (h = 0.2:
    2.72 against 2.78). A theory statement for language models.

    Args:
        h: share of fresh human text in what each generation is trained on, 0-1; any shape.

    Returns:
        in units of the error of one generation of human text, >= 1.

    Raises:
        ProblemError: a share outside 0-1.

    >>> amplification([0.2, 0.5, 1.0]).round(3)
    array([2.778, 1.333, 1.   ])
    """
    share = _shares(h)
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (share * (2.0 - share)))


def human_share(bound: ArrayLike) -> Array:
    """The human share h whose error amplification a(h) is ``bound``: 1 - sqrt(1 - 1/a).

    Args:
        bound: amplification, >= 1; any shape.

    Raises:
        ProblemError: an amplification below 1, which no share has.

    >>> float(human_share(ACCUMULATION_LIMIT).round(3))
    0.374
    """
    limit = np.asarray(bound, dtype=float)
    if not np.all(limit >= 1.0):
        raise ProblemError(
            f"error amplification {float(np.nanmin(limit)):g}: expected at least 1, that of human "
            "text alone",
            field="bound",
            value=bound,
        )
    return np.asarray(1.0 - np.sqrt(1.0 - 1.0 / limit))


def amplification_with_replay(h: ArrayLike) -> Array:
    """Error that settles where the *same* human text is replayed: 1/h + (1 - h)/(h(2 - h)).

    Always above 1/h, the error of that human text by itself: what a model generates from it adds no
    information. Sureness: as :func:`amplification`; simulated (h = 0.3: 4.71 against 4.75).

    Args:
        h: share of human text, the same each generation, 0-1; any shape.

    Returns:
        in units of the error of one whole generation of human text.

    Raises:
        ProblemError: a share outside 0-1.

    >>> amplification_with_replay([0.3, 1.0]).round(2)
    array([4.71, 1.  ])
    """
    share = _shares(h)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 / share + (1.0 - share) * amplification(share))


def amplification_by_accumulation(generation: int) -> float:
    """Error after so many generations of a pile that only grows: the sum of 1/i².

    Gerstgrasser et al. 2024, arXiv 2404.01413, linear regression; a pile that is replaced has
    ``generation`` instead. Sureness: theory; simulated at generation 12 (1.54 against 1.56). It
    bounds an average error and says nothing of the tail.

    Args:
        generation: models trained one after the other, the first on human text; >= 1.

    Raises:
        ProblemError: a generation below 1.

    >>> round(amplification_by_accumulation(12), 2)
    1.56
    """
    steps = np.arange(1, _generations(generation) + 1, dtype=float)
    return float(np.sum(steps**-2.0))


def diversity_retention(h: ArrayLike, generation: int, n: float) -> Array:
    r"""Share of its Gini-Simpson diversity that text keeps after so many generations.

    .. math:: \rho_g = \rho_\infty + (1 - \rho_\infty)\,\beta^g, \quad
              \rho_\infty = \frac{1 - (1-h)^2}{1 - (1-h)^2 + (1-h)^2/n}, \quad
              \beta = (1-h)^2\,(1 - 1/n)

    Sureness: Seddik et al. 2024 (arXiv 2404.05090) print it for h = 0; for other shares it is
    derived, and simulated within 0.02 (n = 21, generation 25). The slowest measure of all: never
    to be shown alone.

    Args:
        h: share of fresh human text each generation, 0-1; any shape.
        generation: >= 0; 0 is the human text itself.
        n: tokens drawn from one context in each generation, > 1. "30 % at generation 25", a
            figure that goes round without a source, is n = 21.3.

    Raises:
        ProblemError: a share outside 0-1, a generation below 0, or n of 1 and less.

    >>> diversity_retention([0.0, 0.1], 25, 21).round(3)
    array([0.295, 0.832])
    """
    if not n > 1.0:
        raise ProblemError(
            f"{n!r} tokens a context: expected more than 1, or nothing is left to differ",
            field="n",
            value=n,
        )
    passes = _generations(generation, least=0)
    kept = np.square(1.0 - _shares(h))
    settled = (1.0 - kept) / (1.0 - kept + kept / n)
    return np.asarray(settled + (1.0 - settled) * (kept * (1.0 - 1.0 / n)) ** passes)


def type_retention(
    counts: ArrayLike, h: float, generation: int, types: ArrayLike | None = None
) -> float:
    r"""Share of its types that a model's text still has after so many generations.

    At temperature 1 each type is a branching process: an occurrence leaves a Poisson number of
    them, and fresh human text brings new ones. A type that stood c times is left with probability

    .. math:: 1 - s^c e^{c\,t}, \quad s_1 = e^{-1},\ t_1 = 0, \quad
              t_{g+1} = t_g + h\,(s_g - 1),\ s_{g+1} = e^{(1-h)(s_g - 1)}

    No constant is fitted. At h = 0 it is never below the bound 1 - e^(-c/g) of Suresh et al. 2024
    (arXiv 2412.17646). Sureness: n-gram models trained on their own text kept the types of English,
    Spanish, Zulu and Japanese within 0.02 of it at h = 0 and mostly within 0.05 up to h = 0.2; at
    h = 1/3 it was 0.03-0.08 too high, for human text that comes in whole passages. Generation 1
    is a sample of the size of the text itself, so it is below 1 for human text too: compare with
    it, not with 1. What a transformer does is not known.

    Args:
        counts: how often each type stands in the human text, >= 1; one dimension.
        h: share of fresh human text each generation, 0-1.
        generation: >= 1; the text of a model that was trained on the human text is generation 1.
        types: how many types have each count, where ``counts`` is a spectrum; None: one each.

    Raises:
        ProblemError: no counts, counts below 1, shapes that differ, a share outside 0-1, or a
            generation below 1.

    >>> round(type_retention([1, 2, 50], 0.0, 25), 3), round(type_retention([50], 0.0, 25), 3)
    (0.395, 0.976)
    """
    spectrum, weights = _spectrum(counts, types)
    share = float(_shares(h))
    left = _log_extinct(share, _generations(generation))
    return float(np.average(-np.expm1(left * spectrum), weights=weights))


def least_human_share(
    counts: ArrayLike, retention: float, generation: int, types: ArrayLike | None = None
) -> float | None:
    """The least human share that keeps so many of the types, by :func:`type_retention`.

    A language with many rare words needs several times the share of one with few (0.056 in an
    English text, 0.23 in a Zulu one, for half of the types at generation 25).

    Args:
        counts: how often each type stands in the human text; one dimension.
        retention: share of its types to be kept, 0-1.
        generation: at which they are to be left, >= 1.
        types: how many types have each count, where ``counts`` is a spectrum; None: one each.

    Returns:
        a share 0-1 that is enough, at most 1e-6 above the least, or None where human text alone
        does not keep so many in a sample of this size.

    Raises:
        ProblemError: as :func:`type_retention`, or a retention outside 0-1.

    >>> words = [1, 1, 1, 2, 2, 5, 40]
    >>> share = least_human_share(words, 0.4, 25)
    >>> round(share, 3), least_human_share(words, 0.9, 25)
    (0.041, None)
    """
    if not 0.0 <= retention <= 1.0:
        raise ProblemError(
            f"type retention {retention!r}: expected a share from 0 to 1",
            field="retention",
            value=retention,
        )

    def enough(share: float) -> bool:
        return type_retention(counts, share, generation, types) >= retention

    if enough(0.0):
        return 0.0
    if not enough(1.0):
        return None
    below, above = 0.0, 1.0
    while above - below > _PRECISION:
        middle = (below + above) / 2
        below, above = (below, middle) if enough(middle) else (middle, above)
    return above


def _log_extinct(share: float, generation: int) -> float:
    """Log of the probability that a type which stood once is gone: ln s + t."""
    gone, immigrants = math.exp(-1.0), 0.0
    for _ in range(generation - 1):
        immigrants += share * (gone - 1.0)
        gone = math.exp((1.0 - share) * (gone - 1.0))
    return math.log(gone) + immigrants


def _shares(h: ArrayLike) -> Array:
    share = np.asarray(h, dtype=float)
    if not np.all((share >= 0.0) & (share <= 1.0)):
        raise ProblemError(f"human share {h!r}: expected a share from 0 to 1", field="h", value=h)
    return share


def _generations(generation: int, least: int = 1) -> int:
    if generation != int(generation) or generation < least:
        raise ProblemError(
            f"generation {generation!r}: expected a whole number of at least {least}",
            field="generation",
            value=generation,
        )
    return int(generation)


def _spectrum(counts: ArrayLike, types: ArrayLike | None) -> tuple[Array, Array]:
    spectrum = np.atleast_1d(np.asarray(counts, dtype=float))
    weights = np.ones_like(spectrum) if types is None else np.asarray(types, dtype=float)
    if spectrum.ndim != 1 or not spectrum.size or weights.shape != spectrum.shape:
        raise ProblemError(
            f"counts of shape {spectrum.shape} and types of shape {weights.shape}: expected one "
            "dimension, at least one count, and as many of both",
            field="counts",
        )
    if not np.all(spectrum >= 1.0) or not np.all(weights >= 0.0) or not np.sum(weights) > 0.0:
        raise ProblemError(
            "counts of types: expected counts of at least 1, each of at least 0 types",
            field="counts",
        )
    return spectrum, weights


def diversity_by_accumulation(generation: int, n: float) -> float:
    r"""Share of its Gini-Simpson diversity that a pile keeps which only grows.

    Every generation adds as much text, sampled from the pile, as there was human text:

    .. math:: \prod_{i=1}^{g} \Bigl(1 - \frac{1}{n\,(i+1)^2}\Bigr)

    Sureness: derived, in the multinomial theory of Seddik et al. 2024 (arXiv 2404.05090) with the
    workflow of Gerstgrasser et al. 2024 (arXiv 2404.01413): the i-th addition is a sample of size n
    with a weight of 1/(i + 1) in the pile. It never falls below exp(-0.65/n), about.

    Args:
        generation: additions made, from 0.
        n: size of the sample, in the unit of :func:`diversity_retention`; above 1.

    Raises:
        ProblemError: a generation below 0, or n of 1 or less.

    >>> round(diversity_by_accumulation(25, 21.3), 3)
    0.972
    """
    steps = _generations(generation, 0)
    if not n > 1.0:
        raise ProblemError(f"n {n!r}: expected more than 1", field="n", value=n)
    places = np.arange(2, steps + 2, dtype=float)
    return float(np.prod(1.0 - 1.0 / (n * places**2)))

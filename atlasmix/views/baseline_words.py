"""What the mixtures beside an answer are, in a sentence each, for readers who meet their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from atlasmix.mixing.baselines import TEMPERATURES

_WHOSE: Final = {
    1.43: "mBERT's exponent 0.7",
    3.33: "XLM-R's and mT5's exponent 0.3",
}
_WORDS: Final = {
    "target only": "the targets alone, by their weights",
    "natural": "every language of the matrix in proportion to its unique tokens",
    "uniform": "every language of the matrix alike",
    "unimax": (
        "every language alike until it meets the epoch cap, the rest shared by the others "
        "(Chung et al. 2023, arXiv 2304.09151)"
    ),
    **{
        f"temperature {t:g}": (
            f"in proportion to unique tokens to the power 1/{t:g}, which lifts small languages "
            f"({_WHOSE[t]})"
        )
        for t in TEMPERATURES
    },
}


def baseline_sentences(names: Iterable[str]) -> tuple[str, ...]:
    """What each named baseline is; a published mixture is left out, for its own card says it.

    >>> baseline_sentences(["uniform", "llama-3"])
    ('uniform: every language of the matrix alike.',)
    """
    return tuple(f"{name}: {_WORDS[name]}." for name in names if name in _WORDS)

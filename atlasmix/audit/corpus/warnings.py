"""Early warning: whether a text's variety lies outside that of human text of the same length.

No publication gives thresholds at which to act. Those here come from the human reference itself:
how much a measure moves between parts of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from atlasmix.audit.corpus.measures import (
    MEASURES,
    coverage,
    excerpt,
    measures,
    numbered,
    tail_types,
)
from atlasmix.audit.corpus.passages import Passages

ALARM: Final = 4.0
"""Standard errors from human text at which a measure is flagged, on either side. Our choice: were
they normal, one comparison in 16,000 would be flagged by chance."""

LEAST_TOKENS: Final = 2_000
"""Tokens below which nothing is compared, our choice: fewer hold hardly a word twice."""

RESAMPLES: Final = 48
"""Parts of the reference; our choice, their spread is known to 10 %."""

SHARED: Final = 0.05
"""Share of the text that may stand in the reference too, our choice: where there is more, the text
has of the reference's tail what fresh text cannot have, and the tail is not compared."""

_FEW_DOCUMENTS: Final = 20
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of a text and of human text, at the same number of tokens.

    Attributes:
        text, human: the values; of human text the mean over its parts.
        spread: standard deviation by which fresh human text would differ from ``human``.
        z: how many of them the text lies above it (below: negative).
    """

    text: float
    human: float
    spread: float
    z: float

    @property
    def flagged(self) -> bool:
        """Whether it is far outside on either side."""
        return abs(self.z) >= ALARM


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """All measures of a text against human text.

    Attributes:
        tokens: of both; 0 where there was too little of one of them.
        measures: by their names; empty where nothing was compared.
        whole_documents: whether the reference was parted by documents; else, where it has fewer
            than 20, by passages, which understates how human texts differ.
        shared: share of the text's passages that begin in a document of the reference.
        missing: why nothing was compared; empty where it was.
    """

    tokens: int
    measures: Mapping[str, Comparison]
    whole_documents: bool = True
    shared: float = 0.0
    missing: str = ""

    @property
    def flagged(self) -> tuple[str, ...]:
        """The measures that are far outside."""
        return tuple(name for name, each in self.measures.items() if each.flagged)


def early_warning(text: Passages, reference: Passages) -> EarlyWarning:
    """Hold a text against human text of the same length.

    The reference is parted again and again, by documents: a part as long as the text on one side,
    the rest on the other. The parts say how a measure of human text varies, the rests which types
    the tail holds. They are drawn without replacement, for a passage drawn twice has fewer
    distinct words than human text; a part that is a share f of the reference varies less around it
    than fresh text would, by sqrt((1 - f)/(1 + f)), and this is made good.

    Args:
        text: a sample of it.
        reference: a sample of human text in the same language.

    Returns:
        the measures, each with its z; the same for the same samples.
    """
    size = min(text.size, reference.size // 2)
    if size < LEAST_TOKENS:
        return EarlyWarning(0, {}, missing=_missing(text.size, reference.size))
    documents = np.unique(reference.documents, return_inverse=True)[1]
    whole = int(documents.max()) + 1 >= _FEW_DOCUMENTS
    groups = documents if whole else np.arange(len(documents))
    mine, human = numbered(text, reference)
    sample = excerpt(mine, np.arange(len(text.lengths)), size)
    own = measures(sample)
    rng = np.random.default_rng(_SEED)
    parts: dict[str, list[float]] = {name: [] for name in MEASURES}
    reached = []
    for _ in range(RESAMPLES):
        part, rest = _parted(reference, groups, size, rng)
        resample = excerpt(human, part, size)
        tail = tail_types(human.tokens[human.places(rest)])
        values = {**measures(resample), "tail_coverage": coverage(tail, resample)}
        for name, value in values.items():
            parts[name].append(value)
        reached.append(coverage(tail, sample))
    own["tail_coverage"] = float(np.mean(reached))
    shared = float(np.mean(np.isin(text.documents, reference.documents)))
    share = size / reference.size
    widen = math.sqrt((1.0 + share) / (1.0 - share))
    compared = {
        name: _comparison(own[name], np.array(parts[name]), widen)
        for name in MEASURES
        if name != "tail_coverage" or shared <= SHARED
    }
    return EarlyWarning(size, compared, whole, shared)


def _comparison(text: float, human: NDArray[np.float64], widen: float) -> Comparison:
    mean, spread = float(human.mean()), float(human.std(ddof=1)) * widen
    off = text - mean
    if spread > 0.0:
        return Comparison(text, mean, spread, off / spread)
    return Comparison(text, mean, spread, math.copysign(math.inf, off) if off else 0.0)


def _parted(
    reference: Passages, groups: NDArray[np.int64], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of passages that hold ``size`` tokens, and of those that are left."""
    rank = rng.permutation(int(groups.max()) + 1)
    order = np.lexsort((rng.random(len(groups)), rank[groups]))
    lengths = reference.lengths[order]
    taken = int(np.searchsorted(np.cumsum(lengths) - lengths, size))
    return order[:taken], order[taken:]


def _missing(text: int, reference: int) -> str:
    if reference < 2 * LEAST_TOKENS:
        return f"{reference:,} tokens of reference, of which {2 * LEAST_TOKENS:,} are needed"
    return f"{text:,} tokens of text, of which {LEAST_TOKENS:,} are needed"

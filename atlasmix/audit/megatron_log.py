"""Megatron's standard output: the shares its blend achieves, and the samples it has consumed.

``build_blending_indices`` of megatron-core prints `` > sample ratios:`` and then, for each dataset,
``   dataset 0, input: 0.85, achieved: 0.850013``; ``training_log`` prints `` iteration  100/ 500 |
consumed samples:  51200 | ...``. Both are so in Megatron-LM from 2020 to 2026, and in NeMo.
"""

from __future__ import annotations

import re
from typing import Final

from atlasmix.audit.consumed import Consumed
from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import as_weight

# Counts of at most 18 digits: a longer one is none that a run has printed.
_ACHIEVED: Final = re.compile(r"dataset (\d{1,9}), input: (\S+), achieved: (\S+)")
_CONSUMED: Final = re.compile(
    r"iteration\s+(\d{1,18})\s*/\s*\d+ \|.*?consumed samples:\s*(\d{1,18}) \|"
)
_LENGTH: Final = re.compile(r"^\s*(?:\S+:\s*)?seq_length \.+ (\d{1,18})\s*$", re.MULTILINE)


def looks_like(text: str) -> bool:
    """Whether Megatron printed this."""
    return bool(_ACHIEVED.search(text) or _CONSUMED.search(text))


def read(text: str, what: str) -> Consumed:
    """Samples of each dataset, by its number in the blend.

    The first list of ratios is that of the training blend; those of validation and test follow it.

    Raises:
        DataError: only one of the two is there.
    """
    ratios: dict[int, float] = {}
    lists = 0
    for match in _ACHIEVED.finditer(text):
        number = int(match[1])
        lists += number == 0
        if lists == 1:
            ratios[number] = _ratio(match[3], number, what)
    steps = [(int(match[1]), int(match[2])) for match in _CONSUMED.finditer(text)]
    if not ratios or not steps:
        missing = (
            "lines 'dataset 0, input: ..., achieved: ...'"
            if not ratios
            else ("lines 'iteration 100/500 | consumed samples: 51200 |'")
        )
        raise DataError(
            f"{what} is Megatron's and has no {missing}: expected both; give a table of consumed "
            "samples or tokens by source instead"
        )
    if sorted(ratios) != list(range(len(ratios))):
        raise DataError(f"{what} leaves out some of its {max(ratios) + 1} datasets: give it whole")
    step, samples = max(steps)
    lengths = {int(number) for number in _LENGTH.findall(text)}
    notes = [
        "shares are those of Megatron's whole index, which it draws from in order; samples are "
        "those consumed"
    ]
    if lists > 1:
        notes.append(f"{lists} blends are listed; the first is taken for the training one")
    return Consumed(
        form="megatron",
        amounts={str(number): ratio * samples for number, ratio in sorted(ratios.items())},
        unit="samples",
        samples=float(samples),
        sequence_length=lengths.pop() if len(lengths) == 1 else None,
        step=step,
        notes=tuple(notes),
    )


def _ratio(written: str, number: int, what: str) -> float:
    """A share of the blend, 0-1.

    Raises:
        DataError: anything else.
    """
    ratio = as_weight(written)
    if ratio is None or not 0 <= ratio <= 1:
        raise DataError(
            f"{what} says that dataset {number} achieved {written[:40]}: expected a share of 0 to 1"
        )
    return ratio

"""Megatron's standard output: the shares its blend achieves, and the samples it has consumed.

``build_blending_indices`` of megatron-core prints `` > sample ratios:`` and then, for each dataset,
``   dataset 0, input: 0.85, achieved: 0.850013``; ``training_log`` prints `` iteration  100/ 500 |
consumed samples:  51200 | ...``. Both are so in Megatron-LM from 2020 to 2026, and in NeMo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.importers.listing import as_weight
from atlasmix.interop.trackers.consumed import Consumed

# Matched at a place that was searched for, each repeat bounded: a line of blanks costs no more than
# its length. Counts have at most 18 digits: a longer one is none that a run has printed.
_ACHIEVED: Final = re.compile(r"dataset (\d{1,9}), input: \S{1,40}, achieved: (\S{1,40})", re.ASCII)
_ITERATION: Final = re.compile(r"iteration\s{1,40}(\d{1,18})\s{0,40}/\s{0,40}\d", re.ASCII)
_SAMPLES: Final = re.compile(r"consumed samples:\s{0,40}(\d{1,18}) \|", re.ASCII)
_LENGTH: Final = re.compile(r"seq_length \.{1,200} (\d{1,18})\s{0,40}$", re.ASCII)
_MOST_DATASETS: Final = 32_767
"""Megatron's most."""


@dataclass(slots=True)
class MegatronLog:
    """What the lines so far have said.

    Attributes:
        ratios: number of a dataset to its share as it was written; those of the first list, which
            is the training blend's.
        lists: of ratios.
        step, samples: the furthest iteration and its consumed samples; None where there is none.
        lengths: of a sequence, as they were printed.
    """

    ratios: dict[int, str] = field(default_factory=dict)
    lists: int = 0
    step: int | None = None
    samples: int = 0
    lengths: set[int] = field(default_factory=set)

    @property
    def recognised(self) -> bool:
        """Whether Megatron printed this."""
        return bool(self.ratios) or self.step is not None

    def read_line(self, line: str) -> None:
        """Take in one line."""
        if (place := line.find("dataset ")) >= 0:
            self._read_ratio(line, place)
        if (place := line.find("consumed samples:")) >= 0:
            self._read_step(line, place)
        if (place := line.find("seq_length ")) >= 0 and len(self.lengths) < 9:
            before = line[max(place - 200, 0) : place].split()
            match = _LENGTH.match(line, place)
            # "0: seq_length" of a rank, and not "encoder_seq_length".
            own = place == 0 or line[place - 1].isspace()
            if match and own and (not before or (len(before) == 1 and before[0].endswith(":"))):
                self.lengths.add(int(match[1]))

    def _read_ratio(self, line: str, place: int) -> None:
        match = _ACHIEVED.match(line, place)
        if match is None:
            return
        number = int(match[1])
        self.lists += number == 0
        if self.lists == 1 and len(self.ratios) <= _MOST_DATASETS:
            self.ratios[number] = match[2]

    def _read_step(self, line: str, place: int) -> None:
        start = line.find("iteration", 0, place)
        step = _ITERATION.match(line, start) if start >= 0 else None
        samples = _SAMPLES.match(line, place)
        if step is None or samples is None:
            return
        if self.step is None or (int(step[1]), int(samples[1])) > (self.step, self.samples):
            self.step, self.samples = int(step[1]), int(samples[1])

    def consumed(self, what: str) -> Consumed:
        """Samples of each dataset, by its number in the blend.

        Raises:
            DataError: only one of ratios and steps is there, or not all of the datasets.
        """
        if not self.ratios or self.step is None:
            missing = (
                "lines 'dataset 0, input: ..., achieved: ...'"
                if not self.ratios
                else "lines 'iteration 100/500 | consumed samples: 51200 |'"
            )
            raise DataError(
                f"{what} is Megatron's and has no {missing}: expected both; give a table of "
                "consumed samples or tokens by source instead"
            )
        if sorted(self.ratios) != list(range(len(self.ratios))):
            raise DataError(
                f"{what} leaves out some of its {max(self.ratios) + 1} datasets: give it whole"
            )
        ratios = {number: _ratio(text, number, what) for number, text in self.ratios.items()}
        notes = [
            "shares are those of Megatron's whole index, which it draws from in order; samples are "
            "those consumed"
        ]
        if self.lists > 1:
            notes.append(f"{self.lists} blends are listed; the first is taken for the training one")
        return Consumed(
            form="megatron",
            amounts={str(number): ratio * self.samples for number, ratio in sorted(ratios.items())},
            unit="samples",
            samples=float(self.samples),
            sequence_length=next(iter(self.lengths)) if len(self.lengths) == 1 else None,
            step=self.step,
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

"""What a training run has consumed, source by source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a run has consumed.

    Attributes:
        form: ``table``, ``lines`` (JSONL) or ``megatron``.
        amounts: source, as the log calls it, to how much of it was read; a number alone, ``0``,
            ``1`` ..., where the log numbers its sources.
        unit: ``tokens``, ``samples`` or ``documents``.
        samples: sequences consumed in all, where the log says so.
        sequence_length: tokens a sequence, where the log says so.
        step: of the run, where the log says so.
        notes: plain sentences.
    """

    form: str
    amounts: Mapping[str, float]
    unit: str
    samples: float | None = None
    sequence_length: int | None = None
    step: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def total(self) -> float:
        """Everything read, in ``unit``."""
        return sum(self.amounts.values())

"""What a training run has read so far, source by source, from its log or a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.evidence.rows import read_file
from atlasmix.evidence.safe_yaml import decode

LOG_LIMIT: Final = 512 * 1024 * 1024
"""Most bytes of a log."""

UNITS: Final = ("tokens", "samples", "documents")


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


def read_log(path: Path) -> Consumed:
    """A log in any of the shapes that are read.

    * a table (CSV or Parquet) with a column ``source`` (or ``pool``, ``prefix``, ``name``,
      ``dataset``) and ``tokens``, ``samples`` (``sequences``) or ``documents``, and perhaps
      ``step`` (``iteration``): amounts are totals, of several steps the last one counts;
    * JSON lines, one object a source with those keys, or one object a step as wandb keeps them,
      with keys that end in the source: ``tokens/cat__human__hplt_v4``;
    * Megatron's standard output: ``dataset 0, input: 0.85, achieved: 0.85`` for the shares (its
      sources by number) and ``consumed samples: 51200`` for how far the run is.

    Raises:
        DataError: none of these, or with every fault and its row.
    """
    from atlasmix.recipes import run_log_megatron, run_log_tables

    content = read_file(path, LOG_LIMIT)
    what = f"log {path.name or path}"
    if content.startswith(b"PAR1"):
        return run_log_tables.read_table(content, what)
    text = decode(content, what, LOG_LIMIT)
    if not text.strip():
        raise DataError(f"{what} is empty: expected what the run has consumed")
    if text.lstrip().startswith("{"):
        return run_log_tables.read_lines(text, what)
    if run_log_megatron.looks_like(text):
        return run_log_megatron.read(text, what)
    return run_log_tables.read_table(content, what)

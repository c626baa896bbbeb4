"""One run as a tracker or trainer logged it: its last values, its config and how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from atlasmix.quantities import read_number

FINISHED: Final = "finished"
State = Literal["", "finished", "failed", "running"]
"""How a run ended; empty where its log does not say."""

EVERY: Final = -1
"""In the place of a step: the values at all of them are kept, as a curve needs."""

_MOST_METRICS: Final = 50_000
_MOST_VALUES: Final = 2_000_000
_MOST_KEYS: Final = 20_000
_DEEPEST: Final = 16


@dataclass(slots=True)
class RunRecord:
    """What is kept of a run while its log is read: one value a metric, or with ``EVERY`` each.

    Attributes:
        name: as the log, or its folder, calls the run.
        place: file or folder, for messages.
        at: the step whose values are wanted; None: the last of each metric; ``EVERY``: all.
        ident: of the run in its tracker; empty where it has none.
        base: its name without the id that was put behind it to tell it from others.
        config: key, nested ones with dots between, to its value.
        last: metric to its last step and the value there.
        chosen: metric to its value at the step that is wanted.
        history: metric to its value at every step, where those are wanted.
        state: how it ended.
        planned: steps that it was to make, where the log says so.
        notes: what was wrong with the log, in plain words.
    """

    name: str
    place: str
    at: int | None = None
    ident: str = ""
    base: str = ""
    config: dict[str, object] = field(default_factory=dict)
    last: dict[str, tuple[float, float]] = field(default_factory=dict)
    chosen: dict[str, float] = field(default_factory=dict)
    history: dict[str, dict[float, float]] = field(default_factory=dict)
    kept: int = 0
    state: State = ""
    planned: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def last_step(self) -> float:
        """The furthest step of any metric; 0 where there is none."""
        return max((step for step, _ in self.last.values()), default=0.0)

    def log(self, metric: str, step: float, value: object) -> None:
        """Take in a value; a later one of the same step counts, as after a restart."""
        number = read_number(value)
        if number is None or (metric not in self.last and len(self.last) >= _MOST_METRICS):
            return
        if step >= self.last.get(metric, (-math.inf, 0.0))[0]:
            self.last[metric] = (step, number)
        if self.at == EVERY:
            self.kept += 1
            if self.kept <= _MOST_VALUES:
                self.history.setdefault(metric, {})[step] = number
        elif self.at is not None and step == self.at:
            self.chosen[metric] = number

    def log_all(self, values: Mapping[str, Any], step: float) -> None:
        """Take in the values of a step; of what is nested, each by its own key."""
        for key, value in values.items():
            if isinstance(value, dict):
                if "_type" not in value:  # a histogram or an image
                    self.log_all({f"{key}.{inner}": each for inner, each in value.items()}, step)
            else:
                self.log(key, step, value)

    def set(self, key: str, value: object, depth: int = 0) -> None:
        """Take in a key of the config; of a mapping, each of its keys."""
        if isinstance(value, dict) and value and depth < _DEEPEST:
            for inner, each in value.items():
                self.set(f"{key}.{inner}" if key else str(inner), each, depth + 1)
        elif len(self.config) < _MOST_KEYS:
            self.config[key] = value

    def value(self, metric: str) -> float | None:
        """The value that is wanted of a metric; None where there is none."""
        if self.at is not None and self.at != EVERY:
            return self.chosen.get(metric)
        return self.last[metric][1] if metric in self.last else None

"""OLMo-core: what its metric saver and config saver write, and what its console prints.

``metrics.json`` holds the last value of every metric, ``metrics_step1000.json`` those of a step;
the console prints ``[step=1000/2000,epoch=1,...]`` and below it ``    train/CE loss=2.5``, and for
an evaluation ``Finished lm evals in 3.1 seconds. Metrics:`` and below it its own (3.0).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import read_file
from atlasmix.quantities import read_quantity

METRICS: Final = re.compile(r"metrics(?:_step(\d{1,18}))?\.json", re.ASCII)
TOKENS: Final = "throughput/total tokens"
_LIMIT: Final = 16 * 1024 * 1024
_STEP: Final = re.compile(r"\[step=(\d{1,18})/(\d{1,18}|\?\?\?),epoch=", re.ASCII)
_EVALUATED: Final = re.compile(r"Finished (.{1,200}?) evals in ", re.ASCII)
_VALUE: Final = re.compile(r"\s{4,}(\S[^=]{0,300})=(\S{1,40})\s*")


def read_metrics(paths: list[Path], name: str, at: int | None) -> RunRecord:
    """A run, from the metrics and the config in its folder.

    Args:
        paths: ``metrics.json`` and those of steps.
        name: of the run.
        at: the step that is wanted.

    Raises:
        DataError: none of the files is whole.
    """
    folder = paths[0].parent
    run = RunRecord(name, str(folder), at)
    by_step = {path: METRICS.fullmatch(path.name) for path in paths}
    final: list[Path] = []
    for path, match in by_step.items():
        if match is None or match[1] is None:
            final.append(path)
            continue
        content = _object(path, run)
        run.log_all(content, float(match[1]))
    for path in final:
        # No step stands in it: it is behind all of those that do.
        run.log_all(_object(path, run), run.last_step + 1)
        run.state = "finished"
    if not run.last:
        raise DataError(f"{paths[0].name} in {folder.name} holds no metrics: is it whole?")
    configs = [folder / "config.json", *sorted(folder.glob("step*/config.json"))[-1:]]
    for path in configs:
        if path.is_file() and not run.config:
            for key, value in _object(path, run).items():
                run.set(key, value)
    return run


def _object(path: Path, run: RunRecord) -> dict[str, object]:
    """The object of a file; nothing, and a note, where it is not whole."""
    try:
        content = json.loads(read_file(path, _LIMIT))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        run.notes.append(f"{path.name} is no whole JSON and was passed over")
        return {}
    return content


@dataclass(slots=True)
class ConsoleRun:
    """A run's console output as its lines come.

    Attributes:
        run: what is kept.
        step: the last that was printed.
        evaluated: the evaluator whose metrics follow; empty where none do.
        steps: how many lines named a step.
    """

    run: RunRecord
    step: float = 0.0
    evaluated: str = ""
    steps: int = 0

    @property
    def recognised(self) -> bool:
        """Whether OLMo-core printed this."""
        return bool(self.steps)

    def read_line(self, line: str) -> None:
        """Take in one line."""
        if (place := line.find("[step=")) >= 0 and (match := _STEP.match(line, place)):
            self.step, self.evaluated = float(match[1]), ""
            self.steps += 1
            self.run.planned = None if match[2] == "???" else float(match[2])
        elif (place := line.find("Finished ")) >= 0 and (match := _EVALUATED.match(line, place)):
            self.evaluated = f"eval/{match[1]}/"
        elif "=" in line and line[:4] == "    " and (match := _VALUE.fullmatch(line)):
            value = read_quantity(match[2])
            if value is not None:
                self.run.log(f"{self.evaluated}{match[1]}", self.step, value)
        elif "Training complete" in line:
            self.run.state = "finished"

    def finish(self) -> RunRecord:
        """The run at the end of its log."""
        if self.run.state != "finished":
            reached = self.run.planned is not None and self.step >= self.run.planned
            self.run.state = "finished" if reached else "running"
        return self.run

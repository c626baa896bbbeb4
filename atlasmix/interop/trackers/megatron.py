"""Megatron's standard output: validation losses, samples consumed, arguments and the blend.

``evaluate_and_print_results`` prints `` validation loss at iteration 1000 | lm loss value: 2.5E+00
| lm loss PPL: ...``, with a number after ``validation`` for each of several sets; Megatron-LM 2020
to 2026, Megatron-DeepSpeed and NeMo alike. Metrics are named as its TensorBoard writer names them:
``lm loss validation``, ``lm loss validation-0``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Final

from atlasmix.interop.trackers.megatron_log import MegatronLog
from atlasmix.interop.trackers.run_record import EVERY, RunRecord
from atlasmix.quantities import read_number

TOKENS: Final = "consumed tokens"
BLEND: Final = "blend"
_SET: Final = re.compile(
    r"(validation\S{0,40}|test) loss at (?:iteration (\d{1,18})|the end of training)"
    r"(?: for (\w{1,20}) data| on (\w{1,20}) set)?(?: \[([^\]|]{1,200})\])? {0,4}\|",
    re.ASCII,
)
_TRAINED: Final = re.compile(r"iteration\s{1,40}(\d{1,18})\s{0,40}/\s{0,40}(\d{1,18})", re.ASCII)
_ARGUMENT: Final = re.compile(r"(?:\d{1,6}: ?)?\s{1,8}(\w{1,80}) \.{2,200} (.{0,65536})", re.ASCII)
_PARAMS: Final = re.compile(
    r"number of parameters on \(tensor, pipeline\) model parallel rank "
    r"\((\d{1,9}), (\d{1,9})\): (\d{1,18})",
    re.ASCII,
)
_LISTS: Final = ("data_path", "train_data_path")


@dataclass(slots=True)
class MegatronRun:
    """A run's output as its lines come.

    Attributes:
        run: what is kept.
        consumed: the blend and the samples, as ``verify-run`` reads them.
        step: the last iteration that was printed.
        params: of each rank of tensor and pipeline.
    """

    run: RunRecord
    consumed: MegatronLog = field(default_factory=MegatronLog)
    step: float = 0.0
    params: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def recognised(self) -> bool:
        """Whether Megatron printed this."""
        return bool(self.run.last) or self.consumed.recognised

    def read_line(self, line: str) -> None:
        """Take in one line."""
        self.consumed.read_line(line)
        if "|" in line:
            self._read_values(line)
        elif " .." in line and (match := _ARGUMENT.match(line)):
            self._read_argument(match[1], match[2].strip())
        elif (place := line.find("number of parameters on")) >= 0 and (
            match := _PARAMS.match(line, place)
        ):
            self.params[match[1], match[2]] = int(match[3])

    def _read_values(self, line: str) -> None:
        place = line.find(" loss at ")
        if place >= 0:
            start = max(line.rfind("validation", 0, place), line.rfind("test", 0, place))
            match = _SET.match(line, start) if start >= 0 else None
            if match:
                set_ = match[1]
                set_ = "test" if "test" in (match[3], match[4]) else set_
                title = f"{set_} {match[5]}" if match[5] else set_
                step = float(match[2]) if match[2] else self.step
                for part in line[match.end() :].split("|")[:1000]:
                    key, _, value = part.rpartition(":")
                    if key.rstrip().endswith(" value"):
                        self.run.log(f"{key.strip()[:-6]} {title}", step, value.strip())
            return
        place = line.find("iteration ")
        match = _TRAINED.match(line, place) if place >= 0 else None
        if match is None or "consumed samples:" not in line:
            return
        self.step = float(match[1])
        self.run.planned = float(match[2])
        for part in line[match.end() :].split("|")[:1000]:
            key, _, value = part.rpartition(":")
            if key.strip():
                self.run.log(key.strip(), self.step, value.strip())

    def _read_argument(self, key: str, written: str) -> None:
        value: object = written
        if key in _LISTS and written[:1] == "[":
            try:
                value = ast.literal_eval(written)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                value = written
        self.run.set(key, value)

    def finish(self) -> RunRecord:
        """The run at the end of its log: tokens, parameters and the blend it achieved."""
        run = self.run
        length = read_number(run.config.get("seq_length"))
        samples = run.last.get("consumed samples")
        if samples and length:
            wanted = run.value("consumed samples")
            run.log(TOKENS, samples[0], samples[1] * length)
            if run.at == EVERY:
                for step, count in run.history.get("consumed samples", {}).items():
                    run.log(TOKENS, step, count * length)
            elif run.at is not None and wanted is not None:
                run.chosen[TOKENS] = wanted * length
        if self.params:
            run.set("number of parameters", sum(self.params.values()))
        blends = [run.config[key] for key in _LISTS if isinstance(run.config.get(key), list)]
        if blends:
            run.set(BLEND, blends[0])
        if run.planned:
            run.state = "finished" if self.step >= run.planned else "running"
        return run

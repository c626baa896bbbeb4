"""Hugging Face's Trainer (and TRL, Axolotl, LLaMA-Factory): ``trainer_state.json`` of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import DataError
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import read_file
from atlasmix.quantities import read_number

FILE: Final = "trainer_state.json"
TOKENS: Final = "num_input_tokens_seen"
_LIMIT: Final = 256 * 1024 * 1024


def read_states(paths: Sequence[Path], name: str, at: int | None) -> RunRecord:
    """A run, from the furthest of its checkpoints that is whole.

    Args:
        paths: a file a checkpoint, and perhaps that of the end.
        name: of the run.
        at: the step that is wanted.

    Raises:
        DataError: none of the files is whole.
    """
    states: list[tuple[float, Path, dict[str, Any]]] = []
    broken: list[str] = []
    for path in paths:
        state = _state(path)
        if state is None:
            broken.append(f"{path.parent.name}/{path.name}")
        else:
            states.append((read_number(state.get("global_step")) or 0.0, path, state))
    if not states:
        raise DataError(f"{broken[0]} is no whole state of a Trainer: expected its log_history")
    step, path, state = max(states, key=lambda each: each[0])
    run = RunRecord(name, str(path), at)
    for entry in state["log_history"]:
        if isinstance(entry, dict):
            run.log_all(
                {key: value for key, value in entry.items() if key not in ("step", "epoch")},
                read_number(entry.get("step")) or 0.0,
            )
    if read_number(state.get(TOKENS)):
        for _, _, earlier in sorted(states, key=lambda each: each[0]):
            run.log(TOKENS, read_number(earlier.get("global_step")) or 0.0, earlier.get(TOKENS))
    run.planned = read_number(state.get("max_steps")) or None
    if run.planned:
        run.state = "finished" if step >= run.planned else "running"
    if broken:
        run.notes.append(f"{broken[0]} is not whole and was passed over")
    return run


def _state(path: Path) -> dict[str, Any] | None:
    try:
        state = json.loads(read_file(path, _LIMIT))
    except (ValueError, RecursionError):
        return None
    whole = isinstance(state, dict) and isinstance(state.get("log_history"), list)
    return state if whole else None

"""TensorBoard: the event files of a run, its scalars, its texts and its hyperparameters.

``events.out.tfevents.*`` is a TFRecord file of ``Event`` messages (``event.proto``,
``summary.proto``); scalars are plain numbers (PyTorch, tensorboardX) or tensors (TensorFlow 2).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from atlasmix.interop.trackers.records import (
    BrokenRecord,
    Damage,
    Field,
    message_fields,
    signed,
    tfrecords,
)
from atlasmix.interop.trackers.run_record import RunRecord
from atlasmix.io.files import refusing_to_read

_FLOAT, _DOUBLE = 1, 2
_TEXT: Final = "/text_summary"
_HPARAMS: Final = "hparams"


def read_events(paths: Sequence[Path], name: str, at: int | None) -> RunRecord:
    """The event files of one folder: a run, or the part of one that a writer put below it.

    Args:
        paths: in the order in which they were written.
        name: of the run.
        at: the step that is wanted.

    Raises:
        DataError: a file is not readable.
    """
    run = RunRecord(name, str(paths[0].parent), at)
    for path in paths:
        damage = Damage()
        with refusing_to_read(path), path.open("rb") as file:
            for record in tfrecords(file, damage):
                try:
                    _take_event(run, record)
                except BrokenRecord:
                    damage.broken += 1
        if damage.words:
            run.notes.append(damage.words)
    return run


def whole_runs(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Runs with the parts that lie in a folder below them (hyperparameters, grouped scalars).

    A folder below that has a metric of the run's own is a run by itself.
    """
    by_place = {run.place: run for run in runs}
    whole = []
    for run in runs:
        parents = map(str, Path(run.place).parents)
        above = next((by_place[place] for place in parents if place in by_place), None)
        if above is None or not above.last or above.last.keys() & run.last.keys():
            whole.append(run)
            continue
        below = Path(run.place).relative_to(above.place).as_posix()
        above.config.update(run.config)
        above.last.update({f"{below}/{key}": value for key, value in run.last.items()})
        above.chosen.update({f"{below}/{key}": value for key, value in run.chosen.items()})
        above.notes += run.notes
    return whole


def _take_event(run: RunRecord, event: bytes) -> None:
    step = 0
    values: list[bytes] = []
    for number, value in message_fields(event):
        if number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            values += [
                inner
                for place, inner in message_fields(value)
                if place == 1 and isinstance(inner, bytes)
            ]
    for value in values:
        _take_value(run, dict(message_fields(value)), step)


def _take_value(run: RunRecord, value: dict[int, Field], step: int) -> None:
    tag, simple, tensor, metadata = (value.get(number) for number in (1, 2, 8, 9))
    title = tag.decode("utf-8", "replace") if isinstance(tag, bytes) else ""
    if isinstance(metadata, bytes):
        _take_hparams(run, metadata)
    if isinstance(simple, bytes) and len(simple) == 4:
        run.log(title, step, struct.unpack("<f", simple)[0])
    elif isinstance(tensor, bytes) and title.endswith(_TEXT):
        for number, text in message_fields(tensor):
            if number == 8 and isinstance(text, bytes):
                run.set(title.removesuffix(_TEXT), _logged_text(text))
    elif isinstance(tensor, bytes):
        numbers = list(_numbers(tensor))
        if len(numbers) == 1:
            run.log(title, step, numbers[0])


def _logged_text(text: bytes) -> object:
    """A logged text: what it says as JSON, where it is some (the Trainer's arguments)."""
    written = text.decode("utf-8", "replace")
    if written[:1] not in "{[":
        return written
    try:
        content: object = json.loads(written)
    except (ValueError, RecursionError):
        return written
    return content


def _numbers(tensor: bytes) -> Iterator[float]:
    """The numbers of a tensor of floats: packed, one by one, or as raw bytes."""
    parts = list(message_fields(tensor))
    kind = next((value for number, value in parts if number == 1), 0)
    form = {_FLOAT: "<f", _DOUBLE: "<d"}.get(kind if isinstance(kind, int) else 0)
    if form is None:
        return
    for number, value in parts:
        if number in (4, 5 if kind == _FLOAT else 6) and isinstance(value, bytes):
            if len(value) % struct.calcsize(form):
                raise BrokenRecord("half a number")
            yield from (each for (each,) in struct.iter_unpack(form, value))


def _take_hparams(run: RunRecord, metadata: bytes) -> None:
    """Hyperparameters: the plugin's ``SessionStartInfo``, names to numbers and texts."""
    plugin = _inner(metadata, 1)
    content = dict(message_fields(plugin))
    if content.get(1) != _HPARAMS.encode() or not isinstance(content.get(2), bytes):
        return
    for number, entry in message_fields(_inner(_inner(plugin, 2), 3)):
        if number != 1 or not isinstance(entry, bytes):
            continue
        key = _inner(entry, 1).decode("utf-8", "replace")
        for place, value in message_fields(_inner(entry, 2)):
            if place == 2 and isinstance(value, bytes) and len(value) == 8:
                run.set(key, struct.unpack("<d", value)[0])
            elif place == 3 and isinstance(value, bytes):
                run.set(key, value.decode("utf-8", "replace"))


def _inner(message: bytes, wanted: int) -> bytes:
    """The last field of a number that is a message or text; empty where there is none."""
    fields = [value for number, value in message_fields(message) if number == wanted]
    return fields[-1] if fields and isinstance(fields[-1], bytes) else b""
